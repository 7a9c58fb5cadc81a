"""Whoever reads another language finds no English in any kind of mail, in a calendar, or in what is said of their files."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select
from starlette.testclient import TestClient

from crm import clock
from crm.app import create_app
from crm.domain import correspondence, language, mailbox_words, synced
from crm.domain.formulas import IS_FORMULA
from crm.domain.principal import Principal
from crm.domain.targets import TIERS
from crm.imports import mailbox_source, sniff
from crm.imports.sheets import SHEETS
from crm.imports.synced_kinds import NAMES
from crm.mail import previews
from crm.mail.kept_words import REFUSED
from crm.nudges import outbox as mails
from crm.nudges import returns
from crm.nudges.compose import Writer
from crm.nudges.feeds import make_feed
from crm.nudges.outbox import Body, Claim
from crm.storage.database import Database
from crm.storage.tables import mail_stop, outbox, user
from crm.templating import environment
from crm.web import sessions
from tests.browser import test_language
from tests.browser.test_language import MARKED, OPEN, PLAIN, Texts, data_of, english
from tests.portal import portal
from tests.web.site import settings
from tools.texts import gathered

catalogues, folder = test_language.catalogues, test_language.folder
UTC = ZoneInfo("UTC")
SAID = "550 no such user"
NORA = "nora@team.example"


@dataclass
class Office:
    """The filled workspace, in which Nora reads the language of the test, and every text in it."""

    database: Database
    data: str

    def reads(self, tag: str) -> None:
        """Nora reads that language from now on."""
        with self.database.write() as connection:
            connection.execute(
                user.update().where(user.c.email == NORA).values(written={"language": tag}, digest_on=True)
            )

    def browser(self) -> TestClient:
        """Nora is signed in there."""
        with self.database.write() as connection:
            cookie = sessions.start(connection, *nora(connection), clock.now())
        app = create_app(settings(), self.database)
        browser = TestClient(app, base_url="http://testserver", cookies={"crm-session": cookie})
        browser.portal = portal()
        return browser


@pytest.fixture
def office(folder: Path) -> Iterator[Office]:
    data = data_of(folder)
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    there = Office(database, data)
    there.reads(MARKED)
    yield there
    database.close()


def nora(connection: Connection) -> tuple[int, int]:
    row = connection.execute(user.select().where(user.c.email == NORA)).one()
    return row.workspace_id, row.id


def left_on(page: str, data: str) -> list[str]:
    """What is English on a page."""
    texts = Texts()
    texts.feed(page)
    assert any(OPEN in piece for piece in texts.pieces)
    return english(texts.pieces, data)


def left_in(subject: str, text: str, html: str, data: str) -> list[str]:
    """What is English in a mail; in its text a sentence runs over several lines, some with a sign before them."""
    lines = [re.sub(r"^\s*(?:(?:-|\d+\.) +)?", "", line) for line in text.splitlines()]
    return english([subject], data) + english(lines, data) + left_on(html, data)


# Mails


@pytest.mark.parametrize("name", previews.names())
def test_every_kind_of_mail(name: str, catalogues: Path) -> None:
    templates = environment()
    sample = Path(f"templates/emails/{name}/sample.json").read_text(encoding="utf-8")
    texts = list(texts_in(json.loads(sample)))
    data = "\n".join(f"{one}{sign} {other}" for one in texts for other in texts for sign in (".", ""))
    with language.catalogues_in(catalogues), language.spoken_in(MARKED):
        mail = previews.preview(templates, name)
    left = left_in(mail.subject, mail.text, mail.html, f"{data}\n{PLAIN.sub(' ', data)}")
    assert left == []


def texts_in(value: object) -> Iterator[str]:
    """Every text in a sample."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)
    else:
        yield str(value)


@pytest.mark.parametrize("purpose", ["nudge", "digest", "alarm", returns.NOTICE])
def test_mails_as_they_are_written(office: Office, purpose: str) -> None:
    body = written(office.database, purpose)
    left = left_in(body.subject, body.text, body.html, f"{office.data}\n{SAID}")
    assert left == []


def written(database: Database, purpose: str) -> Body:
    """The mail to Nora of a week whose plan is made for it: what is planned already was planned in English.

    Her own mail was refused the week before, and Ama's address takes none.
    """
    at = clock.now() + timedelta(days=7)
    with database.write() as connection:
        workspace_id, user_id = nora(connection)
        went_wrong(connection, at - timedelta(hours=2))
        stop = connection.execute(select(mail_stop.c.id)).scalars().first()
    week = str(stop) if purpose == returns.NOTICE else "2026-W49"
    claim = Claim(workspace_id, 1, user_id, purpose, week, "<1@team.example>", at, 1, 1, at)
    return Writer(settings(), environment()).body(database, claim, at)


def went_wrong(connection: Connection, at: datetime) -> None:
    workspace_id, user_id = nora(connection)
    other = connection.execute(
        user.select().where(user.c.workspace_id == workspace_id, user.c.email != NORA)
    ).first()
    assert other is not None
    returns.stop(connection, workspace_id, other.email, SAID, "team.example", at)
    mails.put(
        connection,
        workspace_id=workspace_id,
        user_id=user_id,
        purpose="nudge",
        week="2026-W48",
        to_address=NORA,
        message_id="<w48@team.example>",
        due_at=at,
        at=at,
    )
    connection.execute(
        outbox.update()
        .where(outbox.c.user_id == user_id, outbox.c.week == "2026-W48", outbox.c.purpose == "nudge")
        .values(state="failed", reason=REFUSED.format(said=SAID), changed_at=at)
    )


