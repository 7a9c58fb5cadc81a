"""Another address for oneself, and addresses that take no mail."""

import re
from typing import Any

import pytest
import time_machine

from crm import clock
from crm.accounts import mails
from crm.accounts.own_address import PAUSE
from crm.accounts.passwords import hashed
from crm.accounts.queries import own_words
from crm.mail.transport import Delivery, DeliveryState, Phase
from crm.storage.tables import mail_stop, outbox, user
from tests.builders import World
from tests.web.site import PASSWORD, client

SMTP = "smtp://127.0.0.1:1"
NEW = "Alice@Elsewhere.example"
TAKEN = NEW.lower()
FORM = {"email": NEW, "current_password": PASSWORD}
SENT, REFUSED = DeliveryState.ACCEPTED, DeliveryState.REFUSED


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every mail about an account: its address, and the words of it in one line."""
    letters: list[tuple[str, str]] = []

    def accept(_: object, message: Any, **__: object) -> Delivery:
        to = message["To"].addresses[0].addr_spec
        letters.append((to, message.get_body(("plain",)).get_content()))
        state = REFUSED if to.startswith("gone") else SENT
        return Delivery(state, Phase.HANDED_OVER, "550 no such user" if state is REFUSED else "250 OK")

    monkeypatch.setattr(mails, "deliver", accept)
    return letters


def address(world: World, user_id: int | None) -> str:
    with world.database.read() as connection:
        return str(connection.execute(user.select().where(user.c.id == user_id)).one().email)


def link(words: str) -> str:
    found = re.search(r"http://testserver(/email/[\w.-]+)", words)
    assert found
    return found[1]


def stop(world: World, email: str) -> None:
    row = {"workspace_id": world.workspace_id, "id": 1, "address": email, "said": "550 none"}
    with world.database.write() as connection:
        connection.execute(mail_stop.insert(), {**row, "stopped_at": world.now})


def test_the_link_that_is_mailed_there_takes_the_address_once(
    world: World, sent: list[tuple[str, str]]
) -> None:
    alice = world.user(password_hash=hashed(PASSWORD))
    world.user("Bob Stone")
    row = {
        "workspace_id": world.workspace_id,
        "user_id": alice.user_id,
        "purpose": "nudge",
        "to_address": "x",
    }
    times = dict.fromkeys(("due_at", "next_try_at", "changed_at"), world.now)
    with world.database.write() as connection:
        for number, state in enumerate(("retry", "sent")):
            of_week = {"id": number, "week": f"2026-W4{number}", "message_id": f"<{number}@x>"}
            counts = {"state": state, "fence": 0, "attempts": 0}
            connection.execute(outbox.insert(), {**row, **times, **of_week, **counts})
    here = client(world, alice, smtp_url=SMTP)
    assert (
        "That is not your current password."
        in here.post("/settings/email", data={**FORM, "current_password": "x"}).text
    )
    for taken, said in (("alice", "is already your address"), ("bob", "is already a member")):
        answer = here.post("/settings/email", data={**FORM, "email": f"{taken}@team.example"})
        assert (answer.status_code, said in answer.text) == (422, True)
    assert sent == []
    assert here.post("/settings/email", data=FORM).status_code == 303
    assert [to for to, _ in sent] == [TAKEN]
    assert f"A link is on its way to {TAKEN}" in here.get("/settings/email").text
    assert "Wait two minutes" in here.post("/settings/email", data=FORM).text
    stranger, path = client(world, smtp_url=SMTP), link(sent[0][1])
    assert (stranger.get(path).status_code, address(world, alice.user_id)) == (200, "alice@team.example")
    assert stranger.post(path).status_code == 200
    assert address(world, alice.user_id) == TAKEN
    assert stranger.get("/team").status_code == 303  # it signs nobody in
    assert [stranger.post(path).status_code, stranger.get(path).status_code] == [404, 404]
    assert sent[1][0] == "alice@team.example"
    assert TAKEN in sent[1][1]
    with world.database.read() as connection:
        assert "alice@team.example" in own_words(connection, alice)[alice.user_id or 0]
        waits = connection.execute(outbox.select().order_by(outbox.c.id)).all()
    assert [one.to_address for one in waits] == [TAKEN, "x"]


def test_a_link_that_was_taken_back_or_cannot_be_mailed_holds_nothing(
    world: World, sent: list[tuple[str, str]]
) -> None:
    alice = world.user(password_hash=hashed(PASSWORD))
    here = client(world, alice, smtp_url=SMTP)
    assert here.post("/settings/email", data=FORM).status_code == 303
    here.post("/settings/email/forget")
    assert client(world).post(link(sent[0][1])).status_code == 404
    assert "on its way" not in here.get("/settings/email").text
    assert "Wait two minutes" in here.post("/settings/email", data=FORM).text
    stop(world, TAKEN)
    assert "accepts no mail for it: 550 none" in here.post("/settings/email", data=FORM).text
    with time_machine.travel(clock.now() + PAUSE):
        answer = here.post("/settings/email", data={**FORM, "email": "gone@team.example"})
        assert (answer.status_code, "550 no such user" in answer.text) == (422, True)
        assert client(world).post(link(sent[1][1])).status_code == 404
    assert address(world, alice.user_id) == "alice@team.example"


def test_without_mail_the_password_is_enough(world: World) -> None:
    alice = world.user(password_hash=hashed(PASSWORD))
    here = client(world, alice)
    assert here.post("/settings/email", data={"email": NEW}).status_code == 422
    assert here.post("/settings/email", data=FORM).status_code == 303
    assert address(world, alice.user_id) == TAKEN


def test_no_invitation_and_no_link_goes_to_an_address_that_takes_no_mail(
    world: World, sent: list[tuple[str, str]]
) -> None:
    admin = client(world, world.user(), smtp_url=SMTP)
    bob = world.user("Bob Stone")
    stop(world, "bob@team.example")
    page = admin.post(f"/team/{bob.user_id}/link")
    assert "accepts no mail for it: 550 none" in page.text
    assert "/welcome/" in page.text  # to hand over
    for path in ("/sign-in/link", "/forgotten"):
        assert client(world, smtp_url=SMTP).post(path, data={"email": "bob@team.example"}).status_code == 200
    assert sent == []
