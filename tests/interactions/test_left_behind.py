"""What was written down with an interaction goes and comes back with it; what somebody changed since stays."""

from typing import Any

import pytest
from sqlalchemy import select

from crm.contacts.merging import merge_contacts
from crm.domain.heard import DATE_KINDS, LABELS, Heard
from crm.domain.principal import Principal
from crm.interactions import actions, matters
from crm.interactions.heard import close_asks, keep_heard
from crm.interactions.matters import SORTS
from crm.storage.tables import ask, contact_date, contact_metrics, favour, promise, signal
from tests.builders import World

TABLES = (ask, promise, signal, favour, contact_date)


@pytest.fixture
def alice(world: World) -> Principal:
    return world.user()


def all_of(world: World) -> dict[str, list[dict[str, Any]]]:
    with world.database.read() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()
            ]
            for table in TABLES
        }


def figures(world: World, contact_id: int) -> dict[str, Any]:
    with world.database.read() as connection:
        mine = select(contact_metrics).where(contact_metrics.c.contact_id == contact_id)
        row = dict(connection.execute(mine).mappings().one())
    return {name: row[name] for name in ("open_asks", "open_promises", "days_since_favour", "total_30")}


def told(world: World, alice: Principal, marta: int) -> tuple[int, int]:
    """An ask, and a lunch at which that was said and one of every sort was heard: the ids of both."""
    with world.database.write() as connection:
        old = matters.add(connection, alice, SORTS["asks"], marta, {"text": "Old", "due": None}, world.now)
        entry = actions.Entry(world.now, "lunch", (marta,))
        lunch = actions.log_interaction(connection, alice, entry, world.now)
    before = all_of(world)
    with world.database.write() as connection:
        dated = (*DATE_KINDS, "promise", "their promise")
        heard = [Heard(sort, f"About {sort}", world.today if sort in dated else None) for sort in LABELS]
        keep_heard(connection, alice, marta, lunch, heard, world.today, world.now)
        close_asks(connection, alice, [old], [marta], lunch, world.now)
    assert sum(map(len, all_of(world).values())) == sum(map(len, before.values())) + len(LABELS)
    return lunch, old


def take_out(world: World, by: Principal, interaction_id: int) -> int:
    with world.database.write() as connection:
        return actions.delete_interaction(connection, by, interaction_id, world.now)


def bring_back(world: World, by: Principal, interaction_id: int) -> None:
    with world.database.write() as connection:
        actions.restore_interaction(connection, by, interaction_id, world.now)


def test_all_of_it_goes_and_comes_back_as_often_as_one_likes(world: World, alice: Principal) -> None:
    marta = world.contact()
    lunch, old = told(world, alice, marta)
    full, counted = all_of(world), figures(world, marta)
    for _ in range(2):
        assert take_out(world, alice, lunch) == len(LABELS) + 1
        (left,) = all_of(world)["ask"]
        assert (left["id"], left["closed_on"]) == (old, None)
        assert not any(all_of(world)[table.name] for table in TABLES[1:])
        assert (figures(world, marta)["open_asks"], figures(world, marta)["open_promises"]) == (1, 0)
        assert take_out(world, alice, lunch) == 0
        bring_back(world, alice, lunch)
        assert (all_of(world), figures(world, marta)) == (full, counted)


def test_what_somebody_changed_since_stays(world: World, alice: Principal) -> None:
    lunch, old = told(world, alice, world.contact())
    stored = all_of(world)
    kept, moved, reworded = stored["promise"][0]["id"], stored["ask"][1]["id"], stored["signal"][0]["id"]
    with world.database.write() as connection:
        matters.settle(connection, alice, SORTS["promises"], kept, world.now)
        matters.change(connection, alice, SORTS["asks"], moved, {"due": world.today}, world.now)
        matters.change(connection, alice, SORTS["signals"], reworded, {"text": "More"}, world.now)
        matters.reopen(connection, alice, SORTS["asks"], old, world.now)
        matters.settle(connection, alice, SORTS["asks"], old, world.now)
    changed = all_of(world)
    take_out(world, alice, lunch)
    left = all_of(world)
    assert {row["id"] for rows in left.values() for row in rows} == {kept, moved, reworded, old}
    assert next(row for row in left["ask"] if row["id"] == old)["closed_on"] == world.today
    bring_back(world, alice, lunch)
    assert all_of(world) == changed


def test_what_was_taken_away_by_hand_does_not_come_back(world: World, alice: Principal) -> None:
    lunch, _ = told(world, alice, world.contact())
    gone = all_of(world)["promise"][0]["id"]
    with world.database.write() as connection:
        matters.remove(connection, alice, SORTS["promises"], gone, world.now)
    left = all_of(world)
    take_out(world, alice, lunch)
    bring_back(world, alice, lunch)
    assert all_of(world) == left


def test_it_comes_back_to_whoever_they_were_merged_into(world: World, alice: Principal) -> None:
    marta, other = world.contact(), world.contact("M. Kowalczyk")
    lunch, _ = told(world, alice, marta)
    full = all_of(world)
    take_out(world, alice, lunch)
    with world.database.write() as connection:
        merge_contacts(connection, alice, other, marta, {"name": "first"}, world.now)
    bring_back(world, alice, lunch)
    moved = {name: [{**row, "contact_id": other} for row in rows] for name, rows in full.items()}
    assert all_of(world) == moved
    assert take_out(world, alice, lunch) == len(LABELS) + 1
