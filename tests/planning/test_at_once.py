"""An answer and a plan that is made anew at the same moment: whichever is first, what was answered is kept or said to be gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from crm.errors import NotFound
from crm.planning import actions
from crm.storage.database import Database
from crm.storage.tables import contact, response, suggestion
from tests.accounts.test_at_once import beside
from tests.builders import NOW, World
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
