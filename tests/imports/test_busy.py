"""When somebody is busy, as calendars say it; what they are busy with never comes along."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.diary import Interval
from crm.domain.own_calendar import is_own_event, merged, own_event
from crm.domain.places.locations import city_in
from crm.imports.apart import TooMuch
from crm.imports.busy import Busy, NoCalendar, Wanted, read_busy
from crm.imports.busy_reader import read_apart

BOSTON = ZoneInfo("America/New_York")
BEGINS = datetime(2026, 11, 23, 5, tzinfo=UTC)
WANTED = Wanted(
    BEGINS, BEGINS + timedelta(days=14), BOSTON, frozenset({"me@team.example"}), "https://crm.example"
)


def event(*lines: str, uid: str = "1") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Secret plans", *lines, "END:VEVENT"])


def calendar(*parts: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x", *parts, "END:VCALENDAR", ""]
    ).encode()


def words(found: Busy) -> list[str]:
    """As ``Mon 23 10:00-11:00`` in Boston."""
    pairs = [(one.starts_at.astimezone(BOSTON), one.ends_at.astimezone(BOSTON)) for one in found.intervals]
    return [f"{one:%a %d %H:%M}-{other:%H:%M}" for one, other in pairs]


TAKES_TIME = [
    (["DTSTART:20261123T150000Z", "DTEND:20261123T160000Z"], ["Mon 23 10:00-11:00"]),
    (["DTSTART;TZID=Europe/Berlin:20261123T160000", "DURATION:PT30M"], ["Mon 23 10:00-10:30"]),
    (["DTSTART:20261123T100000", "DTEND:20261123T110000"], ["Mon 23 10:00-11:00"]),
    (["DTSTART;VALUE=DATE:20261124"], ["Tue 24 00:00-00:00"]),
    (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126"], ["Tue 24 00:00-00:00"]),
    (["DTSTART;VALUE=DATE:20261124", "TRANSP:TRANSPARENT"], []),
    (["DTSTART;VALUE=DATE:20261124", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
    (["DTSTART:20261123T150000Z", "DTEND:20261123T160000Z", "STATUS:CANCELLED"], []),
    (["DTSTART:20261123T150000Z", "DTEND:20261123T160000Z", "STATUS:TENTATIVE"], ["Mon 23 10:00-11:00"]),
    (["DTSTART:20261123T150000Z"], []),
    (["DTSTART:20261123T160000Z", "DTEND:20261123T150000Z"], []),
    (["DTSTART:20100101T150000Z", "DTEND:20100101T160000Z"], []),
    (["DTSTART:20300101T150000Z", "DTEND:20300101T160000Z"], []),
    (
        ["DTSTART:20200106T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"],
        ["Mon 23 10:00-11:00", "Mon 30 10:00-11:00"],
    ),
    (
        ["DTSTART:20261123T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "EXDATE:20261123T150000Z"],
        ["Mon 30 10:00-11:00"],
    ),
    (
        ["DTSTART:20261123T150000Z", "DTEND:20261123T160000Z", "ATTENDEE;PARTSTAT=DECLINED:mailto:Me@Team.example"],
        [],
    ),
    (
        ["DTSTART:20261123T150000Z", "DTEND:20261123T160000Z", "ATTENDEE;PARTSTAT=DECLINED:mailto:x@team.example"],
        ["Mon 23 10:00-11:00"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), TAKES_TIME)
def test_what_takes_time_and_what_does_not(lines: list[str], expected: list[str]) -> None:
    found = read_busy(calendar(event(*lines)), WANTED)
    assert words(found) == expected
    assert found.notes == []


def test_a_moved_occurrence_is_where_it_was_moved_to() -> None:
    series = event("DTSTART:20261102T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4")
    moved = event("RECURRENCE-ID:20261123T150000Z", "DTSTART:20261124T180000Z", "DURATION:PT1H")
    assert words(read_busy(calendar(series, moved), WANTED)) == ["Tue 24 13:00-14:00"]


def test_free_and_busy_as_servers_tell_it() -> None:
    told = (
        "BEGIN:VFREEBUSY\r\nFREEBUSY:20261123T150000Z/PT1H,20261123T190000Z/20261123T200000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20261123T170000Z/PT1H\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20261124T150000Z/PT1H\r\n"
        "END:VFREEBUSY"
    )
    assert words(read_busy(calendar(told), WANTED)) == [
        "Mon 23 10:00-11:00", "Mon 23 14:00-15:00", "Tue 24 10:00-11:00"
    ]  # fmt: skip


def test_what_cannot_be_understood_is_told_without_its_words() -> None:
    hour = ("DTSTART:20261123T150000Z", "DURATION:PT1H")
    parts = [
        event(*hour, "RRULE:FREQ=SECONDLY", uid="endless"),
        event(*hour, "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5,6", uid="every minute"),
        event("DTSTART:what", uid="rubbish"),
        event("DTSTART;TZID=Mars/Olympus:20261124T100000", "DURATION:PT1H", uid="afar"),
        event("DTSTART:20261125T150000Z", "DURATION:PT1H", uid="good"),
    ]
    found = read_busy(calendar(*parts), WANTED)
    assert words(found) == ["Tue 24 10:00-11:00", "Wed 25 10:00-11:00"]
    told = " ".join(found.notes)
    assert "1 entry was left out: it recurs every second" in told
    assert "more often than every hour" in told
    assert "not a valid calendar entry" in told
    assert "1 entry names the unknown time zone “Mars/Olympus”; its time was read as yours." in told
    assert "Secret" not in told


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261205"], (1, 4)),
        (["DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261205", "TRANSP:TRANSPARENT"], (1, 4)),
        (["DTSTART;VALUE=DATE:20261201"], (1, 1)),
        (["DTSTART:20261201T150000Z", "DTEND:20261203T150000Z"], (1, 3)),
        (["DTSTART:20261201T150000Z", "DTEND:20261201T170000Z"], None),
        (["DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261205", "STATUS:CANCELLED"], None),
        (["DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20271205"], None),
        (["DTSTART;VALUE=DATE:20200101", "DTEND;VALUE=DATE:20200105"], None),
    ],
)
def test_whole_days_somewhere_may_be_a_trip(lines: list[str], days: tuple[int, int] | None) -> None:
    data = calendar(event(*lines, "LOCATION:Hotel Adlon\\, 10117 Berlin\\, Germany"))
    found = read_busy(data, WANTED)
    stays = [(one.first_day.day, one.last_day.day) for one in found.stays]
    assert stays == ([days] if days else [])
    assert read_apart(data, WANTED) == found
    assert all(city_in(one.location) == city_in("Berlin") for one in found.stays)


@pytest.mark.parametrize(
    ("location", "city"),
    [
        ("Boston", "Boston, MA, United States"),
        ("Boston, MA 02110", "Boston, MA, United States"),
        ("The Westin\n415 Summer St\nBoston, MA 02210\nUnited States", "Boston, MA, United States"),
        ("10117 Berlin", "Berlin, Germany"),
        ("Cambridge, United Kingdom", "Cambridge, United Kingdom"),
        ("Zoom", None), ("Room 5", None), ("https://meet.example/abc-defg", None), ("", None), (",,,;", None), ("12345", None),
    ],
)  # fmt: skip
def test_the_city_in_a_location(location: str, city: str | None) -> None:
    found = city_in(location)
    assert (found.words if found else None) == city


def test_our_own_suggestions_are_no_reason_to_move_them() -> None:
    hour = ("DTSTART:20261123T150000Z", "DURATION:PT1H")
    ours, other = own_event(7, "https://crm.example"), own_event(7, "https://other.example")
    assert is_own_event(ours, "https://crm.example")
    assert not is_own_event(other, "https://crm.example")
    assert words(read_busy(calendar(event(*hour, uid=ours)), WANTED)) == []
    assert len(words(read_busy(calendar(event(*hour, uid=other)), WANTED))) == 1


@pytest.mark.parametrize(
    "data", [b"", b"<!doctype html><title>Sign in</title>", b"{}", b"\x00" * 99, b"BEGIN:VCARD"]
)
def test_a_page_is_no_calendar(data: bytes) -> None:
    with pytest.raises(NoCalendar):
        read_busy(data, WANTED)


def test_read_apart_it_is_the_same_and_refusals_come_back() -> None:
    data = calendar(event("DTSTART:20200106T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))
    assert read_apart(data, WANTED) == read_busy(data, WANTED)
    with pytest.raises(NoCalendar):
        read_apart(b"<html>", WANTED)
    with pytest.raises(TooMuch):
        read_apart(b"BEGIN:VCALENDAR" + b"\n" * 1_000_001, WANTED)


INTERVALS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=20)


@given(INTERVALS)
def test_merged_times_are_the_same_minutes_without_overlap(pairs: list[tuple[int, int]]) -> None:
    minute = timedelta(minutes=1)
    intervals = [Interval(BEGINS + at * minute, BEGINS + (at + long) * minute) for at, long in pairs]
    found = merged(intervals)

    def minutes(them: list[Interval]) -> set[int]:
        return {
            number for number in range(400)
            for one in them if one.starts_at <= BEGINS + number * minute < one.ends_at
        }  # fmt: skip

    assert minutes(found) == minutes(intervals)
    assert all(one.ends_at < other.starts_at for one, other in pairwise(found))
