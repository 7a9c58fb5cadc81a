"""The mailbox that mail comes back to: read once, by one process, and what it says of our mail is kept and shown."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.accounts.stopped import why_stopped
from crm.domain import language
from crm.inbox import letters, reading
from crm.inbox.reading import Reader
from crm.mail.kept_words import STOPPED, kept_words
from crm.outgoing.imap_address import ImapAddress
from crm.storage.tables import inbox, mail_return, mail_stop, outbox, user
from tests import catalogues
from tests.builders import NOW, World
from tests.inbox.letters import away, exim, qmail, report
from tests.mail.servers import scripted_server
from tests.nudges.mailroom import mail_server, member, only, postman, team
from tests.outgoing.imap_server import ImapServer, imap_server
from tests.web.site import client, settings

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_server() as found:
        yield found


def reader(world: World, server: ImapServer, at: datetime = NOW) -> Reader:
    chosen = settings(imap_url=server.url(), mail_from="In Person <crm@example.org>")
    return Reader(world.database, chosen, lambda: at)


def rows(world: World, table: Any) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)).all())


def sent(world: World, **columns: Any) -> tuple[Any, Any]:
    """A mail that went out: the user and the mail."""
    principal = member(world, **columns)
    with mail_server() as (port, _):
        only(postman(world.database, port=port).work())
    return principal, rows(world, outbox)[0]


def test_a_bounce_for_good_ends_mail_to_that_address_until_an_admin_lifts_it(
    world: World, server: ImapServer
) -> None:
    alice, mail = sent(world, nudge_when_empty=True)
    bob = world.user("Bob Stone", created_at=NOW, nudge_on=False)
    server.inbox.put(b"Subject: hello\n\nnothing of ours")
    server.inbox.put(report(message_id=mail.message_id))
    assert reader(world, server).work() == "good"
    assert [(one.for_good, one.outbox_id) for one in rows(world, mail_return)] == [(True, mail.id)]
    assert [one.address for one in rows(world, mail_stop)] == ["alice@team.example"]
    assert not any(one.seen for one in server.inbox.mails)
    page = client(world, alice).get("/team/heartbeat").text
    assert "Nothing is sent to <bdi>alice@team.example</bdi>" in page
    assert "it came back" in page

    # The other admin is told; a week later nothing goes out to her, and that is shown.
    week = NOW + timedelta(days=7)
    with mail_server() as (port, ledger):
        told = only(postman(world.database, port=port).work())
        assert (told.user, told.state) == ("bob@team.example", "sent")
        skipped = only(postman(world.database, week, port=port).work())
    assert [address for address, _ in ledger.taken] == ["bob@team.example"]
    assert (skipped.user, skipped.state) == ("alice@team.example", "skipped")
    assert "550 5.1.1" in (skipped.reason or "")

    stop_id = rows(world, mail_stop)[0].id
    carl = world.user("Carl Ode", "member", nudge_on=False)
    assert client(world, carl).post(f"/team/heartbeat/stops/{stop_id}/lift").status_code == 403
    assert client(world, bob).post(f"/team/heartbeat/stops/{stop_id}/lift").status_code == 303
    with mail_server() as (port, ledger):
        only(postman(world.database, week + timedelta(days=7), port=port).work())
    assert [address for address, _ in ledger.taken] == ["alice@team.example"]


@pytest.mark.parametrize(
    ("answer", "stopped"),
    [("550 5.1.1 no such user", True), ("550 no such mailbox", True), ("552 5.2.2 full", False), ("554 5.7.1 no relay", False)],
)  # fmt: skip
def test_what_is_refused_at_once_follows_the_same_rule(world: World, answer: str, stopped: bool) -> None:
    member(world)
    with scripted_server(recipient=answer) as server:
        assert only(postman(world.database, port=server.port).work()).state == "failed"
    with world.database.read() as connection:
        why = why_stopped(connection, world.workspace_id, "Alice@Team.Example")
    assert why.endswith(f": {answer}") if stopped else not why


def test_a_text_that_is_refused_is_not_the_address(world: World) -> None:
    member(world)
    with scripted_server(dot="550 we do not like this") as server:
        assert only(postman(world.database, port=server.port).work()).state == "failed"
    assert rows(world, mail_stop) == []


def test_what_may_pass_is_shown_and_stops_nothing(world: World, server: ImapServer) -> None:
    alice, mail = sent(world)
    server.inbox.put(report("4.4.1", "smtp; connect timed out", "delayed", mail.message_id))
    server.inbox.put(away(mail.message_id))
    server.inbox.put(report(action="relayed", message_id=mail.message_id, key="2@mx.example"))
    assert reader(world, server).work() == "good"
    assert [one.said for one in rows(world, mail_return)] == ["4.4.1 connect timed out"]
    assert rows(world, mail_stop) == []
    assert "connect timed out" in client(world, alice).get("/team/heartbeat").text


def test_a_stranger_who_knows_no_message_of_ours_stops_nothing(world: World, server: ImapServer) -> None:
    sent(world)
    for forged in (report(), exim(), qmail()):
        server.inbox.put(forged)
    assert reader(world, server).work() == "good"
    assert (rows(world, mail_return), rows(world, mail_stop)) == ([], [])


def test_a_mail_counts_once_however_often_it_is_read(world: World, server: ImapServer) -> None:
    _, mail = sent(world)
    server.inbox.put(report(message_id=mail.message_id))
    for number in range(120):
        server.inbox.put(f"Subject: {number}\n\n".encode())
    assert reader(world, server).work() == "good"
    assert reader(world, server).work() is None, "it was read a moment ago"
    server.said.clear()
    assert reader(world, server, NOW + HOUR).work() == "good"
    assert not [line for line in server.said if "FETCH" in line]
    server.inbox.put(exim(mail.message_id))
    assert reader(world, server, NOW + 2 * HOUR).work() == "good"
    assert len(rows(world, mail_return)) == 2
    # The server numbers its mails anew: everything is read again, and nothing counts twice.
    server.inbox.uidvalidity = 7
    assert reader(world, server, NOW + 3 * HOUR).work() == "good"
    assert len(rows(world, mail_return)) == 2
    assert len(rows(world, mail_stop)) == 1
    assert (rows(world, inbox)[0].uidvalidity, rows(world, inbox)[0].last_uid) == (7, 122)


def test_only_the_last_month_of_a_mailbox_is_read_the_first_time(world: World, server: ImapServer) -> None:
    _, mail = sent(world)
    server.inbox.put(report(message_id=mail.message_id), day=(2026, 10, 1))
    assert reader(world, server).work() == "good"
    assert rows(world, mail_return) == []
    assert rows(world, inbox)[0].last_uid == 1


def test_two_processes_do_not_read_at_the_same_time(world: World, server: ImapServer) -> None:
    place = ImapAddress.parse(server.url()).place
    first = reading.claim(world.database, place, NOW)
    assert first is not None
    assert reading.claim(world.database, place, NOW) is None
    assert reader(world, server).work() is None
    # One that slept through its lease is followed by another, and then keeps nothing of how far it came.
    later = NOW + reading.LEASE
    assert reader(world, server, later).work() == "good"
    with pytest.raises(reading.LostClaim):
        reader(world, server, later)._move_on(first, 99, 99)
    assert rows(world, inbox)[0].uidvalidity == 1


def test_who_stops_in_the_middle_goes_on_where_it_was(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mail = sent(world)
    for number in range(3):
        server.inbox.put(report(message_id=mail.message_id, key=f"{number}@mx.example"))
    taken: list[Any] = []

    def breaks(*given: Any) -> None:
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(given)
        whole(*given)

    whole = letters.take
    monkeypatch.setattr(letters, "take", breaks)
    with pytest.raises(KeyboardInterrupt):
        reader(world, server).work()
    assert len(rows(world, mail_return)) == 2
    monkeypatch.undo()
    assert reader(world, server, NOW + reading.LEASE).work() == "good"
    assert len(rows(world, mail_return)) == 3


def test_trouble_is_said_and_tried_again_less_and_less(world: World, server: ImapServer) -> None:
    alice = world.user()
    server.answers["EXAMINE"] = b"TAG NO gone\r\n"
    at, waits = NOW, []
    for _ in range(3):
        assert reader(world, server, at).work() == "no_folder"
        waits.append(rows(world, inbox)[0].next_at - at)
        at = rows(world, inbox)[0].next_at
    assert waits == [HOUR] * 3
    page = client(world, alice, imap_url=server.url()).get("/team/heartbeat").text
    assert "localhost has no folder with that name" in page
    server.answers["EXAMINE"] = b"* BYE\r\n"
    assert reader(world, server, at).work() in ("garbled", "unreachable", "slow")
    assert rows(world, inbox)[0].next_at - at < HOUR
    del server.answers["EXAMINE"]
    assert reader(world, server, at + HOUR).work() == "good"
    assert (
        "When it was last looked for"
        in client(world, alice, imap_url=server.url()).get("/team/heartbeat").text
    )


def test_everybody_else_is_sent_to(world: World) -> None:
    users = team(world, 3)
    with scripted_server(recipient="550 5.1.1 no such user") as server:
        postman(world.database, port=server.port).work()
    assert len(rows(world, mail_stop)) == len(users)


def test_a_notice_about_somebody_who_has_left_is_not_sent_and_says_why(
    world: World, server: ImapServer
) -> None:
    alice, mail = sent(world)
    world.user("Bob Stone", created_at=NOW, nudge_on=False)
    server.inbox.put(report(message_id=mail.message_id))
    assert reader(world, server).work() == "good"
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == alice.user_id).values(active=False))
    with mail_server() as (port, ledger):
        skipped = only(postman(world.database, port=port).work())
    assert (skipped.state, ledger.taken) == ("skipped", [])
    assert "nobody on the team has it any more" in (skipped.reason or "")


def test_why_an_address_gets_none_is_kept_in_english_and_read_in_ones_own_language(
    world: World, server: ImapServer, tmp_path: Path
) -> None:
    """As an admin with a page in German presses *Run now*."""
    _, mail = sent(world)
    server.inbox.put(report(message_id=mail.message_id))
    assert reader(world, server).work() == "good"
    german: dict[catalogues.Said, catalogues.Said] = {STOPPED: "An diese Adresse geht nichts: {said}"}
    with catalogues.german(tmp_path / "locale", german), language.spoken_in("de"):
        with mail_server() as (port, _):
            reason = only(postman(world.database, NOW + timedelta(days=7), port=port).work()).reason or ""
        with world.database.read() as connection:
            why = why_stopped(connection, world.workspace_id, mail.to_address)
        assert kept_words(reason) == why
    assert reason.startswith("Nothing is sent to this address, because its server accepts no mail for it: ")
    assert why.startswith("An diese Adresse geht nichts: ")
