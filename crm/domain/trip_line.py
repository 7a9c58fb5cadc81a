"""A trip in one line, as people write it: "Boston, 1–4 December"."""

import re
from dataclasses import dataclass
from datetime import date

from crm.domain.said_days import day_of, due_day

LONGEST_LINE = 200
_ISO = re.compile(r"\b([0-9]{4})-([0-9]{2})-([0-9]{2})\b")
_TO = re.compile(r"\s*[-–—]\s*|\s+(?:to|until|till)\s+", re.IGNORECASE)
_NUMBER = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|\.)?")


@dataclass(frozen=True)
class TripLine:
    """A city, as it was written, and its days, both ends included."""

    city: str
    first_day: date
    last_day: date


def read_trip(line: str, today: date) -> TripLine | None:
    """What the line says; None where no days stand behind a city. Days without a year lie ahead."""
    words = _ISO.sub(r"\3.\2.\1", line[:LONGEST_LINE]).split()
    for at in range(1, len(words)):
        days = _days(" ".join(words[at:]), today)
        if days is not None:
            city = (
                " ".join(words[:at]).rstrip(",;:–—- ").removesuffix(" from").removesuffix(" on").rstrip(", ")
            )
            return TripLine(city, *days) if city else None
    return None


def _days(said: str, today: date) -> tuple[date, date] | None:
    ends = [end.strip(" ,").casefold().split() for end in _TO.split(said)]
    if not all(ends):
        return None
    if len(ends) == 1:
        day = due_day(ends[0], today)
        return (day, day) if day else None
    return _two(ends[0], ends[1], today) if len(ends) == 2 else None


def _two(first: list[str], last: list[str], today: date) -> tuple[date, date] | None:
    """Both ends; the month may stand at one of them."""
    begins, ends = _number(first), _number(last)
    if ends and not begins:  # December 1–4
        day = due_day(first, today)
        return _in_order(day, _same_month(day, ends))
    until = due_day(last, today)
    if begins:  # 1–4 December
        return _in_order(_same_month(until, begins), until)
    return _in_order(day_of(first, until) if until else None, until)


def _number(words: list[str]) -> int:
    said = _NUMBER.fullmatch(words[0]) if len(words) == 1 else None
    return int(said[1]) if said else 0


def _same_month(day: date | None, number: int) -> date | None:
    try:
        return day.replace(day=number) if day else None
    except ValueError:
        return None


def _in_order(first: date | None, last: date | None) -> tuple[date, date] | None:
    return (first, last) if first and last and first <= last else None
