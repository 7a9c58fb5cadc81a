"""A mail is written in the language of whom it is for, not of whoever asked for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.accounts import mails
from crm.mail.transport import Delivery, DeliveryState, Phase
from crm.nudges import heartbeat_pages
from crm.storage.tables import user
from tests import catalogues
from tests.builders import World
from tests.catalogues import Said
from tests.web.site import client

SMTP = "smtp://127.0.0.1:1"
GERMAN: dict[Said, Said] = {
    "Choose a new password for %(workspace)s": "Ein neues Passwort für %(workspace)s",
    "Your sign-in link for %(workspace)s": "Dein Link für %(workspace)s",
    "%(invited_by)s invites you to %(workspace)s": "%(invited_by)s lädt dich zu %(workspace)s ein",
    "A test mail from In Person": "Eine Probe von In Person",
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path) -> Iterator[None]:
    """A catalogue of these four sentences."""
    with catalogues.german(tmp_path / "locale", GERMAN):
        yield


@pytest.fixture
def subjects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every mail is about."""
    found: list[str] = []

    def accept(_: object, message: Any, **__: object) -> Delivery:
        found.append(str(message["Subject"]))
        return Delivery(DeliveryState.ACCEPTED, Phase.HANDED_OVER, "250 OK")

    monkeypatch.setattr(mails, "deliver", accept)
    monkeypatch.setattr(heartbeat_pages, "deliver", accept)
    return found


def reads_german(world: World, user_id: int | None) -> str:
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == user_id).values(written={"language": "de"}))
        return str(connection.execute(user.select().where(user.c.id == user_id)).one().email)


def test_links_that_anybody_may_ask_for(world: World, subjects: list[str]) -> None:
    email = reads_german(world, world.user("Bob").user_id)
    stranger = client(world, smtp_url=SMTP)
    assert stranger.post("/forgotten", data={"email": email}).status_code == 200
    assert stranger.post("/sign-in/link", data={"email": email}).status_code == 200
    assert [one.split(" für ")[0] for one in subjects] == ["Ein neues Passwort", "Dein Link"]


def test_what_an_admin_sends_somebody_else(world: World, subjects: list[str]) -> None:
    alice, bob = world.user("Alice", role="admin"), world.user("Bob")
    reads_german(world, bob.user_id)
    admin = client(world, alice, smtp_url=SMTP)
    assert admin.post(f"/team/{bob.user_id}/link").status_code in (200, 303)
    admin.post("/team/heartbeat/test", data={"user": bob.user_id})
    admin.post("/team/heartbeat/test")
    assert "lädt dich zu" in subjects[0]
    assert subjects[1:] == ["Eine Probe von In Person", "A test mail from In Person"]
