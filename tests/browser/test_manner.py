"""Somebody who writes Nov 19 and 6:30 PM sees no day, time or number of another manner, on any page and in their mail."""

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.parser import BytesParser
from html import unescape
from pathlib import Path

import pytest
import time_machine
from starlette.testclient import TestClient

from crm import clock
from crm.__main__ import run
from crm.app import create_app
from crm.storage.database import Database
from crm.storage.tables import user
from crm.web import sessions
from tests.browser.places import addresses
from tests.browser.product import MONDAY
from tests.portal import portal
from tests.web.site import settings

MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
ANOTHER_MANNER = re.compile(
    rf"\b\d{{1,2}} (?:{MONTHS})[a-z]*\b|\b(?:[01]\d|2[0-3]):[0-5]\d\b(?!\s?[AP]M)|\b\d{{1,3}},\d{{3}}\b|\b20\d\d-\d\d-\d\d\b"
)
CHOICES = re.compile(
    r"<select.*?</select>|<option.*?</option>|<script.*?</script>|<style.*?</style>", re.DOTALL
)
WRITTEN = {"dates": "month_day", "hours": "12", "numbers": "point"}


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    with time_machine.travel(datetime.fromisoformat(MONDAY), tick=True):
        yield tmp_path


def words_of(page: str) -> str:
    """What a person reads of a page."""
    return unescape(re.sub(r"<[^>]+>", " ", CHOICES.sub(" ", page)))


def test_every_page_and_the_mail_are_written_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        nora = connection.execute(user.select().where(user.c.email == "nora@team.example")).one()
        connection.execute(user.update().where(user.c.id == nora.id).values(written=WRITTEN))
        cookie = sessions.start(connection, nora.workspace_id, nora.id, clock.now())
    app = create_app(settings(), database)
    browser = TestClient(app, base_url="http://testserver", headers={"Cookie": f"crm-session={cookie}"})
    browser.portal = portal()
    found, seen = {}, ""
    for place in addresses(folder):
        words = words_of(browser.get(place).text)
        if not place.startswith("/import/"):  # a report stays as it was told to whoever imported
            found[place] = ANOTHER_MANNER.findall(words)
        seen += words
    database.close()
    assert {place: said for place, said in found.items() if said} == {}
    assert re.search(rf"(?:{MONTHS}) \d", seen)
    assert re.search(r"\d:\d\d\s?[AP]M", seen)
    monkeypatch.setenv("CRM_DATA_DIR", str(folder))
    assert run(["nudge", "--user", "nora@team.example", "--eml-dir", str(folder / "mail")]) == 0
    mail = BytesParser(policy=policy.default).parsebytes(next((folder / "mail").glob("*.eml")).read_bytes())
    text = "".join(part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain")
    assert ANOTHER_MANNER.findall(text) == []
    assert re.search(rf"(?:{MONTHS}) \d", text)
