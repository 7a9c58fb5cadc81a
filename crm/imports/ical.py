"""iCalendar as it is written: a file taken apart line by line, so that one broken event does not take the others with it.

What an event means is for whoever reads it; here is only what it says, and whether its recurrence can be worked out.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import available_timezones

_TIMES_A_DAY = 24
NO_END, NO_BEGINNING, UNREADABLE, TOO_LONG, TOO_MANY = (
    "no end",
    "no beginning",
    "unreadable",
    "too long",
    "too many",
)
EACH_SECOND, EACH_MINUTE, EACH_HOUR, OFTEN = "second", "minute", "hour", "often"
"""What may be wrong with an event; whoever reads a calendar has a sentence for each."""
_TOO_OFTEN = {"SECONDLY": EACH_SECOND, "MINUTELY": EACH_MINUTE, "HOURLY": EACH_HOUR}

_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;(?:[^:;\"]|\"[^\"]*\")*)*):(.*)", re.DOTALL)
_TZID = re.compile(r";TZID=\"?([^\":;]+)", re.IGNORECASE)


@dataclass(slots=True)
class Head:
    """What one calendar of a file says of itself: its name, the zone it is kept in, and what its events are for."""

    name: str = ""
    zone: str = ""
    method: str = ""


@dataclass(slots=True)
class Event:
    """One VEVENT as written, unfolded, without its alarms."""

    line: int
    method: str
    of: Head
    lines: list[str] = field(default_factory=list)
    is_whole: bool = False

    def value(self, name: str) -> str:
        """The first value of a property, or nothing."""
        prefix = name.upper()
        for line in self.lines:
            if line[: len(prefix)].upper() == prefix and line[len(prefix) : len(prefix) + 1] in (":", ";"):
                match = _LINE.fullmatch(line)
                return match.group(3).strip() if match else ""
        return ""

    def has(self, *names: str) -> bool:
        """Whether one of these properties is there."""
        return any(line.upper().startswith((f"{name}:", f"{name};")) for line in self.lines for name in names)


@dataclass(slots=True)
class Calendar:
    """A file taken apart, so that one broken event does not take the others with it."""

    events: list[Event] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    free_busy: list[str] = field(default_factory=list)


def taken_apart(text: str) -> Calendar:
    """The events, time zones and free/busy lines of a file, in its order."""
    calendar, head, event = Calendar(), Head(), None
    stack: list[str] = []
    zone: list[str] = []
    for number, line in unfolded(text):
        name, _, value = line.partition(":")
        word, what = name.strip().upper(), value.strip().upper()
        if word == "BEGIN":
            stack.append(what)
            if what == "VCALENDAR":
                head = Head()
            elif what == "VEVENT":
                event = Event(number, head.method, head)
                calendar.events.append(event)
            elif what == "VTIMEZONE":
                zone = []
        if "VTIMEZONE" in stack:
            zone.append(line)
        elif stack and stack[-1] == "VEVENT" and word not in ("BEGIN", "END") and event is not None:
            event.lines.append(line)
        elif stack and stack[-1] == "VFREEBUSY" and word.startswith("FREEBUSY"):
            calendar.free_busy.append(line)
        elif stack and stack[-1] == "VCALENDAR":
            _note(head, name.upper(), value.strip())
        if word == "END":
            _close(calendar, stack, what, event, zone)
    return calendar


def _note(head: Head, name: str, value: str) -> None:
    if name == "METHOD":
        head.method = value.upper()
    elif name in ("X-WR-CALNAME", "NAME"):
        head.name = value
    elif name == "X-WR-TIMEZONE":
        head.zone = value


def _close(calendar: Calendar, stack: list[str], what: str, event: Event | None, zone: list[str]) -> None:
    if what in stack:
        while stack and stack.pop() != what:
            pass
    if what == "VEVENT" and event is not None:
        event.is_whole = True
    elif what == "VTIMEZONE":
        name = next((line.partition(":")[2].strip() for line in zone if line.upper().startswith("TZID")), "")
        calendar.zones.setdefault(name, "\r\n".join(zone))


def unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first line."""
    pieces: list[str] = []
    began = 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and pieces:
            pieces.append(line[1:])
            continue
        if pieces:
            yield began, "".join(pieces)
        pieces, began = [line.lstrip("\ufeff")] if line.strip() else [], number
    if pieces:
        yield began, "".join(pieces)


