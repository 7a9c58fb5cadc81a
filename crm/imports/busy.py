"""When somebody is busy, as their calendar says: start and end of what takes their time, and nothing of what it is."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm.domain.diary import Interval
from crm.domain.language import plurals
from crm.domain.manner import numeral
from crm.domain.own_calendar import is_own_event, merged
from crm.domain.weeks import local_instant
from crm.imports import ical
from crm.imports.cells import excerpt
from crm.imports.limits import TooLong, at_most
from crm.imports.phrases import phrase, phrases
from crm.imports.records import refuse_endless
from crm.imports.sightings import decode_text

SERIES_SECONDS = 2.0
MOST = 5_000
"""Stretches of time that are kept of one calendar: seventy days have 3,360 half hours."""
OCCURRENCES = 20_000
"""Occurrences of one series in the window that are looked at."""
MOST_STAYS = 100
LONGEST_STAY = timedelta(days=92)
LONGEST_LOCATION = 300
_FREE = ("FREE", "WORKINGELSEWHERE")


class NoCalendar(Exception):
    """What was sent is not a calendar."""


@dataclass(frozen=True)
class Wanted:
    """What to look at: from ``begins`` to ``ends``, both aware. ``zone`` is the user's, in which days without a time lie.

    ``mine``: the user's email addresses, folded; what they declined does not take their time. ``ours``: the
    product's own address, whose suggestions are no reason to move themselves.
    """

    begins: datetime
    ends: datetime
    zone: ZoneInfo
    mine: frozenset[str] = frozenset()
    ours: str = ""


@dataclass(frozen=True, order=True)
class Stay:
    """Whole days, both ends included, at a place as the calendar names it; it is looked up and then forgotten."""

    first_day: date
    last_day: date
    location: str = field(repr=False)


@dataclass
class Busy:
    """What was found: stretches without overlap, in order, sentences about what could not be understood, and stays."""

    intervals: list[Interval] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)


def read_busy(data: bytes, wanted: Wanted) -> Busy:
    """The busy times of a calendar; NoCalendar for anything else."""
    refuse_endless("", data)
    text = decode_text(data)
    if not text.lstrip("\ufeff \r\n\t")[:15].upper().startswith("BEGIN:VCALENDAR"):
        raise NoCalendar
    reader = _Reader(ical.taken_apart(text), wanted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        intervals = merged(reader.intervals())
    if len(intervals) > MOST:
        reader.said[
            phrase("Only the first {limit} stretches of busy time are kept.", limit=numeral(MOST))
        ] += 1
    return Busy(intervals[:MOST], reader.notes(), sorted(reader.stays)[:MOST_STAYS])


_WRONG = {
    ical.NO_END: plurals(
        "{n} entry was left out: it has no end.",
        "{n} entries were left out: they have no end.",
    ),
    ical.NO_BEGINNING: plurals(
        "{n} entry was left out: it has no beginning.",
        "{n} entries were left out: they have no beginning.",
    ),
    ical.UNREADABLE: plurals(
        "{n} entry was left out: it is not a valid calendar entry.",
        "{n} entries were left out: they are not valid calendar entries.",
    ),
    ical.TOO_LONG: plurals(
        "{n} entry was left out: it recurs in a way that takes too long to work out.",
        "{n} entries were left out: they recur in a way that takes too long to work out.",
    ),
    ical.TOO_MANY: plurals(
        "{n} entry recurs more than {limit} times; only the first {limit} count.",
        "{n} entries recur more than {limit} times; only the first {limit} of each count.",
    ),
    ical.EACH_SECOND: plurals(
        "{n} entry was left out: it recurs every second, as no meeting does.",
        "{n} entries were left out: they recur every second, as no meeting does.",
    ),
    ical.EACH_MINUTE: plurals(
        "{n} entry was left out: it recurs every minute, as no meeting does.",
        "{n} entries were left out: they recur every minute, as no meeting does.",
    ),
    ical.EACH_HOUR: plurals(
        "{n} entry was left out: it recurs every hour, as no meeting does.",
        "{n} entries were left out: they recur every hour, as no meeting does.",
    ),
    ical.OFTEN: plurals(
        "{n} entry was left out: it recurs more often than every hour, as no meeting does.",
        "{n} entries were left out: they recur more often than every hour, as no meeting does.",
    ),
}


class _Reader:
    """One calendar being read."""

    def __init__(self, calendar: ical.Calendar, wanted: Wanted) -> None:
        self.calendar, self.wanted = calendar, wanted
        self.left_out: Counter[str] = Counter()
        self.zones: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.stays: set[Stay] = set()

    def intervals(self) -> Iterator[Interval]:
        """Whatever takes time in the window; what cannot be understood is counted, by why."""
        yield from self._free_busy()
        for uid, events in ical.series(self.calendar, self._leave_out).items():
            if is_own_event(uid, self.wanted.ours):
                continue
            begins, ends = self.wanted.begins, self.wanted.ends
            near = [event for event in events if not ical.is_elsewhen(event, begins, ends)]
            try:
                with at_most(SERIES_SECONDS):
                    found = self._of_series(near) if near else []
            except TooLong:
                self.left_out[ical.TOO_LONG] += 1
            except Exception:
                self.left_out[ical.UNREADABLE] += 1
            else:
                yield from found

    def notes(self) -> list[str]:
        """What could not be understood, without a word of what it is about."""
        left = [
            phrases(*_WRONG[why], count, n=numeral(count), limit=numeral(OCCURRENCES))
            for why, count in self.left_out.items()
        ]
        zones = [
            phrases(
                "{n} entry names the unknown time zone “{zone}”; its time was read as yours.",
                "{n} entries name the unknown time zone “{zone}”; their times were read as yours.",
                count,
                n=numeral(count),
                zone=excerpt(zone),
            )
            for zone, count in self.zones.most_common(3)
        ]
        return [*left, *zones, *self.said]

    def _leave_out(self, event: ical.Event, why: str) -> None:
        self.left_out[why] += 1

    def _of_series(self, events: list[ical.Event]) -> list[Interval]:
        for event in events:
            if event.has("RRULE") and (why := ical.endless(event)):
                self.left_out[why] += 1
                return []
        import icalendar  # the process that reads has them already, and no other needs them
        import recurring_ical_events

        parsed = icalendar.Calendar.from_ical(ical.alone(self.calendar, events))
        for zone in {zone for each in parsed.walk("VEVENT") if (zone := _unknown_zone(each.get("DTSTART")))}:
            self.zones[zone] += 1
        if not any(event.has("RRULE", "RDATE") for event in events):
            # Occurrences without their series, as servers send them, stand for themselves.
            return [one for each in parsed.walk("VEVENT") if (one := self._interval(each))]
        occurrences = recurring_ical_events.of(parsed, keep_recurrence_attributes=False)
        found = []
        for number, each in enumerate(occurrences.between(self.wanted.begins, self.wanted.ends)):
            if number >= OCCURRENCES:
                self.left_out[ical.TOO_MANY] += 1
                break
            if one := self._interval(each):
                found.append(one)
        return found

    def _interval(self, each: Any) -> Interval | None:
        """When it takes the user's time, as far as that lies in the window."""
        if _is_off(each) or _is_declined(each, self.wanted.mine):
            return None
        start = each["DTSTART"].dt
        if "DTEND" in each:
            end = each["DTEND"].dt
        else:
            whole_day = timedelta(0) if isinstance(start, datetime) else timedelta(days=1)
            end = start + (each["DURATION"].dt if "DURATION" in each else whole_day)
        found = self._within(self._instant(start), self._instant(end))
        if found is not None and "LOCATION" in each:
            self._note_stay(self._instant(start), self._instant(end), str(each["LOCATION"]))
        return found if _takes_time(each) else None

    def _note_stay(self, starts: datetime, ends: datetime, location: str) -> None:
        """Whole days somewhere may be a trip, whether they take time or not."""
        if not timedelta(hours=20) <= ends - starts <= LONGEST_STAY:
            return
        last = (ends - timedelta(seconds=1)).astimezone(self.wanted.zone).date()
        first = starts.astimezone(self.wanted.zone).date()
        self.stays.add(Stay(first, last, location[:LONGEST_LOCATION]))

    def _within(self, starts: datetime, ends: datetime) -> Interval | None:
        starts = max(starts, self.wanted.begins).astimezone(UTC)
        ends = min(ends, self.wanted.ends).astimezone(UTC)
        return Interval(starts, ends) if starts < ends else None

    def _instant(self, value: date) -> datetime:
        """In UTC, so that instants of one zone compare as instants."""
        if not isinstance(value, datetime):
            return local_instant(value, time(), self.wanted.zone)
        if value.tzinfo is None:
            return local_instant(value.date(), value.time(), self.wanted.zone)
        return value.astimezone(UTC)

    def _free_busy(self) -> Iterable[Interval]:
        """What a server tells without entries: stretches and how taken they are."""
        import icalendar

        for line in self.calendar.free_busy:
            whole = f"BEGIN:VFREEBUSY\r\n{line}\r\nEND:VFREEBUSY\r\n"
            try:
                said = icalendar.Component.from_ical(whole).get("FREEBUSY", [])
                for one in said if isinstance(said, list) else [said]:
                    taken = str(one.params.get("FBTYPE", "BUSY")).upper() != "FREE"
                    if taken and (found := self._within(one.start, one.end)):
                        yield found
            except Exception:
                self.left_out[ical.UNREADABLE] += 1


def _is_off(each: Any) -> bool:
    return str(each.get("STATUS", "")).upper() == "CANCELLED"


def _takes_time(each: Any) -> bool:
    """Not marked as free, by the standard's word or by Outlook's."""
    transparent = str(each.get("TRANSP", "")).upper() == "TRANSPARENT"
    outlook = str(each.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    return not transparent and outlook not in _FREE


def _is_declined(each: Any, mine: frozenset[str]) -> bool:
    said = each.get("ATTENDEE", [])
    return any(
        str(one).casefold().removeprefix("mailto:") in mine
        and str(one.params.get("PARTSTAT", "")).upper() == "DECLINED"
        for one in (said if isinstance(said, list) else [said])
    )


def _unknown_zone(start: Any) -> str | None:
    """The zone that a time names, where nobody knows it."""
    moment = getattr(start, "dt", None)
    if not isinstance(moment, datetime) or moment.tzinfo is not None:
        return None
    named = start.params.get("TZID")
    return str(named) if named else None
