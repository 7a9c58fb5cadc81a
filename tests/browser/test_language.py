"""A language is one catalogue: somebody who reads another one finds no English word on any page or in their mail.

The language of the test puts each sentence of the source between two marks and writes it in wide letters. What then is left in
narrow ones was written past the translation layer, whole or as a value within a sentence, unless it is data: words that stand in
the database.
"""

import json
import re
import shutil
import sqlite3
import sys
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

import pytest
import time_machine
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from httpx2 import Response
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from crm import clock
from crm.__main__ import run
from crm.app import create_app
from crm.contacts import actions
from crm.domain import language
from crm.storage.database import Database
from crm.storage.faults import plain_faults
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
WIDE = {number: number + 0xFEE0 for number in range(128) if chr(number).isalpha()}
VALUES = re.compile(r"(%\(\w+\)[sd]|%%|\{\w*\}|<[^>]*>|&#?\w+;)")
"""What of a sentence is no word: values, tags and signs of HTML."""
ATTRIBUTES = (
    *("title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription"),
    "data-label",
)
PLAIN = re.compile(
    r"In Person|UNITED STATES|known, missing|\bEnglish\b|\b[A-Z]{2}\b|\bUTC\b|\b\d{1,2}:\d{2}\b|https?://\S+|\S+@\S+|\bg [a-z]\b"
    r"|\b[0-9a-f]{12}\b|[\w./-]*\.(?:csv|toml|ics|vcf|pdf|json|eml|xml|zip|txt)\b"
)
"""The product's own name, the country as the post reads it, initials, zones, times of day, addresses, numbers of requests, names
of files, keys to press, what a file of rules calls its operations."""


def wide(sentence: str) -> str:
    """A sentence in the letters of the test's language; its values stay to be filled in."""
    return "".join(
        part if place % 2 else part.translate(WIDE) for place, part in enumerate(VALUES.split(sentence))
    )


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one catalogue of the language of the test."""
    marked = Catalog(locale=MARKED)
    for message in gathered():
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            said = tuple(f"{OPEN}{wide(one)}{CLOSE}" for one in ids)
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


def narrow(pieces: list[str]) -> list[str]:
    """What is written in other letters than those of the test's language."""
    parts = [part for piece in pieces for part in re.split("[⟦⟧Ａ-Ｚａ-ｚ]+", piece)]
    return [" ".join(part.split()) for part in parts if LETTERS.search(part)]


