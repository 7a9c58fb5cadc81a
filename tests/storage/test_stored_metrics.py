"""What is stored as today's metrics equals what the log says."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from crm.storage import stored_metrics
from crm.storage.database import Database
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import anything_stale, current, refresh_stale, scope_of
from crm.storage.tables import contact, contact_metrics
from tests.builders import World


def rows(world: World, at=None) -> tuple[list[dict], list[dict]]:  # type: ignore[type-arg]
    with world.database.write() as connection:
        scope = scope_of(connection, world.principal, at or world.now)
        refresh_stale(connection, scope)
        relation, stored = as_of(scope), current(world.workspace_id)
        names = [column.name for column in stored.c if column.name != "silence"]
        computed = connection.execute(select(*(relation.c[name] for name in names)).order_by("contact_id"))
        kept = connection.execute(select(*(stored.c[name] for name in names)).order_by("contact_id"))
        return [dict(row) for row in kept.mappings()], [dict(row) for row in computed.mappings()]


def test_a_logged_interaction_is_in_the_stored_metrics_at_once(world: World) -> None:
    world.is_read_stored = True
    marta = world.contact()
    world.log("email", 3, marta)
    with world.database.read() as connection:
        assert not anything_stale(connection, world.workspace_id, world.now)
        row = connection.execute(select(current(world.workspace_id))).mappings().one()
    assert (row["days_since_any"], row["digital_365"], row["zone"]) == (3, 1, "drifting")


def test_stored_equals_computed_also_on_later_days(world: World) -> None:
    people = [world.contact(f"Person {number}") for number in range(4)]
    world.log("lunch", 100, people[0])
    world.log("email", 10, people[0], people[1])
    world.log("phone", 0, people[2], outcome="attempted")
    for days in (0, 1, 40):
        kept, computed = rows(world, world.now + timedelta(days=days))
        assert kept == computed
        assert len(kept) == 4


def test_others_may_write_between_the_blocks_of_a_refresh(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process is another database object here: it shares no lock with the one that refreshes."""
    monkeypatch.setattr(stored_metrics, "BLOCK", 2)
    monkeypatch.setattr(stored_metrics, "LET_IN_SECONDS", 0)
    people = [world.contact(f"Person {number}") for number in range(5)]
    later, other = world.now + timedelta(days=1), Database(database_url)
    left: list[int] = []

    def write_beside() -> bool:
        with other.write() as connection:
            connection.execute(contact.update().where(contact.c.id == people[0]).values(city="Boston"))
            left.append(len(stale(connection, world, later)))
        return len(left) < 3

    def refreshed() -> None:
        stored_metrics.freshen(world.database, world.principal, later, going=write_beside)

    try:
        refreshed()
        assert left == [5, 3, 1]
        with world.database.read() as connection:
            assert stale(connection, world, later) == [people[4]]
        refreshed()
    finally:
        other.close()
    kept, computed = rows(world, later)
    assert kept == computed


def stale(connection: Connection, world: World, at: datetime) -> list[int]:
    mine = (contact_metrics.c.workspace_id == world.workspace_id, contact_metrics.c.fresh_until <= at)
    return list(connection.execute(select(contact_metrics.c.contact_id).where(*mine)).scalars())


def test_an_interaction_logged_ahead_counts_from_its_moment_on(world: World) -> None:
    marta = world.contact()
    world.log("email", 30, marta)
    world.log("meeting", None, marta, occurred_at=world.now + timedelta(hours=2))
    kept, _ = rows(world)
    assert kept[0]["days_since_in_person"] is None
    kept, computed = rows(world, world.now + timedelta(hours=2))
    assert kept[0]["days_since_in_person"] == 0
    assert kept == computed
