"""A week with nothing open: a promise is told all the same, and a week without room is not called one in which nobody was due."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning import actions
from crm.planning.queries import plan_of
from crm.storage.database import new_id
from crm.storage.tables import outbox, promise, time_off
from tests.builders import NOW, World, mark_stale
from tests.nudges.mailroom import mail_server, postman

MONDAY = date(2026, 11, 23)
FRIDAY = MONDAY + timedelta(days=4)
NO_ROOM = {"budget_call": 0, "budget_in_person": 0, "budget_by_hand": 0, "budget_total": 0}


def reader(world: World, **columns: Any) -> Principal:
    """Somebody whose mail is due on Monday at noon."""
    return world.user(nudge_minute=720, created_at=NOW - timedelta(days=90), **columns)


def by_screen(world: World, owner: Principal) -> int:
    """A key contact of theirs who is reached by mail alone."""
    marta = world.contact(owner_id=owner.user_id)
    for days in (3, 20, 40):
        world.log("email", days, marta)
    return marta


def in_touch(world: World, owner: Principal) -> int:
    """A key contact of theirs who was met lately."""
    marta = world.contact(owner_id=owner.user_id)
    world.log("lunch", 20, marta)
    return marta


def owe(world: World, contact_id: int, text: str, due: date = FRIDAY) -> None:
    keys = {"workspace_id": world.workspace_id, "contact_id": contact_id, "by": "us", "text": text}
    with world.database.write() as connection:
        row = {**keys, "id": new_id(connection), "due": due, "made_on": MONDAY - timedelta(days=9)}
        connection.execute(promise.insert(), row)
        mark_stale(connection, world.workspace_id, [contact_id])


def be_off(world: World, who: Principal, last_day: date = FRIDAY) -> None:
    keys = {"workspace_id": world.workspace_id, "user_id": who.user_id, "created_at": NOW}
    with world.database.write() as connection:
        row = {**keys, "id": new_id(connection), "first_day": MONDAY, "last_day": last_day}
        connection.execute(time_off.insert(), row)


def the_mail(world: World) -> Any:
    """The one weekly mail, once its time has come."""
    with mail_server() as (port, _):
        postman(world.database, port=port).work()
    with world.database.read() as connection:
        return connection.execute(select(outbox)).one()


def test_a_promise_that_falls_due_goes_out_where_nothing_else_is_open(world: World) -> None:
    alice = reader(world)
    owe(world, in_touch(world, alice), "Send the checklist")
    mail = the_mail(world)
    assert mail.state == "sent", mail.reason
    assert mail.subject == "One promise to keep this week"
    words = " ".join(mail.text.split())
    assert words.startswith("One promise to keep Nothing else is planned.")
    assert "You promised Marta Kowalczyk: Send the checklist, by Fri 27 Nov." in words
    assert "Send the checklist" in mail.html


def test_two_promises_are_not_called_one(world: World) -> None:
    alice = reader(world)
    marta = in_touch(world, alice)
    owe(world, marta, "Send the checklist")
    owe(world, marta, "Name a date")
    assert the_mail(world).subject == "Promises to keep this week"


def test_a_promise_of_a_later_week_is_no_mail(world: World) -> None:
    alice = reader(world)
    owe(world, in_touch(world, alice), "Send the checklist", FRIDAY + timedelta(days=7))
    mail = the_mail(world)
    assert (mail.state, mail.reason) == ("nothing_due", "Nobody was due that week.")


@pytest.mark.parametrize("wanted", [False, True])
def test_in_a_week_off_nobody_is_said_not_to_wait(world: World, wanted: bool) -> None:
    alice = reader(world, nudge_when_empty=wanted)
    by_screen(world, alice)
    be_off(world, alice)
    mail = the_mail(world)
    if not wanted:
        assert (mail.state, mail.reason) == ("nothing_due", "You were off that week.")
        return
    assert mail.subject == "You are off this week"
    words = " ".join(mail.text.split())
    assert words.startswith(
        "You are off this week One person has a reason to be reached, and will wait until"
    )
    assert "Nobody" not in mail.text + mail.html


@pytest.mark.parametrize("wanted", [False, True])
def test_a_budget_of_none_is_said_to_leave_no_room(world: World, wanted: bool) -> None:
    by_screen(world, reader(world, nudge_when_empty=wanted, **NO_ROOM))
    mail = the_mail(world)
    if not wanted:
        assert mail.reason == "The budget left no room for anybody that week."
        return
    assert mail.subject == "Your budget leaves no room this week"
    assert "One person has a reason to be reached" in " ".join(mail.text.split())
    assert "Nobody" not in mail.text + mail.html


def planned(world: World, who: Principal) -> list[int]:
    """The suggestions of the week's plan, made some hours before the mail."""
    at, week = NOW - timedelta(hours=4), IsoWeek.of(MONDAY)
    with world.database.write() as connection:
        actions.make_plan(connection, who, week, at)
        plan = plan_of(connection, who, week, at)
        assert plan
        return [one.id for one in plan.suggestions if one.id is not None]


