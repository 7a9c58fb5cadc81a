"""Sums of contact days of long ago, carried on from log to log, are those of the whole log."""

import math
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.metrics import REAL
from crm.interactions.actions import (
    Entry,
    delete_interaction,
    edit_interaction,
    log_interaction,
    refresh_people,
    restore_interaction,
)
from crm.storage import stored_metrics
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import LOG_UNCHANGED, current, refresh_stale, scope_of
from crm.storage.tables import contact_metrics
from tests.builders import World
from tests.machine_steps import machine_steps
from tests.thorough import TIMES

STEPS = 40
CHANNELS = ("email", "phone", "lunch", "chat")


class Life:
    """A team that logs, late and on time, changes its mind, and grows older."""

    def __init__(self, world: World, seed: int) -> None:
        world.is_read_stored = True
        self.world, self.chance = world, random.Random(seed)
        self.people = [world.contact(f"Person {number}") for number in range(3)]
        with world.database.write() as connection:
            refresh_people(connection, world.principal, self.people, world.now)
        self.logged: list[int] = []
        self.gone: list[int] = []

    def live(self) -> None:
        """One thing happens."""
        happens: Callable[[Any], None] = self.chance.choice(
            (self.log, self.log, self.log, self.log, self.move, self.take_out, self.bring_back, self.wait)
        )
        with self.world.database.write() as connection:
            happens(connection)

    def _entry(self) -> Entry:
        days = self.chance.choice((0, 0, 1, 3, 20, 44, 45, 46, 47, 90, 200, 400))
        at = datetime.combine(self.world.today - timedelta(days), time(11), self.world.zone).astimezone(UTC)
        people = tuple(self.chance.sample(self.people, self.chance.choice((1, 1, 2))))
        return Entry(min(at, self.world.now), self.chance.choice(CHANNELS), people)

    def log(self, connection: Any) -> None:
        self.logged.append(log_interaction(connection, self.world.principal, self._entry(), self.world.now))

    def move(self, connection: Any) -> None:
        if self.logged:
            one = self.chance.choice(self.logged)
            edit_interaction(connection, self.world.principal, one, self._entry(), self.world.now)

    def take_out(self, connection: Any) -> None:
        if self.logged:
            self.gone.append(self.logged.pop(self.chance.randrange(len(self.logged))))
            delete_interaction(connection, self.world.principal, self.gone[-1], self.world.now)

    def bring_back(self, connection: Any) -> None:
        if self.gone:
            self.logged.append(self.gone.pop())
            restore_interaction(connection, self.world.principal, self.logged[-1], self.world.now)

    def wait(self, connection: Any) -> None:
        self.world.now += timedelta(days=self.chance.choice((1, 7, 30, 60)))
        refresh_stale(connection, scope_of(connection, self.world.principal, self.world.now))


def differences(world: World) -> list[str]:
    """Where what is stored is not what the whole log says."""
    with world.database.read() as connection:
        relation, stored = (
            as_of(scope_of(connection, world.principal, world.now)),
            current(world.workspace_id),
        )
        names = [column.name for column in stored.c if column.name != "silence"]
        told = connection.execute(select(*(relation.c[name] for name in names)).order_by("contact_id")).all()
        kept = connection.execute(select(*(stored.c[name] for name in names)).order_by("contact_id")).all()
    assert len(told) == len(kept) > 0
    return [
        f"{name} of {row.contact_id} is {here!r}, and should be {there!r}"
        for row, truth in zip(kept, told, strict=True)
        for name, here, there in zip(names, row, truth, strict=True)
        if not (same_number(here, there) if name in REAL or name.startswith("part_") else here == there)
    ]


def same_number(here: float | None, there: float | None) -> bool:
    if here is None or there is None:
        return here is there
    return math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12)


def settled(world: World) -> list[date | None]:
    with world.database.read() as connection:
        return list(connection.execute(select(contact_metrics.c.settled_on)).scalars())


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_sums_carried_on_are_those_of_the_whole_log(world: World, seed: int) -> None:
    life = Life(world, seed)
    carried = 0
    for _ in range(STEPS):
        before = settled(world)
        life.live()
        assert differences(world) == []
        carried += any(before) and any(one in before for one in settled(world) if one)
    assert carried > STEPS // 4, "hardly anything was carried on"


def test_a_change_of_long_ago_that_is_not_told_would_be_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = stored_metrics._mark

    def mark_nothing(connection: Any, workspace_id: int, ids: list[int], changed_on: date) -> None:
        mark(connection, workspace_id, ids, LOG_UNCHANGED)

    monkeypatch.setattr(stored_metrics, "_mark", mark_nothing)
    life = Life(world, 0)
    found: list[str] = []
    for _ in range(STEPS):
        life.live()
        found += differences(world)
    assert found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_log_takes_no_longer_with_a_long_history(world: World) -> None:
    world.is_read_stored = True
    old, new = world.contact("Long Known"), world.contact("Just Met")
    for days in range(800, 1100):
        world.log("email", days, old, direction="outbound")
    for one in (old, new):
        world.log("lunch", 790, one)
    assert steps_of_a_log(world, old) < steps_of_a_log(world, new) + 500


def steps_of_a_log(world: World, contact_id: int) -> int:
    with world.database.write() as connection:
        people = world.principal, [contact_id], world.now

        def refreshed() -> None:
            refresh_people(connection, *people, changed_on=world.today)

        refreshed()  # the first look at an empty cache takes more
        return machine_steps(connection, refreshed)
