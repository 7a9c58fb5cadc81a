"""A form that is sent after the session ended is not lost: signing in carries it along."""

import html
import re

import pytest
from sqlalchemy import select

from crm.accounts.passwords import hashed
from crm.accounts.sign_in import FOR_ACCOUNT
from crm.storage.tables import interaction, session
from tests.builders import World
from tests.web.site import PASSWORD, client

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOTE = 'Her daughter starts at McGill; "two <b>years</b>" & then Boston'
INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def hidden(page: str) -> dict[str, str]:
    return {html.unescape(name): html.unescape(value) for name, value in INPUT.findall(page)}


def noted(world: World) -> list[str | None]:
    with world.database.read() as connection:
        return list(connection.execute(select(interaction.c.note)).scalars())


def test_a_long_note_is_saved_after_signing_in_again(world: World) -> None:
    nora = world.user(email="nora@team.example", password_hash=hashed(PASSWORD))
    marta = world.contact("Marta Kowalczyk", owner_id=nora.user_id)
    browser = client(world, nora)
    with world.database.write() as connection:
        connection.execute(session.delete())
    written = {"contact_ids": str(marta), "channel": "lunch", "note": NOTE}
    refused = browser.post("/log", data=written)
    assert (refused.status_code, noted(world)) == (401, [])
    del browser.headers["Cookie"]
    way_in = hidden(refused.text) | {"email": "nora@team.example"}
    wrong = browser.post("/sign-in", data=way_in | {"password": "not this one"})
    assert wrong.status_code == 422
    page = browser.post(
        "/sign-in", data=hidden(wrong.text) | {"email": "nora@team.example", "password": PASSWORD}
    )
    assert page.status_code == 200
    assert html.escape(NOTE) in page.text.replace("&#34;", "&quot;")
    assert "<b>years</b>" not in page.text
    assert noted(world) == []
    assert hidden(page.text) == written
    assert browser.post("/log", data=hidden(page.text)).status_code == 303
    assert noted(world) == [NOTE]


def test_a_note_outlasts_too_many_wrong_passwords(world: World) -> None:
    world.user(email="nora@team.example", password_hash=hashed(PASSWORD))
    browser = client(world)
    typed = {"email": "nora@team.example", "password": "wrong", "kept_for": "/log", "kept:note": NOTE}
    answers = [browser.post("/sign-in", data=typed) for _ in range(FOR_ACCOUNT + 1)]
    assert [one.status_code for one in answers] == [422] * FOR_ACCOUNT + [429]
    assert "Too many attempts from here." in answers[-1].text
    assert hidden(answers[-1].text)["kept:note"] == NOTE


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/log", "//elsewhere.example", "javascript:alert(1)"]
)
def test_what_was_written_goes_nowhere_else(world: World, address: str) -> None:
    world.user(email="nora@team.example", password_hash=hashed(PASSWORD))
    typed = {"email": "nora@team.example", "password": PASSWORD, "kept_for": address, "kept:note": NOTE}
    answer = client(world).post("/sign-in", data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/settings/password", "/settings/email", "/settings/tokens"])
def test_a_password_is_not_carried(world: World, path: str) -> None:
    nora = world.user(email="nora@team.example", password_hash=hashed(PASSWORD))
    shown = client(world, nora).get(path).text
    fields = re.findall(r'<input class="input" id="\w+" name="(\w+)"', shown)
    assert len(fields) == 2
    answer = client(world).post(path, data=dict.fromkeys(fields, "correct horse battery staple"))
    assert answer.status_code == 401
    assert "horse" not in answer.text
