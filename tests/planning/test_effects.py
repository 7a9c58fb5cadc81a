"""Is it working? The shares agree with the metrics of those days, and every answer is counted as what it was."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.__main__ import run
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.health.shares import personal_shares
from crm.planning import actions
from crm.planning.effects import effects, fates_of
from crm.planning.effects_view import weeks_sentence
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact, outbox
from tests.builders import NOW, World
from tests.planning.test_plan import by_screen, make, shown
from tests.web.site import client

LONG_AGO = date(2026, 1, 1)
PAST = IsoWeek(2026, 45)
WELL_PAST = IsoWeek(2026, 41)


def test_the_shares_are_those_of_the_metrics_on_each_day(world: World) -> None:
    alice = world.user()
    for number in range(12):
        one = world.contact(
            f"Person {number}",
            owner_id=alice.user_id if number % 2 else None,
            tier="regular" if number == 11 else "key",
            created_on=world.today - timedelta(days=30 * number),
        )
        for days_ago in range(number, 200, 17 + number * 11):
            world.log(("email", "lunch", "phone")[number % 3], days_ago, one)
    world.log("lunch", 3, world.contact("Archie Ved", archived_at=world.now))
    days = [world.today - timedelta(days=back) for back in (260, 120, 45, 7, 0)]
    with world.database.read() as connection:
        for owner_id in (None, alice.user_id):
            found = personal_shares(connection, world.principal, days, NOW, owner_id)
            assert [(one.reached, one.people) for one in found] == [
                oracle(connection, world, day, owner_id) for day in days
            ]
            assert 0 < found[-1].reached < found[-1].people


def oracle(connection: Any, world: World, day: date, owner_id: int | None) -> tuple[int, int]:
    """By the definition of the metrics, as of the end of that day."""
    end = min(datetime.combine(day, time(23, 59, 59), world.zone), NOW)
    rows = as_of(scope_of(connection, world.principal, end))
    found = (
        connection.execute(
            select(rows.c.personal_90)
            .join(contact, contact.c.id == rows.c.contact_id)
            .where(rows.c.tier == "key", contact.c.archived_at.is_(None))
            .where(contact.c.owner_id == owner_id if owner_id else contact.c.id > 0)
        )
        .scalars()
        .all()
    )
    return sum(number > 0 for number in found), len(found)


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user(city="Boston", budget_call=9, budget_in_person=9, budget_total=18)


def planned(world: World, alice: Principal, number: int, week: IsoWeek = PAST) -> list[Any]:
    """A plan of that week, two weeks ago if left out, for so many people reached by mail alone."""
    for place in range(number):
        one = world.contact(f"Person {place}", owner_id=alice.user_id, city="Boston")
        before = (world.today - week.monday).days
        for days_ago in (before + 1, before + 19, before + 39):
            world.log("email", days_ago, one)
    monday = datetime.combine(week.monday, time(8), alice.user_zone)
    return list(make(world, alice, week, monday).suggestions)


def test_every_answer_is_counted_as_what_it_was(world: World, alice: Principal) -> None:
    planned_then = planned(world, alice, 8)
    done, swapped, rung, snoozed, undone, untouched, late, needless = planned_then
    tuesday = datetime.combine(PAST.monday, time(12), world.zone) + timedelta(days=1)
    with world.database.write() as connection:
        actions.done(connection, alice, done.id, tuesday)
        other = "note" if swapped.act != "note" else "call"
        actions.swap(connection, alice, swapped.id, other, tuesday)
        actions.done(connection, alice, swapped.id, tuesday + timedelta(days=1))
        actions.snooze(connection, alice, snoozed.id, PAST.next().monday, tuesday)
        answer = actions.skip(connection, alice, undone.id, tuesday)
        assert answer.response_id is not None
        actions.undo(connection, alice, answer.response_id, tuesday)
    world.log("visit", None, rung.contact.id, occurred_at=tuesday, by=alice)
    world.log("visit", None, late.contact.id, occurred_at=tuesday + timedelta(days=8), by=alice)
    world.log(
        "lunch",
        None,
        needless.contact.id,
        occurred_at=tuesday - timedelta(days=9),
        logged_at=tuesday,
        by=alice,
    )
    with world.database.read() as connection:
        fates = {one.contact_id: one for one in fates_of(connection, alice, LONG_AGO, NOW)}
    assert needless.contact.id not in fates
    assert {
        one.contact.name: fates[one.contact.id].became for one in planned_then if one is not needless
    } == {
        done.contact.name: "done",
        swapped.contact.name: "otherwise",
        rung.contact.name: "otherwise",
        snoozed.contact.name: "declined",
        undone.contact.name: "untouched",
        untouched.contact.name: "untouched",
        late.contact.name: "untouched",
    }
    assert fates[swapped.contact.id].act == swapped.act
    assert fates[done.contact.id].days == 1
    assert fates[swapped.contact.id].days == 2


def test_this_week_and_others_people_are_not_counted_in_ones_own(world: World, alice: Principal) -> None:
    bob = world.user("Bob Stone", "member", city="Boston")
    planned(world, alice, 2)
    make(world, alice)
    assert shown(world, alice).suggestions
    with world.database.read() as connection:
        everybody = effects(connection, world.principal, NOW, 13)
        mine = effects(connection, world.principal, NOW, 13, alice.user_id)
        theirs = effects(connection, world.principal, NOW, 13, bob.user_id)
    assert (everybody.planned, everybody.planners) == (mine.planned, mine.planners) == (1, 1)
    assert sum(one.suggested for one in mine.acts) == 2
    assert (theirs.acts, theirs.planned, theirs.shares[-1].people) == ((), 0, 0)


def test_what_came_after_is_told_by_the_days_of_the_team(world: World) -> None:
    berlin = World.create(world.database, "Berlin", "Europe/Berlin")
    alice = berlin.user(city="Los Angeles", time_zone="America/Los_Angeles")
    one, two = planned(berlin, alice, 2, WELL_PAST)
    evening = datetime.combine(WELL_PAST.monday + timedelta(days=1), time(17), alice.user_zone)
    with berlin.database.write() as connection:
        for answered in (one, two):
            actions.done(connection, alice, answered.id, evening)
    after = evening + timedelta(days=3)
    berlin.log("email", None, two.contact.id, occurred_at=after, direction="outbound", by=alice)
    reply = after + timedelta(days=1)
    berlin.log("email", None, two.contact.id, occurred_at=reply, direction="inbound", by=alice)
    with berlin.database.read() as connection:
        found = effects(connection, alice, NOW, 13)
    assert found.days[1] == 2
    assert (found.after.acted_on, found.after.personal, found.after.wrote, found.after.nothing) == (
        2,
        0,
        0,
        1,
    )


def test_who_began_this_week_is_not_yet_among_those_with_a_plan(world: World, alice: Principal) -> None:
    planned(world, alice, 1)
    bob = world.user("Bob Stone", "member", city="Boston")
    by_screen(world, bob)
    assert make(world, bob).suggestions
    with world.database.read() as connection:
        found = effects(connection, world.principal, NOW, 13)
    assert weeks_sentence(found) == "1 week that is over, one person with a plan"


def mailed(world: World, by: Principal, at: datetime) -> None:
    row = {
        "workspace_id": world.workspace_id,
        "id": 1,
        "user_id": by.user_id,
        "purpose": "nudge",
        "week": "2026-W45",
        "message_id": "<one@team.example>",
        "to_address": "alice@team.example",
        "state": "sent",
        "due_at": at,
        "changed_at": at,
        "sent_at": at,
    }
    with world.database.write() as connection:
        connection.execute(outbox.insert(), row)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_says_it_in_words_and_as_a_table(world: World, alice: Principal) -> None:
    site = client(world, alice)
    empty = site.get("/health/working").text
    assert "Nobody is marked key yet" in empty
    assert "No week is over yet" in empty
    one = planned(world, alice, 2)[0]
    mailed(world, alice, datetime.combine(PAST.monday, time(8), world.zone))
    with world.database.write() as connection:
        actions.done(connection, alice, one.id, datetime.combine(PAST.monday, time(12), world.zone))
    page = site.get("/health/working").text
    assert "Key people with personal contact in the last 90 days: 1 of 2." in page
    assert "When the first mail went out, it was 0 of 2." in page
    assert "First mail, Mon 2 Nov" in page
    assert "1 suggestion acted on. Two thirds of them by Monday." in page
    assert "it is too early to say" in page
    assert site.get("/health/working?who=me&weeks=13").status_code == 200
    assert site.get("/health/working?who=you&weeks=no").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_says_the_same(
    world: World, alice: Principal, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    planned(world, alice, 2)
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)
    assert run(["working", "--json", "--weeks", "13", "--as-of", "2026-11-23T12:00Z"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["shares"]) == 14
    assert found["shares"][-1] == {"day": "2026-11-23", "reached": 0, "people": 2}
    assert sum(one["untouched"] for one in found["acts"]) == 2
    assert found["after"]["acted_on"] == 0
    assert run(["working"]) == 0
    assert "0 of 2" in capsys.readouterr().out
    assert run(["working", "--weeks", "3"]) == 2
    assert "--weeks is 13, 26 or 52, not 3." in capsys.readouterr().err
    assert run(["working", "--user", "nobody@team.example"]) in (1, 2)
