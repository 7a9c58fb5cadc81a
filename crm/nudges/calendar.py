"""One suggestion as a calendar file (RFC 5545), for "Add to calendar"."""

from datetime import UTC, date, datetime, timedelta

LONGEST_LINE = 73
"""Octets a line may have beside its break; a letter is never cut in two."""


def event(
    *,
    uid: str,
    title: str,
    words: str,
    day: date | None,
    starts_at: datetime | None,
    minutes: int,
    at: datetime,
) -> bytes:
    """A calendar with one event: from ``starts_at`` for so many minutes, or all of ``day``. ``at`` is when it is made."""
    if starts_at is not None:
        when = [
            f"DTSTART:{_instant(starts_at)}",
            f"DTEND:{_instant(starts_at + timedelta(minutes=max(minutes, 5)))}",
        ]
    elif day is not None:
        when = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"]
    else:
        raise ValueError("An event needs a moment or a day.")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//In Person//In Person//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{_instant(at)}",
        *when,
        f"SUMMARY:{_text(title)}",
        f"DESCRIPTION:{_text(words)}",
        "TRANSP:OPAQUE" if starts_at is not None else "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


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
