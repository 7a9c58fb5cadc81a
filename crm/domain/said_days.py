"""Days as people say them: "last friday", "3 days ago", "12 Oct", "24.12.", "19/11", and due days, which lie ahead."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from crm.domain.language import gettext as _
from crm.domain.manner import LEAP, no_such_day, reader

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_COUNTED = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_WEEKS = {"last": 7, "this": 0}
_MOST = 39
"""What is said of a month and is more is no slip of a day."""
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def day_of(words: list[str], today: date) -> date | None:
    """The day these words say, bare and in small letters; without a year the latest one that is not after today."""
    match words:
        case ["today"] | ["just" | "right", "now"]:
            return today
        case ["yesterday"] | ["last", "night"]:
            return _moved(today, -1)
        case ["tomorrow"]:
            return _moved(today, 1)
        case ["on", *rest] if rest:
            return day_of(rest, today)
        case [first, *rest] if _weekday(first, today) and any(_month(word) for word in rest):
            return day_of(rest, today)
        case ["last", word]:
            return _weekday(word, today)
        case [word, *week] if _weekday(word, today) and _is_week(week):
            return _in_week(word, week[-2], today)
        case [which, "week", *rest] if (
            which in _WEEKS and rest and _weekday(rest[-1], today) and rest[:-1] in ([], ["on"])
        ):
            return _in_week(rest[-1], which, today)
        case [number, unit, "ago"] if unit in _SPANS:
            counted = _COUNTED.get(number) or _small(number)
            return _moved(today, -counted * _SPANS[unit]) if counted else None
    said = _said(words)
    if said:
        return _date(*said) if said.year else _latest(said.month, said.day, today)
    return _weekday(words[0], today) if len(words) == 1 else None


def no_day(words: list[str]) -> str | None:
    """What to say where these words mean a day and name none: "There is no 31 February."."""
    match words:
        case ["on", *rest] if rest:
            return no_day(rest)
        case [which, span] if which in _WEEKS and span in ("week", "weekend", "month"):
            return _("Say which day you mean by “{words}”.").format(words=f"{which} {span}")
        case ["in", month, *year] if _month(month) and (not year or _is_year(year)):
            return _("Say which day you mean by “{words}”.").format(
                words=" ".join(["in", month.capitalize(), *year])
            )
    said = _said(words)
    if (
        said is None
        or said.day > _MOST
        or _date(*said)
        or (not said.year and _date(LEAP, said.month, said.day))
    ):
        return None
    return no_such_day(said.month, said.day, said.year)


def may_be_a_part(words: list[str]) -> bool:
    """ "1/2" and "9/10" may be a fraction or a score as well as a day; "on 1/2", "19/11" and "1/2/26" are days."""
    said = re.fullmatch(r"([0-9]{1,2})/[0-9]{1,2}", words[0]) if len(words) == 1 else None
    return said is not None and int(said[1]) <= len(_MONTHS)


class _Said(NamedTuple):
    """A day as it is written, whether there is one or not; ``year`` is 0 where none is."""

    year: int
    month: int
    day: int


def _said(words: list[str]) -> _Said | None:
    match words:
        case [number, month, year] if _month(month) and _small(number) and _year(year):
            return _Said(_year(year), _month(month), _small(number))
        case [month, number, year] if _month(month) and _small(number) and _year(year):
            return _Said(_year(year), _month(month), _small(number))
        case [number, month] if _month(month) and _small(number):
            return _Said(0, _month(month), _small(number))
        case [month, number] if _month(month) and _small(number):
            return _Said(0, _month(month), _small(number))
        case [word]:
            return _iso(word) or _dotted(word) or _slashed(word)
    return None


def _is_week(words: list[str]) -> bool:
    """ "last week", "of this week"."""
    return (
        words[-1:] == ["week"] and words[-2:-1] != [] and words[-2] in _WEEKS and words[:-2] in ([], ["of"])
    )


def _in_week(weekday: str, which: str, today: date) -> date | None:
    """Friday last week, or this; a week begins on Monday."""
    day = _weekday(weekday, today)
    monday = _moved(today, -today.weekday() - _WEEKS[which])
    return _moved(monday, day.weekday()) if day and monday else None


def _moved(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _weekday(word: str, today: date) -> date | None:
    """The latest such day before today; short forms have three letters."""
    for number, name in enumerate(_WEEKDAYS):
        if word == name or (word == name[:3] and word not in ("sun", "sat")):
            return _moved(today, -((today.weekday() - number - 1) % 7 + 1))
    return None


def _month(word: str) -> int:
    return next((number for number, name in enumerate(_MONTHS, 1) if word in (name, name[:3])), 0)


def _small(word: str) -> int:
    """A number of one to three digits, also with "st", "nd", "rd", "th" behind it; 0 if it is none."""
    said = re.fullmatch(r"([0-9]{1,3})(?:st|nd|rd|th)?", word)
    return int(said[1]) if said else 0


def _year(word: str) -> int:
    return int(word) if re.fullmatch(r"(?:19|20)[0-9]{2}", word) else 0


def _is_year(words: list[str]) -> bool:
    return len(words) == 1 and _year(words[0]) > 0


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _latest(month: int, day: int, today: date) -> date | None:
    """The last such day that is not after today."""
    this_year = _date(today.year, month, day)
    if this_year and this_year <= today:
        return this_year
    return next(filter(None, (_date(today.year - back, month, day) for back in range(1, 9))), this_year)


def _iso(word: str) -> _Said | None:
    said = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", word)
    return _possible(int(said[1]), int(said[2]), int(said[3])) if said else None


def _dotted(word: str) -> _Said | None:
    """12.10. or 12.10.2026: where people write dots, the day comes first."""
    said = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.?([0-9]{4})?", word)
    return _possible(int(said[3] or 0), int(said[2]), int(said[1])) if said else None


def _slashed(word: str) -> _Said | None:
    """19/11, 19/11/26 or 11/19/2026: in the reader's order, unless only the other one makes a month."""
    said = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})(?:/((?:20)?[0-9]{2}))?", word)
    if not said or word == "24/7":
        return None
    year = int(said[3] or 0)
    year += 2000 if 0 < year < 100 else 0
    orders = ((said[2], said[1]), (said[1], said[2]))
    first, other = reversed(orders) if reader().dates == "month_day" else orders
    return _possible(year, int(first[0]), int(first[1])) or _possible(year, int(other[0]), int(other[1]))


def _possible(year: int, month: int, day: int) -> _Said | None:
    return _Said(year, month, day) if 1 <= month <= 12 and day >= 1 else None


def due_day(words: list[str], today: date) -> date | None:
    """The day something is due by these words: without a year the first one that is not before today."""
    said = [word for word in words if word not in ("the", "next", "on", "of")]
    ahead = _weekday_ahead(said, today) or _day_ahead(said, today)
    if ahead:
        return ahead
    whole = day_of(said, today)
    return whole if whole and whole >= today else None


def _weekday_ahead(words: list[str], today: date) -> date | None:
    latest = _weekday(words[0], today) if len(words) == 1 else None
    return _moved(latest, 7 if latest + timedelta(7) > today else 14) if latest else None


def _day_ahead(words: list[str], today: date) -> date | None:
    """A day and a month without a year: the first such day from today on."""
    said = _said(words)
    return _first(said.month, said.day, today) if said and not said.year else None


def _first(month: int, day: int, today: date) -> date | None:
    days = (_date(today.year + ahead, month, day) for ahead in range(9))
    return next((one for one in days if one and one >= today), None)
