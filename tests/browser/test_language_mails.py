"""Whoever reads another language finds no English in any kind of mail, in a calendar, or in what is said of their files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from starlette.testclient import TestClient

from crm import clock
from crm.app import create_app
from crm.domain import language
from crm.mail import previews
from crm.nudges.compose import Writer
from crm.nudges.outbox import Body, Claim
from crm.storage.database import Database
from crm.storage.tables import user
from crm.templating import environment
from crm.web import sessions
from tests.browser import test_language
from tests.browser.test_language import MARKED, OPEN, Texts, data_of, english
from tests.portal import portal
from tests.web.site import settings

catalogues, folder = test_language.catalogues, test_language.folder
NORA = "nora@team.example"


@pytest.fixture
def office(folder: Path) -> Iterator[Database]:
    """The filled workspace, in which Nora reads the language of the test."""
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with database.write() as connection:
        connection.execute(
            user.update().where(user.c.email == NORA).values(written={"language": MARKED}, digest_on=True)
        )
    yield database
    database.close()


def nora(connection: Connection) -> tuple[int, int]:
    row = connection.execute(user.select().where(user.c.email == NORA)).one()
    return row.workspace_id, row.id


def browser_of(database: Database) -> TestClient:
    with database.write() as connection:
        cookie = sessions.start(connection, *nora(connection), clock.now())
    app = create_app(settings(), database)
    browser = TestClient(app, base_url="http://testserver", cookies={"crm-session": cookie})
    browser.portal = portal()
    return browser


def left_on(page: str, data: str) -> list[str]:
    """What is English on a page."""
    texts = Texts()
    texts.feed(page)
    assert any(OPEN in piece for piece in texts.pieces)
    return english(texts.pieces, data)


def left_in_mail(subject: str, text: str, html: str, data: str) -> list[str]:
    """What is English in a mail; in its text a sentence runs over several lines, some with a sign before them."""
    lines = [re.sub(r"^\s*(?:-|\d+\.) +", "", line) for line in text.splitlines()]
    return english([subject], data) + english(lines, data) + left_on(html, data)


@pytest.mark.parametrize("name", previews.names())
def test_every_kind_of_mail(name: str, catalogues: Path) -> None:
    templates = environment()
    texts = texts_in(json.loads(templates.loader.get_source(templates, f"emails/{name}/sample.json")[0]))  # type: ignore[union-attr]
    with language.catalogues_in(catalogues), language.spoken_in(MARKED):
        mail = previews.preview(templates, name)
    assert (left := left_in_mail(mail.subject, mail.text, mail.html, "\n".join(f"{one}{sign} {other}" for one in texts for other in texts for sign in (".", "")))) == [], left


def texts_in(value: object) -> list[str]:
    """Every text in a sample."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts_in(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts_in(one)]
    return [str(value)]


@pytest.mark.parametrize("purpose", ["nudge", "digest"])
def test_mails_as_they_are_written(office: Database, folder: Path, purpose: str) -> None:
    data = data_of(folder)
    body = written(office, purpose)
    assert (left := left_in_mail(body.subject, body.text, body.html, data)) == [], left


def written(database: Database, purpose: str) -> Body:
    """The mail to Nora, a quarter of an hour after it fell due."""
    at = clock.now()
    with database.read() as connection:
        workspace_id, user_id = nora(connection)
    claim = Claim(workspace_id, 1, user_id, purpose, "2026-W48", "<1@team.example>", at, 1, 1, at)
    return Writer(settings(), environment()).body(database, claim, at)


