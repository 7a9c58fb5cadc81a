"""Slots keep clear of what the user's own calendar says, and the same times give the same plan."""

from datetime import datetime, time, timedelta

import time_machine
from sqlalchemy import select

from crm.domain.principal import Principal
from crm.domain.weeks import local_instant
from crm.planning import actions, drafting
from crm.planning.drafting import Draft
from crm.storage.tables import busy, response
from tests.builders import NOW, World
from tests.planning.test_plan import WEEK, by_screen, make, shown
from tests.web.site import client, cookie


def keep_busy(world: World, by: Principal, *stretches: tuple[datetime, datetime]) -> None:
    with world.database.write() as connection:
        connection.execute(busy.delete().where(busy.c.user_id == by.user_id))
        for starts_at, ends_at in stretches:
            row = {"workspace_id": by.workspace_id, "user_id": by.user_id}
            connection.execute(busy.insert(), {**row, "starts_at": starts_at, "ends_at": ends_at})


def drafted(world: World, by: Principal) -> Draft:
    with world.database.read() as connection:
        return drafting.draft_plan(connection, by, WEEK, NOW)


def three(world: World, alice: Principal) -> None:
    for name in ("Marta Kowalczyk", "Elena Duarte", "Jürgen Haas"):
        by_screen(world, alice, name, city="Boston")


def test_nothing_lies_where_the_calendar_is_taken_and_half_an_hour_around_what_is_in_person(
    world: World,
) -> None:
    alice = world.user(city="Boston")
    three(world, alice)
    free = [one.slot.starts_at for one in drafted(world, alice).suggestions if one.slot.starts_at]
    assert len(free) == 3
    taken = [(at, at + timedelta(minutes=10)) for at in free]
    keep_busy(world, alice, *taken)
    moved = drafted(world, alice)
    for one in moved.suggestions:
        assert one.slot.starts_at is not None
        way = timedelta(minutes=0 if one.act == "call" else 30)
        ends_at = one.slot.starts_at + timedelta(minutes=one.slot.minutes)
        assert not any(start < ends_at + way and one.slot.starts_at - way < end for start, end in taken)
    assert drafted(world, alice) == moved
    keep_busy(world, world.user("Bob Stone"), *taken)
    assert drafted(world, alice) == moved


def test_days_that_are_taken_whole_hold_nothing_and_others_do(world: World) -> None:
    alice = world.user(city="Boston")
    three(world, alice)

    def midnight(day: int) -> datetime:
        return local_instant(WEEK.days[day], time(), alice.user_zone)

    keep_busy(world, alice, (midnight(0), midnight(2)), (midnight(3), midnight(3) + timedelta(days=2)))
    days = {one.slot.day for one in drafted(world, alice).suggestions if one.slot.starts_at}
    assert days == {WEEK.days[2]}
    keep_busy(world, alice, (midnight(0) - timedelta(days=30), midnight(0) + timedelta(days=30)))
    assert all(one.slot.starts_at is None for one in drafted(world, alice).suggestions)


def test_a_plan_that_is_made_stays_where_it_is(world: World) -> None:
    alice = world.user(city="Boston")
    three(world, alice)
    before = [one.slot for one in make(world, alice).suggestions]
    keep_busy(
        world,
        alice,
        *((slot.starts_at, slot.starts_at + timedelta(hours=1)) for slot in before if slot.starts_at),
    )
    assert [one.slot for one in shown(world, alice).suggestions] == before


def test_a_moment_that_is_taken_since_is_said_and_another_is_one_press_away_and_back(world: World) -> None:
    alice = world.user(city="Boston")
    three(world, alice)
    before = make(world, alice)
    hour = timedelta(hours=1)
    first, *others = before.suggestions
    assert first.id is not None
    assert first.slot.starts_at is not None
    keep_busy(world, alice, (first.slot.starts_at - hour, first.slot.starts_at))
    assert not any(one.is_taken for one in shown(world, alice).suggestions)
    keep_busy(world, alice, (first.slot.starts_at, first.slot.starts_at + hour))
    assert [one.is_taken for one in shown(world, alice).suggestions] == [True] + [False] * len(others)
    browser = client(world, alice)
    with time_machine.travel(NOW, tick=False):
        browser.headers["Cookie"] = cookie(world, alice)
        assert browser.get("/").text.count("Now taken in your calendar.") == 1
        again = {"act": first.act}
        assert browser.post(f"/plan/suggestions/{first.id}/swap", data=again).status_code == 303
        moved = shown(world, alice).suggestions[0]
        assert (moved.act, moved.is_taken) == (first.act, False)
        assert moved.slot.starts_at is not None
        assert moved.slot.starts_at != first.slot.starts_at
        assert "taken in your calendar" not in browser.get("/").text
        # Not taken any more: the same act again is no swap.
        assert browser.post(f"/plan/suggestions/{first.id}/swap", data=again).status_code == 303
    assert shown(world, alice).suggestions[0] == moved
    with world.database.write() as connection:
        (answer,) = connection.execute(select(response.c.id).where(response.c.verb == "swap")).scalars()
        actions.undo(connection, alice, answer, NOW)
    assert shown(world, alice).suggestions[0].slot == first.slot


def test_what_is_past_or_settled_is_not_called_taken(world: World) -> None:
    alice = world.user(city="Boston")
    three(world, alice)
    first = make(world, alice).suggestions[0]
    assert first.id is not None
    assert first.slot.starts_at is not None
    keep_busy(world, alice, (first.slot.starts_at, first.slot.starts_at + timedelta(hours=1)))
    later = first.slot.starts_at + timedelta(minutes=1)
    assert not any(one.is_taken for one in shown(world, alice, at=later).suggestions)
    with world.database.write() as connection:
        actions.skip(connection, alice, first.id, NOW)
    assert not any(one.is_taken for one in shown(world, alice).suggestions)
