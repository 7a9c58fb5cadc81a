"""A form that is sent twice is saved once, and one that was corrected meanwhile is no second sending."""

from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from crm import clock
from tests.builders import World
from tests.interactions.test_pages import count
from tests.web.site import signed_in

HEARD = {
    "heard_sort_1": "risk",
    "heard_text_1": "Budget is frozen",
    "heard_due_1": "2026-12-02",
    "heard_sort_2": "birthday",
    "heard_due_2": "1980-05-23",
}


@pytest.fixture
def site(world: World) -> TestClient:
    world.now = clock.now()
    return signed_in(world, world.user())


def send(site: TestClient, fields: dict[str, Any]) -> None:
    answer = site.post("/log", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


def form(world: World, **more: Any) -> dict[str, Any]:
    return {"once": str(uuid4()), "contact_ids": world.contact(), "channel": "phone", **more}


@pytest.mark.parametrize("more", [{}, {"time_of_day": "08:15"}, {"when": "yesterday"}, HEARD])
def test_the_same_form_is_saved_once(world: World, site: TestClient, more: dict[str, Any]) -> None:
    fields = form(world, **more)
    send(site, fields)
    send(site, fields)
    assert count(world) == 1
    assert "This was already saved, and only once." in site.get("/").text


@pytest.mark.parametrize(
    "correction",
    [
        {"outcome": "attempted"},
        {"direction": "inbound"},
        {"when": "yesterday"},
        {"time_of_day": "08:15"},
        {"note_private": "yes"},
        {**HEARD, "heard_text_1": "They talk to Acme"},
        {**HEARD, "heard_due_2": "1980-05-24"},
    ],
)
def test_a_correction_is_not_lost(world: World, site: TestClient, correction: dict[str, str]) -> None:
    fields = form(world, note="Prices", **HEARD)
    send(site, fields)
    send(site, {**fields, **correction})
    assert count(world) == 2
    assert "already saved" not in site.get("/").text
