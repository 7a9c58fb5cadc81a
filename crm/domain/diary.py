"""A user's week as it fills up: what is to be put into it, what is taken already, and what is free."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Final, TypeAlias

from crm.domain.budgets import GROUPS
from crm.domain.post import POST_WORKING_DAYS
from crm.domain.weeks import IsoWeek, calendar_day, local_instant
from crm.domain.working_hours import OFFICE_HOURS, WorkingHours, first_day_left

MINUTES: Final = {"call": 30, "lunch": 60, "meeting": 60, "visit": 60, "note": 0, "gift": 0}
"""How long each act takes out of the day; what is posted takes no fixed time."""
TRAVEL_MINUTES: Final = 30
"""Kept free before and after whatever happens in person."""
_THE_WAY = timedelta(minutes=TRAVEL_MINUTES)
HALF_HOURS: Final = tuple(time(half // 2, half % 2 * 30) for half in range(48))
HalfHour: TypeAlias = tuple[date, time, datetime]
"""The user's day and time of day, and the instant."""


@dataclass(frozen=True)
class Interval:
    """A stretch of time that is taken already; both ends aware. ``act``: what happens then, where it is known and is one;
    ``in_person``: whether there is a way to it.
    """

    starts_at: datetime
    ends_at: datetime
    act: str = ""
    in_person: bool = False

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("An instant needs its zone.")


@dataclass(frozen=True)
class Wanted:
    """An act to find a moment for.

    ``zone``, ``hours`` and ``holidays`` are the contact's. ``occasion_on``: the day that the act is for, if it is;
    ``due_on``: the day by which it should be done.
    ``only_on``: the days of the trip that makes meeting possible; it then takes place in the contact's zone.
    ``not_on``: days on which it cannot be, because the user is elsewhere. ``post_days``: working days for which
    something posted is under way.
    """

    contact_id: int
    act: str
    zone: tzinfo
    hours: WorkingHours = OFFICE_HOURS
    holidays: Collection[date] = frozenset()
    occasion_on: date | None = None
    only_on: Collection[date] | None = None
    not_on: Collection[date] = frozenset()
    post_days: int = POST_WORKING_DAYS
    due_on: date | None = None


@dataclass(frozen=True)
class Slot:
    """When to do it. No ``starts_at``: some time on ``day`` (post by); no ``day``: any day.

    ``starts_at`` is in UTC, ``day`` in the user's zone (on a trip: in the contact's). ``outside_hours``: no working
    hours are shared, and ``note`` says what time it is for both.
    """

    day: date | None
    starts_at: datetime | None
    minutes: int
    note: str = ""
    outside_hours: bool = False


class Diary:
    """The user's week as it fills up."""

    def __init__(
        self,
        week: IsoWeek,
        now: datetime,
        zone: tzinfo,
        hours: WorkingHours,
        holidays: Collection[date],
        busy: Iterable[Interval],
    ) -> None:
        self.week, self.now, self.zone, self.hours, self.holidays = week, now, zone, hours, holidays
        self.today = calendar_day(now, zone)
        left = first_day_left(now, zone, hours)
        self.days = [day for day in self._working_days() if day >= left]
        self.taken: list[tuple[datetime, datetime]] = []
        self.under_way: list[tuple[datetime, datetime]] = []
        self.load: Counter[date] = Counter()
        self.acts: Counter[tuple[str, date]] = Counter()
        for one in busy:
            self._keep_clear(one)

    def _working_days(self) -> Iterator[date]:
        return (
            day for day in self.week.days if day.weekday() in self.hours.weekdays and day not in self.holidays
        )

    @cached_property
    def office_half_hours(self) -> list[HalfHour]:
        """The half hours of the user's working hours in what is left of the week."""
        return list(self.half_hours(self.days, within=self.hours))

    @cached_property
    def all_half_hours(self) -> list[HalfHour]:
        """The half hours of the working days left, day and night."""
        return list(self.half_hours(self.days, within=None))

    def free(self, start: datetime, act: str) -> bool:
        """Whether it is still ahead, nothing else lies there, and there is time for the way to what is in person."""
        way = _way(act)
        ours = (start - way, end_of(start, act) + way)
        others = self.taken if way else (*self.taken, *self.under_way)
        return start >= self.now and not any(
            ours[0] < taken_to and taken_from < ours[1] for taken_from, taken_to in others
        )

    def take(self, act: str, day: date, start: datetime | None) -> None:
        """Write an act into the diary."""
        self.load[day] += 1
        self.acts[act, day] += 1
        if start is not None:
            self._hold(start, end_of(start, act), in_person=GROUPS[act] == "in_person")

    def _keep_clear(self, one: Interval) -> None:
        """What is taken already; a lunch that is arranged is the lunch of its day."""
        self._hold(one.starts_at, one.ends_at, in_person=one.in_person)
        if one.act == "lunch":
            self.acts["lunch", one.starts_at.astimezone(self.zone).date()] += 1

    def _hold(self, start: datetime, end: datetime, *, in_person: bool) -> None:
        self.taken.append((start, end))
        if in_person:
            self.under_way.append((start - _THE_WAY, end + _THE_WAY))

    def half_hours(self, days: Iterable[date], *, within: WorkingHours | None) -> Iterator[HalfHour]:
        for day in days:
            for at in HALF_HOURS:
                if within is None or within.start <= at < within.end:
                    start = local_instant(day, at, self.zone)
                    if start.astimezone(self.zone).time() == at:  # else the clocks jump over it
                        yield day, at, start


def _way(act: str) -> timedelta:
    return _THE_WAY if GROUPS[act] == "in_person" else timedelta()


def end_of(start: datetime, act: str) -> datetime:
    """When it is over."""
    return start + timedelta(minutes=MINUTES[act])
