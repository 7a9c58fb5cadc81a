"""Reading iCalendar files: meetings that took place, each occurrence for itself, with who was there."""

import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from crm.domain.meetings import channel_of_meeting, is_calendar_of_days
from crm.imports.cells import excerpt, is_email, tidy_line
from crm.imports.limits import TooLong, at_most
from crm.imports.records import LINE_LIMIT, TEXT_LIMIT, UnreadableFile, refuse_endless
from crm.imports.sightings import Notices, Party, Sighting, decode_text

WINDOW = timedelta(days=3660)
"""How far back meetings are looked at."""
OCCURRENCES = 4_000
"""Of one series within the window: every day of ten years."""
FILE_OCCURRENCES = 200_000
SERIES_SECONDS = 2.0
_TIMES_A_DAY = 24

_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[^:;\"]*(?:\"[^\"]*\")?[^:;\"]*)*):(.*)", re.DOTALL)
_CALLED_OFF = re.compile(
    r"\s*(?:cancell?ed|abgesagt|annulée?|cancelad[oa]|annullat[oa]|geannuleerd)\s*:", re.IGNORECASE
)
_TZID = re.compile(r";TZID=\"?([^\":;]+)", re.IGNORECASE)


@dataclass(slots=True)
class _Event:
    """One VEVENT as written, unfolded, without its alarms."""

    line: int
    method: str
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
class _Calendar:
    """A file taken apart, so that one broken event does not take the others with it."""

    events: list[_Event] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    name: str = ""


