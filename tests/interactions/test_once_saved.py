"""The column beside the log form: what saving would do, and what was said the last time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.storage.database import Database
from crm.storage.tables import contact_metrics
from tests.builders import World
from tests.web.site import signed_in

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def browser_of(world: World, **columns: Any) -> TestClient:
    return signed_in(world, world.user(**columns))


def beside(site: TestClient, marta: int, **fields: str) -> str:
    return site.get("/log/once-saved", params={"contact_ids": marta, "channel": "lunch", **fields}).text


def rises(page: str) -> bool:
    return re.search(r"</span> → <strong", page) is not None


def test_a_lunch_that_lies_ahead_is_not_the_last_time_together(world: World) -> None:
    with time_machine.travel(MORNING, tick=False):
        world.now = MORNING
        site, marta = browser_of(world), world.contact()
        world.log("lunch", 9, marta, note="She moves to Lyon")
        world.log("lunch", -9, marta, note="Bring the contract")
        page = beside(site, marta)
    assert "She moves to Lyon" in page
    assert "Bring the contract" not in page


@pytest.mark.parametrize(
    ("fields", "moves"),
    [
        ({"when": "today"}, True),
        ({"when": "today", "time_of_day": "18:00"}, False),
        ({"when": "today", "time_of_day": "09:00"}, True),
        ({"when": "day", "day": "2026-11-24"}, False),
        ({"when": "day", "day": "2026-11-22", "time_of_day": "18:00"}, True),
        ({"when": "today", "time_of_day": "soon"}, True),
    ],
)
def test_only_what_has_been_raises_a_score(world: World, fields: dict[str, str], moves: bool) -> None:
    with time_machine.travel(MORNING, tick=False):
        world.now = MORNING
        site, marta = browser_of(world), world.contact()
        world.log("email", 50, marta)
        page = beside(site, marta, **fields)
    assert rises(page) is moves
    assert ("It lies in the future: no clock moves until then." in page) is not moves
    assert ("keeps the in-person clock" in page) is moves


def test_days_are_counted_where_the_team_is(database: Database) -> None:
    world = World.create(database, zone="Europe/Berlin")
    late = datetime(2026, 11, 22, 21, 0, tzinfo=ZoneInfo("America/Los_Angeles"))  # Monday in Berlin
    with time_machine.travel(late, tick=False):
        world.now = late
        site, marta = browser_of(world, time_zone="America/Los_Angeles"), world.contact()
        day = (late.date() - timedelta(days=150)).isoformat()
        told = beside(site, marta, when="day", day=day)
        fields = {"contact_ids": marta, "channel": "lunch", "when": "day", "day": day}
        site.post("/log", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    with database.read() as connection:
        stored = connection.execute(select(contact_metrics.c.score)).one()
    then = re.search(r"</span> → <strong class=\"good\">(\d+)<", told)
    assert then is not None
    assert int(then[1]) == stored.score
