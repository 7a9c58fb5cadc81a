"""The same logged twice within the hour is said, before it is saved and after, and never refused."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, update
from starlette.testclient import TestClient

from crm import clock
from crm.interactions.logged_before import Saying, logged_before
from crm.storage.tables import interaction
from tests.builders import World
from tests.interactions.test_pages import count
from tests.web.site import signed_in

SAID = "You already logged this at"


@pytest.fixture
def site(world: World) -> TestClient:
    world.now = clock.now()
    return signed_in(world, world.user())


def post(site: TestClient, path: str = "/log", **fields: Any) -> Any:
    fields = {"once": str(uuid4()), **fields}
    return site.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def test_the_same_again_is_said_and_saved(world: World, site: TestClient) -> None:
    fields: dict[str, Any] = {"contact_ids": world.contact(), "channel": "phone", "summary": "Prices"}
    post(site, **fields)
    beside = site.get("/log/once-saved", params={**fields, "summary": ""}).text
    assert SAID in beside
    first = re.search(r'href="(/log/\d+)">Open it', beside)
    assert first
    assert site.get(first[1]).status_code == 200
    assert SAID not in site.get("/log/once-saved", params={**fields, "channel": "visit"}).text
    site.get("/")
    assert post(site, **{**fields, "summary": ""}).status_code == 303
    assert count(world) == 2
    assert SAID in site.get("/").text


@pytest.mark.parametrize(
    "other",
    [
        {"channel": "meeting"},
        {"when": "yesterday"},
        {"time_of_day": "04:10"},
        {"outcome": "attempted"},
        {"direction": "inbound"},
        {"summary": "Delivery"},
        {"new_names": "Ben Okafor"},
    ],
)
def test_what_is_something_else_is_saved_without_a_word(
    world: World, site: TestClient, other: dict[str, str]
) -> None:
    fields: dict[str, Any] = {
        "contact_ids": world.contact(),
        "channel": "phone",
        "summary": "Prices",
        "time_of_day": "04:05",
    }
    post(site, **fields)
    site.get("/")
    assert post(site, **{**fields, **other}).status_code == 303
    assert count(world) == 2
    assert SAID not in site.get("/").text


def test_another_user_and_an_hour_later_are_not_told(world: World, site: TestClient) -> None:
    fields: dict[str, Any] = {"contact_ids": world.contact(), "channel": "phone"}
    post(site, **fields)
    ben = signed_in(world, world.user("Ben Okafor"))
    assert SAID not in ben.get("/log/once-saved", params=fields).text
    assert SAID in site.get("/log/once-saved", params=fields).text
    with world.database.write() as connection:
        long_ago = {"created_at": world.now - timedelta(minutes=61)}
        connection.execute(update(interaction).values(long_ago))
    assert SAID not in site.get("/log/once-saved", params=fields).text


def test_what_a_file_brought_was_not_logged_by_the_user(world: World) -> None:
    world.now = clock.now()
    alice = world.user()
    marta, site = world.contact(), signed_in(world, alice)
    world.log("phone", None, marta, occurred_at=world.now, source_id="ical:quarter", by=alice)
    fields: dict[str, Any] = {"contact_ids": marta, "channel": "phone"}
    beside = site.get("/log/once-saved", params=fields).text
    assert SAID not in beside
    assert "It is already in the log, since " in beside
    assert post(site, **fields).status_code == 303
    assert "It is already in the log, since " in site.get("/").text


def test_a_line_says_it_when_it_is_read(world: World, site: TestClient) -> None:
    world.contact("Elena Duarte")
    once = str(uuid4())
    read = post(site, "/log/line", line="call with Elena, quick check", once=once).text
    assert SAID not in read
    assert f'name="once" value="{once}"' in read
    ids = re.findall(r'name="contact_ids" value="(\d+)"', read)
    post(site, contact_ids=ids, channel="phone", summary="quick check", once=once)
    for again in (once, str(uuid4())):
        assert SAID in post(site, "/log/line", line="call with Elena, quick check", once=again).text
    assert SAID not in post(site, "/log/line", line="lunch with Elena").text


def test_only_the_log_of_the_person_is_looked_through(world: World) -> None:
    """Whatever is in the log of others: SQLite would walk through all of it, newest first, to spare itself a sort."""
    if not world.database.is_sqlite:
        pytest.skip("PostgreSQL goes by its statistics")
    marta = world.contact()
    saying = Saying({marta}, "phone", "mutual", "reached", world.now.date(), None, None)
    plans: list[str] = []
    with world.database.read() as connection:

        @event.listens_for(connection, "before_cursor_execute")
        def explain(_: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
            if "created_at >" in statement:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
                plans.extend(row[3] for row in cursor.fetchall())

        assert logged_before(connection, world.principal, saying, world.now) is None
    assert plans[0].startswith("SEARCH interaction_contact USING PRIMARY KEY")
    assert "occurred_at>? AND occurred_at<?" in plans[0]
