"""Deterministic, skewed data in the three sizes of QUALITY.md: a few people are in touch daily, most rarely."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.people import NOW, YEARS, matters, people
from crm.accounts.workspaces import create_workspace
from crm.contacts.actions import add_contacts
from crm.domain.channels import SHIPPED, tally
from crm.domain.principal import Principal
from crm.storage.database import Database, new_id, new_ids
from crm.storage.stored_metrics import STALE
from crm.storage.tables import (
    contact_metrics,
    interaction,
    interaction_contact,
    interaction_user,
    organisation,
    user,
)
from crm.storage.text import fold

BLOCK = 20_000
LIVELY = 500
"""About as many entries as the busiest of S has."""
WEIGHTS = (40, 15, 4, 3, 6, 14, 6, 5, 2, 1, 3, 1)
"""How often each shipped channel occurs."""


@dataclass(frozen=True)
class Size:
    """How many people and interactions."""

    name: str
    contacts: int
    interactions: int


SIZES = {
    "S": Size("S", 200, 10_000),
    "M": Size("M", 10_000, 300_000),
    "L": Size("L", 100_000, 10_000_000),
}


@dataclass(frozen=True)
class Filled:
    """A filled workspace: who acts in it, its people, the busiest, one of the middle, and one with a log of LIVELY entries.

    The last is as busy at every size; the busiest grows with it.
    """

    principal: Principal
    contact_ids: list[int]
    busiest: int
    median: int
    lively: int


def fill(database: Database, size: Size, seed: int = 1) -> Filled:
    """Fill a fresh database; the same size and seed give the same rows."""
    chance = random.Random(seed)
    zone = ZoneInfo("UTC")
    with database.write() as connection:
        workspace_id = create_workspace(connection, "Benchmark", "UTC", NOW)
        user_id = new_id(connection)
        connection.execute(user.insert(), _user(workspace_id, user_id))
        firms = new_ids(connection, max(1, size.contacts // 5))
        for block in _blocks(_organisations(workspace_id, firms)):
            connection.execute(organisation.insert(), block)
    principal = Principal(workspace_id, user_id, "admin", zone, zone)
    ids: list[int] = []
    for drafts in _blocks(people(chance, size.contacts, firms)):
        with database.write() as connection:
            ids += add_contacts(connection, principal, drafts, NOW)
    with database.write() as connection:
        for table, written in matters(chance, workspace_id, user_id, ids):
            numbered = zip(new_ids(connection, len(written)), written, strict=True)
            connection.execute(table.insert(), [{**row, "id": number} for number, row in numbered])
    counts = _zipf(chance, size)
    happened = _interactions(chance, workspace_id, user_id, ids, counts)
    for pairs in _blocks(happened):
        with database.write() as connection:
            rows = new_ids(connection, len(pairs))
            connection.execute(
                interaction.insert(), [{**one, "id": row} for row, (one, _) in zip(rows, pairs, strict=True)]
            )
            connection.execute(
                interaction_contact.insert(),
                [{**took, "interaction_id": row} for row, (_, took) in zip(rows, pairs, strict=True)],
            )
            ours = {"workspace_id": workspace_id, "user_id": user_id}
            connection.execute(interaction_user.insert(), [{**ours, "interaction_id": row} for row in rows])
    with database.write() as connection:
        connection.execute(contact_metrics.update().values(fresh_until=STALE, settled_on=None))
    vacuum(database)
    ordered = sorted(range(size.contacts), key=lambda place: counts[place])
    lively = min(range(size.contacts), key=lambda place: abs(counts[place] - LIVELY))
    return Filled(principal, ids, ids[ordered[-1]], ids[ordered[len(ordered) // 2]], ids[lively])


def vacuum(database: Database) -> None:
    """What PostgreSQL does by itself within a minute or so; on SQLite nobody does it (docs/performance.md)."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _blocks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    block: list[Any] = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def _user(workspace_id: int, user_id: int) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "id": user_id,
        "email": "bench@team.example",
        "name": "Bench Mark",
        "role": "admin",
        "time_zone": "UTC",
        "city": "Boston",
        "created_at": NOW - timedelta(days=YEARS * 365),
    }


def _organisations(workspace_id: int, ids: list[int]) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(ids):
        name = f"Organisation {number}"
        yield {
            "workspace_id": workspace_id,
            "id": one,
            "name": name,
            "folded_name": fold(name),
            "search": fold(name),
            "kind": "partner",
            "tier": "regular",
            "created_at": NOW,
        }


def _zipf(chance: random.Random, size: Size) -> list[int]:
    """Interactions a contact, by Zipf's law with exponent 0.8, in random order."""
    shares = [1 / (rank + 1) ** 0.8 for rank in range(size.contacts)]
    scale = size.interactions / sum(shares)
    counts = [int(share * scale) for share in shares]
    counts[0] += size.interactions - sum(counts)
    chance.shuffle(counts)
    return counts


def _interactions(
    chance: random.Random, workspace_id: int, user_id: int, ids: list[int], counts: list[int]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    start = datetime.combine(NOW.date(), time(), UTC) - timedelta(days=YEARS * 365)
    minutes = YEARS * 365 * 24 * 60
    for one, count in zip(ids, counts, strict=True):
        for _ in range(count):
            way = chance.choices(SHIPPED, WEIGHTS)[0]
            direction = chance.choice(("outbound", "inbound", "mutual"))
            at = start + timedelta(
                minutes=chance.randrange(minutes), microseconds=chance.randrange(1_000_000)
            )
            counted = tally(way, direction)
            same = {
                "workspace_id": workspace_id,
                "occurred_at": at,
                "day": at.date(),
                "channel": way.key,
                "direction": direction,
            }
            yield (
                {
                    **same,
                    "outcome": "reached",
                    "broadcast": False,
                    "summary": "About the rollout",
                    "note": None,
                    "author_id": user_id,
                    "created_at": at,
                    "changed_at": at,
                },
                {**same, "contact_id": one, "counts": True, "reach": counted.reach, "flow": counted.flow},
            )
