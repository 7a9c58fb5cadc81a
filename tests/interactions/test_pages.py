"""The log's pages, walked as a site walks them."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.storage.tables import ask, contact, contact_metrics, interaction, interaction_contact, promise, signal
from tests.builders import World
from tests.web.site import client, cookie


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return signed_in(world, alice)


def signed_in(world: World, principal: Principal) -> TestClient:
    """A browser whose cookies live in a jar, so that toasts reach the next page."""
    browser = client(world)
    name, _, value = cookie(world, principal).partition("=")
    browser.cookies.set(name, value)
    return browser


def post(site: TestClient, path: str, **fields: Any) -> Any:
    return site.post(path, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def only(world: World) -> Any:
    with world.database.read() as connection:
        return connection.execute(select(interaction)).one()


def count(world: World, table: Any = interaction) -> int:
    with world.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def zone_of(world: World, contact_id: int) -> str | None:
    with world.database.read() as connection:
        return connection.execute(
            select(contact_metrics.c.zone).where(contact_metrics.c.contact_id == contact_id)
        ).scalar_one_or_none()


def said(site: TestClient) -> str:
    """The toast on the next page."""
    page = site.get("/log").text
    found = re.search(r'data-toast>.*?<span>(.*?)</span>', page, re.DOTALL)
    return found[1] if found else ""


def undo_of(site: TestClient) -> str:
    found = re.search(r'data-toast>.*?action="(.*?)"', site.get("/log").text, re.DOTALL)
    assert found
    return found[1]


def test_who_and_how_are_enough(world: World, site: TestClient) -> None:
    marta = world.contact(given_name="Marta")
    world.log("email", 100, marta)
    answer = post(site, "/log", contact_ids=marta, channel="lunch")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    row = only_new(world)
    assert (row.channel, row.direction, row.outcome) == ("lunch", "mutual", "reached")
    assert said(site) == "Lunch with Marta logged. Marta is back in touch."


def only_new(world: World) -> Any:
    with world.database.read() as connection:
        return connection.execute(select(interaction).order_by(interaction.c.id.desc()).limit(1)).one()