def read_calendar(
    data: bytes, notices: Notices, *, zone: ZoneInfo, now: datetime, keep_text: bool = False
) -> Iterator[Sighting]:
    """The meetings of a calendar that have begun by ``now``, oldest series first as the file has them."""
    refuse_endless(notices.file, data)
    calendar = _taken_apart(decode_text(data))
    if not calendar.events:
        raise UnreadableFile(notices.file, "This calendar holds no meetings.")
    if is_calendar_of_days(calendar.name):
        notices.leave_out(
            notices.file, f"“{excerpt(calendar.name)}” holds days, not meetings: it involves nobody."
        )
        return
    reader = _Reader(calendar, notices, zone, now, keep_text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from reader.sightings()
    reader.tell()


def _taken_apart(text: str) -> _Calendar:
    calendar, method, event = _Calendar(), "", None
    stack: list[str] = []
    zone: list[str] = []
    for number, line in _unfolded(text):
        name, _, value = line.partition(":")
        word, what = name.strip().upper(), value.strip().upper()
        if word == "BEGIN":
            stack.append(what)
            if what == "VCALENDAR":
                method = ""
            elif what == "VEVENT":
                event = _Event(number, method)
                calendar.events.append(event)
            elif what == "VTIMEZONE":
                zone = []
        if "VTIMEZONE" in stack:
            zone.append(line)
        elif stack and stack[-1] == "VEVENT" and word not in ("BEGIN", "END") and event is not None:
            event.lines.append(line)
        elif stack and stack[-1] == "VCALENDAR":
            method = what if word == "METHOD" else method
            calendar.name = value.strip() if name.upper() in ("X-WR-CALNAME", "NAME") else calendar.name
        if word == "END":
            _close(calendar, stack, what, event, zone)
    return calendar


def _close(calendar: _Calendar, stack: list[str], what: str, event: _Event | None, zone: list[str]) -> None:
    if what in stack:
        while stack and stack.pop() != what:
            pass
    if what == "VEVENT" and event is not None:
        event.is_whole = True
    elif what == "VTIMEZONE":
        name = next((line.partition(":")[2].strip() for line in zone if line.upper().startswith("TZID")), "")
        calendar.zones.setdefault(name, "\r\n".join(zone))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
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


class _Moment(NamedTuple):
    at: datetime
    is_day: bool


class _Reader:
    """One calendar being read; counts what it passes over."""

    def __init__(
        self, calendar: _Calendar, notices: Notices, zone: ZoneInfo, now: datetime, keep_text: bool
    ) -> None:
        self.calendar, self.notices, self.zone, self.now = calendar, notices, zone, now
        self.keep_text = keep_text
        self.ahead = self.old = self.seen = 0

    def sightings(self) -> Iterator[Sighting]:
        """Every occurrence that has begun."""
        for uid, events in self._series().items():
            try:
                with at_most(SERIES_SECONDS):
                    found = self._occurrences(uid, events)
            except TooLong:
                self._leave_out(events[0], "recurs in a way that takes too long to work out")
                continue
            except Exception:
                self._leave_out(events[0], "is not written as calendars are")
                continue
            self.seen += len(found)
            if self.seen > FILE_OCCURRENCES:
                raise UnreadableFile(
                    self.notices.file,
                    f"This calendar holds more than {FILE_OCCURRENCES:,} meetings. Split it.",
                )
            yield from found

    def tell(self) -> None:
        """Say what was passed over."""
        if self.ahead:
            meetings = "1 meeting lies" if self.ahead == 1 else f"{self.ahead:,} meetings lie"
            self.notices.leave_out(
                self.notices.file, f"{meetings} ahead. Import the calendar again once they took place."
            )
        if self.old:
            meetings = "1 meeting is" if self.old == 1 else f"{self.old:,} meetings are"
            self.notices.leave_out(self.notices.file, f"{meetings} more than ten years old, and left out.")

    def _leave_out(self, event: _Event, why: str) -> None:
        said = tidy_line(event.value("SUMMARY")).replace("\\", "")
        name = f"“{excerpt(said)}”" if said else "This event"
        self.notices.leave_out(self._where(event), f"{name} {why}, and was left out.")

    def _where(self, event: _Event) -> str:
        return f"{self.notices.file} line {event.line}"

    def _series(self) -> dict[str, list[_Event]]:
        """The events by UID, each occurrence once: as it was said last."""
        found: dict[str, dict[str, _Event]] = {}
        for event in self.calendar.events:
            if not event.is_whole:
                self._leave_out(event, "has no end")
            elif not event.has("DTSTART"):
                self._leave_out(event, "has no beginning")
            elif event.method not in ("REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"):
                of_this = found.setdefault(_uid(event), {})
                which = event.value("RECURRENCE-ID")
                if which not in of_this or _revision(of_this[which]) <= _revision(event):
                    of_this[which] = event
        return {uid: list(events.values()) for uid, events in found.items()}

    def _occurrences(self, uid: str, events: list[_Event]) -> list[Sighting]:
        recurs = any(event.has("RRULE", "RDATE", "RECURRENCE-ID") for event in events)
        for event in events:
            if event.has("RRULE") and (why := _endless(event)):
                self._leave_out(event, why)
                return []
        import icalendar  # the process that reads has them already, and no other needs them
        import recurring_ical_events

        parsed = icalendar.Calendar.from_ical(self._alone(events))
        if not recurs:
            return [one for each in parsed.walk("VEVENT") if (one := self._sighting(uid, each, events[0]))]
        found: list[Sighting] = []
        begins, ends = self.now - WINDOW, self.now + timedelta(days=1)
        for each in recurring_ical_events.of(parsed, keep_recurrence_attributes=False).between(begins, ends):
            if len(found) >= OCCURRENCES:
                self._leave_out(events[0], f"recurs more than {OCCURRENCES:,} times; the first ones count")
                break
            if one := self._sighting(uid, each, events[0], recurs=True):
                found.append(one)
        return found

    def _alone(self, events: Iterable[_Event]) -> str:
        """A calendar of these events alone, with the time zones that only the file knows."""
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//In Person//"]
        wanted = {name for event in events for line in event.lines for name in _TZID.findall(line)}
        lines += [
            self.calendar.zones[name]
            for name in sorted(wanted)
            if name in self.calendar.zones and name not in _ZONES
        ]
        for event in events:
            lines += ["BEGIN:VEVENT", *(line for line in event.lines if _LINE.fullmatch(line)), "END:VEVENT"]
        return "\r\n".join([*lines, "END:VCALENDAR", ""])

    def _moment(self, value: Any) -> _Moment:
        if isinstance(value, datetime):
            return _Moment(
                (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC), False
            )
        assert isinstance(value, date)
        return _Moment(datetime.combine(value, time(12), self.zone).astimezone(UTC), True)

    def _sighting(self, uid: str, each: Any, event: _Event, *, recurs: bool = False) -> Sighting | None:
        start = each.get("DTSTART")
        if start is None or not isinstance(getattr(start, "dt", None), date):
            raise ValueError("no beginning")
        moment = self._moment(start.dt)
        if moment.at > self.now:
            self.ahead += 1
            return None
        if moment.at < self.now - WINDOW:
            self.old += 1
            return None
        which = each.get("RECURRENCE-ID") if recurs else None
        key = f"ical:{uid}" + (f"/{self._moment(which.dt).at:%Y%m%dT%H%M%SZ}" if which is not None else "")
        parties, declined = _parties(each)
        summary = _text(each, "SUMMARY")
        private = _text(each, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL")
        return Sighting(
            key,
            moment.at,
            None if moment.is_day else channel_of_meeting(summary, _text(each, "LOCATION"), _links(each)),
            parties,
            summary=None if private else tidy_line(summary)[:LINE_LIMIT] or None,
            note=_text(each, "DESCRIPTION")[:TEXT_LIMIT] or None if self.keep_text and not private else None,
            declined=declined,
            labels="" if moment.is_day else summary[:LINE_LIMIT],
            revision=_revision_of(each),
            is_off=_is_off(each, summary, event),
            where=self._where(event),
        )


_ZONES = frozenset(available_timezones())


def _uid(event: _Event) -> str:
    uid = (
        event.value("UID")
        or "?"
        + hashlib.blake2b(
            repr([event.value("DTSTART"), event.value("SUMMARY")]).encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
    )
    return uid if len(uid) <= 200 else "#" + hashlib.blake2b(uid.encode(), digest_size=16).hexdigest()


def _revision(event: _Event) -> str:
    """Rises with every change of an event."""
    return _ranked(event.value("SEQUENCE"), event.value("LAST-MODIFIED") or event.value("DTSTAMP"))


def _revision_of(each: Any) -> str:
    stamp = each.get("LAST-MODIFIED") or each.get("DTSTAMP")
    moment = getattr(stamp, "dt", None)
    written = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(moment, datetime) else ""
    return _ranked(str(each.get("SEQUENCE", "")), written)


def _ranked(sequence: str, stamp: str) -> str:
    number = int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 9 else 0
    return f"{number:08d} {stamp}"


def _endless(event: _Event) -> str | None:
    """What is wrong with a recurrence that no meeting has, and that takes an hour to work out."""
    for line in event.lines:
        if not line.upper().startswith("RRULE"):
            continue
        parts = dict(part.partition("=")[::2] for part in line.partition(":")[2].upper().split(";"))
        if parts.get("FREQ") in ("SECONDLY", "MINUTELY", "HOURLY"):
            return f"recurs {parts['FREQ'].lower()}, as no meeting does"
        times = [len(parts[name].split(",")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND") if name in parts]
        if times and _product(times) > _TIMES_A_DAY:
            return "recurs more often than every hour, as no meeting does"
    return None


def _product(numbers: Iterable[int]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total


def _text(each: Any, name: str) -> str:
    value = each.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)[:TEXT_LIMIT]


def _links(each: Any) -> str:
    """Everything that may hold the link of a video call."""
    names = ("DESCRIPTION", "URL", "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL")
    return "\n".join(_text(each, name) for name in names)


def _is_off(each: Any, summary: str, event: _Event) -> bool:
    status = _text(each, "STATUS").strip().upper()
    return status == "CANCELLED" or event.method == "CANCEL" or _CALLED_OFF.match(summary) is not None


def _parties(each: Any) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    """Who was asked to come, and who of them declined."""
    coming: dict[str, Party] = {}
    declined: dict[str, Party] = {}
    for name in ("ATTENDEE", "ORGANIZER"):
        values = each.get(name, [])
        for value in values if isinstance(values, list) else [values]:
            parameters = getattr(value, "params", {})
            if str(parameters.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE", "GROUP"):
                continue
            party = _party(str(value), parameters)
            state = str(parameters.get("PARTSTAT", "")).upper()
            if party and party.email not in coming and party.email not in declined:
                (declined if state in ("DECLINED", "DELEGATED") else coming)[party.email] = party
    return tuple(coming.values()), tuple(declined.values())


def _party(address: str, parameters: Any) -> Party | None:
    for one in (
        re.sub(r"^mailto:", "", address.strip(), flags=re.IGNORECASE),
        str(parameters.get("EMAIL", "")),
    ):
        if is_email(one) and len(one) <= LINE_LIMIT:
            return Party(email=one.casefold(), name=tidy_line(str(parameters.get("CN", "")))[:LINE_LIMIT])
    return None
