"""Two who do the same at the same moment: the second sees what the first did, however the database interleaves them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from crm.accounts import actions, own_address, sign_in
from crm.accounts.forms import SetUp
from crm.errors import Conflict, NotFound
from crm.storage.database import Database
from crm.storage.tables import user, workspace
from tests.accounts.test_setup import FORM
from tests.builders import NOW, World

A_WHILE = 0.3
"""Long enough for the second to do all it can before the first commits. Nothing is asserted about it."""


@contextmanager
def beside(
    database: Database, first: Callable[[Connection], Any], second: Callable[[Connection], Any]
) -> Iterator[Future[Any]]:
    """The outcome of the second, which went as far as it could while the first was done and not yet committed."""

    def follow() -> Any:
        barrier.wait(10)
        with database.write() as connection:
            return second(connection)

    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(follow)
        with database.write() as connection:
            first(connection)
            barrier.wait(10)
            threading.Event().wait(A_WHILE)
        yield outcome


def test_two_first_starts_make_one_workspace(database: Database) -> None:
    def start(connection: Connection) -> int:
        return actions.ensure_workspace(connection, "Quillon", "Europe/Berlin", NOW)

    with beside(database, start, start) as second:
        made = second.result(20)
    with database.read() as connection:
        assert connection.execute(select(workspace.c.id)).scalars().all() == [made]


def test_two_who_set_up_make_one_first_admin(database: Database) -> None:
    def set_up(connection: Connection) -> None:
        actions.set_up(connection, SetUp.model_validate(FORM), "a hash", NOW)

    with beside(database, set_up, set_up) as second, pytest.raises(Conflict, match="already set up"):
        second.result(20)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(user)).scalar_one() == 1


def test_many_tries_at_once_do_not_slip_past_the_brake(database: Database) -> None:
    attempt = sign_in.Attempt.of(b"key", "alice@team.example", "192.0.2.66", NOW)
    with database.write() as connection:
        for _ in range(sign_in.FOR_ACCOUNT - 1):
            assert sign_in.reserve(connection, attempt)
    admitted: list[bool] = []

    def attempted(connection: Connection) -> None:
        admitted.append(sign_in.reserve(connection, attempt))

    with beside(database, attempted, attempted) as second:
        second.result(20)
    assert admitted == [True, False]


def test_a_link_to_another_address_does_not_outlast_a_new_password(database: Database) -> None:
    world = World.create(database)
    alice = world.user("Alice Meyer")
    with database.write() as connection:
        token = own_address.ask(connection, alice, "eve@evil.example", NOW)

    def reset(connection: Connection) -> None:
        actions.set_password(connection, world.workspace_id, alice.user_id or 0, "a hash", NOW)

    def take(connection: Connection) -> None:
        own_address.use(connection, token, NOW)

    with beside(database, reset, take) as second, pytest.raises(NotFound):
        second.result(20)
    with database.read() as connection:
        assert connection.execute(select(user.c.email)).scalar_one() == "alice@team.example"


@pytest.mark.parametrize("how", ["demoting", "deactivating"])
def test_two_admins_cannot_send_each_other_off(database: Database, how: str) -> None:
    world = World.create(database)
    alice, bob = world.user("Alice Meyer"), world.user("Bob Stone")

    def off(connection: Connection, by: Any, whom: Any) -> None:
        if how == "demoting":
            actions.change_user(connection, by, whom.user_id, NOW, role="member")
        else:
            actions.deactivate(connection, by, whom.user_id, NOW)

    with (
        beside(database, lambda c: off(c, alice, bob), lambda c: off(c, bob, alice)) as second,
        pytest.raises(Conflict, match="needs an admin"),
    ):
        second.result(20)
