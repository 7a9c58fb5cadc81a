"""A mail that asks "Have you met since?" is answered from it: one meeting, however often, and back."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from crm import clock
from crm.nudges.sending import into_folder
from crm.storage.tables import interaction, response
from tests.builders import NOW, World
from tests.nudges.mailroom import only
from tests.nudges.mailroom import postman as mails
from tests.nudges.test_links import HOST
from tests.rules.test_on_record import lives
from tests.web.site import client

LABEL = "We did meet"


class Asked:
    """Somebody forgetful, the mail they got, and a browser without a session."""

    def __init__(self, world: World, folder: Path, meetings_logged: int = 0) -> None:
        self.world = world
        self.user = world.user(nudge_minute=720, nudge_weekday=0, created_at=NOW.replace(year=2025))
        self.marta = lives(world, self.user, meetings_logged)
        only(mails(world.database, hand_over=into_folder(folder)).work())
        (path,) = folder.glob("*.eml")
        self.message = message_from_bytes(path.read_bytes(), policy=default)
        self.browser = client(world)

    def body(self, kind: str) -> str:
        assert isinstance(self.message, EmailMessage)
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    def link(self) -> str:
        found = re.search(rf"{LABEL}\s+{HOST}(\S+)", self.body("plain"))
        assert found is not None
        return found[1]

    def meetings(self) -> list[Any]:
        """Channel and day of what was logged since the mail, as far as it stands."""
        with self.world.database.read() as connection:
            since = interaction.c.occurred_at >= NOW
            chosen = select(interaction.c.channel, interaction.c.day).where(
                since, interaction.c.deleted_at.is_(None)
            )
            return [tuple(row) for row in connection.execute(chosen)]


@pytest.fixture
def asked(world: World, tmp_path: Path) -> Any:
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        yield Asked(world, tmp_path)


def test_one_meeting_however_often_and_back(asked: Asked) -> None:
    path, once = asked.link(), [("meeting", clock.now().date())]
    assert f"{HOST}{path}" in asked.body("html")
    page = asked.browser.get(path).text
    assert "<h1>Log a meeting with Marta?</h1>" in page
    assert page.count("<form") == 1
    assert asked.meetings() == []
    for _ in range(2):
        for _ in range(2):
            assert "A meeting with Marta is logged" in asked.browser.post(path).text
            assert asked.meetings() == once
        assert "All done for this week" in client(asked.world, asked.user).get("/").text
        for _ in range(2):
            assert "<h1>Log a meeting with Marta?</h1>" in asked.browser.post(path + "/undo").text
            assert asked.meetings() == []
    with asked.world.database.read() as connection:
        assert connection.execute(select(response)).all() == [], "nobody acted on the suggestion"


def test_met_by_another_way_meanwhile_nothing_is_logged_again(asked: Asked) -> None:
    path = asked.link()
    asked.world.log("lunch", None, asked.marta, occurred_at=clock.now(), by=asked.user)
    assert "You have already been in touch" in asked.browser.post(path).text
    assert [channel for channel, _ in asked.meetings()] == ["lunch"]


def test_whoever_logs_their_meetings_is_not_asked_and_can_answer_all_the_same(
    world: World, tmp_path: Path
) -> None:
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        sent = Asked(world, tmp_path, meetings_logged=10)
        assert "Have you met" not in sent.body("plain")
        assert sent.link()
