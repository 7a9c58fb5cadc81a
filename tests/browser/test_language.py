"""A language is one catalogue: somebody who reads another one finds no English word on any page or in their mail.

The language of the test puts each sentence of the source between two marks. What then stands outside of them was written past the
translation layer, unless it is data: words that stand in the database.
"""

import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import available_timezones

import pytest
import time_machine
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from starlette.testclient import TestClient

from crm import clock
from crm.__main__ import run
from crm.app import create_app
from crm.domain import language
from crm.storage.database import Database
from crm.storage.tables import user
from crm.web import sessions
from tests.browser.places import addresses
from tests.browser.product import MONDAY
from tests.portal import portal
from tests.web.site import settings
from tools.texts import gathered

MARKED = "eo"
OPEN, CLOSE = "⟦", "⟧"
LETTERS = re.compile(r"[^\W\d_]{2,}")
ATTRIBUTES = ("title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription")
PLAIN = re.compile(
    r"In Person|\bEnglish\b|\b[A-Z]{2}\b|\bUTC\b|\b\d{1,2}:\d{2}\b|https?://\S+|\S+@\S+|\bg [a-z]\b"
    r"|[\w./-]*\.(?:csv|toml|ics|vcf|pdf|json|eml|xml|zip|txt)\b"
)
"""The product's own name, initials, zones, times of day, addresses, names of files, keys to press."""
NOT_YET: tuple[str, ...] = ("/",)
"""How the addresses of pages begin that are still partly English."""


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one catalogue of the language of the test."""
    marked = Catalog(locale=MARKED)
    for message in gathered():
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            said = tuple(f"{OPEN}{one}{CLOSE}" for one in ids)
            untouched = message.context == "direction of writing"
            string = message.id if untouched else said if len(said) > 1 else said[0]
            marked.add(message.id, string, context=message.context)
    folder = tmp_path_factory.mktemp("locale")
    (folder / MARKED / "LC_MESSAGES").mkdir(parents=True)
    with (folder / MARKED / "LC_MESSAGES" / "crm.mo").open("wb") as file:
        write_mo(file, marked)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path, catalogues: Path) -> Iterator[Path]:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    with (
        time_machine.travel(datetime.fromisoformat(MONDAY), tick=True),
        language.catalogues_in(catalogues),
    ):
        yield tmp_path


class Texts(HTMLParser):
    """What a person reads or hears of a page, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        self.pieces += [value for name, value in attrs if name in ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def outside(pieces: list[str]) -> list[str]:
    """What stands outside the marks; a sentence may run over several pieces."""
    found, depth = [], 0
    for piece in pieces:
        said = ""
        for letter in piece:
            depth += (letter == OPEN) - (letter == CLOSE and depth > 0)
            said += letter if depth == 0 and letter != CLOSE else "\n"
        found += said.split("\n")
    return [" ".join(part.split()) for part in found if LETTERS.search(part)]


def data_of(folder: Path) -> str:
    """Every text of the database, but not the letters that were written into it."""
    with closing(sqlite3.connect(folder / "in-person.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = [row for name in tables for row in database.execute(f'SELECT * FROM "{name}"')]
    return "\n".join(
        {value for row in rows for value in row if isinstance(value, str) and len(value) < 400}
        | available_timezones()
    )


def english(pieces: list[str], data: str) -> list[str]:
    """What is neither translated nor data."""
    parts = [
        part for said in outside(pieces) for part in re.split(r"[,·:;()–—/|“”…]\s*", PLAIN.sub(" ", said))
    ]
    return [part for part in parts if LETTERS.search(part) and part.strip() not in data]


def test_what_is_outside_the_marks_is_found() -> None:
    page = Texts()
    page.feed(
        f"<p title='Late'>{OPEN}Meet <b>Marta{CLOSE}</b> Reyes <i>soon</i></p><style>a</style> {OPEN}x{CLOSE} or"
    )
    assert outside(page.pieces) == ["Late", "Reyes", "soon", "or"]
    assert english(page.pieces, "Marta Reyes") == ["Late", "soon", "or"]


def test_no_page_and_no_mail_is_partly_english(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, places = data_of(folder), addresses(folder)
    found = {}
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        nora = connection.execute(user.select().where(user.c.email == "nora@team.example")).one()
        connection.execute(user.update().where(user.c.id == nora.id).values(written={"language": MARKED}))
        cookie = sessions.start(connection, nora.workspace_id, nora.id, clock.now())
    app = create_app(settings(), database)
    browser = TestClient(app, base_url="http://testserver", headers={"Cookie": f"crm-session={cookie}"})
    browser.portal = portal()
    for place in places:
        page = Texts()
        page.feed(browser.get(place).text)
        assert any(OPEN in piece for piece in page.pieces), place
        found[place] = english(page.pieces, data)
    database.close()
    monkeypatch.setenv("CRM_DATA_DIR", str(folder))
    assert run(["nudge", "--user", "nora@team.example", "--eml-dir", str(folder / "mail")]) == 0
    mail = BytesParser(policy=policy.default).parsebytes(next((folder / "mail").glob("*.eml")).read_bytes())
    text = "".join(part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain")
    found["mail"] = english(text.splitlines(), data)
    left = {place: words for place, words in found.items() if words}
    print_left(left)
    assert {place for place in left if not place.startswith(NOT_YET) and place != "mail"} == set()


def print_left(left: dict[str, list[str]]) -> None:
    """For whoever translates: ``./dev test tests/browser/test_language.py -s -q`` lists what is left."""
    for place, words in left.items():
        sys.stdout.write(f"{place} {sorted(set(words))}\n")
