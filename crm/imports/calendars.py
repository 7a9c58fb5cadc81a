"""Reading iCalendar files: meetings that took place, each occurrence for itself, with who was there."""

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from crm.contacts.drafts import EMAIL_LIMIT, is_email
from crm.domain.language import N_
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.meetings import channel_of_meeting, is_calendar_of_days, is_called_off
from crm.imports import ical
from crm.imports.cells import excerpt, is_time_zone, tidy_line
from crm.imports.limits import TooLong, at_most
from crm.imports.phrases import phrase, phrases
from crm.imports.records import UnreadableFile, refuse_endless
from crm.imports.sightings import Notices, Party, Sighting, decode_text

WINDOW = timedelta(days=3660)
"""How far back meetings are looked at."""
OCCURRENCES = 4_000
"""Of one series within the window: every day of ten years."""
FILE_OCCURRENCES = 200_000
SERIES_SECONDS = 2.0


def read_calendar(
    data: bytes,
    notices: Notices,
    *,
    zone: ZoneInfo,
    now: datetime,
    keep_text: bool = False,
    since: datetime | None = None,
) -> Iterator[Sighting]:
    """The meetings of a calendar that have begun by ``now``, oldest series first as the file has them, and those still to
    come: one of them may have been logged before it was put off.

    Those that had begun before ``since`` are passed over without a word.
    """
    refuse_endless(notices.file, data)
    calendar = ical.taken_apart(decode_text(data))
    if not calendar.events:
        raise UnreadableFile(notices.file, phrase("This calendar contains no meetings."))
    _leave_out_days(calendar, notices)
    reader = _Reader(calendar, notices, zone, now, keep_text, since)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from reader.sightings()
    reader.tell()


def _leave_out_days(calendar: ical.Calendar, notices: Notices) -> None:
    """Of several calendars in one file, those of holidays and birthdays alone."""
    names = dict.fromkeys(event.of.name for event in calendar.events)
    of_days = [name for name in names if is_calendar_of_days(name)]
    for name in of_days:
        notices.leave_out(
            notices.file,
            phrase("“{name}” contains days, not meetings: it involves nobody.", name=excerpt(name)),
        )
    calendar.events = [event for event in calendar.events if event.of.name not in of_days]


def _zone_of(name: str) -> ZoneInfo | None:
    """The zone in which a calendar is kept, by Google's and Apple's own word for it."""
    return ZoneInfo(name) if is_time_zone(name) else None


class _Moment(NamedTuple):
    at: datetime
    is_day: bool


_WRONG = {
    ical.NO_END: N_("{event} has no end, and was left out."),
    ical.NO_BEGINNING: N_("{event} has no beginning, and was left out."),
    ical.UNREADABLE: N_("{event} is not a valid calendar entry, and was left out."),
    ical.TOO_LONG: N_("{event} recurs in a way that takes too long to work out, and was left out."),
    ical.TOO_MANY: N_("{event} recurs more than {limit} times; only the first {limit} count."),
    ical.EACH_SECOND: N_("{event} recurs every second, as no meeting does, and was left out."),
    ical.EACH_MINUTE: N_("{event} recurs every minute, as no meeting does, and was left out."),
    ical.EACH_HOUR: N_("{event} recurs every hour, as no meeting does, and was left out."),
    ical.OFTEN: N_("{event} recurs more often than every hour, as no meeting does, and was left out."),
}


