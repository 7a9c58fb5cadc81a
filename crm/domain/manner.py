"""How a reader wants days, times and numbers written, and in which language the words around them.

Each edge says once for whom it writes (a request, a mail, a command); every sentence, page and mail below follows.
What programs read (JSON, CSV, calendars, addresses) is never written by it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, TypeAlias, get_args

from crm.domain.language import ENGLISH, languages, speak, spoken_in
from crm.domain.language import gettext as _
from crm.domain.weeks import DAY_NAMES, MONTHS, SHORT_DAYS, SHORT_MONTHS

Dates: TypeAlias = Literal["day_month", "month_day", "iso"]
Hours: TypeAlias = Literal["24", "12"]
Numbers: TypeAlias = Literal["comma", "point", "space", "apostrophe"]
CHOICES: Mapping[str, tuple[str, ...]] = {
    "dates": get_args(Dates),
    "hours": get_args(Hours),
    "numbers": get_args(Numbers),
}
LANGUAGE = "language"
"""Chosen like the others; what there is to choose depends on the catalogues."""
NO_BREAK = "\N{NO-BREAK SPACE}"
_MARKS: Mapping[Numbers, Mapping[int, Any]] = {
    "comma": {},
    "point": str.maketrans(",.", ".,"),
    "space": str.maketrans(",.", f"{NO_BREAK},"),
    "apostrophe": str.maketrans(",", "’"),
}


@dataclass(frozen=True)
class Manner:
    """``dates``: "Thu 19 Nov", "Thu, Nov 19" or "Thu 2026-11-19". ``hours``: "12:30" or "12:30 PM".

    ``numbers`` names what parts thousands: "1,234.5", "1.234,5", "1 234,5" or "1’234.5". ``language`` is a tag of BCP 47.
    """

    dates: Dates = "day_month"
    hours: Hours = "24"
    numbers: Numbers = "comma"
    language: str = ENGLISH

    @classmethod
    def of(cls, *stored: Mapping[str, Any] | None) -> "Manner":
        """As it is stored, the team's before the user's own; what is missing or unknown is as it ships."""
        kept = {key: value for one in stored for key, value in (one or {}).items()}
        known = {**CHOICES, LANGUAGE: tuple(languages())}
        return cls(**{key: kept[key] for key, words in known.items() if kept.get(key) in words})


AS_IT_SHIPS = Manner()
_reader: ContextVar[Manner] = ContextVar("reader", default=AS_IT_SHIPS)
LEAP = 2000
"""A year that has every day."""


def reader() -> Manner:
    """For whom is written now."""
    return _reader.get()


def write_for(manner: Manner) -> None:
    """From here on in this context (one request's thread) everything is written so."""
    _reader.set(manner)
    speak(manner.language)


@contextmanager
def written_for(manner: Manner) -> Iterator[None]:
    """Everything inside is written so."""
    before = _reader.set(manner)
    try:
        with spoken_in(manner.language):
            yield
    finally:
        _reader.reset(before)


def marked(numeral: str) -> str:
    """A numeral as programs write it ("1,234.5") with the reader's marks."""
    marks = _MARKS[_reader.get().numbers]
    return numeral.translate(marks) if marks else numeral


def numeral(value: float) -> str:
    """ "1,234", "12.5": thousands parted, at most one decimal, none where it is nought."""
    if isinstance(value, int):
        return marked(f"{value:,}")
    said = f"{value:,.1f}".removesuffix(".0")
    return marked("0" if said == "-0" else said)


def clock_words(moment: datetime | time) -> str:
    """ "08:30", "20:30"; "8:30 AM", "8:30 PM"."""
    if _reader.get().hours == "24":
        return f"{moment:%H:%M}"
    half = _("AM") if moment.hour < 12 else _("PM")
    return f"{moment.hour % 12 or 12}:{moment:%M}{NO_BREAK}{half}"


def day_words(day: date, *, year: bool, weekday: bool = False, long: bool = False) -> str:
    """ "19 Nov", "Thu 19 Nov", "19 November 2026". The third manner always writes the whole date."""
    name = (day_name(day.weekday()) if long else weekday_name(day)) if weekday else ""
    month = month_name(day, long=long)
    match _reader.get().dates:
        case "iso":
            return f"{name} {day.isoformat()}".lstrip()
        case "month_day":
            said = f"{month} {day.day}{f', {day.year}' if year else ''}"
            return f"{name}, {said}" if name else said
        case _:
            return f"{name} {day.day} {month}{f' {day.year}' if year else ''}".lstrip()


def occasion_words(year: int | None, month: int, day: int) -> str:
    """A date to remember: "14 March 1980", "March 14, 1980"; "23 May", "05-23" where no year is known."""
    if year is None and _reader.get().dates == "iso":
        return f"{month:02d}-{day:02d}"
    return day_words(date(year or LEAP, month, day), year=year is not None, long=True)


def no_such_day(month: int, day: int, year: int = 0) -> str:
    """What is said of a day that no calendar has: "There is no 30 February."; ``year`` 0 where none was said."""
    return _("There is no {day}.").format(day=_unreal_day_words(month, day, year))


def _unreal_day_words(month: int, day: int, year: int) -> str:
    """ "30 February", "February 29, 2027", "02-30"."""
    name = month_name(date(LEAP, month, 1), long=True)
    match _reader.get().dates:
        case "iso":
            return f"{year:04d}-{month:02d}-{day:02d}" if year else f"{month:02d}-{day:02d}"
        case "month_day":
            return f"{name} {day}{f', {year}' if year else ''}"
        case _:
            return f"{day} {name}{f' {year}' if year else ''}"


def days_words(first: date, last: date, *, year: bool, to: str, long: bool = False) -> str:
    """Days of one month, ``to`` between them: "1–4 December", "December 1–4"; whole dates in the third manner."""
    match _reader.get().dates:
        case "iso":
            return f"{first.isoformat()} {to.strip()} {last.isoformat()}"
        case "month_day":
            said = f"{month_name(last, long=long)} {first.day}{to}{last.day}"
            return f"{said}, {last.year}" if year else said
        case _:
            return f"{first.day}{to}{day_words(last, year=year, long=long)}"


def weekday_name(day: date) -> str:
    """ "Thu"."""
    return _(SHORT_DAYS[day.weekday()])


def day_name(weekday: int) -> str:
    """ "Thursday" for 3."""
    return _(DAY_NAMES[weekday])


def day_in_month(day: date) -> str:
    """Where the month stands beside it, "Thu 19"."""
    return f"{weekday_name(day)} {day.day}"


def month_name(day: date, *, long: bool = False) -> str:
    """ "Nov", "November"."""
    return _((MONTHS if long else SHORT_MONTHS)[day.month - 1])


def month_words(day: date, *, year: bool, long: bool = True) -> str:
    """ "November", "November 2026", "Nov 2026"."""
    return f"{month_name(day, long=long)}{f' {day.year}' if year else ''}"