def data_of(folder: Path) -> str:
    """Every text of the database, but not the letters that were written into it."""
    with closing(sqlite3.connect(folder / "in-person.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = [row for name in tables for row in database.execute(f'SELECT * FROM "{name}"')]
    texts = {value for row in rows for value in row if isinstance(value, str) and len(value) < 400}
    return "\n".join(texts | {" ".join(text.split()) for text in texts} | available_timezones())


def english(pieces: list[str], data: str) -> list[str]:
    """What is neither translated nor data."""
    parts = [
        part.strip(" .’")
        for said in narrow(pieces)
        for part in re.split(r"[,·:;()–—/|“”…]\s*", PLAIN.sub(" ", said))
    ]
    return [part for part in parts if LETTERS.search(part) and part not in data]


def test_what_is_not_translated_is_found() -> None:
    page = Texts()
    said = f"{OPEN}{wide('Meet <b>Marta</b> {name}')}{CLOSE}"
    page.feed(f"<p title='Late'>{said} Reyes <i>soon</i></p><style>a</style> {OPEN}ｘ{CLOSE} or")
    assert narrow(page.pieces) == ["Late", "{name}", "Reyes", "soon", "or"]
    assert english(page.pieces, "Marta Reyes") == ["Late", "{name}", "soon", "or"]


@dataclass(frozen=True)
class Reader:
    """Somebody who reads the language of the test, at the product of ``folder``; ``data`` is all that is written down there."""

    folder: Path
    data: str
    places: list[str]
    browser: TestClient
    database: Database

    def left(self, page: str) -> list[str]:
        """What is English of a page; nothing of it may be all that there is."""
        texts = Texts()
        texts.feed(page)
        assert any(OPEN in piece for piece in texts.pieces), page[:2000]
        return english(texts.pieces, self.data)


@pytest.fixture
def reader(folder: Path) -> Iterator[Reader]:
    data, places = data_of(folder), addresses(folder)
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        nora = connection.execute(user.select().where(user.c.email == "nora@team.example")).one()
        connection.execute(user.update().where(user.c.id == nora.id).values(written={"language": MARKED}))
        cookie = sessions.start(connection, nora.workspace_id, nora.id, clock.now())
    yield Reader(folder, data, places, browser_at(database, Cookie=f"crm-session={cookie}"), database)
    database.close()


def browser_at(database: Database, **headers: str) -> TestClient:
    """A browser at the product; of its own it asks for no language."""
    app = create_app(settings(), database)
    browser = TestClient(app, base_url="http://testserver", headers=headers, raise_server_exceptions=False)
    browser.portal = portal()
    return browser


def test_no_page_and_no_mail_is_partly_english(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {place: reader.left(reader.browser.get(place).text) for place in reader.places}
    reader.database.close()
    monkeypatch.setenv("CRM_DATA_DIR", str(reader.folder))
    assert run(["nudge", "--user", "nora@team.example", "--eml-dir", str(reader.folder / "mail")]) == 0
    mail = BytesParser(policy=policy.default).parsebytes(
        next((reader.folder / "mail").glob("*.eml")).read_bytes()
    )
    text = "".join(part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain")
    found["mail"] = english(text.splitlines(), reader.data)
    nothing_is_left(found)


class Forms(HTMLParser):
    """The forms of a page that are sent by POST: where to, and each field's name with its type and what stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str, str]]]] = []
        self._is_open = False
        self._elsewhere: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_open = given.get("method") == "post"
            if self._is_open:
                self.forms.append((given.get("action", ""), []))
        elif self._is_open and tag in ("input", "select", "textarea", "button"):
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._is_open:
            self.forms += [(action, self.forms[-1][1]) for action in sorted(self._elsewhere)]
            self._is_open, self._elsewhere = False, set()

    def _field(self, tag: str, given: dict[str, str]) -> None:
        self._elsewhere |= {given["formaction"]} if "formaction" in given else set()
        sort = given.get("type", "text") if tag == "input" else tag
        is_off = sort in ("checkbox", "radio") and "checked" not in given
        if given.get("name") and sort != "file" and not is_off:
            self.forms[-1][1].append((given["name"], sort, given.get("value", "")))


NONSENSE = "?!"
"""No day, no number, no address, none of a list; and no word of any language."""
WRONGLY: dict[str, Callable[[str, str], str]] = {
    "as it stands": lambda _sort, value: value,
    "empty": lambda sort, value: value if sort == "hidden" else "",
    "with nonsense": lambda sort, value: value if sort == "hidden" else NONSENSE,
    "with nonsense all through": lambda _sort, _value: NONSENSE,
    "with far too much": lambda sort, value: value if sort == "hidden" else "7" * 40_000,
}


def test_no_form_that_was_sent_is_answered_partly_in_english(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every form of every page, sent in several wrong ways: what comes back, or what is said on the next page."""
    forms: dict[str, tuple[str, list[tuple[str, str, str]]]] = {}
    for place in reader.places:
        page = Forms()
        page.feed(reader.browser.get(place).text)
        for action, fields in page.forms:
            alike = f"{re.sub('[0-9]+', '1', action)} {sorted({name for name, *_ in fields})}"
            forms.setdefault(alike, (action or place, fields))
    assert len(forms) > 80
    monkeypatch.setattr(Database, "write", undone(Database.write))
    found = {}
    for action, fields in forms.values():
        for how, change in WRONGLY.items():
            sent = [(name, change(sort, value)) for name, sort, value in fields]
            found[f"{action} {how}"] = answered(reader, action, sent)
    nothing_is_left(found)


def answered(reader: Reader, action: str, fields: list[tuple[str, str]]) -> list[str]:
    """What is English of the answer: of the page, or of what the next page will say."""
    answer = reader.browser.post(
        action,
        content=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )
    reader.browser.cookies.clear()
    assert answer.status_code < 500, (action, fields)
    if answer.status_code != 303:
        return reader.left(answer.text) if "html" in answer.headers.get("content-type", "") else []
    flash = answer.cookies.get("crm-flash")
    if flash is None:
        return []
    said = json.loads(zlib.decompress(urlsafe_b64decode(flash.strip('"').partition(".")[0])))
    return english([said["message"]], reader.data)


def undone(write: Callable[[Database], AbstractContextManager[Connection]]) -> Any:
    """Transactions as they are, but nothing of them stays."""

    class Undone(Exception):
        pass

    @contextmanager
    def written(database: Database) -> Iterator[Connection]:
        with suppress(Undone), write(database) as connection:
            yield connection
            raise Undone

    return written


NOTHING_THERE = (
    *("/nothing", "/people/0", "/organisations/0", "/rules/none", "/log/0", "/import/0", "/trips/0"),
    *("/asks/0/edit", "/people/0/note", "/team/heartbeat/mails/0"),
)
NOTHING_THERE_FOR_ANYBODY = ("/nothing", "/n/0", "/reset/0", "/welcome/0", "/email/0", "/sign-in/link/0")
BROKEN: Any = {
    "content": b"--x\r\nbroken",
    "headers": {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "11"},
}


def test_no_error_page_is_partly_english(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = browser_at(reader.database, **{"Accept-Language": f"{MARKED},en;q=0.5"})
    found = {}

    def note(what: str, status: int, answer: Response) -> None:
        assert answer.status_code == status, (what, answer.status_code)
        found[what] = reader.left(answer.text)

    for place in NOTHING_THERE:
        note(place, 404, reader.browser.get(place))
    for place in NOTHING_THERE_FOR_ANYBODY:
        note(place, 404, nobody.get(place))
    for place in ("/sign-in", "/forgotten"):
        note(place, 200, nobody.get(place))
    note("/sign-in sent", 422, nobody.post("/sign-in", data={"email": "nora@team.example"}))
    note("/forgotten sent", 422, nobody.post("/forgotten"))
    note("/people/new signed out", 401, nobody.post("/people/new", data={"name": "Ana"}))
    note("/people part signed out", 401, nobody.get("/people", headers={"HX-Request": "true"}))
    note("/sign-out opened as a page", 405, reader.browser.get("/sign-out"))
    note("/people with NUL", 422, reader.browser.get("/people?q=%00"))
    note("/people/new with NUL", 422, reader.browser.post("/people/new", data={"name": "\0"}))
    note("/people/new too large", 413, reader.browser.post("/people/new", data={"name": "7" * 3_000_000}))
    note("/people/new unreadable", 422, reader.browser.post("/people/new", **BROKEN))
    note("/people/new foreign", 403, nobody.post("/people/new", headers={"Origin": "http://other.example"}))
    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", busy)
        note("/people/new while busy", 503, reader.browser.post("/people/new", data={"name": "Ana"}))
    with monkeypatch.context() as patch:
        patch.setattr(actions, "add_contact", None)
        note("/people/new while broken", 500, reader.browser.post("/people/new", data={"name": "Ana"}))
    for role, place, method in (("viewer", "/people/new", "POST"), ("member", "/settings/targets", "POST")):
        with reader.database.write() as connection:
            connection.execute(user.update().values(role=role))
        note(f"{place} as {role}", 403, reader.browser.request(method, place))
    nothing_is_left(found)


def busy(_database: Database) -> None:
    """No transaction begins: another process holds the lock."""
    with plain_faults():
        raise OperationalError("BEGIN", None, Exception("database is locked"))


def nothing_is_left(found: dict[str, list[str]]) -> None:
    """At no place; what there is, is printed."""
    left = {place: words for place, words in found.items() if words}
    print_left(left)
    assert set(left) == set()


def print_left(left: dict[str, list[str]]) -> None:
    """For whoever translates: ``./dev test tests/browser/test_language.py -s -q`` lists what is left."""
    for place, words in left.items():
        sys.stdout.write(f"{place} {sorted(set(words))}\n")
