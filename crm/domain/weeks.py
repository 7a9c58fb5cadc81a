"""ISO weeks, and what a local time means where clocks are put forward or back.

A person says "Monday 08:00"; what is stored and compared is an instant in UTC. Between them stands the zone:

- a time that the clocks jump over counts as the first instant after the jump;
- a time that comes twice counts as the first of the two.

Both are the same rule: the first instant at which the local clock shows that time or a later one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from crm.domain.language import N_
from crm.domain.working_hours import day_left, is_weekend

DAYS_IN_WEEK = 7
DAY_NAMES = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday")),
    *(N_("Saturday"), N_("Sunday")),
)
SHORT_DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July")),
    *(N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
SHORT_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)
_WRITTEN = re.compile(r"([0-9]{4})-W([0-9]{2})")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
"""Far enough from the ends of the calendar that no neighbour week and no zone can fall off them."""


@dataclass(frozen=True, order=True)
class IsoWeek:
    """A week from Monday to Sunday, numbered as ISO 8601 does: the year is the one its Thursday lies in."""

    year: int
    week: int

    def __post_init__(self) -> None:
        if not _FIRST_YEAR <= self.year <= _LAST_YEAR:
            raise ValueError(f"A week's year lies between {_FIRST_YEAR} and {_LAST_YEAR}, not {self.year}.")
        try:
            date.fromisocalendar(self.year, self.week, 1)
        except ValueError:
            raise ValueError(f"The year {self.year} has no week {self.week}.") from None

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}"

    @classmethod
    def parse(cls, text: str) -> "IsoWeek":
        """The week written as "2026-W48"; a ``ValueError`` with a sentence for anything else."""
        written = _WRITTEN.fullmatch(text.strip())
        if written is None:
            raise ValueError(f"A week is written like 2026-W48, not {text[:40]!r}.")
        return cls(int(written[1]), int(written[2]))

    @classmethod
    def of(cls, day: date) -> "IsoWeek":
        """The week that holds this day."""
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=DAYS_IN_WEEK - 1)

    @property
    def days(self) -> tuple[date, ...]:
        """Its seven days, Monday first."""
        return tuple(self.monday + timedelta(days=count) for count in range(DAYS_IN_WEEK))

    def next(self) -> "IsoWeek":
        """The week after."""
        return IsoWeek.of(self.monday + timedelta(days=DAYS_IN_WEEK))

    def previous(self) -> "IsoWeek":
        """The week before."""
        return IsoWeek.of(self.monday - timedelta(days=DAYS_IN_WEEK))

    def is_over(self, day: date) -> bool:
        """Whether on that day no working day of it is left."""
        return all(is_weekend(one) for one in self.days if one >= day)

    def is_ahead(self, day: date) -> bool:
        """Whether on that day it has not begun."""
        return day < self.monday

    def __contains__(self, day: date) -> bool:
        return self.monday <= day <= self.sunday


def calendar_day(instant: datetime, zone: tzinfo) -> date:
    """The day a calendar on the wall in that zone shows at an (aware) instant."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs its zone.")
    return instant.astimezone(zone).date()


def local_instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant, aware and in UTC, of a local time on a day; the head of this module says how."""
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None:
        raise ValueError("A zone says how far it is from UTC.")
    if before >= after:
        return first.astimezone(UTC)
    return _end_of_jump(wall, zone, (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC))


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last microsecond of a calendar day, in UTC, also where clocks go back at midnight."""
    return local_instant(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def noon_of(day: date, zone: tzinfo, now: datetime) -> datetime:
    """When something of a past day or today happened, where only the day is known: its noon, or ``now`` if that is ahead."""
    return min(local_instant(day, time(12), zone), now.astimezone(UTC))


def _end_of_jump(wall: datetime, zone: tzinfo, early: datetime, late: datetime) -> datetime:
    """The instant, to the second, of the jump over ``wall``: after ``early`` and not after ``late``."""
    low, high = 0, int((late - early).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        shown = (early + timedelta(seconds=middle)).astimezone(zone).replace(tzinfo=None)
        low, high = (low, middle) if shown > wall else (middle, high)
    return (early + timedelta(seconds=high)).replace(microsecond=0)


def due_instant(week: IsoWeek, weekday: int, at: time, zone: tzinfo) -> datetime:
    """When a weekly job of that week falls due, in UTC. ``weekday`` is 0 for Monday to 6 for Sunday.

    From Friday evening to Sunday it is the one before the week, whose working days would be over on its own.
    Exactly one instant belongs to each week, and a later week's instant is always later.
    """
    if not 0 <= weekday < DAYS_IN_WEEK:
        raise ValueError(f"A weekday is 0 (Monday) to 6 (Sunday), not {weekday}.")
    day = week.days[weekday]
    is_before = week.is_over(day_left(day, at))
    return local_instant(day - timedelta(days=DAYS_IN_WEEK) if is_before else day, at, zone)


def latest_due_week(now: datetime, weekday: int, at: time, zone: tzinfo) -> IsoWeek:
    """The newest week whose weekly job is due at ``now``; the one after it is the next run.

    Whoever keeps one row per user and week, and asks this whenever it wakes, runs each week once: a clock set
    back or a move to another zone finds the row there, a server that slept finds the newest week waiting.
    """
    week = IsoWeek.of(calendar_day(now, zone)).next()
    while due_instant(week, weekday, at, zone) > now:
        week = week.previous()
    return week


def whole_day(text: str) -> date | None:
    """The day that is written without a time (``2026-11-23``, ``20261123``); None for a time or anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def moment_said(text: str, zone: tzinfo) -> datetime:
    """``2026-11-23`` is the end of that day in ``zone``; a time without offset is one of ``zone``. In UTC.

    Raises ValueError that says what is taken instead.
    """
    words = text.strip()
    try:
        moment = datetime.fromisoformat(words if "W" not in words else "")  # a week is no moment
    except ValueError:
        raise ValueError(
            f"a date (2026-11-23) or a time (2026-11-23T12:30+01:00), not {text[:40]!r}."
        ) from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"a date or a time between {_FIRST_YEAR} and {_LAST_YEAR}, not {text[:40]!r}.")
    day = whole_day(words)
    if day is not None:
        return end_of(day, zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