def series(calendar: Calendar, leave_out: Callable[[Event, str], None]) -> dict[str, list[Event]]:
    """The events by UID, each occurrence once: as it was said last."""
    found: dict[str, dict[str, Event]] = {}
    for event in calendar.events:
        if not event.is_whole:
            leave_out(event, NO_END)
        elif not event.has("DTSTART"):
            leave_out(event, NO_BEGINNING)
        elif event.method not in ("REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"):
            of_this = found.setdefault(uid_of(event), {})
            which = event.value("RECURRENCE-ID")
            if which not in of_this or revision(of_this[which]) <= revision(event):
                of_this[which] = event
    return {uid: list(events.values()) for uid, events in found.items()}


def alone(calendar: Calendar, events: Iterable[Event]) -> str:
    """A calendar of these events alone, with the time zones that only the file knows."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//In Person//"]
    wanted = {name for event in events for line in event.lines for name in _TZID.findall(line)}
    lines += [
        calendar.zones[name] for name in sorted(wanted) if name in calendar.zones and name not in _ZONES
    ]
    for event in events:
        lines += ["BEGIN:VEVENT", *(line for line in event.lines if _LINE.fullmatch(line)), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


_ZONES = frozenset(available_timezones())


def uid_of(event: Event) -> str:
    """What tells the event from others; made of its words where it has none, and never long."""
    uid = (
        event.value("UID")
        or "?"
        + hashlib.blake2b(
            repr([event.value("DTSTART"), event.value("SUMMARY")]).encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
    )
    return uid if len(uid) <= 200 else "#" + hashlib.blake2b(uid.encode(), digest_size=16).hexdigest()


def revision(event: Event) -> str:
    """Rises with every change of an event."""
    return ranked(event.value("SEQUENCE"), event.value("LAST-MODIFIED") or event.value("DTSTAMP"))


def ranked(sequence: str, stamp: str) -> str:
    """A revision that compares as text."""
    number = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 9 else 0
    return f"{number:08d} {stamp}"


def endless(event: Event) -> str | None:
    """What is wrong with a recurrence that no meeting has, and that takes an hour to work out, as `series` says it."""
    for line in event.lines:
        if not line.upper().startswith("RRULE"):
            continue
        parts = dict(part.partition("=")[::2] for part in line.partition(":")[2].upper().split(";"))
        if often := _TOO_OFTEN.get(parts.get("FREQ", "")):
            return often
        times = [len(parts[name].split(",")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND") if name in parts]
        if times and _product(times) > _TIMES_A_DAY:
            return OFTEN
    return None


def _product(numbers: Iterable[int]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total


def is_elsewhen(event: Event, begins: datetime, ends: datetime) -> bool:
    """Whether it is over long before the window or begins long after it, told without taking it apart."""
    if event.has("RRULE", "RDATE", "RECURRENCE-ID", "DURATION"):
        return False
    slack = timedelta(days=2)
    first, last = event.value("DTSTART")[:8], event.value("DTEND")[:8]
    if not first.isdigit():
        return False
    return first > f"{ends + slack:%Y%m%d}" or max(first, last) < f"{begins - slack:%Y%m%d}"


_STAMP = re.compile(rb"^DTSTAMP[^\n]*\n", re.MULTILINE | re.IGNORECASE)
"""The moment at which a calendar was written out, which servers put at every event of it."""


def fingerprint(calendar: bytes) -> str:
    """The same for a calendar that says the same, whenever it was written out."""
    return hashlib.sha256(_STAMP.sub(b"", calendar)).hexdigest()
