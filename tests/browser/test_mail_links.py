"""S3: a mail scanner with a whole browser, scripts and all, opens every link of a sent mail, and nothing changes."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from crm.storage.database import Database
from tests.browser.auditing import complaints
from tests.browser.conftest import DESKTOP, PHONE, Office, Visitor
from tests.web.test_access import everything


def links_of_the_mail(office: Office, folder: Path) -> list[str]:
    """The paths of all links of the longest mail, of both its forms and its headers, as it was written out."""
    folder.mkdir()
    office.product.run(("nudge", "--as-of", "2026-11-23", "--eml-dir", str(folder)))
    path = max(folder.glob("*.eml"), key=lambda one: one.stat().st_size)
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    words = str(message["List-Unsubscribe"])
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        words += "\n" + str(part.get_content())
    links = re.findall(r"https?://[^\s\"<>]+", re.sub(r'xmlns(:\w+)?="[^"]*"', "", words))
    return sorted({urlsplit(link).path for link in links})


def test_a_browser_with_scripts_opens_every_link_and_nothing_changes(
    own_office: Office, tmp_path: Path
) -> None:
    paths = links_of_the_mail(own_office, tmp_path / "mail")
    tokens = [path for path in paths if path.startswith("/n/")]
    assert len(tokens) > 5
    database = Database(f"sqlite:///{own_office.product.folder / 'in-person.sqlite3'}")
    scanner = Visitor(own_office.browser, own_office.place)
    try:
        before = everything(database)
        page = scanner.page(PHONE)
        for path in paths:
            page.goto(path)
        page.goto(tokens[0])
        assert complaints(page) == []
        assert everything(database) == before
        # The comparison can fail: a press does change something.
        page = scanner.page(DESKTOP)
        page.goto(next(path for path in tokens if asks_to_log(page, path)))
        page.get_by_role("button", name=re.compile("^Log the")).click()
        page.get_by_role("button", name="Undo").wait_for()
        assert everything(database) != before
    finally:
        scanner.close()
        database.close()


def asks_to_log(page: Page, path: str) -> bool:
    page.goto(path)
    return page.get_by_role("button", name=re.compile("^Log the")).count() == 1
