"""The page of the team's sources: asked before they are kept, asked again, read, and forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from crm.domain.synced import GOOD
from crm.imports import synced_kinds
from crm.imports.synced_kinds import Fetched
from crm.imports.synced_reading import read_due
from crm.outgoing.wire import Network
from crm.storage.tables import interaction, synced_source
from tests.builders import World
from tests.imports.files import rows
from tests.outgoing.imap_server import PASSWORD, USER, ImapServer, imap_server
from tests.web.site import client, settings

HERE = "/import/sources"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_server() as found:
        yield found


def form(server: ImapServer, **more: str) -> dict[str, str]:
    address = f"imap://localhost:{server.port}?starttls=never"
    said = {"label": "Log", "kind": "imap", "address": address, "name": USER, "password": PASSWORD}
    return said | more


def told(browser: TestClient, answer: Response) -> str:
    """The page after an act, with what is said of it."""
    assert answer.status_code == 303, answer.text
    cookies = f"{browser.headers['Cookie']}; crm-flash={answer.cookies['crm-flash']}"
    return browser.get(HERE, headers={"Cookie": cookies}).text


def test_a_mailbox_is_asked_kept_sealed_asked_again_and_forgotten(world: World, server: ImapServer) -> None:
    browser = client(world, world.user("Ada"), private_hosts=f"localhost:{server.port}")
    refused = browser.post(HERE, data=form(server, password="wrong"))
    assert refused.status_code == 422
    assert "refused this name and password" in refused.text
    assert "wrong" not in refused.text
    assert rows(world, synced_source) == []
    page = told(browser, browser.post(HERE, data=form(server)))
    assert "Log is added." in page
    (row,) = rows(world, synced_source)
    assert PASSWORD not in str(row)
    assert PASSWORD not in page
    assert "There is already a source called log." in browser.post(HERE, data=form(server, label="log")).text
    assert "localhost answers, and signing in works." in told(browser, browser.post(f"{HERE}/{row.id}/check"))
    asked = browser.get(f"{HERE}/{row.id}/end").text
    assert "Remove <bdi>Log</bdi>?" in asked
    assert len(rows(world, synced_source)) == 1
    assert "What it brought in stays." in told(browser, browser.post(f"{HERE}/{row.id}/end"))
    assert rows(world, synced_source) == []
    assert browser.post(f"{HERE}/{row.id}/check").status_code == 404


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kind": "ics", "address": "no address at all"}, "This is not an address."),
        ({"kind": "imap", "address": "https://dav.example"}, "This is not an address."),
        ({"kind": "carddav", "address": "https://localhost/"}, "In Person may not read"),
        ({"kind": "caldav", "address": "https://a:b@dav.example"}, "in their own fields"),
        ({"kind": "telex"}, ""),
        ({"label": ""}, ""),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    world: World, server: ImapServer, said: dict[str, str], sentence: str
) -> None:
    answer = client(world, world.user("Ada")).post(HERE, data=form(server, **said))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert PASSWORD not in answer.text
    assert rows(world, synced_source) == []


def test_a_calendar_brings_past_meetings_and_is_read_on_from_some_weeks_before(world: World) -> None:
    world.user("Ada", email="ada@team.example")
    marta = world.contact("Marta Kowalczyk")
    browser = client(world, world.user("Bo"))
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261120T090000Z\r\nSUMMARY:Lunch with Marta Kowalczyk\r\nEND:VEVENT\r\n"
    calendar = f"BEGIN:VCALENDAR\r\n{event}END:VCALENDAR\r\n".encode()
    asked: list[object] = []

    def caldav(*told: object) -> Fetched:
        asked.append(told)
        return Fetched(GOOD, calendar, "calendar", {"until": "2026-11-23T09:00:00+00:00"})

    with (
        patch.dict(synced_kinds.KINDS, {"caldav": caldav}),
        patch("crm.imports.source_pages.tried", return_value=GOOD),
    ):
        browser.post(
            HERE,
            data={
                "label": "Team",
                "kind": "caldav",
                "address": "dav.example",
                "name": "ada",
                "password": "x",
            },
        )
        for hours in (0, 2):
            at = world.now + timedelta(hours=hours)
            read_due(
                world.database, settings(), Network(frozenset()), partial(at.replace, fold=0), lambda: True
            )
    assert [row.channel for row in rows(world, interaction)] == ["lunch"]
    assert marta
    assert len(asked) == 2
