"""A concrete moment for each suggestion of a week, inside the working hours of both.

Moments are looked for on the half hours of the user's day; the contact's hours, both calendars and clock changes are
judged at the instant itself. Nothing is proposed in the past, twice at the same time, or on a public holiday of
either.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

from crm.domain.manner import clock_words
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek, local_instant

POST_WORKING_DAYS = 5
"""Working days that a card may be under way."""
MINUTES: Final = {"call": 30, "lunch": 60, "meeting": 60, "visit": 60, "note": 0, "gift": 0}
"""How long each act takes out of the day; what is posted takes no fixed time."""
TRAVEL_MINUTES: Final = 30
"""Kept free before and after whatever happens in person."""

_NOTICE_DAYS = 2
"""Nobody is asked to lunch for tomorrow, unless the week leaves nothing else."""
_HalfHour: TypeAlias = tuple[date, time, datetime]
"""The user's day and time of day, and the instant."""
_HALF_HOURS = tuple(time(half // 2, half % 2 * 30) for half in range(48))
_STARTS: Final = {
    "lunch": (time(12, 30), time(12), time(13)),
    "meeting": (time(15), *_HALF_HOURS),
    "visit": (time(10), *_HALF_HOURS),
}
"""When what happens in person begins, best first."""
_GOOD_FOR_CALLS = ((time(10), time(11)), (time(14), time(16)))
"""The first and last good start of a call: between 10:00 and 11:30, and 14:00 and 16:30."""
_DAY_OFF_MINUTES = 600
"""What a day that is not worked weighs when no moment is good, in minutes outside the working hours."""


@dataclass(frozen=True)
class WorkingHours:
    """When somebody works, in their own zone; Monday is 0."""

    weekdays: frozenset[int] = frozenset(range(5))
    start: time = time(9)
    end: time = time(17)

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError("Working hours end after they begin.")


OFFICE_HOURS = WorkingHours()


@dataclass(frozen=True)
class Interval:
    """A stretch of time that is taken already; both ends aware."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("An instant needs its zone.")


@dataclass(frozen=True)
class Wanted:
    """An act to find a moment for.

    ``zone``, ``hours`` and ``holidays`` are the contact's. ``occasion_on``: the day that the act is for, if it is.
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


@lru_cache(maxsize=1000)
def public_holidays(country_code: str, year: int) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) in a year; none for a country that is not known."""
    code = country_code.strip().upper()
    if len(code) != 2 or not code.isalpha():
        return frozenset()
    import holidays  # takes a fifth of a second to import

    try:
        return frozenset(holidays.country_holidays(code, years=year))
    except NotImplementedError:  # it knows no such country
        return frozenset()


def post_by(day: date, working_days: int = POST_WORKING_DAYS, *, holidays: Collection[date] = ()) -> date:
    """The last day to post something so that ``working_days`` pass before it arrives, on ``day`` at the latest."""
    left = working_days
    while not _post_goes(day, holidays):
        day -= timedelta(days=1)
    while left:
        day -= timedelta(days=1)
        left -= _post_goes(day, holidays)
    return day


def _post_goes(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() in OFFICE_HOURS.weekdays and day not in holidays


def propose_slots(
    wanted: Iterable[Wanted],
    *,
    week: IsoWeek,
    now: datetime,
    zone: tzinfo,
    hours: WorkingHours = OFFICE_HOURS,
    holidays: Collection[date] = frozenset(),
    busy: Iterable[Interval] = (),
) -> dict[int, Slot]:
    """A slot for each wanted act, by contact id, in what is left of the user's week.

    ``now`` is aware; ``zone``, ``hours``, ``holidays`` and ``busy`` are the user's. The same question always has the
    same answer, in whatever order the acts are handed in.
    """
    diary = _Diary(week, now, zone, hours, holidays, busy)
    asked = sorted(wanted, key=lambda one: (one.act, one.contact_id))
    calls = [one for one in asked if one.act == "call"]
    room = {one.contact_id: sum(1 for _ in diary.shared(one)) for one in calls}
    slots = {one.contact_id: _meet(one, diary) for one in asked if one.act in _STARTS}
    for one in sorted(
        calls, key=lambda call: (call.occasion_on is None, room[call.contact_id], call.contact_id)
    ):
        slots[one.contact_id] = _call(one, diary)
    posts = [one for one in asked if one.contact_id not in slots]
    for one in sorted(posts, key=lambda post: (post.occasion_on or date.max, post.contact_id)):
        slots[one.contact_id] = _post(one, diary)
    return slots


class _Diary:
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
        here = now.astimezone(zone)
        self.today = here.date()
        over = here.time() >= hours.end
        self.days = [
            day for day in self._working_days() if day > self.today or (day == self.today and not over)
        ]
        self.taken = [(interval.starts_at, interval.ends_at) for interval in busy]
        self.under_way: list[tuple[datetime, datetime]] = []
        self.load: Counter[date] = Counter()
        self.acts: Counter[tuple[str, date]] = Counter()

    def _working_days(self) -> Iterator[date]:
        return (
            day for day in self.week.days if day.weekday() in self.hours.weekdays and day not in self.holidays
        )

    @cached_property
    def office_half_hours(self) -> list[_HalfHour]:
        """The half hours of the user's working hours in what is left of the week."""
        return list(self._half_hours(self.days, within=self.hours))

    @cached_property
    def all_half_hours(self) -> list[_HalfHour]:
        """The half hours of the working days left, day and night."""
        return list(self._half_hours(self.days, within=None))

    def free(self, start: datetime, act: str) -> bool:
        """Whether it is still ahead, nothing else lies there, and there is time for the way to what is in person."""
        way = _way(act)
        ours = (start - way, _end(start, act) + way)
        others = self.taken if way else (*self.taken, *self.under_way)
        return start >= self.now and not any(
            ours[0] < taken_to and taken_from < ours[1] for taken_from, taken_to in others
        )

    def take(self, act: str, day: date, start: datetime | None) -> None:
        """Write an act into the diary."""
        self.load[day] += 1
        self.acts[act, day] += 1
        if start is not None:
            self.taken.append((start, _end(start, act)))
            if way := _way(act):
                self.under_way.append((start - way, _end(start, act) + way))

    def shared(self, call: Wanted) -> Iterator[_HalfHour]:
        """Every free half hour that both work in."""
        for day, at, start in self.office_half_hours:
            if day not in call.not_on and self.free(start, "call") and _both_work(call, self, start):
                yield day, at, start

    def odd(self, call: Wanted) -> Iterator[_HalfHour]:
        """Every free half hour of the working days left, at any time of day, on no holiday of the contact's."""
        for day, at, start in self.all_half_hours:
            there = (start.astimezone(call.zone), _end(start, "call").astimezone(call.zone))
            holiday = any(moment.date() in call.holidays for moment in there)
            if day not in call.not_on and self.free(start, "call") and not holiday:
                yield day, at, start

    def ever_shared(self, call: Wanted) -> bool:
        """Whether the two would share a half hour in an empty week without holidays."""
        bare = Wanted(call.contact_id, call.act, call.zone, call.hours)
        working = [day for day in self.week.days if day.weekday() in self.hours.weekdays]
        return any(
            _both_work(bare, self, start) for _, _, start in self._half_hours(working, within=self.hours)
        )

    def _half_hours(self, days: Iterable[date], *, within: WorkingHours | None) -> Iterator[_HalfHour]:
        for day in days:
            for at in _HALF_HOURS:
                if within is None or within.start <= at < within.end:
                    start = local_instant(day, at, self.zone)
                    if start.astimezone(self.zone).time() == at:  # else the clocks jump over it
                        yield day, at, start


def _way(act: str) -> timedelta:
    return timedelta(minutes=TRAVEL_MINUTES if act in _STARTS else 0)


def _end(start: datetime, act: str) -> datetime:
    return start + timedelta(minutes=MINUTES[act])


def _works(
    hours: WorkingHours, zone: tzinfo, holidays: Collection[date], start: datetime, end: datetime
) -> bool:
    """Whether somebody works from start to end, and their clocks do not change meanwhile."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    return (
        first.date() == last.date()
        and first.utcoffset() == last.utcoffset()
        and first.weekday() in hours.weekdays
        and first.date() not in holidays
        and hours.start <= first.time()
        and last.time() <= hours.end
    )


def _both_work(wanted: Wanted, diary: _Diary, start: datetime) -> bool:
    """Whether the user's hours and the contact's both hold the act; the user's holidays are no days of the diary."""
    end = _end(start, wanted.act)
    return _works(diary.hours, diary.zone, (), start, end) and _works(
        wanted.hours, wanted.zone, wanted.holidays, start, end
    )


def _call(call: Wanted, diary: _Diary) -> Slot:
    found = sorted(diary.shared(call), key=lambda half: _call_rank(half[0], half[1], call, diary))
    if found:
        day, _, start = found[0]
        diary.take("call", day, start)
        note = _join_notes(_their_time(call, diary, start), _day_note(call, diary, day))
        return Slot(day, start, MINUTES["call"], note)
    if not diary.days:
        return Slot(None, None, MINUTES["call"])
    if diary.ever_shared(call):
        return Slot(None, None, MINUTES["call"], "No free half hour is left this week.")
    return _least_bad(call, diary)


def _call_rank(
    day: date, at: time, call: Wanted, diary: _Diary
) -> tuple[tuple[bool, int], int, bool, date, time]:
    """Near the occasion, on the emptiest day, at a good hour, and soon."""
    good = any(first <= at <= last for first, last in _GOOD_FOR_CALLS)
    return _from_occasion(call, diary, day), diary.load[day], not good, day, at


def _from_occasion(call: Wanted, diary: _Diary, day: date) -> tuple[bool, int]:
    """A call belongs to the day itself; else the nearest before it, else the nearest after."""
    occasion = call.occasion_on
    if occasion is None or occasion not in diary.week:
        return False, 0
    return day > occasion, abs((day - occasion).days)


def _least_bad(call: Wanted, diary: _Diary) -> Slot:
    """The two never work at the same time: the moment that costs them the least, as evenly as it can be."""

    def cost(half: _HalfHour) -> tuple[int, int, tuple[bool, int], int, date, time]:
        day, at, start = half
        ours = _odd_minutes(diary.hours, diary.zone, start)
        theirs = _odd_minutes(call.hours, call.zone, start)
        return ours + theirs, max(ours, theirs), _from_occasion(call, diary, day), diary.load[day], day, at

    best = min(diary.odd(call), key=cost, default=None)
    if best is None:
        return Slot(None, None, MINUTES["call"], "No free half hour is left this week.")
    day, at, start = best
    diary.take("call", day, start)
    note = f"No shared working hours: {clock_words(at)} for you, {_for_them(call, diary, start)}"
    note = _join_notes(note, _day_note(call, diary, day))
    return Slot(day, start, MINUTES["call"], note, outside_hours=True)


def _odd_minutes(hours: WorkingHours, zone: tzinfo, start: datetime) -> int:
    """How many minutes a call lies outside somebody's working hours."""
    here = start.astimezone(zone)
    begins = here.hour * 60 + here.minute
    early = max(0, hours.start.hour * 60 + hours.start.minute - begins)
    late = max(0, begins + MINUTES["call"] - hours.end.hour * 60 - hours.end.minute)
    return early + late + (0 if here.weekday() in hours.weekdays else _DAY_OFF_MINUTES)


def _their_time(call: Wanted, diary: _Diary, start: datetime) -> str:
    """What the contact's clock shows, where it differs from the user's."""
    same = start.astimezone(call.zone).utcoffset() == start.astimezone(diary.zone).utcoffset()
    return "" if same else _for_them(call, diary, start)


def _for_them(call: Wanted, diary: _Diary, start: datetime) -> str:
    there = start.astimezone(call.zone)
    other_day = there.date() != start.astimezone(diary.zone).date()
    day = f" on {day_phrase(there.date(), diary.today)}" if other_day else ""
    return f"{clock_words(there)}{day} for them."


def _day_note(call: Wanted, diary: _Diary, day: date) -> str:
    occasion = call.occasion_on
    if occasion is None or occasion == day or occasion not in diary.week:
        return ""
    return f"The day itself is {day_phrase(occasion, diary.today)}."


def _join_notes(*notes: str) -> str:
    return " ".join(note for note in notes if note)


def _meet(wanted: Wanted, diary: _Diary) -> Slot:
    """Lunch, meeting or visit: at its own time of day, with some days' notice where it can be, not two on a day."""
    act, minutes = wanted.act, MINUTES[wanted.act]
    place = diary.zone if wanted.only_on is None else wanted.zone
    soon = diary.today + timedelta(days=_NOTICE_DAYS)
    days = [
        day
        for day in sorted(diary.days, key=lambda day: (day < soon, day))
        if (wanted.only_on is None or day in wanted.only_on)
        and day not in wanted.not_on
        and day not in wanted.holidays
        and not diary.acts[act, day]
    ]
    for short_notice in (False, True):
        for at in _STARTS[act]:
            for day in (day for day in days if (day < soon) is short_notice):
                start = local_instant(day, at, place)
                if diary.free(start, act) and _fits_day(wanted, diary, start, place):
                    diary.take(act, day, start)
                    return Slot(day, start, minutes)
    return Slot(None, None, minutes, "No free hour is left this week." if diary.days else "")


def _fits_day(wanted: Wanted, diary: _Diary, start: datetime, place: tzinfo) -> bool:
    """Lunch asks for a working day of both only; a meeting or visit lies within their hours, where it happens."""
    if wanted.act == "lunch":
        return start.astimezone(place).weekday() in wanted.hours.weekdays
    end = _end(start, wanted.act)
    return _works(diary.hours, place, (), start, end) and _works(wanted.hours, place, (), start, end)


def _post(wanted: Wanted, diary: _Diary) -> Slot:
    """A day to post by: the last one that is not taken yet, and for an occasion early enough."""
    if not diary.days:
        return Slot(None, None, 0)
    occasion = wanted.occasion_on
    in_time = diary.days
    note = ""
    if occasion is not None:
        latest = post_by(occasion, wanted.post_days, holidays=diary.holidays)
        in_time = [day for day in diary.days if day <= latest]
        arrives = day_phrase(occasion, diary.today)
        note = f"To arrive by {arrives}." if in_time else f"It may arrive after {arrives}."
    day = min(
        in_time or diary.days[:1],
        key=lambda day: (diary.acts["note", day] + diary.acts["gift", day], -day.toordinal()),
    )
    diary.take(wanted.act, day, None)
    return Slot(day, None, 0, note)
