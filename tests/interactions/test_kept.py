"""Entries that a device kept while there was no network: each is logged once, as of when it was written."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from crm import clock
from crm.domain.principal import Principal
from crm.storage.tables import interaction
from tests.builders import World
from tests.web.site import client

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return client(world, alice)


def kept(principal: Principal, who: str = "Marta Kowalczyk", **more: Any) -> dict[str, Any]:
    """What a device sends."""
    written_at = more.pop("written_at", clock.now() - timedelta(minutes=5))
    about = {"once": str(uuid4()), "owner": f"{principal.workspace_id}.{principal.user_id}"}
    return {**about, "written_at": written_at.isoformat(), "who": who, "channel": "lunch", **more}


def send(site: TestClient, entry: dict[str, Any], path: str = "/log/kept") -> Any:
    return site.post(path, data=entry, headers=OURS)


def logged(world: World) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(interaction).order_by(interaction.c.id)))


def test_an_entry_is_logged_once_however_often_it_comes_and_by_whichever_way(
    world: World, alice: Principal, site: TestClient
) -> None:
    world.contact("Marta Kowalczyk")
    entry = kept(alice, summary="pilot moves to Worcester")
    assert send(site, entry, "/log").status_code == 303  # its answer was lost
    for _ in range(2):
        assert send(site, entry).json()["state"] == "saved"
    assert send(site, entry, "/log").status_code == 303
    [one] = logged(world)
    assert send(site, {}, f"/log/{one.id}/delete").status_code == 303
    assert send(site, entry).json()["state"] == "saved"
    assert [one.deleted_at is None for one in logged(world)] == [False]


def test_two_tabs_at_once_log_one(world: World, alice: Principal) -> None:
    world.contact("Marta Kowalczyk")
    entry = kept(alice)
    sites = [client(world, alice) for _ in range(3)]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda one=one: answers.append(send(one, entry).json())) for one in sites
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["state"] for answer in answers] == ["saved"] * 3
    assert len(logged(world)) == 1


def test_a_form_that_was_gone_back_to_and_changed_is_another_entry(
    world: World, alice: Principal, site: TestClient
) -> None:
    world.contact("Marta Kowalczyk")
    entry = kept(alice)
    for summary in ("first", "second", "second"):
        send(site, {**entry, "summary": summary}, "/log")
    assert [one.summary for one in logged(world)][:2] == ["first", "second"]


def test_today_and_yesterday_are_those_of_when_it_was_written(
    world: World, alice: Principal, site: TestClient
) -> None:
    world.contact("Marta Kowalczyk")
    written = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
    send(site, kept(alice, written_at=written))
    send(site, kept(alice, written_at=written, when="yesterday"))
    send(site, kept(alice, written_at=clock.now() + timedelta(days=9)))  # a device whose clock is wrong
    first, second, third = logged(world)
    assert first.occurred_at == written
    assert (second.day, second.occurred_at.date()) == ((written - timedelta(days=1)).date(),) * 2
    assert third.occurred_at <= clock.now()


def test_what_cannot_be_saved_comes_back_with_the_reason_and_is_mended_in_the_log_form(
    world: World, alice: Principal, site: TestClient
) -> None:
    for name in ("Marta Kowalczyk", "Marta Nowak"):
        world.contact(name)
    written = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
    entry = kept(alice, "Marta", written_at=written, note="her words")
    answer = send(site, entry)
    assert (answer.status_code, answer.json()) == (
        422,
        {"state": "refused", "reason": "Choose whom you mean."},
    )
    form = send(site, entry, "/log")
    assert form.status_code == 422
    assert 'value="2026-03-03"' in form.text
    assert 'value="10:20"' in form.text
    assert "her words" in form.text
    assert entry["once"] in form.text
    line = {"line": "lunch with Marta Nowak yesterday", "once": entry["once"]}
    assert send(site, {**entry, **line}).json()["reason"].startswith("Look at what was understood")
    read = send(site, {**line, "written_at": entry["written_at"]}, "/log/line")
    assert 'value="2026-03-02"' in read.text
    assert entry["once"] in read.text
    assert logged(world) == []


def test_nobody_else_sends_it_and_what_is_not_whole_is_refused(
    world: World, alice: Principal, site: TestClient
) -> None:
    world.contact("Marta Kowalczyk")
    bob = world.user("Bob Stone")
    assert send(site, kept(bob)).status_code == 409
    assert send(client(world), kept(alice)).status_code == 401
    assert send(client(world, world.user("Vera Vane", role="viewer")), kept(alice)).status_code == 403
    for broken in ({"once": "1"}, {"owner": ""}):
        answer = send(site, {**kept(alice), **broken})
        assert (answer.status_code, answer.json()["state"]) == (422, "refused")
    for strange in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "now"):
        answer = send(site, {**kept(alice), "written_at": strange})
        assert answer.json()["state"] == "saved"
    now = clock.now()
    assert all(now - timedelta(minutes=5) < one.occurred_at <= now for one in logged(world))


def test_the_page_that_devices_keep_holds_nothing_of_anybody(
    world: World, alice: Principal, site: TestClient
) -> None:
    world.contact("Marta Kowalczyk")
    mine, anybodys = site.get("/log/kept"), client(world).get("/log/kept")
    assert mine.status_code == 200
    assert mine.text == anybodys.text
    assert not mine.headers.get("set-cookie")
    with world.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(interaction)).scalar_one() == 0
