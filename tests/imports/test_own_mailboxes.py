"""A user's own mailbox: connected by a form, read on by the clock, and forgotten when it is ended."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from crm import clock
from crm.imports import mailbox_pages, own_mailboxes, own_readings
from crm.outgoing.wire import Network
from crm.storage.tables import contact_email, import_batch, interaction, interaction_user, own_mailbox
from tests.builders import World
from tests.imports.test_mailbox_sync import mail
from tests.outgoing.imap_server import PASSWORD, USER, ImapServer, imap_server
from tests.web.site import client, settings
from tests.web.test_access import everything

HERE = "/settings/own-mailbox"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_server() as found:
        yield found


def connected(world: World, who: Any, server: ImapServer, **form: str) -> Any:
    browser = client(world, who, private_hosts=f"localhost:{server.port}")
    typed = {
        "address": f"imap://localhost:{server.port}?starttls=never",
        "name": USER,
        "password": PASSWORD,
        **form,
    }
    return browser.post(HERE, data=typed)


def due(world: World, server: ImapServer, at: datetime) -> int:
    named = f"localhost:{server.port}"
    chosen, network = settings(private_hosts=named), Network({named})
    return own_mailboxes.read_due(world.database, chosen, network, lambda: at, lambda: True)


def rows(world: World, table: Any) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)).all())


def by_mail(world: World) -> None:
    """Marta is known by her address."""
    marta = world.contact()
    with world.database.write() as connection:
        way = {"position": 0, "value": "marta@northgate.example", "folded": "marta@northgate.example"}
        connection.execute(
            contact_email.insert(), {"workspace_id": world.workspace_id, "contact_id": marta, **way}
        )


def test_whom_one_wrote_to_logs_itself(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_mailboxes, "AT_ONCE", 2)
    alice = world.user()
    by_mail(world)
    for number in range(3):
        server.inbox.put(mail(f"in {number}"))
    assert connected(world, alice, server).status_code == 303
    assert "Not read yet" in client(world, alice).get(HERE).text
    now = clock.now()
    # Two at once, and the rest right behind them.
    assert due(world, server, now) == 2
    assert [one.direction for one in rows(world, interaction)] == ["inbound"] * 3
    assert {one.user_id for one in rows(world, interaction_user)} == {alice.user_id}
    page = client(world, alice).get(HERE).text
    assert "three mails logged by it" in page or "3 mails logged by it" in page
    kept = str(everything(world.database))
    assert PASSWORD not in kept
    assert "secret text" not in kept
    assert PASSWORD not in page
    assert not any(one.seen for one in server.inbox.mails)
    assert due(world, server, now + timedelta(minutes=50)) == 0
    server.inbox.put(mail("later"))
    assert due(world, server, now + timedelta(hours=2)) == 1
    assert rows(world, own_mailbox)[0].logged == 4
    browser = client(world, alice)
    assert browser.post(f"{HERE}/read", data={"from": "start"}).status_code == 303
    assert due(world, server, now + timedelta(hours=2)) == 2
    assert (len(rows(world, interaction)), rows(world, own_mailbox)[0].logged) == (4, 4)
    assert browser.post(f"{HERE}/end").status_code == 303
    assert rows(world, own_mailbox) == []
    assert len(rows(world, interaction)) == 4


def test_whom_one_writes_to_besides_is_not_kept(world: World, server: ImapServer) -> None:
    alice = world.user()
    by_mail(world)
    server.inbox.put(mail("in"))
    server.inbox.put(mail("strange", sender="oncologist@clinic.example"))
    connected(world, alice, server)
    assert due(world, server, clock.now()) >= 1
    assert len(rows(world, interaction)) == 1
    assert "oncologist" not in str(rows(world, import_batch))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "wrong"}, "Many providers require an app password"),
        ({"address": "imaps://10.0.0.1"}, "In Person may not read"),
        ({"address": "imap://169.254.169.254/x?starttls=never"}, "In Person may not read"),
        ({"address": "imaps://me:word@mail.example"}, "in their own fields"),
        ({"address": "https://mail.example"}, "This is not an address"),
        ({"address": "a b"}, "This is not an address"),
        ({"name": ""}, ""),
    ],
)
def test_what_lets_nobody_in_is_not_kept(
    world: World, server: ImapServer, form: dict[str, str], said: str
) -> None:
    page = connected(world, world.user(), server, **form)
    assert page.status_code == 422
    assert said in page.text
    assert form.get("password", PASSWORD) not in page.text
    assert rows(world, own_mailbox) == []


def test_who_connects_while_others_do_is_told_that_it_was_not_tried(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_pages, "_AT_ONCE", threading.BoundedSemaphore(1))
    alice = world.user()
    browser = client(world, alice, private_hosts=f"localhost:{server.port}")
    typed = {"address": f"imap://localhost:{server.port}?starttls=never", "name": USER, "password": "wrong"}
    with mailbox_pages._AT_ONCE:
        answer = browser.post(HERE, data=typed)
    assert answer.status_code == 303
    cookies = f"{browser.headers['Cookie']}; crm-flash={answer.cookies['crm-flash']}"
    assert "but not tried yet" in browser.get(HERE, headers={"Cookie": cookies}).text
    assert [one.state for one in rows(world, own_mailbox)] == ["waiting"]
    due(world, server, clock.now())
    assert "refused this name" in browser.get(HERE).text


def test_trouble_keeps_what_was_seen_and_is_asked_less_and_less(world: World, server: ImapServer) -> None:
    alice = world.user()
    server.inbox.put(mail("one"))
    connected(world, alice, server)
    now = clock.now()
    assert due(world, server, now) == 1
    before = rows(world, own_mailbox)[0].seen
    server.answers["AUTHENTICATE"] = b"TAG NO gone\r\n"
    at = rows(world, own_mailbox)[0].next_at
    assert due(world, server, at) == 1
    row = rows(world, own_mailbox)[0]
    assert (row.state, row.seen, row.next_at - at >= own_readings.LONGEST_WAIT) == ("password", before, True)
    assert "refused this name" in client(world, alice).get(HERE).text
    # Two processes: who has the claim reads, and nobody else.
    first = own_mailboxes.claim_next(world.database, row.next_at)
    assert first is not None
    assert own_mailboxes.claim_next(world.database, row.next_at) is None


def test_mails_that_were_not_gone_through_are_read_again_and_it_is_said(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = world.user()
    server.inbox.put(mail("one"))
    connected(world, alice, server)
    now = clock.now()

    def failing(returncode: int) -> Any:
        def ended(*order: object, **how: object) -> None:
            raise subprocess.CalledProcessError(returncode, "reader")

        return patch("crm.imports.reading.subprocess.run", ended)

    def stood() -> tuple[str, bool, bool]:
        (row,) = rows(world, own_mailbox)
        return row.state, bool(row.seen), row.read_at is not None

    with failing(-signal.SIGTERM):
        assert due(world, server, now) == 1
    assert stood() == ("interrupted", False, False)
    assert "processed to the end" in client(world, alice).get(HERE).text
    for days, ended in ((1, ("unreadable", False, False)), (2, ("passed_over", True, True))):
        with failing(1):
            due(world, server, now + timedelta(days=days))
        assert stood() == ended
    due(world, server, now + timedelta(days=3))
    assert stood() == ("passed_over", True, True)
    client(world, alice).post(f"{HERE}/read", data={"from": "start"})
    due(world, server, now + timedelta(days=3))
    assert stood() == ("good", True, True)
