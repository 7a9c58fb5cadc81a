"""Suggestions as a calendar (RFC 5545): one for "Add to calendar", or a user's plan to subscribe to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LONGEST_LINE = 73
"""Octets a line may have beside its break; a letter is never cut in two."""


@dataclass(frozen=True)
class Event:
    """From ``starts_at`` for so many minutes, or all of ``day``; one of the two is needed."""

    uid: str
    title: str
    words: str
    day: date | None
    starts_at: datetime | None
    minutes: int


def calendar(events: Iterable[Event], at: datetime, name: str | None = None) -> bytes:
    """A calendar of these events as it stands ``at``; with a ``name`` it is one to subscribe to, read every hour."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//In Person//In Person//EN", "METHOD:PUBLISH"]
    if name is not None:
        named = _text(name)
        head += [f"NAME:{named}", f"X-WR-CALNAME:{named}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
        head += ["X-PUBLISHED-TTL:PT1H"]
    lines = [line for one in events for line in _event(one, at)]
    return b"".join(_folded(line) for line in [*head, *lines, "END:VCALENDAR"])


def _event(one: Event, at: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(one.uid)}",
        f"DTSTAMP:{_instant(at)}",
        *_when(one),
        f"SUMMARY:{_text(one.title)}",
        f"DESCRIPTION:{_text(one.words)}",
        "TRANSP:OPAQUE" if one.starts_at is not None else "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _when(one: Event) -> list[str]:
    if one.starts_at is not None:
        end = one.starts_at + timedelta(minutes=max(one.minutes, 5))
        return [f"DTSTART:{_instant(one.starts_at)}", f"DTEND:{_instant(end)}"]
    if one.day is None:
        raise ValueError("An event needs a moment or a day.")
    tomorrow = one.day + timedelta(days=1)
    return [f"DTSTART;VALUE=DATE:{one.day:%Y%m%d}", f"DTEND;VALUE=DATE:{tomorrow:%Y%m%d}"]


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    plain = "".join(letter for letter in words if letter == "\n" or letter.isprintable())
    for letter, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(letter, written)
    return plain


def _folded(line: str) -> bytes:
    pieces, piece = [], b""
    for letter in line:
        encoded = letter.encode("utf-8", "replace")
        if len(piece) + len(encoded) > LONGEST_LINE:
            pieces.append(piece)
            piece = b""
        piece += encoded
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