BAD = {
    "contacts.csv": "name,email,birthday,tier,owner,colour\nUlla Berg,ulla at home,31.12.1990,gold,nobody@else.example,red\n,,,,,\n"
    "Ida Lund,ida@lund.example,,,,\nToo,few\n",
    "organisations.csv": "name,tier\n,key\n",
    "phones.vcf": "BEGIN:VCARD\nVERSION:3.0\nEMAIL:nowhere\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Otto Kern\nBDAY:soon\n"
    "BDAY:1990-01-02\nBDAY:1991-03-04\nEMAIL:otto\nKIND:org\n",
    "year.ics": "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:Every second\nDTSTART:20261001T100000Z\n"
    "RRULE:FREQ=SECONDLY\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nSUMMARY:Coffee\nDTSTART:20261002T100000Z\nATTENDEE:mailto:new@who.example\n"
    "END:VEVENT\nBEGIN:VEVENT\nUID:3\nDTSTART:20301002T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:4\nDTSTART:20101002T100000Z\n"
    "END:VEVENT\nBEGIN:VEVENT\nUID:5\nSUMMARY:Broken\nEND:VEVENT\nEND:VCALENDAR\n",
    "letters.mbox": "From a@b.example Mon Nov  2 10:00:00 2026\nFrom: a@b.example\nTo: c@d.example\nDate: sometime\nSubject: Odd\n\nx\n\n"
    "From a@b.example Mon Nov  2 10:00:00 2026\nFrom: noreply@b.example\nTo: nora@team.example\n"
    "Date: Mon, 2 Nov 2026 10:00:00 +0000\nSubject: Bulk\n\nx\n\n"
    "From a@b.example Mon Nov  2 10:00:00 2026\nFrom: a@b.example\nTo: c@d.example\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nSubject: Odd\n\nx\n",
    "friends.csv": "First name,Last name,Birthday,Shoe size,E-mail\nAda,Moss,03/04/1990,39,ada\n,,,,\n,,,40,\n",
    "picture.png": "\x89PNG",
    "empty.csv": "",
}
"""Files with something wrong in each."""
CHAT = "03/04/2026, 10:15 - Ada Moss: hello\n03/04/2026, 10:16 - Nora Lindqvist: hello\n"


def look_at(browser: TestClient, files: dict[str, str]) -> str:
    sent = [("files", (name, text.encode("latin-1"))) for name, text in files.items()]
    answer = browser.post("/import", files=sent)
    assert answer.status_code == 200, answer.text
    assert "/import/preview/" in str(answer.url)
    return answer.text


@pytest.mark.parametrize("name", [*BAD, "all"])
def test_what_is_said_of_a_file_before_it_is_imported(office: Database, folder: Path, name: str) -> None:
    files = BAD if name == "all" else {name: BAD[name]}
    data = "\n".join(
        (data_of(folder), *files, *files.values(), *"\n".join(files.values()).replace("\n", ",").split(","))
    )
    assert (left := left_on(look_at(browser_of(office), files), data)) == [], left


def test_what_a_chat_leaves_open(office: Database, folder: Path) -> None:
    page = look_at(browser_of(office), {"chat.txt": CHAT})
    assert (left := left_on(page, f"{data_of(folder)}\n{CHAT}\nchat.txt")) == [], left


def test_a_report_is_read_by_others_in_their_own_language(office: Database, folder: Path) -> None:
    """The files were brought in by somebody who reads English."""
    sent = {name: BAD[name] for name in ("phones.vcf", "year.ics")}
    sent["people.vcf"] = "BEGIN:VCARD\nVERSION:3.0\nFN:Ida Lund\nEMAIL:ida\nEND:VCARD\n"
    with office.write() as connection:
        connection.execute(user.update().where(user.c.email == NORA).values(written={"language": "en"}))
    browser = browser_of(office)
    page = look_at(browser, sent)
    assert OPEN not in page
    assert "is not an email address and was left out." in page
    place = next(
        part.split('"')[0]
        for part in page.split('action="')
        if part.startswith("/import/preview/") and "/apply" in part[:60]
    )
    browser.post(place)
    with office.write() as connection:
        connection.execute(user.update().where(user.c.email == NORA).values(written={"language": MARKED}))
    starts = browser.get("/import").text
    batch = next(
        part.split('"')[0]
        for part in starts.split('href="')
        if part.startswith("/import/") and part[8].isdigit()
    )
    data = "\n".join((data_of(folder), *sent, *sent.values()))
    assert (left := left_on(browser.get(batch).text, data)) == [], left
