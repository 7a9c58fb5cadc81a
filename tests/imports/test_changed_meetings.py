"""Meetings that somebody wrote in, and that their calendar changes, takes away or brings back: what was written stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact
from crm.contacts.erasing import erase
from crm.contacts.merging import merge_contacts
from crm.imports.meetings import answer
from crm.imports.meetings import asked as questions_of
from crm.imports.report import FileReport
from crm.imports.run import Run
from crm.interactions.actions import Entry, delete_interaction, edit_interaction
from crm.storage.tables import interaction, open_meeting, open_meeting_contact, source_record
from tests.builders import NOW, World
from tests.imports.files import bring, good, rows
from tests.imports.test_calendars import (
    LUNCH,
    MARTA,
    asked,
    calendar,
    days_asked_about,
    event,
    log,
    people,
    put_off,
    take_back,
)

DANIEL = asked("daniel@fernhill.example")
BOTH = (MARTA, DANIEL)
OFF = "STATUS:CANCELLED"


def review(number: int, *more: str, summary: str = "Review", start: str = "20261102T100000Z") -> str:
    """A calendar with the one meeting, which does not say where it was."""
    return calendar(event("a", f"SEQUENCE:{number}", *(more or (MARTA,)), start=start, summary=summary))


def answered(world: World, word: str = "lunch", later: float = 0) -> None:
    (question,) = rows(world, open_meeting)
    with world.database.write() as connection:
        answer(connection, world.principal, [question.id], word, NOW + timedelta(days=later))


def entry_of(world: World) -> Entry:
    (row,) = rows(world, interaction)
    ((*_, who),) = log(world)
    return Entry(row.occurred_at, row.channel, tuple(who), summary=row.summary, note=row.note)


def write_in(world: World, **values: Any) -> None:
    """Somebody changes the one interaction here."""
    (row,) = rows(world, interaction)
    with world.database.write() as connection:
        edit_interaction(
            connection, world.principal, row.id, replace(entry_of(world), **values), NOW + timedelta(hours=1)
        )


def notes(world: World) -> list[tuple[str | None, bool]]:
    return [(row.note, row.note_private) for row in rows(world, interaction) if row.deleted_at is None]


def left(report: FileReport) -> list[str]:
    return [one.why for one in report.skipped if "stays in the log" in one.why]


@pytest.mark.parametrize("held_before", [False, True], ids=["asked at once", "put off before"])
@pytest.mark.parametrize("how", [(OFF,), ()], ids=["called off", "put off"])
def test_an_answered_meeting_that_somebody_wrote_in_stays_when_its_calendar_takes_it_away(
    world: World, how: tuple[str, ...], held_before: bool
) -> None:
    people(world)
    if held_before:
        good(bring(world, review(1, start="20261102T100000Z")))
        for later in (0, 4):
            good(bring(world, review(2, start="20261126T100000Z"), later=later))
    else:
        good(bring(world, review(2)))
    answered(world, later=4)
    write_in(world, note="Minutes: she moves in May")
    away = review(3, MARTA, *how, start="20261210T100000Z")
    (report,) = good(bring(world, away, later=5))
    assert notes(world) == [("Minutes: she moves in May", False)]
    word = "was called off" if how else "was put off to 10 Dec 2026, 10:00"
    assert len(left(report)) == 1
    assert word in left(report)[0]
    assert "Marta Kowalczyk" in left(report)[0]
    assert left(good(bring(world, away, later=6))[0]) == []


def test_an_answered_meeting_that_nobody_wrote_in_goes_with_its_calendar(world: World) -> None:
    people(world)
    alice = world.user()
    good(bring(world, review(1), by=alice))
    (question,) = rows(world, open_meeting)
    with world.database.write() as connection:
        answer(connection, alice, [question.id], "lunch", NOW)
    (report,) = good(bring(world, review(2, MARTA, OFF), by=alice, later=1))
    assert (log(world), left(report)) == ([], [])


@pytest.mark.parametrize("what", ["merged", "erased"])
def test_a_meeting_goes_with_its_calendar_although_somebody_who_took_part_was_merged_or_erased(
    world: World, what: str
) -> None:
    known = people(world)
    good(bring(world, review(1, *BOTH)))
    answered(world)
    with world.database.write() as connection:
        if what == "erased":
            erase(connection, world.principal, known["daniel"], NOW)
        else:
            other = add_contacts(connection, world.principal, [NewContact(name="Daniel Osei")], NOW)[0]
            merge_contacts(connection, world.principal, other, known["daniel"], {}, NOW)
    (report,) = good(bring(world, review(2, *BOTH, OFF), later=1))
    assert (log(world), left(report)) == ([], [])


def test_what_was_answered_before_anything_was_kept_of_it_goes_only_where_nobody_wrote_in_it(
    world: World,
) -> None:
    for written in (False, True):
        other = World.create(world.database, f"Team {written}")
        people(other)
        good(bring(other, review(1)))
        answered(other)
        with other.database.write() as connection:
            connection.execute(update(source_record).values(content_hash=""))
        if written:
            write_in(other, note="Minutes")
        (report,) = good(bring(other, review(2, MARTA, OFF), later=1))
        assert (len(log(other)), len(left(report))) == (written, written)


def test_a_meeting_answered_here_is_as_it_was_made_here_after_the_next_reading(world: World) -> None:
    known = people(world)
    good(bring(world, review(1, *BOTH)))
    answered(world)
    write_in(world, contact_ids=(known["marta"],), summary=None)
    for number in (1, 2):
        good(bring(world, review(number, *BOTH), later=number))
        assert log(world) == [("2026-11-02 10:00", "lunch", "", {known["marta"]})]
    good(bring(world, review(3, *BOTH, start="20261103T100000Z"), later=3))
    assert log(world) == [("2026-11-03 10:00", "lunch", "", {known["marta"]})]


def test_what_was_written_after_an_import_was_undone_stays(world: World) -> None:
    people(world)
    good(bring(world, put_off(1, start="20261102T100000Z")))
    off = put_off(2, OFF, start="20261102T100000Z")
    for later in (1, 2):
        (report,) = good(bring(world, off, later=later))
        assert log(world) == []
        take_back(world, report, later + 0.5)
        assert len(log(world)) == 1
    write_in(world, note="Minutes")
    (report,) = good(bring(world, off, later=3))
    assert (notes(world), len(left(report))) == ([("Minutes", False)], 1)


def test_a_change_that_was_undone_comes_again_and_overwrites_nothing_of_ours(world: World) -> None:
    known = people(world)
    place = ("LOCATION:Room 4", MARTA)
    good(bring(world, review(1, *place)))
    write_in(world, summary="Our review")
    before = log(world)
    moved = review(2, *place, DANIEL, start="20261103T100000Z")
    for later in (1, 2):
        (report,) = good(bring(world, moved, later=later))
        assert log(world) == [("2026-11-03 10:00", "meeting", "Our review", set(known.values()))]
        take_back(world, report, later + 0.5)
        assert log(world) == before


def test_a_private_note_stays_private_when_a_meeting_is_brought_back(world: World) -> None:
    people(world)
    told = ("DESCRIPTION:What the calendar says", *LUNCH)
    for number, words in enumerate(((*told,), (*told, OFF), (*told,)), 1):
        file = calendar(event("a", f"SEQUENCE:{number}", *words, summary="Lunch"))
        good(bring(world, ("work.ics", file), keep_text=True, later=number / 10))
        if number == 2:  # as one of before that its calendar took away although somebody had written in it
            private = {"note": "Between us", "note_private": True}
            with world.database.write() as connection:
                connection.execute(update(interaction).values(**private))
    assert notes(world) == [("Between us", True)]


def test_a_note_made_private_here_is_no_longer_the_calendars_to_take_away(world: World) -> None:
    people(world)
    file = calendar(event("a", "SEQUENCE:1", "DESCRIPTION:She is ailing", *LUNCH, summary="Lunch"))
    good(bring(world, ("work.ics", file), keep_text=True))
    write_in(world, note_private=True)
    good(bring(world, file.replace("SEQUENCE:1", f"SEQUENCE:2\r\n{OFF}"), keep_text=True, later=1))
    assert notes(world) == [("She is ailing", True)]


def test_a_meeting_whose_return_was_undone_returns_with_the_next_reading(world: World) -> None:
    known = people(world)
    good(bring(world, put_off(1, start="20261123T100000Z")))
    moved = put_off(2, start="20261126T100000Z")
    good(bring(world, moved))
    for later in (4, 5):
        (report,) = good(bring(world, moved, later=later))
        assert log(world) == [("2026-11-26 10:00", "lunch", "Lunch", {known["marta"]})]
        take_back(world, report, later + 0.5)
        assert log(world) == []
    good(bring(world, put_off(3, OFF, start="20261126T100000Z"), later=6))
    good(bring(world, put_off(4, start="20261126T100000Z"), later=7))
    assert len(log(world)) == 1
    (row,) = rows(world, interaction)
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, row.id, NOW + timedelta(days=8))
    good(bring(world, put_off(5, start="20261126T100000Z"), later=9))
    assert log(world) == []


# Questions.


@pytest.mark.parametrize("other", ["people", "title"])
def test_undone_a_question_asked_otherwise_is_asked_as_the_older_file_has_it(
    world: World, other: str
) -> None:
    known = people(world)
    first = review(1, MARTA)
    good(bring(world, first))
    changed = review(2, *((*BOTH,) if other == "people" else (MARTA,)), summary="Talk")
    if other == "people":
        changed = changed.replace("Talk", "Review")
    (report,) = good(bring(world, changed, later=1))
    assert days_asked_about(world) == [2]
    assert +take_back(world, report, 2).removed == {"questions": 1}
    assert days_asked_about(world) == []
    good(bring(world, first, later=3))
    (question,) = rows(world, open_meeting)
    assert question.summary == "Review"
    assert [row.contact_id for row in rows(world, open_meeting_contact)] == [known["marta"]]


def test_a_question_that_says_the_same_is_no_change(world: World) -> None:
    people(world)
    good(bring(world, review(1)))
    (again,) = good(bring(world, review(1), later=1))
    assert again.batch_id is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nobody_answers_while_a_calendar_goes_on_by_what_was_answered(world: World) -> None:
    people(world)
    (report,) = good(bring(world, review(1)))
    (row,) = rows(world, open_meeting)
    with world.database.write() as connection:
        run = Run(connection, world.principal, NOW, report.batch_id or 0, lambda done: None)
        assert questions_of(run, [row.source_key]) == {row.source_key: False}
        with pytest.raises(OperationalError), world.database.write() as beside:
            beside.execute(select(open_meeting).with_for_update(nowait=True))


def test_what_was_answered_with_no_is_not_logged_when_its_calendar_says_where_it_was(world: World) -> None:
    people(world)
    good(bring(world, review(1)))
    answered(world, "no")
    good(bring(world, review(2, MARTA, "LOCATION:Room 4"), later=1))
    assert log(world) == []


@pytest.mark.parametrize("by_hand", [False, True], ids=["by its calendar", "by hand"])
def test_nobody_is_asked_any_more_about_a_meeting_that_is_in_the_log(world: World, by_hand: bool) -> None:
    known = people(world)
    good(bring(world, review(1)))
    if by_hand:
        world.log("lunch", None, known["marta"], occurred_at=datetime(2026, 11, 2, 12, tzinfo=UTC))
    place = () if by_hand else ("LOCATION:Room 4",)
    (report,) = good(bring(world, review(2, MARTA, *place), later=1))
    assert (len(log(world)), days_asked_about(world)) == (1, [])
    assert [(one.field, one.old, one.new) for one in report.changes] == [
        ("state", "asked about", "took place")
    ]
    take_back(world, report, 2)
    assert (len(log(world)), days_asked_about(world)) == (by_hand, [2])
