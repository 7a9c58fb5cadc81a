"""The plan as a calendar: secret, read-only, gone with whom it belongs to, and readable by calendar programs."""

from datetime import timedelta
from typing import Any

import pytest
import vobject
from sqlalchemy import select

from crm.accounts.actions import deactivate
from crm.domain.principal import Principal
from crm.planning import actions
from crm.storage.tables import plan_feed
from tests.builders import NOW, World
from tests.planning.test_plan import by_screen, make, shown
from tests.web.site import client
from tests.web.test_access import everything

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def alice(world: World) -> Principal:
    alice = world.user(city="Boston")
    for name in ("Marta Kowalczyk", "Elena Duarte", "Jürgen; Haas, Söhne"):
        by_screen(world, alice, name, city="Boston")
    make(world, alice)
    return alice


def address_of(page: str) -> str:
    return page.partition(">http://testserver")[2].partition("<")[0]


def made(world: World, by: Principal) -> str:
    page = client(world, by).post("/settings/calendar", data={})
    assert page.status_code == 200
    return address_of(page.text)


def events(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = vobject.readOne(answer.text)
    return {one.summary.value: one for one in getattr(found, "vevent_list", [])}


def test_a_calendar_program_reads_the_open_suggestions_and_changes_nothing(
    world: World, alice: Principal
) -> None:
    address, outside = made(world, alice), client(world)
    before = everything(world.database)
    found = events(outside.get(address))
    assert everything(world.database) == before
    view = shown(world, alice)
    assert len(found) == len(view.suggestions) == 3
    assert any(title.endswith("Jürgen; Haas, Söhne") for title in found)
    first = view.suggestions[0]
    (event,) = [one for title, one in found.items() if title.endswith(first.contact.name)]
    assert first.reason in event.description.value
    assert event.dtstart.value == (first.slot.starts_at or first.slot.day)
    with world.database.write() as connection:
        assert first.id is not None
        actions.snooze(connection, alice, first.id, NOW.date() + timedelta(days=7), NOW)
    assert len(events(outside.get(address))) == 2


def test_nobody_else_reads_it_and_it_ends(world: World, alice: Principal) -> None:
    outside = client(world)
    address = made(world, alice)
    with world.database.read() as connection:
        kept = str(connection.execute(select(plan_feed)).all())
    secret = address.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in kept
    assert outside.get("/calendar/no-such-address.ics").status_code == 404
    assert address_of(client(world, alice).get("/settings/calendar").text) == ""
    newer = made(world, alice)
    assert (outside.get(address).status_code, outside.get(newer).status_code) == (404, 200)
    assert client(world, alice).post("/settings/calendar/end").status_code == 303
    assert outside.get(newer).status_code == 404
    last, bob = made(world, alice), world.user("Bob Stone", "admin")
    with world.database.write() as connection:
        deactivate(connection, bob, alice.user_id or 0, NOW)
        assert connection.execute(select(plan_feed)).all() == []
    assert outside.get(last).status_code == 404


def test_one_suggestion_is_added_by_whom_it_is_for(world: World, alice: Principal) -> None:
    one = shown(world, alice).suggestions[0]
    path = f"/plan/suggestions/{one.id}/event.ics"
    assert next(iter(events(client(world, alice).get(path)))).endswith(one.contact.name)
    assert path in client(world, alice).get("/").text
    bob = world.user("Bob Stone", "member")
    assert client(world, bob).get(path).status_code == 404
