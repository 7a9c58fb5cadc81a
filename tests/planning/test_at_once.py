"""An answer and a plan that is made anew at the same moment: whichever is first, what was answered is kept or said to be gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from crm.domain.budgets import GROUPS
from crm.errors import Conflict, NotFound
from crm.planning import actions
from crm.planning.queries import plan_of
from crm.planning.trip_actions import make_room
from crm.storage.database import Database
from crm.storage.tables import contact, response, suggestion
from tests.accounts.test_at_once import beside
from tests.builders import NOW, World
from tests.planning.test_journeys import BOSTON, write_trip
from tests.planning.test_plan import WEEK, by_screen, make, shown


def steps(database: Database) -> tuple[Callable[[Connection], object], Callable[[Connection], int], int]:
    """To answer the first suggestion of a plan, and to make that plan anew; with the id of that suggestion."""
    world = World.create(database)
    alice = world.user(city="Boston")
    by_screen(world, alice)
    one = make(world, alice).suggestions[0].id
    assert one is not None
    return (
        lambda connection: actions.skip(connection, alice, one, NOW),
        lambda connection: actions.plan_anew(connection, alice, WEEK, NOW),
        one,
    )


def test_an_answer_that_is_being_given_keeps_its_plan(database: Database) -> None:
    answer, anew, one = steps(database)
    with beside(database, answer, anew) as second:
        second.result(20)
    with database.read() as connection:
        assert connection.execute(select(response.c.suggestion_id)).scalars().all() == [one]


def test_an_answer_to_what_was_just_dropped_is_told_so(database: Database) -> None:
    answer, anew, _ = steps(database)
    with beside(database, anew, answer) as second, pytest.raises(NotFound, match="open the week again"):
        second.result(20)


def test_two_looks_let_somebody_join_once(database: Database) -> None:
    world = World.create(database)
    alice = world.user(city="Boston")
    by_screen(world, alice)
    make(world, alice)
    later = NOW + timedelta(minutes=5)
    elena = by_screen(world, alice, "Elena Duarte")
    with database.write() as connection:
        connection.execute(contact.update().where(contact.c.id == elena).values(changed_at=later))

    def look(connection: Connection) -> int:
        return actions.make_or_join(connection, alice, WEEK, later)

    with beside(database, look, look) as second:
        second.result(20)
    with database.read() as connection:
        assert connection.execute(
            select(suggestion.c.position).order_by(suggestion.c.position)
        ).scalars().all() == [0, 1]
    assert {one.contact.name for one in shown(world, alice, at=later).suggestions} == {
        "Marta Kowalczyk",
        "Elena Duarte",
    }


def test_a_swap_that_is_just_swapped_again_is_not_taken_back(database: Database) -> None:
    world = World.create(database)
    alice = world.user(city="Boston")
    by_screen(world, alice)
    made = make(world, alice).suggestions[0]
    assert made.id is not None
    one, (first, second, *_) = made.id, [act for act in GROUPS if act != made.act]
    with database.write() as connection:
        swapped = actions.swap(connection, alice, one, first, NOW).response_id
    assert swapped is not None
    with (
        beside(
            database,
            lambda connection: actions.swap(connection, alice, one, second, NOW + timedelta(minutes=1)),
            lambda connection: actions.undo(connection, alice, swapped, NOW + timedelta(minutes=2)),
        ) as later,
        pytest.raises(Conflict, match="swapped again since"),
    ):
        later.result(20)
    assert [each.act for each in shown(world, alice).suggestions] == [second]


def test_more_room_for_a_trip_sent_twice_counts_whom_it_brings_once(database: Database) -> None:
    world = World.create(database)
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, "Jürgen Haas", city="Berlin")
    for number in range(6):
        by_screen(world, alice, f"Person {number}", city=BOSTON)
    with database.write() as connection:
        actions.make_plan(connection, alice, WEEK, NOW)
    trip_id = write_trip(world, alice, WEEK.days[1], WEEK.days[4])

    def more(connection: Connection) -> int:
        return make_room(connection, alice, trip_id, 3, NOW)

    with beside(database, more, more) as later:
        assert later.result(20) == 0
    with database.read() as connection:
        plan = plan_of(connection, alice, WEEK, NOW)
    assert plan is not None
    assert plan.budget.in_person == sum(GROUPS[one.act] == "in_person" for one in plan.suggestions) == 3


def test_more_room_for_a_trip_counts_once_whom_a_look_let_join_meanwhile(database: Database) -> None:
    world = World.create(database)
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    with database.write() as connection:
        actions.make_plan(connection, alice, WEEK, NOW)
    later = NOW + timedelta(minutes=5)
    elena = by_screen(world, alice, "Elena Duarte", city=BOSTON)
    with database.write() as connection:
        connection.execute(contact.update().where(contact.c.id == elena).values(changed_at=later))
    trip_id = write_trip(world, alice, WEEK.days[1], WEEK.days[4])
    with beside(
        database,
        lambda connection: actions.make_or_join(connection, alice, WEEK, later),
        lambda connection: make_room(connection, alice, trip_id, 3, later),
    ) as second:
        assert second.result(20) == 0
    with database.read() as connection:
        plan = plan_of(connection, alice, WEEK, later)
    assert plan is not None
    assert plan.budget.in_person == sum(GROUPS[one.act] == "in_person" for one in plan.suggestions)
