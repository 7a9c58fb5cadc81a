"""The days of a trip by the hour: what is arranged, what is suggested, and what one's own calendar holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from crm.domain.diary import Interval
from crm.domain.language import gettext as _
from crm.domain.manner import clock_words
from crm.planning.reach import Meeting

FIRST, LAST = 9, 18
"""Hours that are always shown; earlier and later ones where something lies there."""
EARLIEST, LATEST = time(7), time(22)
"""What the calendar holds at night is of no interest."""
ROWS_AN_HOUR = 2
MET_AT = time(15)
"""When the plan, too, looks first for a meeting."""
MOST_DAYS = 7
"""A longer trip is a list."""


@dataclass(frozen=True)
class Block:
    """Something on a day: ``row`` is the half hour it begins in, counted from the first hour shown, ``rows`` how many
    it takes. ``meeting`` is missing where the calendar says no more than that one is busy.
    """

    row: int
    rows: int
    begins: str
    ends: str
    meeting: Meeting | None = None


@dataclass(frozen=True)
class Column:
    """A day, with a word on how free it is where a calendar is known."""

    day: date
    words: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Grid:
    """Columns of days over rows of half hours; ``hours`` are the full hours by row."""

    hours: tuple[tuple[int, str], ...]
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """How many half hours are shown."""
        return len(self.hours) * ROWS_AN_HOUR


def day_grid(
    days: Sequence[tuple[date, Sequence[Meeting]]], busy: Sequence[Interval], zone: tzinfo
) -> Grid | None:
    """The grid in the zone of the place; None for a long trip. Every meeting of ``days`` has its moment."""
    if len(days) > MOST_DAYS:
        return None
    held = {day: [*_meetings(meetings, zone), *_taken(day, busy, zone)] for day, meetings in days}
    ends = [one for spans in held.values() for one in spans]
    first = min([FIRST, *(begins.hour for begins, _, _ in ends)])
    last = max([LAST, *(_hour_after(begins, until) for begins, until, _ in ends)])
    columns = tuple(
        Column(day, _words(spans, bool(busy)), _blocks(spans, first)) for day, spans in held.items()
    )
    hours = tuple(((hour - first) * ROWS_AN_HOUR, f"{hour:02}:00") for hour in range(first, last))
    return Grid(hours, columns)


def to_meet(
    days: Sequence[tuple[date, Sequence[Meeting]]], busy: Sequence[Interval], zone: tzinfo, now: datetime
) -> datetime | None:
    """A moment to begin with where a meeting is written down: the first afternoon there that is free, else the first."""
    begins = [datetime.combine(day, MET_AT, zone) for day, _ in days]
    ahead = [one for one in begins if one > now]
    taken = [span for day, those in days for span in (*_meetings(those, zone), *_taken(day, busy, zone))]
    hour = timedelta(minutes=60)
    free = [one for one in ahead if not any(one < until and since < one + hour for since, until, _ in taken)]
    return next(iter([*free, *ahead]), None)


Span = tuple[datetime, datetime, Meeting | None]


def _meetings(meetings: Sequence[Meeting], zone: tzinfo) -> list[Span]:
    found: list[Span] = []
    for one in meetings:
        if one.at is not None:
            begins = one.at.astimezone(zone)
            midnight = _midnight(begins.date() + timedelta(days=1), zone)
            found.append((begins, min(begins + timedelta(minutes=one.minutes), midnight), one))
    return found


def _taken(day: date, busy: Sequence[Interval], zone: tzinfo) -> list[Span]:
    """The calendar's part of the day, between the hours in which somebody may be met."""
    begins, ends = datetime.combine(day, EARLIEST, zone), datetime.combine(day, LATEST, zone)
    parts = [
        (max(one.starts_at.astimezone(zone), begins), min(one.ends_at.astimezone(zone), ends)) for one in busy
    ]
    return [(start, until, None) for start, until in parts if start < until]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _hour_after(begins: datetime, until: datetime) -> int:
    """The first full hour at which it is over."""
    return 24 if until.date() > begins.date() else until.hour + bool(until.minute or until.second)


def _blocks(spans: Sequence[Span], first: int) -> tuple[Block, ...]:
    found = []
    for begins, until, meeting in sorted(spans, key=lambda span: (span[0], span[2] is not None)):
        row = (begins.hour - first) * ROWS_AN_HOUR + begins.minute // 30
        whole = 24 if until.date() > begins.date() else until.hour + until.minute / 60
        rows = max(1, -int(-(whole - first) * ROWS_AN_HOUR // 1) - row)
        found.append(Block(row, rows, clock_words(begins), clock_words(until), meeting))
    return tuple(found)


def _words(spans: Sequence[Span], is_known: bool) -> str:
    taken = sorted((begins, until) for begins, until, meeting in spans if meeting is None)
    if not is_known:
        return ""
    if not taken:
        return _("Free all day")
    begins, until = taken[0]
    if begins.hour >= FIRST + 2:
        return _("Free until {time}").format(time=clock_words(begins))
    return (
        _("Busy from {time}").format(time=clock_words(begins))
        if len(taken) > 1
        else _("Free from {time}").format(time=clock_words(until))
    )
