"""S3: a mail scanner with a whole browser, scripts and all, opens every link of every kind of mail, and nothing changes.

The mails are caused as people and the clock cause them, and taken from the mail server that they were sent to.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select, update

from crm.mail.views import MAILS
from crm.nudges import outbox, returns
from crm.storage.database import Database, new_id
from crm.storage.tables import session, user
from tests.browser.auditing import complaints
from tests.browser.conftest import DESKTOP, PHONE, Office, Visitor, copied
from tests.browser.product import PASSWORD, served
from tests.builders import NOW
from tests.nudges.mailroom import Ledger, mail_server
from tests.web.test_access import everything

SUBJECTS = {
    "nudge": r".+ this week",
    "all_in_touch": "Nobody is waiting for you this week",
    "digest": "How .+ reaches its key people",
    "alarm": "One weekly mail did not go out in time",
    "address_stopped": "No mail reaches .+",
    "sign_in_link": "Your sign-in link for .+",
    "password_reset": "Choose a new password for .+",
    "invitation": "Nora Lindqvist invites you to .+",
    "address_change": "Use this address for .+",
    "address_changed": "Another address for .+",
    "test_send": "A test mail from In Person",
}
"""Each kind of mail by its subject; the first is the least certain."""
NORA, VERA, OLIVE = "nora@team.example", "vera@team.example", "olive@team.example"


class Letters(Ledger):
    """A mail server that keeps what it takes, the newest of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, EmailMessage] = {}

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.kept[kind_of(message)] = message
        return await super().handle_DATA(server, session, envelope)


def kind_of(message: EmailMessage) -> str:
    """The kind whose subject it has."""
    subject = str(message["Subject"])
    found = [kind for kind, words in SUBJECTS.items() if re.fullmatch(words, subject)]
    return found[-1] if found else subject


def links_of(message: EmailMessage) -> list[str]:
    """The paths of all links of a mail, of both its forms and its headers."""
    words = str(message["List-Unsubscribe"] or "")
    for form in ("plain", "html"):
        part = message.get_body((form,))
        assert part is not None
        words += "\n" + str(part.get_content())
    links = re.findall(r"https?://[^\s\"<>]+", re.sub(r'xmlns(:\w+)?="[^"]*"', "", words))
    return sorted({urlsplit(link)._replace(scheme="", netloc="").geturl() for link in links})


@contextmanager
def posting(filled: Path, folder: Path, browser: Browser) -> Iterator[tuple[Office, Letters, Database]]:
    """A filled workspace whose mail goes to a server that keeps it."""
    product, letters = copied(filled, folder), Letters()
    database = Database(f"sqlite:///{folder / 'in-person.sqlite3'}")
    with mail_server(letters) as (port, _):
        smtp = f"smtp://127.0.0.1:{port}?starttls=never"
        with served(product, CRM_SMTP_URL=smtp, CRM_MAIL_FROM="crm@team.example") as place:
            yield Office(place, browser, product), letters, database
    database.close()


def make_due(database: Database) -> None:
    """Beside the week's mails: a digest, a mail that failed a while ago, and an address that takes none."""
    earlier = NOW - timedelta(hours=4)
    with database.write() as connection:
        people = {row.email: row for row in connection.execute(select(user))}
        nora, olive = people[NORA], people[OLIVE]
        connection.execute(update(user).where(user.c.id == olive.id).values(nudge_when_empty=True))
        long_ago = {"digest_on": True, "created_at": NOW - timedelta(days=90)}
        connection.execute(update(user).where(user.c.id == nora.id).values(long_ago))
        outbox.put(
            connection,
            workspace_id=olive.workspace_id,
            user_id=olive.id,
            purpose="nudge",
            week="2026-W47",
            to_address=OLIVE,
            message_id="<last-week@team.example>",
            due_at=NOW - timedelta(days=7),
            at=earlier,
            state="failed",
            reason="The server refused it.",
        )
        gone = {
            **people[VERA]._mapping,
            "id": new_id(connection),
            "email": "gus@team.example",
            "name": "Gus Holt",
        }
        connection.execute(insert(user), gone)
        returns.stop(connection, nora.workspace_id, "gus@team.example", "550 none", "team.example", earlier)


def ask_for(page: Page, place: str, fields: dict[str, str], button: str) -> None:
    """Fill in a form of a page and send it."""
    page.goto(place)
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def cause_every_mail(office: Office, letters: Letters) -> None:
    """Nora has the week's mails sent, tries the server, invites and moves; Olive forgot her password, and Vera moved."""
    nora, vera = office.visitor(NORA), office.visitor(VERA)
    page, hers = nora.page(), vera.page()
    for button in ("Run now", "Send me a test"):
        ask_for(page, "/team/heartbeat", {}, button)
    ask_for(page, "/team", {"Name": "Ivy New", "Email": "ivy@team.example"}, "Invite")
    move = {"New address": "vera@home.example", "Your password": PASSWORD}
    ask_for(hers, "/settings/email", move, "Send the link")
    ask_for(hers, links_of(letters.kept["address_change"])[0], {}, "Use this address")
    ask_for(page, "/settings/email", {**move, "New address": "nora@home.example"}, "Send the link")
    nora.close()
    vera.close()
    stranger = Visitor(office.browser, office.place)
    ask_for(stranger.page(), "/forgotten", {"Email": OLIVE}, "Mail me the link")
    ask_for(stranger.page(), "/sign-in", {"Email": OLIVE}, "Email me a sign-in link")
    stranger.close()
    wait_for(letters)


def wait_for(letters: Letters) -> None:
    """Some are sent after the page has answered."""
    until = time.monotonic() + 60
    while set(letters.kept) != set(MAILS):
        assert time.monotonic() < until, f"These were not sent: {set(MAILS) - set(letters.kept)}"
        time.sleep(0.05)


def test_a_browser_with_scripts_opens_every_link_of_every_mail_and_nothing_changes(
    filled: Path, tmp_path: Path, browser: Browser
) -> None:
    with posting(filled, tmp_path, browser) as (office, letters, database):
        make_due(database)
        cause_every_mail(office, letters)
        links = {kind: links_of(message) for kind, message in letters.kept.items()}
        assert all(links.values())
        tokens = [path for path in links["nudge"] if path.startswith("/n/")]
        assert len(tokens) > 5
        scanner = Visitor(browser, office.place)
        page = scanner.page(PHONE)
        before = everything(database)
        for path in sorted({path for paths in links.values() for path in paths}):
            assert page.request.head(path).ok, path
            opened = page.goto(path)
            assert opened is not None
            assert opened.ok, path
        assert complaints(page) == []
        assert everything(database) == before
        # Nor where their reader is signed in; only when they were last here is written down.
        reader = office.visitor(OLIVE)
        theirs = reader.page(DESKTOP)
        for path in [*links["all_in_touch"], *links["password_reset"], *links["sign_in_link"], tokens[0]]:
            theirs.goto(path)
        assert but_seen(database) == {name: rows for name, rows in before.items() if name != "session"}
        reader.close()
        # The comparison can fail: a press does change something.
        page.goto(next(path for path in tokens if asks_to_log(page, path)))
        page.get_by_role("button", name=re.compile("^Log the")).click()
        page.get_by_role("button", name="Undo").wait_for()
        assert everything(database) != before
        scanner.close()


def but_seen(database: Database) -> dict[str, list[Any]]:
    """Everything there is but the sessions."""
    return {name: rows for name, rows in everything(database).items() if name != session.name}


def asks_to_log(page: Page, path: str) -> bool:
    page.goto(path)
    return page.get_by_role("button", name=re.compile("^Log the")).count() == 1
