"""Calendars: which meetings took place, with whom and how; each once, whatever it came by."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.contacts.erasing import erase
from crm.domain.on_record import Recorded
from crm.imports.calendars import read_calendar
from crm.imports.meetings import answer, open_meetings
from crm.imports.records import UnreadableFile
from crm.imports.report import FileReport
from crm.imports.sightings import Notices, Sighting
from crm.imports.undoing import Undone, undo
from crm.interactions.actions import Entry, delete_interaction, edit_interaction, restore_interaction
from crm.interactions.on_record import meetings_on_record
from crm.storage.tables import interaction, interaction_contact, metadata, open_meeting, source_record
from tests.builders import NOW, World
from tests.imports.files import bring, count, good, news, rows, summed
from tests.web.site import client

BERLIN = ZoneInfo("Europe/Berlin")


def event(uid: str = "one", *lines: str, start: str = "20261102T100000Z", summary: str = "Review") -> str:
    """One event as a calendar writes it."""
    said = [f"UID:{uid}", f"DTSTART:{start}", f"SUMMARY:{summary}", *lines]
    said = [
        line
        for line in said
        if not (line.startswith("DTSTART:") and any(one.startswith("DTSTART;") for one in lines))
    ]
    return "\r\n".join(["BEGIN:VEVENT", *said, "END:VEVENT"])


def calendar(*events: str, extra: str = "") -> str:
    """A calendar of events."""
    return "\r\n".join(filter(None, ["BEGIN:VCALENDAR", "VERSION:2.0", extra, *events, "END:VCALENDAR", ""]))


def asked(email: str, state: str = "ACCEPTED", **parameters: str) -> str:
    more = "".join(f";{name}={value}" for name, value in parameters.items())
    return f"ATTENDEE;PARTSTAT={state}{more}:mailto:{email}"


MARTA = asked("marta@fernhill.example")


def read(text: str | bytes, now: datetime = NOW) -> tuple[list[Sighting], Notices]:
    notices = Notices("work.ics")
    data = text.encode() if isinstance(text, str) else text
    return list(read_calendar(data, notices, zone=BERLIN, now=now)), notices


def people(world: World) -> dict[str, int]:
    drafts = [
        NewContact(name="Marta Kowalczyk", emails=(Way("marta@fernhill.example"),)),
        NewContact(name="Daniel Osei", emails=(Way("daniel@fernhill.example"),)),
    ]
    with world.database.write() as connection:
        ids = add_contacts(connection, world.principal, drafts, world.now)
    return dict(zip(("marta", "daniel"), ids, strict=True))


def log(world: World) -> list[tuple[str, str, str, set[int]]]:
    """What is in the log: when, how, what, and with whom."""
    with world.database.read() as connection:
        part = interaction_contact.c
        took_part: dict[int, set[int]] = {}
        for row in connection.execute(select(part.interaction_id, part.contact_id)):
            took_part.setdefault(row.interaction_id, set()).add(row.contact_id)
    live = [row for row in rows(world, interaction) if row.deleted_at is None]
    return sorted(
        (f"{row.occurred_at:%Y-%m-%d %H:%M}", row.channel, row.summary or "", took_part[row.id])
        for row in live
    )


@pytest.mark.parametrize("answered", [True, False])
def test_somebody_erased_does_not_come_back_with_the_next_reading(world: World, answered: bool) -> None:
    ids = people(world)
    both = (MARTA, asked("daniel@fernhill.example"))
    place = ("LOCATION:Cafe Central",) if answered else ()
    title = "Lunch with Daniel Osei and Marta" if answered else "Daniel Osei and Marta"
    feed = calendar(event("one", *both, *place, "DESCRIPTION:Daniel is ailing", summary=title))
    bring(world, ("work.ics", feed))
    assert count(world, interaction) == answered
    assert count(world, open_meeting) == 1 - answered
    with world.database.write() as connection:
        erase(connection, world.principal, ids["daniel"], world.now)
    for later, keep_text in ((1, False), (2, True)):
        again = bring(world, ("work.ics", feed), later=later, keep_text=keep_text)
        assert "Daniel Osei" not in again[0].as_json()["uncertain"].__repr__()
    with world.database.read() as connection:
        held = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    assert "[erased] and Marta" in str(held)
    assert not [one for one in ("Daniel", "ailing") if one in str(held)]


# Reading.


def test_recurrence_with_exceptions_moves_and_a_cancelled_instance() -> None:
    series = event(
        "s", "DTSTART;TZID=Europe/Berlin:20261005T100000", "RRULE:FREQ=WEEKLY;COUNT=6",
        "EXDATE;TZID=Europe/Berlin:20261012T100000", MARTA,
    )  # fmt: skip
    moved = event("s", "RECURRENCE-ID;TZID=Europe/Berlin:20261019T100000", MARTA, start="20261020T120000Z")
    off = event(
        "s",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261026T100000",
        "STATUS:CANCELLED",
        MARTA,
        start="20261026T090000Z",
    )
    found, _ = read(calendar(series, moved, off))
    seen = {f"{one.occurred_at:%m-%d %H:%M}": one.is_off for one in found}
    assert seen == {
        "10-05 08:00": False,
        "10-20 12:00": False,
        "10-26 09:00": True,  # an hour later by UTC: summer time has ended
        "11-02 09:00": False,
        "11-09 09:00": False,
    }
    assert len({one.key for one in found}) == 5


@given(
    start=st.dates(date(2026, 1, 1), date(2026, 10, 1)),
    days=st.integers(1, 9),
    times=st.integers(1, 40),
    left_out=st.sets(st.integers(0, 39), max_size=5),
)
@settings(max_examples=20, deadline=None)
def test_a_daily_series_is_what_arithmetic_says(
    start: date, days: int, times: int, left_out: set[int]
) -> None:
    noon = datetime.combine(start, time(12), BERLIN)
    every = [datetime.combine(start + timedelta(days=days * step), time(12), BERLIN) for step in range(times)]
    gone = [f"EXDATE;TZID=Europe/Berlin:{every[one]:%Y%m%dT%H%M%S}" for one in left_out if one < times]
    text = event(
        "d",
        f"DTSTART;TZID=Europe/Berlin:{noon:%Y%m%dT%H%M%S}",
        f"RRULE:FREQ=DAILY;INTERVAL={days};COUNT={times}",
        *gone,
        MARTA,
    )
    found, _ = read(calendar(text))
    expected = [one.astimezone(UTC) for step, one in enumerate(every) if step not in left_out and one <= NOW]
    assert [one.occurred_at for one in found] == expected


def test_what_recurs_endlessly_is_left_out_and_the_rest_stands() -> None:
    bombs = [
        event("a", "RRULE:FREQ=SECONDLY", MARTA, start="20100101T000000Z"),
        event("b", "RRULE:FREQ=MINUTELY", MARTA),
        event("c", "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,1,2", MARTA),
        event("d", "RRULE:FREQ=NEVER", MARTA),
    ]
    found, notices = read(calendar(*bombs, event("good", MARTA)))
    assert [one.key for one in found] == ["ical:good"]
    assert len(notices.skipped) == 4
    assert all(one.where.startswith("work.ics line ") for one in notices.skipped)


def test_of_several_calendars_in_one_file_each_is_taken_by_its_own_name_and_zone() -> None:
    work = calendar(event("w", MARTA, start="20261102T090000"), extra="X-WR-TIMEZONE:America/New_York")
    days = calendar(event("d", MARTA), extra="X-WR-CALNAME:Holidays in Germany\nX-WR-TIMEZONE:Asia/Tokyo")
    for both in ((work, days), (days, work)):
        found, notices = read("\r\n".join(both))
        assert [one.key for one in found] == ["ical:w"]
        assert found[0].occurred_at.hour == 14
        assert [one.where for one in notices.skipped] == ["work.ics"]


def test_replies_rooms_and_days_are_nobody() -> None:
    assert read(calendar(event(), extra="METHOD:REPLY"))[0] == []
    assert read(calendar(event("x", MARTA), extra="X-WR-CALNAME:Holidays in Germany"))[0] == []
    (one,), _ = read(
        calendar(event("x", asked("room@x.example", CUTYPE="ROOM"), "ORGANIZER:mailto:o@x.example"))
    )
    assert [party.email for party in one.parties] == ["o@x.example"]


def test_a_private_event_keeps_its_subject_to_itself() -> None:
    (one,), _ = read(calendar(event("x", "CLASS:PRIVATE", MARTA, summary="Divorce")))
    assert one.summary is None


@given(cut=st.integers(0, 600), flip=st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_cut_and_flipped_it_ends_in_meetings_or_a_sentence(cut: int, flip: int) -> None:
    data = bytearray(calendar(event("a", MARTA), event("b", "RRULE:FREQ=WEEKLY;COUNT=2", MARTA)).encode())
    data[cut % len(data)] ^= flip
    for broken in (bytes(data), bytes(data[:cut]), data.decode("latin-1").encode("utf-16")):
        try:
            _, notices = read(broken)
            said = [one.why for one in notices.skipped]
        except UnreadableFile as refused:
            said = [refused.sentence]
        assert all(one.endswith(".") for one in said)


# Writing down.


def test_the_same_calendar_again_and_in_another_order_is_one_record_each(world: World) -> None:
    known = people(world)
    first = calendar(event("a", MARTA, summary="Lunch"), event("b", MARTA, "LOCATION:Room 4"))
    second = calendar(
        event("b", MARTA, "LOCATION:Room 4"),
        event("c", asked("daniel@fernhill.example"), summary="Call Daniel"),
    )
    assert news(good(bring(world, ("1.ics", first), ("2.ics", second)))) == {"interactions": 3}
    assert news(good(bring(world, ("2.ics", second), ("1.ics", first)))) == {}
    assert [(how, who) for _, how, _, who in log(world)] == [
        ("lunch", {known["marta"]}),
        ("meeting", {known["marta"]}),
        ("phone", {known["daniel"]}),
    ]


def test_declined_cancelled_and_future_meetings_are_no_contact(world: World) -> None:
    people(world)
    world.user()
    alice, no = asked("alice@team.example"), asked("alice@team.example", "DECLINED")
    files = calendar(
        event("a", MARTA, no, summary="Lunch"),
        event("b", asked("marta@fernhill.example", "DECLINED"), alice, summary="Lunch"),
        event("c", MARTA, "STATUS:CANCELLED", summary="Lunch"),
        event("d", MARTA, summary="Cancelled: Lunch"),
        event("e", MARTA, start="20261124T100000Z", summary="Lunch"),
    )
    (report,) = good(bring(world, ("x.ics", files)))
    assert (news([report]), log(world)) == ({}, [])
    assert news(good(bring(world, ("x.ics", files), later=2))) == {"interactions": 1}  # by then it took place


def test_called_off_later_it_goes_and_undo_brings_it_back(world: World) -> None:
    people(world)
    held = calendar(event("a", MARTA, "SEQUENCE:1", summary="Lunch"))
    off = calendar(event("a", MARTA, "SEQUENCE:2", "STATUS:CANCELLED", summary="Lunch"))
    bring(world, held)
    (report,) = good(bring(world, off, later=1))
    assert (summed([report], "changed"), log(world)) == ({"interactions": 1}, [])
    bring(world, held, later=2)  # an older file says nothing new
    assert log(world) == []
    assert report.batch_id
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id, NOW + timedelta(days=3))
    assert len(log(world)) == 1
    good(bring(world, off, later=4))
    assert log(world) == []
    other = World.create(world.database, "Another team")
    people(other)
    bring(other, off)
    bring(other, held, later=1)
    assert count(other, interaction) == 0


LUNCH = ("LOCATION:Cafe Central", MARTA)


def put_off(number: int, *more: str, start: str) -> tuple[str, str]:
    return (
        "work.ics",
        calendar(event("a", *LUNCH, f"SEQUENCE:{number}", *more, start=start, summary="Lunch")),
    )


def test_put_off_it_is_in_the_log_again_once_it_has_taken_place(world: World) -> None:
    known = people(world)
    held, moved = put_off(1, start="20261123T100000Z"), put_off(2, start="20261126T100000Z")
    good(bring(world, held))
    (report,) = good(bring(world, moved))
    assert (summed([report], "changed"), log(world)) == ({"interactions": 1}, [])
    assert [(one.old, one.new) for one in report.changes] == [("took place", "still to come")]
    for file in (moved, held):
        assert summed(good(bring(world, file, later=1)), "changed") == {}
    assert log(world) == []
    (report,) = good(bring(world, moved, later=4))
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("state", "still to come", "took place")
    ]
    assert log(world) == [("2026-11-26 10:00", "lunch", "Lunch", {known["marta"]})]
    assert summed(good(bring(world, moved, later=5)), "changed") == {}
    assert report.batch_id
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id, NOW + timedelta(days=5))
    assert log(world) == []


def test_put_off_and_then_called_off_it_stays_away(world: World) -> None:
    people(world)
    good(bring(world, put_off(1, start="20261123T100000Z")))
    good(bring(world, put_off(2, start="20261126T100000Z")))
    off = put_off(3, "STATUS:CANCELLED", start="20261126T100000Z")
    for later in (1, 4):
        good(bring(world, off, later=later))
        assert log(world) == []
    (report,) = good(bring(world, put_off(4, start="20261126T100000Z"), later=5))
    assert [(one.old, one.new) for one in report.changes] == [("called off", "took place")]
    assert len(log(world)) == 1


def test_called_off_while_it_is_still_to_come_it_goes(world: World) -> None:
    people(world)
    good(bring(world, put_off(1, start="20261123T100000Z")))
    (report,) = good(bring(world, put_off(2, "STATUS:CANCELLED", start="20261126T100000Z")))
    assert (log(world), [(one.old, one.new) for one in report.changes]) == (
        [],
        [("took place", "called off")],
    )


def test_what_somebody_deleted_or_changed_stays_so_when_it_is_put_off(world: World) -> None:
    known = people(world)
    for deleted in (True, False):
        uid = f"UID:{deleted}"
        moved = [
            (name, text.replace("UID:a", uid))
            for name, text in (
                put_off(1, start="20261123T100000Z"),
                put_off(2, start="20261126T100000Z"),
            )
        ]
        good(bring(world, moved[0]))
        row = next(one for one in rows(world, interaction) if one.source_id.endswith(str(deleted)))
        mine = Entry(row.occurred_at, "lunch", (known["marta"],), summary="We met all the same")
        with world.database.write() as connection:
            edit_interaction(connection, world.principal, row.id, mine, NOW)
            if deleted:
                delete_interaction(connection, world.principal, row.id, NOW)
        good(bring(world, moved[1]))
        assert [what for _, _, what, _ in log(world)] == ([] if deleted else ["We met all the same"])
    good(bring(world, *moved, later=4))
    assert len(log(world)) == 1


@pytest.mark.parametrize("undone", [True, False], ids=["undone", "by hand"])
def test_what_was_taken_out_brought_back_and_then_deleted_stays_so(world: World, undone: bool) -> None:
    people(world)
    good(bring(world, put_off(1, start="20261123T100000Z")))
    (report,) = good(bring(world, put_off(2, start="20261126T100000Z")))
    (row,) = rows(world, interaction)
    with world.database.write() as connection:
        if undone:
            undo(connection, world.principal, report.batch_id or 0, NOW + timedelta(hours=1))
        else:
            restore_interaction(connection, world.principal, row.id, NOW + timedelta(hours=1))
    assert len(log(world)) == 1
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, row.id, NOW + timedelta(hours=2))
    for later in (1, 4):
        good(bring(world, put_off(2, start="20261126T100000Z"), later=later))
        assert log(world) == []


def test_one_meeting_of_a_series_is_put_off_as_well(world: World) -> None:
    people(world)
    series = event("s", *LUNCH, "RRULE:FREQ=WEEKLY;COUNT=3", start="20261109T100000Z", summary="Lunch")
    later = event(
        "s", *LUNCH, "RECURRENCE-ID:20261123T100000Z", "SEQUENCE:2", start="20261203T100000Z", summary="Lunch"
    )
    good(bring(world, calendar(series)))
    assert len(log(world)) == 3
    good(bring(world, calendar(series, later)))
    assert len(log(world)) == 2
    good(bring(world, calendar(series, later), later=11))
    assert log(world)[-1][0] == "2026-12-03 10:00"


def test_what_is_to_come_says_nothing_of_whom_we_do_not_know(world: World) -> None:
    people(world)
    file = calendar(event("a", MARTA, asked("new@x.example"), start="20261126T100000Z", summary="Lunch"))
    (report,) = bring(world, file)
    assert ([one.where for one in report.uncertain], report.read) == ([], 0)
    assert "still to come" in report.skipped[0].why


def test_who_else_takes_part_now_is_shown(world: World) -> None:
    people(world)
    bring(world, calendar(event("a", *LUNCH, "SEQUENCE:1", summary="Lunch")))
    both = calendar(event("a", *LUNCH, asked("daniel@fernhill.example"), "SEQUENCE:2", summary="Lunch"))
    (report,) = good(bring(world, both))
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("contacts", ("Marta Kowalczyk",), ("Marta Kowalczyk", "Daniel Osei"))
    ]


def test_moved_by_its_calendar_it_may_still_be_called_off(world: World) -> None:
    known = people(world)
    held = [
        calendar(event("a", MARTA, f"SEQUENCE:{n}", start=f"2026110{n}T100000Z", summary="Lunch"))
        for n in (1, 2)
    ]
    for file in held:
        good(bring(world, file))
    assert log(world) == [("2026-11-02 10:00", "lunch", "Lunch", {known["marta"]})]
    good(bring(world, held[1].replace("SEQUENCE:2", "SEQUENCE:3\r\nSTATUS:CANCELLED")))
    assert log(world) == []


def test_what_somebody_changed_here_survives(world: World) -> None:
    known = people(world)
    bring(world, calendar(event("a", MARTA, "SEQUENCE:1", "LOCATION:Room 4")))
    (row,) = rows(world, interaction)
    mine = Entry(row.occurred_at, "lunch", (known["marta"],), summary="Our review")
    with world.database.write() as connection:
        edit_interaction(connection, world.principal, row.id, mine, NOW)
    later = calendar(
        event("a", MARTA, "SEQUENCE:2", "LOCATION:Room 4", start="20261102T150000Z", summary="Review 2")
    )
    bring(world, later)
    assert log(world) == [("2026-11-02 15:00", "lunch", "Our review", {known["marta"]})]
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, row.id, NOW)
    bring(world, later.replace("SEQUENCE:2", "SEQUENCE:3"))
    assert log(world) == []


def test_a_meeting_of_the_log_is_found_in_the_calendar(world: World) -> None:
    known = people(world)
    alice = world.user()
    world.log("lunch", None, known["marta"], occurred_at=datetime(2026, 11, 2, 12, tzinfo=UTC), by=alice)
    file = calendar(event("a", MARTA), event("b", MARTA, "LOCATION:Room 4", start="20261102T190000Z"))
    (report,) = good(bring(world, file))
    assert (news([report]), [one.question for one in report.uncertain]) == ({"interactions": 1}, [])
    assert [how for _, how, *_ in log(world)] == ["lunch", "meeting"]
    with world.database.read() as connection:
        found = meetings_on_record(connection, world.principal, NOW)
        assert found == {alice.user_id: Recorded(2, 1)}
    assert news(good(bring(world, file))) == {}


def test_people_not_here_are_offered_and_brought_in_on_request(world: World) -> None:
    people(world)
    file = calendar(event("a", asked("new@x.example", CN="New Person"), MARTA, "LOCATION:Room 4"))
    (report,) = good(bring(world, file))
    assert [one.where for one in report.uncertain] == ["new@x.example"]
    (report,) = good(bring(world, file, add_people=True))
    assert (news([report]), report.names) == ({"contacts": 1}, ["New Person"])
    assert [len(who) for *_, who in log(world)] == [2]


def test_a_meeting_of_sixty_is_no_contact(world: World) -> None:
    people(world)
    crowd = [asked(f"p{number}@x.example") for number in range(60)]
    (report,) = good(bring(world, calendar(event("a", MARTA, *crowd, "LOCATION:Hall"))))
    assert news([report]) == {}


@pytest.mark.parametrize(
    ("here", "strangers", "logged"),
    [(50, 0, [False]), (51, 0, [True]), (49, 1, [False]), (49, 2, []), (1, 50, [])],
)
def test_a_broadcast_begins_beyond_fifty_of_them_whoever_of_us_was_there(
    world: World, here: int, strangers: int, logged: list[bool]
) -> None:
    alice = world.user()
    drafts = [NewContact(name=f"P {n}", emails=(Way(f"p{n}@x.example"),)) for n in range(here)]
    with world.database.write() as connection:
        add_contacts(connection, world.principal, drafts, world.now)
    who = [asked(f"p{n}@x.example") for n in range(here + strangers)]
    file = calendar(event("a", *who, asked("alice@team.example"), "LOCATION:Hall"))
    good(bring(world, file, by=alice))
    assert [row.broadcast for row in rows(world, interaction)] == logged


# Asking.


def test_what_is_not_known_is_asked_answered_and_taken_back(world: World) -> None:
    people(world)
    alice = world.user()
    file = calendar(
        event("a", MARTA),
        event("b", MARTA, start="20261103T100000Z"),
        event("c", summary="Sync, Daniel Osei"),
    )
    good(bring(world, ("work.ics", file), by=alice))
    assert (count(world, interaction), count(world, open_meeting)) == (0, 3)
    browser = client(world, alice)
    page = browser.get("/meetings").text
    assert "Three meetings in your calendar do not say how you met" in page
    ids = [row.id for row in rows(world, open_meeting)]
    assert browser.post("/meetings", data={"answer": f"lunch:{ids[0]}"}).status_code == 303
    assert browser.post("/meetings", data={"answer": "no", "meeting_ids": ids[1:]}).status_code == 303
    assert [how for _, how, *_ in log(world)] == ["lunch"]
    assert "Nothing is open" in browser.get("/meetings").text
    assert news(good(bring(world, ("work.ics", file), by=alice, later=1))) == {}
    assert browser.post("/meetings", data={"answer": f"lunch:{ids[0]}"}).status_code == 404
    assert browser.post("/meetings", data={"answer": "lunch"}).status_code == 422
    assert (
        client(world, world.user("Bob Stone")).post("/meetings", data={"answer": f"no:{ids[1]}"}).status_code
        == 404
    )
    for group in sorted({row.answer_id for row in rows(world, open_meeting)}):
        assert browser.post(f"/meetings/{group}/undo").status_code == 303
    assert log(world) == []
    assert browser.get("/meetings").text.count('name="meeting_ids"') == 3


@pytest.mark.parametrize("how", [("STATUS:CANCELLED",), ()], ids=["called off", "put off"])
def test_what_was_called_off_or_put_off_is_not_asked_about_until_it_took_place(
    world: World, how: tuple[str, ...]
) -> None:
    people(world)
    good(bring(world, calendar(event("a", MARTA, "SEQUENCE:1", start="20261123T100000Z"))))
    assert count(world, open_meeting) == 1
    moved = calendar(event("a", MARTA, "SEQUENCE:2", *how, start="20261126T100000Z"))
    for later in (0, 1):
        good(bring(world, moved, later=later))
        assert days_asked_about(world) == []
    held = calendar(event("a", MARTA, "SEQUENCE:3" if how else "SEQUENCE:2", start="20261126T100000Z"))
    good(bring(world, held, later=4))
    assert [row.occurred_at.day for row in rows(world, open_meeting)] == [26]
    good(bring(world, moved, later=5))  # an older file says nothing new
    assert count(world, open_meeting) == 1
    again = calendar(event("a", MARTA, "SEQUENCE:4", *how, start="20261203T100000Z"))
    good(bring(world, again, later=5))
    assert days_asked_about(world) == []
    good(bring(world, again.replace("SEQUENCE:4\r\nSTATUS:CANCELLED", "SEQUENCE:5"), later=12))
    assert [row.occurred_at.day for row in rows(world, open_meeting)] == [3]


def test_what_took_place_after_it_was_put_off_is_answered_like_any_other(world: World) -> None:
    people(world)
    good(bring(world, calendar(event("a", MARTA, "SEQUENCE:1", start="20261123T100000Z"))))
    held = calendar(event("a", MARTA, "SEQUENCE:2", start="20261126T100000Z"))
    for later in (0, 4):
        good(bring(world, held, later=later))
    (question,) = rows(world, open_meeting)
    with world.database.write() as connection:
        answer(connection, world.principal, [question.id], "lunch", NOW + timedelta(days=4))
    assert [(when, how) for when, how, *_ in log(world)] == [("2026-11-26 10:00", "lunch")]
    good(bring(world, held, later=5))
    assert len(log(world)) == 1
    off = calendar(event("a", MARTA, "SEQUENCE:3", "STATUS:CANCELLED", start="20261126T100000Z"))
    good(bring(world, off, later=5))
    assert log(world) == []


def days_asked_about(world: World) -> list[int]:
    with world.database.read() as connection:
        return [one.occurred_at.day for one in open_meetings(connection, world.principal)]


def take_back(world: World, report: FileReport, later: float) -> Undone:
    with world.database.write() as connection:
        return undo(connection, world.principal, report.batch_id or 0, NOW + timedelta(days=later))


@pytest.mark.parametrize("how", [("STATUS:CANCELLED",), ()], ids=["called off", "put off"])
def test_a_question_that_an_import_took_away_is_counted_shown_and_asked_again_when_it_is_undone(
    world: World, how: tuple[str, ...]
) -> None:
    people(world)
    first = calendar(event("a", MARTA, "SEQUENCE:1", start="20261123T100000Z"))
    (asking,) = good(bring(world, first))
    moved = calendar(event("a", MARTA, "SEQUENCE:2", *how, start="20261126T100000Z"))
    for later in (0.1, 0.3):
        (report,) = good(bring(world, moved, later=later))
        assert (summed([report], "changed"), days_asked_about(world)) == ({"questions": 1}, [])
        became = "called off" if how else "still to come"
        assert [(one.field, one.old, one.new) for one in report.changes] == [("state", "asked about", became)]
        done = take_back(world, report, later + 0.1)
        assert (+done.restored, days_asked_about(world)) == ({"questions": 1}, [23])
    (off,) = good(bring(world, moved, later=0.5))
    held = calendar(event("a", MARTA, "SEQUENCE:3", start="20261126T100000Z"))
    (again,) = good(bring(world, held, later=4))
    assert days_asked_about(world) == [26]
    assert (+take_back(world, again, 5).restored, days_asked_about(world)) == ({"questions": 1}, [])
    good(bring(world, held, later=5))
    assert days_asked_about(world) == [26]
    assert +take_back(world, off, 6).kept == {"questions": 1}
    assert +take_back(world, asking, 6).removed == {"questions": 1}
    assert count(world, open_meeting) == 0


def test_the_newest_first_questions_go_back_through_every_import(world: World) -> None:
    people(world)
    files = [
        (calendar(event("a", MARTA, f"SEQUENCE:{n}", start=start)), later)
        for n, start, later in (
            (1, "20261123T100000Z", 0),
            (2, "20261126T100000Z", 0.1),
            (3, "20261126T090000Z", 4),
            (4, "20261203T100000Z", 5),
        )
    ]
    stood, reports = [], []
    for file, later in files:
        stood.append(days_asked_about(world))
        reports += good(bring(world, file, later=later))
    assert (stood, days_asked_about(world)) == ([[], [23], [], [26]], [])
    for report, before in zip(reversed(reports), reversed(stood), strict=True):
        done = take_back(world, report, 6)
        assert ((done.restored + done.removed).total(), days_asked_about(world)) == (1, before)


def test_of_a_meeting_that_was_called_off_nothing_is_kept_that_names_anybody(world: World) -> None:
    people(world)
    off = event("a", MARTA, "STATUS:CANCELLED", "DESCRIPTION:Marta is ailing", summary="With Marta")
    good(bring(world, ("work.ics", calendar(off)), keep_text=True))
    assert [(row.row_id, "Marta" in row.content_hash) for row in rows(world, source_record)] == [(0, False)]


def test_undoing_the_import_takes_the_questions_back(world: World) -> None:
    people(world)
    (report,) = good(bring(world, calendar(event("a", MARTA))))
    assert report.batch_id
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id, NOW)
    assert count(world, open_meeting) == 0


@pytest.mark.parametrize("hours", [0, 5])
def test_days_are_the_workspaces(world: World, hours: int) -> None:
    """A date without a time is a day where the workspace is, not a moment."""
    found, _ = read(calendar(event("x", "DTSTART;VALUE=DATE:20261102", MARTA)), NOW + timedelta(hours=hours))
    assert [one.occurred_at for one in found] == [datetime(2026, 11, 2, 11, tzinfo=UTC)]
