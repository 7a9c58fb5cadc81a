"""One request, one transaction; limits; flashes; faults of the database."""

from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from crm.app import create_app
from crm.errors import Conflict, Unavailable
from crm.storage.tables import user
from crm.web import flashes
from crm.web.body import FORM_BYTES, UPLOAD_BYTES
from crm.web.routing import Router, Visit
from tests.builders import World
from tests.web.site import client, settings
from tests.web.test_access import everything

router = Router()
NOTHING: dict[str, Any] = {"errors": {}, "passes": None, "has_password": True}


def rename(visit: Visit, name: str) -> None:
    mine = (user.c.workspace_id == visit.user.workspace_id, user.c.id == visit.user.id)
    visit.connection.execute(user.update().where(*mine).values(name=name))


@router.action("/try/{how}")
def attempt(visit: Visit) -> Response:
    rename(visit, "Changed")
    visit.after_commit(lambda: done.append(name_of(visit)))
    if visit.text("how") == "refused":
        raise Conflict("Somebody was quicker.")
    if visit.text("how") == "unfit":
        return visit.render("accounts/password.html", NOTHING, status=422)
    if visit.text("how") == "busy":
        raise Unavailable("The database is busy, so nothing was saved.")
    return visit.redirect("/team", message="Marta is <b>archived</b>.", undo="/people/17/restore")


@router.action("/size")
def size(visit: Visit) -> Response:
    return visit.json(
        {
            "fields": len(visit.form.multi_items()),
            "bytes": sum(
                len(file.file.read()) for _, file in visit.files.multi_items() if isinstance(file, UploadFile)
            ),
        }
    )


done: list[str] = []


def name_of(visit: Visit) -> str:
    with visit.database.read() as connection:
        return str(connection.execute(select(user.c.name)).scalar_one())


@pytest.fixture
def visitor(world: World) -> TestClient:
    done.clear()
    visitor = client(world, world.user())
    visitor.app.router.routes.extend(router.routes)  # type: ignore[attr-defined]
    return visitor


def test_an_action_is_committed_before_its_answer(visitor: TestClient) -> None:
    assert visitor.post("/try/well").status_code == 303
    assert done == ["Changed"]


@pytest.mark.parametrize(("how", "status"), [("refused", 409), ("unfit", 422), ("busy", 503)])
def test_what_is_refused_leaves_everything_as_it_was(
    world: World, visitor: TestClient, how: str, status: int
) -> None:
    before = everything(world.database)
    assert visitor.post(f"/try/{how}").status_code == status
    assert everything(world.database) == before
    assert done == []


def test_a_flash_is_shown_once_with_its_undo(visitor: TestClient) -> None:
    answer = visitor.post("/try/well")
    flash = answer.cookies["crm-flash"]
    session = visitor.headers["Cookie"]
    shown = visitor.get("/team", headers={"Cookie": f"{session}; crm-flash={flash}"})
    assert "Marta is &lt;b&gt;archived&lt;/b&gt;." in shown.text
    assert 'action="/people/17/restore"' in shown.text
    assert 'crm-flash=""' in shown.headers["set-cookie"]
    assert "archived" not in visitor.get("/team").text


@pytest.mark.parametrize("word", ["я", "漢", "🎂", "<b>", "\ud800"])
def test_a_flash_of_long_words_fits_into_a_cookie_with_its_undo(world: World, word: str) -> None:
    site = client(world).app.state.site  # type: ignore[attr-defined]
    noise = "".join(
        chr(ord(word[0]) + number * 7919 % 40) if len(word) == 1 else word for number in range(700)
    )
    undo = "/settings/targets?" + "&".join(f"key.kind+{number}.personal={number}" for number in range(200))
    response = Response()
    flashes.leave(site, "owner", response, flashes.Flash(noise, undo))
    cookie = response.headers["set-cookie"].partition(";")[0]
    assert len(cookie) <= 4_000
    request = Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})
    (flash,) = flashes.read(site, "owner", request)
    assert flash.undo_url == undo
    assert noise.startswith(flash.message)
    assert len(flash.message) > 300