# Calendars


def test_the_calendar_that_a_program_reads(office: Office) -> None:
    """Whoever asks says no language: it is that of whose calendar it is."""
    browser = office.browser()
    browser.get("/")
    with office.database.write() as connection:
        token = make_feed(connection, Principal(*nora(connection), "admin", UTC, UTC), clock.now())
    browser.cookies.clear()
    answer = browser.get(f"/calendar/{token}.ics")
    assert answer.status_code == 200
    lines = re.sub(r"\r\n ", "", answer.text).splitlines()
    titles = [line.partition(":")[2] for line in lines if line.startswith("SUMMARY")]
    assert titles, answer.text
    assert all(OPEN in title for title in titles)
    assert english(titles, office.data) == []


# Files

BAD = {
    "contacts.csv": """name,email,birthday,tier,owner,colour
Ulla Berg,ulla at home,31.12.1990,gold,nobody@else.example,red
,,,,,
Ida Lund,ida@lund.example,,,,
Too,few
""",
    "organisations.csv": "name,tier\n,key\n",
    "phones.vcf": """BEGIN:VCARD
VERSION:3.0
EMAIL:nowhere
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Otto Kern
BDAY:soon
BDAY:1990-01-02
BDAY:1991-03-04
EMAIL:otto
KIND:org
""",
    "year.ics": """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
SUMMARY:Every second
DTSTART:20261001T100000Z
RRULE:FREQ=SECONDLY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Coffee
DTSTART:20261002T100000Z
ATTENDEE:mailto:new@who.example
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20301002T100000Z
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART:20101002T100000Z
END:VEVENT
BEGIN:VEVENT
UID:5
SUMMARY:Broken
END:VEVENT
END:VCALENDAR
""",
    "letters.mbox": """From a@b.example Mon Nov  2 10:00:00 2026
From: a@b.example
To: c@d.example
Date: sometime
Subject: Odd

x

From a@b.example Mon Nov  2 10:00:00 2026
From: noreply@b.example
To: nora@team.example
Date: Mon, 2 Nov 2026 10:00:00 +0000
Subject: Bulk

x

From a@b.example Mon Nov  2 10:00:00 2026
From: a@b.example
To: c@d.example
Date: Mon, 2 Nov 2026 10:00:00 +0000
Subject: Odd

x
""",
    "friends.csv": "First name,Last name,Birthday,Shoe size,E-mail\nAda,Moss,03/04/1990,39,ada\n,,,,\n,,,40,\n",
    "picture.png": "\x89PNG",
    "empty.csv": "",
}
"""Files with something wrong in each."""
CHAT = "03/04/2026, 10:15 - Ada Moss: hello\n03/04/2026, 10:16 - Nora Lindqvist: hello\n"
GOOD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ida Lund\nEMAIL:ida\nEND:VCARD\n"


def look_at(browser: TestClient, files: dict[str, str]) -> str:
    sent = [("files", (name, text.encode("latin-1"))) for name, text in files.items()]
    answer = browser.post("/import", files=sent)
    assert answer.status_code == 200, answer.text
    assert "/import/preview/" in str(answer.url)
    return answer.text


def typed(office: Office, files: dict[str, str]) -> str:
    """What is in the files, the name that is put together of two cells, and what a file of ours has to say."""
    cells = re.split(r"[,\n]", "\n".join(files.values()))
    columns = [column.name for sheet in SHEETS.values() for column in sheet.columns]
    return "\n".join((office.data, *files, *files.values(), *cells, "Ada Moss", *columns, *TIERS))


@pytest.mark.parametrize("name", [*BAD, "all"])
def test_what_is_said_of_a_file_before_it_is_imported(office: Office, name: str) -> None:
    files = BAD if name == "all" else {name: BAD[name]}
    left = left_on(look_at(office.browser(), files), typed(office, files))
    assert left == []


def test_what_a_chat_leaves_open(office: Office) -> None:
    files = {"chat.txt": CHAT}
    left = left_on(look_at(office.browser(), files), typed(office, files))
    assert left == []


def test_a_report_is_read_by_others_in_their_own_language(office: Office) -> None:
    """The files were brought in by somebody who reads English."""
    office.reads("en")
    browser = office.browser()
    files = {"phones.vcf": BAD["phones.vcf"], "year.ics": BAD["year.ics"], "people.vcf": GOOD}
    page = look_at(browser, files)
    assert OPEN not in page
    assert "“otto” is not an email address and was left out." in page
    browser.post(found(r'action="(/import/preview/\d+/apply)"', page))
    office.reads(MARKED)
    places = re.findall(r'href="(/import/\d+)"', browser.get("/import").text)[:2]
    left = [left_on(browser.get(place).text, typed(office, files)) for place in places]
    assert left == [[], []]


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match is not None, pattern
    return match[1]


# Words inside of sentences, which the marks around those would hide

INSIDE = [
    *correspondence.REASONS.values(),
    *mailbox_words.SENTENCES.values(),
    *synced.SYNCED.values(),
    *sniff.KIND_WORDS.values(),
    *NAMES.values(),
    mailbox_source.LIKE,
    sniff.SUPPORTED,
    IS_FORMULA,
]


def test_words_inside_of_sentences_are_in_every_catalogue() -> None:
    known = {
        one for message in gathered() for one in ([message.id] if isinstance(message.id, str) else message.id)
    }
    assert [words for words in INSIDE if words not in known] == []
