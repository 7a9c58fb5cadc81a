"""Days as people say them: "last friday", "3 days ago", "12 Oct", "24.12.", and due days, which lie ahead."""

import re
from datetime import date, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_COUNTED = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def day_of(words: list[str], today: date) -> date | None:
    """The day these words say, bare and in small letters; without a year the latest one that is not after today."""
    match words:
        case ["today"]:
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
        case [number, unit, "ago"] if unit in _SPANS:
            counted = _COUNTED.get(number) or _small(number)
            return _moved(today, -counted * _SPANS[unit]) if counted else None
        case [number, month, year] if _month(month) and _year(year):
            return _date(_year(year), _month(month), _small(number))
        case [number, month] if _month(month) and _small(number):
            return _latest(_month(month), _small(number), today)
        case [month, number] if _month(month) and _small(number):
            return _latest(_month(month), _small(number), today)
        case [word]:
            return _weekday(word, today) or _iso(word) or _dotted(word, today)
    return None


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


def _iso(word: str) -> date | None:
    said = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", word)
    return _date(int(said[1]), int(said[2]), int(said[3])) if said else None


def _dotted(word: str, today: date) -> date | None:
    """12.10. or 12.10.2026: where people write dots, the day comes first."""
    said = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.?([0-9]{4})?", word)
    if not said:
        return None
    day, month = int(said[1]), int(said[2])
    return _date(int(said[3]), month, day) if said[3] else _latest(month, day, today)


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
    """A day and a month in either order, or "2.12."; the first such day from today on."""
    dotted = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.?", words[0]) if len(words) == 1 else None
    if dotted:
        return _first(int(dotted[2]), int(dotted[1]), today)
    for day, month in (words, words[::-1]) if len(words) == 2 else ():
        if _month(month) and _small(day):
            return _first(_month(month), _small(day), today)
    return None


def _first(month: int, day: int, today: date) -> date | None:
    days = (_date(today.year + ahead, month, day) for ahead in range(9))
    return next((one for one in days if one and one >= today), None)
