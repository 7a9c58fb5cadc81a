"""Moments as programs write them for people: “Tuesday, October 13, 2026 9:05 AM”, “13. Okt. 2026 um 09:05 Uhr”."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from crm.imports.chat_stamps import half_of, plain
from crm.imports.written_days import read_day

_CLOCK = re.compile(r"(?<![\d:+-])(\d{1,2})\s?[:.hH時时시]\s?(\d{2})(?:\s?[:.分]\s?(\d{2}))?(?!\d)")
_OFFSET = re.compile(r"\(?\b(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?\b\)?")
_ZONES = {
    word: minutes
    for minutes, words in {
        0: "UTC GMT Z WET",
        60: "BST WEST CET MEZ",
        120: "CEST MESZ EET",
        180: "EEST",
        -300: "EST CDT",
        -240: "EDT",
        -360: "CST MDT",
        -420: "MST PDT",
        -480: "PST",
        540: "JST",
        600: "AEST",
    }.items()
    for word in words.split()
}
"""Minutes east of Greenwich of what zones are called."""
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DAY = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{4}|\d{1,2}\.?\s(?:de |of )?[^\W\d_]+\.?,?\s(?:de )?\d{4}"
    r"|[^\W\d_]+\.?\s\d{1,2},?\s\d{4}"
)


def moment_said(text: str, zone: tzinfo) -> datetime | None:
    """The moment, in UTC; None where it is none, or may be several. Without a zone of its own it is by ``zone``."""
    try:
        exact = parsedate_to_datetime(text)
        if exact.tzinfo is not None:
            return exact.astimezone(UTC)
    except (ValueError, TypeError, IndexError):
        pass
    words = _ASIAN.sub(r"\1-\2-\3 ", " ".join(_ORDINAL.sub("", plain(text)).split()))
    day = _day(words)
    clock = _CLOCK.search(words, day[1] if day else 0) or _CLOCK.search(words)
    if day is None or clock is None:
        return None
    return _joined(day[0], clock, words, zone)


def _day(words: str) -> tuple[str, int] | None:
    """The day, and where it ends; None where it is none, or may be two."""
    for found in _DAY.finditer(words):
        one, other = read_day(found.group().replace(". ", " ").replace(",", ", "), "")
        if one and not one.startswith("--") and other is None:
            return one, found.end()
    return None


def _joined(day: str, clock: re.Match[str], words: str, zone: tzinfo) -> datetime | None:
    beside = f"{words[max(0, clock.start() - 6) : clock.start()]} {words[clock.end() :]}"
    hour, half = int(clock[1]), half_of(re.sub(r"\S*\d\S*", " ", beside))
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        local = datetime.fromisoformat(day).replace(
            hour=hour, minute=int(clock[2]), second=int(clock[3] or 0)
        )
    except ValueError:
        return None
    return local.replace(tzinfo=_zone_of(words[clock.end() :]) or zone).astimezone(UTC)


def _zone_of(words: str) -> tzinfo | None:
    if found := _OFFSET.search(words):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return (
            timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes)) if minutes < 1440 else None
        )
    named = next((word for word in re.findall(r"\b[A-Z]{1,4}\b", words) if word in _ZONES), None)
    return timezone(timedelta(minutes=_ZONES[named])) if named else None