def words(mail: Any) -> str:
    return " ".join(mail.text.split())


def test_a_week_with_one_day_of_work_is_not_called_off(world: World) -> None:
    alice = reader(world, nudge_when_empty=True)
    by_screen(world, alice)
    be_off(world, alice, FRIDAY - timedelta(days=1))
    mail = the_mail(world)
    assert mail.subject == "Too few working days this week"
    assert "One person has a reason to be reached, but there was no place in the week." in words(mail)


def test_once_all_is_answered_whoever_found_no_place_is_not_forgotten(world: World) -> None:
    budget = {"budget_call": 1, "budget_in_person": 0, "budget_by_hand": 0, "budget_total": 1}
    alice = reader(world, nudge_when_empty=True, **budget)
    by_screen(world, alice)
    by_screen(world, alice)
    (one,) = planned(world, alice)
    with world.database.write() as connection:
        actions.skip(connection, alice, one, NOW - timedelta(hours=1))
    mail = the_mail(world)
    assert mail.subject == "Everything planned is answered"
    assert "One person has a reason to be reached, but there was no place in the week." in words(mail)
    assert "nobody else is due" not in words(mail)


def test_whoever_cannot_be_reached_that_week_waits_all_the_same(world: World) -> None:
    alice = reader(world, nudge_when_empty=True, city="Boston")
    known = NOW - timedelta(days=200)
    for name in ("Marta Kowalczyk", "Elena Duarte"):
        far = world.contact(
            name, owner_id=alice.user_id, city="Tokyo", created_at=known, created_on=known.date()
        )
        world.log("phone", 5, far)
    assert planned(world, alice) == []
    mail = the_mail(world)
    assert mail.subject == "Nothing is planned this week"
    assert "Two people have a reason to be reached, but there was no place in the week." in words(mail)


def test_whoever_was_reached_since_the_plan_was_made_does_not_wait(world: World) -> None:
    alice = reader(world, nudge_when_empty=True, **NO_ROOM)
    marta = by_screen(world, alice)
    assert planned(world, alice) == []
    world.log("lunch", None, marta, occurred_at=NOW - timedelta(hours=1))
    mail = the_mail(world)
    assert mail.subject == "Nobody is waiting for you this week"
    assert "Your 1 key or regular person is in touch." in words(mail)


@pytest.mark.parametrize("answer", ["snooze", "not_this_person"])
def test_a_promise_to_somebody_who_is_let_rest_is_no_mail(world: World, answer: str) -> None:
    alice = reader(world)
    marta = by_screen(world, alice)
    (one,) = planned(world, alice)
    owe(world, marta, "Send the checklist")
    at = NOW - timedelta(hours=1)
    with world.database.write() as connection:
        if answer == "snooze":
            given = actions.snooze(connection, alice, one, FRIDAY + timedelta(days=7), at)
        else:
            given = actions.not_this_person(connection, alice, one, at)
    assert given.is_new
    mail = the_mail(world)
    assert (mail.state, mail.reason) == ("nothing_due", "Everything planned for that week was answered.")


def test_beside_a_promise_a_week_off_is_called_one(world: World) -> None:
    alice = reader(world)
    by_screen(world, alice)
    owe(world, in_touch(world, alice), "Send the checklist")
    be_off(world, alice)
    mail = the_mail(world)
    assert mail.subject == "One promise to keep this week"
    assert words(mail).startswith("One promise to keep You are off this week.")


def test_what_was_arranged_since_the_plan_was_made_is_said(world: World) -> None:
    alice = reader(world)
    marta = by_screen(world, alice)
    assert len(planned(world, alice)) == 1
    friday = NOW + timedelta(days=4)
    world.log("lunch", None, marta, occurred_at=friday, logged_at=NOW - timedelta(hours=1), by=alice)
    mail = the_mail(world)
    assert "Arranged for Fri 27 Nov." in words(mail)
    assert "Arranged for Fri 27 Nov." in mail.html
