"""After a change of marks, targets or the time zone everything equals a log written that way from the start."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm.accounts.actions import move_to_zone
from crm.domain.principal import Principal
from crm.domain.targets import KINDS, TIERS_WITH_TARGETS, Target, Targets
from crm.health.target_actions import change_targets, effective
from crm.interactions.channel_actions import change_marks
from crm.interactions.queries import channels
from crm.storage.database import Database
from crm.storage.recount import offsets, refresh_everyone
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact_metrics, interaction, interaction_contact
from tests.oracle import Log, Marks
from tests.storage.test_metrics import ANCHORS, Imagined, store

OTHER_MARKS = (
    Marks(digital=True),
    Marks(digital=True, live=True),
    Marks(),
    Marks(live=True),
    Marks(live=True, in_person=True),
)


def otherwise(log: Log, chance: random.Random) -> Log:
    """The same happenings under other marks, other targets, or in another zone."""
    marks = dict(log.channels)
    for key in chance.sample(["email", "video", "phone", "pigeon", "note"], 3):
        marks[key] = chance.choice(OTHER_MARKS)
    pairs = [(tier, kind) for tier in TIERS_WITH_TARGETS for kind in (*KINDS, "press", "*")]
    targets = {pair: (chance.choice((None, 7, 45)), 60, None) for pair in chance.sample(pairs, 3)}
    return replace(
        log, channels=marks, targets={**log.targets, **targets}, zone=chance.choice(sorted(ANCHORS))
    )


def rows(database: Database, principal: Principal, ids: list[int]) -> dict[str, Any]:
    """Everything derived, with people and interactions by their place instead of their id."""
    with database.read() as connection:

        def of(table: Any) -> list[dict[str, Any]]:
            mine = select(table).where(table.c.workspace_id == principal.workspace_id)
            return [dict(row) for row in connection.execute(mine).mappings()]

        happened = {row["id"]: row for row in of(interaction)}
        places = {one: place for place, one in enumerate(sorted(happened))}
        people = {one: place for place, one in enumerate(ids)}
        took_part = {
            (places[row["interaction_id"]], people[row["contact_id"]]): tuple(
                row[name] for name in ("occurred_at", "day", "counts", "reach", "flow")
            )
            for row in of(interaction_contact)
        }
        figures = {
            people[row["contact_id"]]: {
                name: round(value, 6) if isinstance(value, float) else value
                for name, value in row.items()
                if name not in ("workspace_id", "contact_id")
            }
            for row in of(contact_metrics)
        }
        crowds = {places[one]: (row["day"], row["broadcast"]) for one, row in happened.items()}
    return {"took part": took_part, "figures": figures, "happened": crowds}


def change(database: Database, principal: Principal, to: Log, at: datetime) -> Principal:
    moved = replace(principal, zone=ZoneInfo(to.zone))
    with database.write() as connection:
        wanted = [
            replace(
                one,
                digital=to.channels[one.key].digital,
                live=to.channels[one.key].live,
                in_person=to.channels[one.key].in_person,
            )
            for one in channels(connection, principal)
        ]
        change_marks(connection, principal, wanted, at)
        aim = Targets({pair: Target(*days) for pair, days in to.targets.items()})
        pairs = [(tier, kind) for tier in TIERS_WITH_TARGETS for kind in (*KINDS, "press", "*")]
        change_targets(connection, principal, {pair: effective(aim, *pair) for pair in pairs}, at)
        move_to_zone(connection, principal, moved.zone, at)
    return moved


@pytest.mark.parametrize("seed", [2, 9, 11, 23, 37, 41])
def test_everything_follows_a_change(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    imagined = Imagined(chance, people=4, most=5)
    log, at = imagined.log(), imagined.moments()[0]
    other = otherwise(log, chance)
    changed, ids = store(database, log)
    changed = change(database, changed, other, at)
    fresh, fresh_ids = store(database, other)
    with database.write() as connection:
        refresh_everyone(connection, scope_of(connection, fresh, at))
    assert rows(database, changed, ids) == rows(database, fresh, fresh_ids)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]
)
def test_stretches_cover_every_instant_with_its_own_offset(name: str) -> None:
    zone = ZoneInfo(name)
    first, last = datetime(2010, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)
    found = list(offsets(zone, first, last))
    assert found[0][0] == first
    assert found[-1][1] == last
    for start, end, offset in found:
        for at in (start, end):
            assert at.astimezone(zone).utcoffset() == offset
    for (_, end, _), (start, _, _) in pairwise(found):
        assert start - end == timedelta(microseconds=1)