class _Reader:
    """One calendar being read; counts what it passes over."""

    def __init__(
        self,
        calendar: ical.Calendar,
        notices: Notices,
        zone: ZoneInfo,
        now: datetime,
        keep_text: bool,
        since: datetime | None,
    ) -> None:
        self.calendar, self.notices, self.zone, self.now = calendar, notices, zone, now
        self.keep_text, self.since = keep_text, since
        self.begins = max(since, now - WINDOW) if since else now - WINDOW
        self.ahead = self.old = self.seen = 0

    def sightings(self) -> Iterator[Sighting]:
        """Every occurrence that has begun, and what is known of those still to come."""
        for uid, events in ical.series(self.calendar, self._leave_out).items():
            if self.since and all(ical.is_elsewhen(event, self.since, self.now) for event in events):
                continue
            try:
                with at_most(SERIES_SECONDS):
                    found = self._occurrences(uid, events)
            except TooLong:
                self._leave_out(events[0], ical.TOO_LONG)
                continue
            except Exception:
                self._leave_out(events[0], ical.UNREADABLE)
                continue
            self.seen += len(found)
            if self.seen > FILE_OCCURRENCES:
                raise UnreadableFile(
                    self.notices.file,
                    phrase(
                        "This calendar contains more than {limit} meetings. Split it.",
                        limit=numeral(FILE_OCCURRENCES),
                    ),
                )
            yield from found

    def tell(self) -> None:
        """Say what was passed over."""
        if self.ahead:
            ahead = phrases(
                "{n} meeting is still to come. It counts when the calendar is read after it took place.",
                "{n} meetings are still to come. They count when the calendar is read after they took place.",
                self.ahead,
                n=numeral(self.ahead),
            )
            self.notices.leave_out(self.notices.file, ahead)
        if self.old:
            old = phrases(
                "{n} meeting is more than ten years old, and was left out.",
                "{n} meetings are more than ten years old, and were left out.",
                self.old,
                n=numeral(self.old),
            )
            self.notices.leave_out(self.notices.file, old)

    def _leave_out(self, event: ical.Event, why: str) -> None:
        said = tidy_line(event.value("SUMMARY")).replace("\\", "")
        name = f"“{excerpt(said)}”" if said else phrase("This event")
        self.notices.leave_out(
            self._where(event), phrase(_WRONG[why], event=name, limit=numeral(OCCURRENCES))
        )

    def _where(self, event: ical.Event) -> str:
        return self.notices.line(event.line)

    def _occurrences(self, uid: str, events: list[ical.Event]) -> list[Sighting]:
        recurs = any(event.has("RRULE", "RDATE", "RECURRENCE-ID") for event in events)
        for event in events:
            if event.has("RRULE") and (why := ical.endless(event)):
                self._leave_out(event, why)
                return []
        import icalendar  # the process that reads has them already, and no other needs them
        import recurring_ical_events

        parsed = icalendar.Calendar.from_ical(ical.alone(self.calendar, events))
        if not recurs:
            return [one for each in parsed.walk("VEVENT") if (one := self._sighting(uid, each, events[0]))]
        found: list[Sighting] = []
        ends = self.now + timedelta(days=1)
        occurrences = recurring_ical_events.of(parsed, keep_recurrence_attributes=False)
        for each in (*occurrences.between(self.begins, ends), *self._put_off(parsed, events[0], ends)):
            if len(found) >= OCCURRENCES:
                self._leave_out(events[0], ical.TOO_MANY)
                break
            if one := self._sighting(uid, each, events[0], recurs=True):
                found.append(one)
        return found

    def _put_off(self, parsed: Any, event: ical.Event, ends: datetime) -> list[Any]:
        """The occurrences that should have taken place, and will after these days."""
        moved = [
            (each, *(self._moment(each[name].dt, event).at for name in ("RECURRENCE-ID", "DTSTART")))
            for each in parsed.walk("VEVENT")
            if "RECURRENCE-ID" in each and "DTSTART" in each
        ]
        return [each for each, meant, begins in moved if meant <= self.now and begins >= ends]

    def _moment(self, value: Any, event: ical.Event) -> _Moment:
        """What stands without a zone is in the one its calendar is kept in."""
        zone = _zone_of(event.of.zone) or self.zone
        if isinstance(value, datetime):
            return _Moment((value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC), False)
        assert isinstance(value, date)
        return _Moment(datetime.combine(value, time(12), zone).astimezone(UTC), True)

    def _sighting(self, uid: str, each: Any, event: ical.Event, *, recurs: bool = False) -> Sighting | None:
        start = each.get("DTSTART")
        if start is None or not isinstance(getattr(start, "dt", None), date):
            raise ValueError("no beginning")
        moment = self._moment(start.dt, event)
        which = each.get("RECURRENCE-ID") if recurs else None
        meant = None if which is None else self._moment(which.dt, event).at
        is_ahead = moment.at > self.now
        self.ahead += is_ahead
        if is_ahead and (self.since or (meant and meant > self.now)):
            return None
        if moment.at < self.begins:
            self.old += self.since is None
            return None
        key = f"ical:{uid}/{meant:%Y%m%dT%H%M%SZ}" if meant else f"ical:{uid}"
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
            is_ahead=is_ahead,
            where=self._where(event),
        )


def _revision_of(each: Any) -> str:
    stamp = each.get("LAST-MODIFIED") or each.get("DTSTAMP")
    moment = getattr(stamp, "dt", None)
    written = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(moment, datetime) else ""
    return ical.ranked(str(each.get("SEQUENCE", "")), written)


def _text(each: Any, name: str) -> str:
    value = each.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)[:TEXT_LIMIT]


def _links(each: Any) -> str:
    """Everything that may hold the link of a video call."""
    names = ("DESCRIPTION", "URL", "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL")
    return "\n".join(_text(each, name) for name in names)


def _is_off(each: Any, summary: str, event: ical.Event) -> bool:
    status = _text(each, "STATUS").strip().upper()
    return status == "CANCELLED" or event.method == "CANCEL" or is_called_off(summary)


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


_NOBODYS = ("@resource.calendar.google.com", "@group.calendar.google.com", "@calendar.google.com")
"""Where Google keeps the addresses of rooms and calendars."""


def _party(address: str, parameters: Any) -> Party | None:
    for one in (
        re.sub(r"^mailto:", "", address.strip(), flags=re.IGNORECASE),
        str(parameters.get("EMAIL", "")),
    ):
        if is_email(one) and len(one) <= EMAIL_LIMIT and not one.casefold().endswith(_NOBODYS):
            return Party(email=one.casefold(), name=tidy_line(str(parameters.get("CN", "")))[:LINE_LIMIT])
    return None