def test_a_flash_that_we_did_not_leave_here_is_nothing(world: World, visitor: TestClient) -> None:
    flash = visitor.post("/try/well").cookies["crm-flash"]
    session = visitor.headers["Cookie"]
    for forged in (flash[:-1], "x" + flash, flash.replace(".", ""), "é.é".encode().decode("latin-1")):
        answer = visitor.get("/team", headers={b"Cookie": f"{session}; crm-flash={forged}".encode("latin-1")})
        assert answer.status_code == 200
        assert "archived" not in answer.text
    other = client(world, world.user("Bob Stone"))
    assert (
        "archived"
        not in other.get("/team", headers={"Cookie": f"{other.headers['Cookie']}; crm-flash={flash}"}).text
    )


def test_bodies_have_limits(visitor: TestClient) -> None:
    assert visitor.post("/size", data={"a": "x" * (FORM_BYTES - 10)}).status_code == 200
    assert visitor.post("/size", data={"a": "x" * (FORM_BYTES + 10)}).status_code == 413
    upload = visitor.post("/size", files={"file": b"x" * (3 * FORM_BYTES)})
    assert upload.json() == {"fields": 0, "bytes": 3 * FORM_BYTES}
    assert visitor.post("/size", files={"file": b"x" * (UPLOAD_BYTES + 1)}).status_code == 413


def test_a_body_of_unsaid_length_is_counted(visitor: TestClient) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    many = (b"x" * 65_536 for _ in range(40))
    assert visitor.post("/size", content=many, headers=kind).status_code == 413
    few = (b"a=b&" for _ in range(3))
    assert visitor.post("/size", content=few, headers=kind).json()["fields"] == 3


def test_strangers_send_no_large_bodies(world: World) -> None:
    world.user()
    anonymous = client(world)
    large = {"file": b"x" * (FORM_BYTES + 1)}
    assert anonymous.post("/sign-in", files=large).status_code == 413
    assert anonymous.post("/settings", files=large).status_code == 401


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a=%00", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"--x\r\nContent-Disposition: nothing\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_broken_forms_are_refused(visitor: TestClient, content: bytes, kind: str) -> None:
    assert visitor.post("/size", content=content, headers={"Content-Type": kind}).status_code == 422


def test_a_nul_in_an_address_is_refused(visitor: TestClient) -> None:
    assert visitor.get("/team?q=%00").status_code == 422


@pytest.mark.parametrize("number", ["0x1", "-1", "١", "9" * 30, "1.0", "%20"])
def test_what_is_no_id_is_not_found(visitor: TestClient, number: str) -> None:
    assert visitor.post(f"/team/{number}/activate").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_read_only_database_says_so_still_shows_and_recovers(world: World) -> None:
    form = {"name": "Alice", "time_zone": "UTC"}
    visitor, engine = client(world, world.user(role="viewer")), world.database.engine

    def protect(connection: Any, _: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    engine.dispose()
    event.listen(engine, "connect", protect)
    refused = visitor.post("/settings", data=form)
    assert refused.status_code == 503
    assert "The database is read-only, so nothing was saved." in refused.text
    assert visitor.get("/team").status_code == 200
    engine.dispose()
    event.remove(engine, "connect", protect)
    assert visitor.post("/settings", data=form).status_code == 303


def test_a_session_is_prolonged_by_use_and_ends_without(world: World) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        visitor = client(world, world.user())
        clock.shift(29 * 86_400)
        answer = visitor.get("/team")
        assert answer.status_code == 200
        assert "Max-Age=2592000" in answer.headers["set-cookie"]
        clock.shift(29 * 86_400)
        assert visitor.get("/team").status_code == 200
        clock.shift(31 * 86_400)
        assert visitor.get("/team").status_code == 303


def test_cookies_are_for_the_host_alone_on_https(world: World) -> None:
    from crm.accounts.passwords import hashed
    from tests.web.site import PASSWORD

    world.user(password_hash=hashed(PASSWORD))
    for base_url, name, secure in (
        ("http://crm.example", "crm-session", False),
        ("https://crm.example", "__Host-crm-session", True),
    ):
        app = create_app(settings(base_url=base_url), world.database)
        visitor = TestClient(app, base_url=base_url, follow_redirects=False)
        data = {"email": "alice@team.example", "password": PASSWORD}
        cookie = visitor.post("/sign-in", data=data).headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert ("; Secure" in cookie) is secure
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert visitor.get("/team").status_code == 200
