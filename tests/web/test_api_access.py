"""Who may do what by the API: by token, scope and role. A session's cookie opens nothing."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.accounts import actions, tokens
from crm.storage.tables import contact, idempotency_key
from crm.web import body
from tests.builders import World
from tests.web.programs import API
from tests.web.site import client, program
from tests.web.test_access import everything, filled, foreign_ids

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BODIES: dict[str, Any] = {"{key}": {"enabled": False}}
OPEN = [name for name, scope in API.items() if scope != "public"]
CHANGING = [name for name, scope in API.items() if scope == "write"]


def ask(caller: TestClient, name: str, ids: dict[str, int] | None = None) -> Any:
    method, path = name.split(" ", 1)
    sent: Any = {} if method in ("GET", "DELETE") else {"json": BODIES.get(path.rpartition("/")[2], {})}
    if name == "POST /api/v1/imports":
        sent = {"files": [("files", ("people.csv", b"name,email\n"))]}
    return caller.request(method, filled(path, ids or {}), **sent)


def statuses(caller: TestClient, names: list[str]) -> set[int]:
    return {ask(caller, name).status_code for name in names}


def test_strangers_and_cookies_open_nothing(world: World) -> None:
    alice = world.user()
    before = everything(world.database)
    for caller in (client(world), client(world, alice)):
        if "Cookie" in caller.headers:
            before = everything(world.database)
        for name in OPEN:
            answer = ask(caller, name)
            assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, "Bearer"), name
            assert answer.headers["content-type"] == "application/problem+json"
    assert everything(world.database) == before


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer crm_",
        "Bearer crm_1_no",
        "Basic YTpi",
        "Bearer crm_٣_x",
        "Bearer crm_99999999999999999999_x",
    ],
)
def test_whatever_is_no_token_is_refused(world: World, header: str) -> None:
    answer = client(world).get("/api/v1/me", headers=[(b"Authorization", header.encode())])
    assert answer.status_code == 401


def test_a_token_that_reads_changes_nothing(world: World) -> None:
    reader = program(world, world.user(), "read")
    assert reader.get("/api/v1/me").json()["token"] == {"name": "Till", "scopes": ["read"]}
    before = everything(world.database)
    assert statuses(reader, CHANGING) == {403}
    assert everything(world.database) == before


def test_a_token_of_a_viewer_changes_nothing_whatever_its_scope(world: World) -> None:
    viewer = program(world, world.user(role="viewer"))
    assert viewer.get("/api/v1/contacts").status_code == 200
    assert viewer.get("/api/v1/plan").status_code == 403
    before = everything(world.database)
    assert statuses(viewer, CHANGING) == {403}
    assert everything(world.database) == before


def test_a_token_that_writes_reads_too_and_gets_an_answer_everywhere(world: World) -> None:
    writer = program(world, world.user(), "write")
    found = {name: ask(writer, name).status_code for name in OPEN}
    assert {name: one for name, one in found.items() if one in (401, 403, 405) or one >= 500} == {}


def test_tokens_end_with_their_user_and_when_they_are_revoked(world: World) -> None:
    admin, bob = world.user(), world.user("Bob Stone", role="member")
    of_bob, of_admin = program(world, bob), program(world, admin)
    with world.database.write() as connection:
        actions.deactivate(connection, world.principal, bob.user_id or 0, world.now)
    assert of_bob.get("/api/v1/me").status_code == 401
    assert of_admin.get("/api/v1/me").status_code == 200
    with world.database.write() as connection:
        tokens.revoke_token(connection, world.principal, "Till", world.now)
        actions.activate(connection, world.principal, bob.user_id or 0, world.now)
    assert {of_bob.get("/api/v1/me").status_code, of_admin.get("/api/v1/me").status_code} == {401}


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "4714"}])
def test_a_token_that_ends_while_files_arrive_brings_nothing_in(
    world: World, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    caller = program(world, world.user())
    received = body.read

    async def slowly(*asked: Any) -> Any:
        found = await received(*asked)
        with world.database.write() as connection:
            tokens.revoke_token(connection, world.principal, "Till", world.now)
        return found

    monkeypatch.setattr(body, "read", slowly)
    files = [("files", ("people.csv", b"name,email\nMarta,marta@x.example\n"))]
    assert caller.post("/api/v1/imports", files=files, headers=headers).status_code == 401
    with world.database.read() as connection:
        for table in (contact, idempotency_key):
            assert connection.execute(select(table)).all() == []


def test_what_belongs_to_others_looks_like_what_is_not_there(world: World) -> None:
    ids = foreign_ids(world)
    writer = program(world, world.user())
    writer.get("/api/v1/me")
    before = everything(world.database)
    seen = {}
    for name in OPEN:
        if any(f"{{{key}}}" in name for key in ids):
            foreign, missing = ask(writer, name, ids), ask(writer, name)
            assert foreign.json() == missing.json(), name
            seen[name] = foreign.status_code
    assert set(seen.values()) == {404}, seen
    assert everything(world.database) == before
