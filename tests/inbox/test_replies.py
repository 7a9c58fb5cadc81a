"""Answers to the weekly mail: logged for whoever got it, once, and only where they are certain."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from crm.contacts.erasing import erase
from crm.domain.principal import Principal
from crm.inbox.reading import Reader
from crm.nudges.reply_ids import Nudge, answered, reply_id
from crm.storage.tables import (
    ask,
    contact,
    interaction,
    interaction_contact,
    mail_reply,
    mail_return,
    outbox,
    promise,
    response,
    user,
)
from tests.builders import NOW, World
from tests.contacts.test_erasing import put
from tests.inbox.letters import away
from tests.mail.servers import real_server
from tests.nudges import mailroom
from tests.nudges.mailroom import member, only, postman
from tests.outgoing.imap_server import ImapServer, imap_server
from tests.web.filled_in import fields_of
from tests.web.site import KEY, client, settings

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_server() as found:
        yield found


def nudged(world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> tuple[Principal, Any]:
    """Alice, who got her mail by SMTP, as it arrived."""
    chosen = settings(imap_url=server.url(), mail_from="In Person <crm@example.org>")
    monkeypatch.setattr(mailroom, "settings", lambda: chosen)
    alice = member(world)
    with real_server() as (port, inbox):
        only(postman(world.database, port=port).work())
    content = inbox.envelopes[0].content
    assert isinstance(content, bytes)
    return alice, message_from_bytes(content, policy=policy.default)


def reply(mail: Any, text: str, sender: str = "Alice Meyer <alice@team.example>", **headers: str) -> bytes:
    """As mail programs answer: with the References of what they answer, and its text below theirs."""
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = sender, "crm@example.org", f"Re: {mail['Subject']}"
    answer["Date"] = "Mon, 23 Nov 2026 14:30:00 +0000"
    answer["Message-ID"] = headers.pop("key", "<answer-1@team.example>")
    answer["In-Reply-To"] = headers.pop("in_reply_to", mail["Message-ID"])
    answer["References"] = headers.pop("references", f"{mail['References']} {mail['Message-ID']}")
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    quoted = "\n".join("> " + line for line in mail.get_body(("plain",)).get_content().split("\n"))
    answer.set_content(
        f"{text}\n\nOn Mon, 23 Nov 2026 at 12:00, In Person <crm@example.org> wrote:\n{quoted}\n"
    )
    return answer.as_bytes()


def arrive(world: World, server: ImapServer, *mails: bytes, at: datetime = LATER) -> None:
    for one in mails:
        server.inbox.put(one)
    assert Reader(world.database, settings(imap_url=server.url()), lambda: at).work() == "good"


def test_an_answer_whose_reader_was_ended_is_read_the_next_time(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mail = nudged(world, server, monkeypatch)
    server.inbox.put(reply(mail, "1 had lunch", key="<answer-1@team.example>"))
    run = subprocess.run

    def ended(order: list[str], **how: Any) -> Any:
        monkeypatch.setattr(subprocess, "run", run)
        return run([sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], **how)

    monkeypatch.setattr(subprocess, "run", ended)
    chosen = settings(imap_url=server.url())
    assert Reader(world.database, chosen, lambda: LATER).work() == "interrupted"
    assert rows(world, mail_reply) == []
    assert Reader(world.database, chosen, lambda: LATER + timedelta(hours=1)).work() == "good"
    assert len(rows(world, mail_reply)) == 1


def rows(world: World, table: Any, *where: Any) -> list[Any]:
    with world.database.read() as connection:
        return list(connection.execute(select(table).where(*where).order_by(*table.primary_key)).all())


def logged(world: World) -> list[tuple[str, str, str | None]]:
    """Who, how and what was logged since the mail went out."""
    asked = (
        select(contact.c.name, interaction.c.channel, interaction.c.summary)
        .join(interaction_contact, interaction_contact.c.interaction_id == interaction.c.id)
        .join(contact, contact.c.id == interaction_contact.c.contact_id)
        .where(interaction.c.deleted_at.is_(None), interaction.c.author_id.is_not(None))
        .order_by(interaction.c.id)
    )
    with world.database.read() as connection:
        return [tuple(row) for row in connection.execute(asked)]


def test_a_reply_is_logged_as_if_typed_and_can_be_undone(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    assert "Reply to log" in mail.get_body(("plain",)).get_content()
    text = "Hi,\n\nhad lunch with Marta, she will send the numbers. promise: send the plan by 2 dec\n\nThanks\nAlice"
    arrive(world, server, reply(mail, text))
    assert logged(world) == [("Marta Kowalczyk", "lunch", "she will send the numbers.")]
    assert [(one.verb, one.via) for one in rows(world, response)] == [("done", "mail")]
    assert [one.text for one in rows(world, promise)] == ["send the plan"]
    (one,) = rows(world, interaction, interaction.c.author_id.is_not(None))
    assert one.occurred_at == NOW + timedelta(hours=2, minutes=30)
    assert not server.inbox.mails[0].seen
    browser = client(world, alice)
    assert "with <bdi>Marta Kowalczyk</bdi>" in browser.get("/replies").text
    (kept,) = rows(world, mail_reply)
    assert browser.post(f"/replies/{kept.id}/undo").status_code == 303
    assert logged(world) == []
    assert rows(world, promise) == []
    page = browser.get("/replies").text
    assert "What did you mean?" in page
    said = {
        "answer": "log",
        "contact": str(kept.contact_id),
        "channel": "lunch",
        "day": "2026-11-23",
        "text": "numbers",
    }
    assert browser.post(f"/replies/{kept.id}", data=said).status_code == 303
    assert logged(world) == [("Marta Kowalczyk", "lunch", "numbers")]


def test_a_reply_writes_days_in_its_writers_order(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    with world.database.write() as connection:
        connection.execute(
            update(user).where(user.c.id == alice.user_id).values(written={"dates": "month_day"})
        )
    arrive(world, server, reply(mail, "had lunch with Marta on 11/5"))
    (one,) = rows(world, interaction, interaction.c.author_id.is_not(None))
    assert one.occurred_at.date().isoformat() == "2026-11-05"


def test_by_place_by_name_and_without_an_answer(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    text = mail.get_body(("plain",)).get_content()
    first = "Marta" if text.index("Marta") < text.index("Elena") else "Elena"
    second = "Elena" if first == "Marta" else "Marta"
    arrive(world, server, reply(mail, f"2. rang but no answer\n1. met {first}"))
    named = [(name.split()[0], how) for name, how, _ in logged(world)]
    assert named == [(second, "phone"), (first, "meeting")]
    assert [one.outcome for one in rows(world, interaction, interaction.c.author_id.is_not(None))] == [
        "attempted",
        "reached",
    ]
    assert len(rows(world, response)) == 1
    assert "waits for a word" not in client(world, alice).get("/").text


def by_place(mail: Any) -> list[str]:
    """Whom the mail lists, in its order."""
    text = mail.get_body(("plain",)).get_content()
    return sorted(("Marta Kowalczyk", "Elena Duarte"), key=lambda name: text.index(name.split()[0]))


def test_an_answer_fits_its_mail_also_when_somebody_else_was_erased_since(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    anna, long_ago = world.contact("Anna Gone"), world.today - timedelta(days=730)
    with world.database.write() as connection:
        said = {"contact_id": anna, "author_id": alice.user_id, "text": "the plan", "by": "us"}
        put(connection, world, promise, **said, made_on=long_ago, kept_on=long_ago)
        erase(connection, world.principal, anna, LATER)
    (kept,) = rows(world, outbox)
    assert (kept.subject, kept.html, kept.headers) == (None, None, None)
    assert not [line for line in kept.text.split("\n") if not line.startswith("/n/")]
    page = client(world, alice).get(f"/team/heartbeat/mails/{kept.id}").text
    assert ("What became of it" in page, "What it says" in page) == (True, False)
    arrive(world, server, reply(mail, "2. done"))
    assert [name for name, *_ in logged(world)] == by_place(mail)[1:]


@pytest.mark.parametrize("how", ["erased", "archived"])
def test_a_number_means_whom_the_mail_listed_there_whoever_left_since(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    _, mail = nudged(world, server, monkeypatch)
    first, second = by_place(mail)
    (gone,) = rows(world, contact, contact.c.name == first)
    with world.database.write() as connection:
        if how == "erased":
            erase(connection, world.principal, gone.id, LATER)
        else:
            connection.execute(update(contact).where(contact.c.id == gone.id).values(archived_at=LATER))
    arrive(world, server, reply(mail, "2. done\n1. done"))
    assert [name for name, *_ in logged(world)] == [second]
    assert [(one.state, one.why) for one in rows(world, mail_reply)] == [("logged", None), ("waiting", "who")]


def test_what_is_not_certain_waits_for_its_writer(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "had lunch, she will send the numbers\n\nlunch with Elena tomorrow"))
    assert logged(world) == []
    assert [one.why for one in rows(world, mail_reply)] == ["who", "when"]
    browser = client(world, alice)
    assert "2 replies of yours" in browser.get("/").text or "Two replies of yours" in browser.get("/").text
    page = browser.get("/replies").text
    assert "had lunch, she will send the numbers" in page
    (one, two) = rows(world, mail_reply)
    empty = browser.post(f"/replies/{one.id}", data={"answer": "log", "text": "kept <b>words</b>"})
    assert empty.status_code == 422
    assert "Say who it was with." in empty.text
    assert "kept &lt;b&gt;words" in empty.text
    ahead = {"answer": "log", "contact": "1", "channel": "lunch", "day": "2026-12-24"}
    assert "still to come" in browser.post(f"/replies/{two.id}", data=ahead).text
    assert browser.post(f"/replies/{two.id}", data={"answer": "drop"}).status_code == 303
    assert browser.post(f"/replies/{two.id}", data={"answer": "drop"}).status_code == 409
    bob = world.user("Bob Stone", "member")
    assert client(world, bob).post(f"/replies/{one.id}", data={"answer": "drop"}).status_code == 404
    assert "had lunch" not in client(world, bob).get("/replies").text


def test_a_reply_counts_once_and_a_second_about_the_same_is_asked_about(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mail = nudged(world, server, monkeypatch)
    whole = reply(mail, "had lunch with Marta")
    arrive(world, server, whole, whole)
    server.inbox.uidvalidity = 9
    arrive(world, server, at=LATER + timedelta(hours=1))
    assert len(logged(world)) == 1
    arrive(world, server, reply(mail, "lunch with Marta", key="<2@x>"), at=LATER + timedelta(hours=2))
    assert len(logged(world)) == 1
    assert [one.why for one in rows(world, mail_reply)] == [None, "done"]


def test_what_was_logged_by_hand_is_not_logged_again(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    (marta,) = rows(world, contact, contact.c.given_name == "Marta")
    noon = NOW + timedelta(hours=1)
    world.log("lunch", None, marta.id, by=alice, occurred_at=noon, logged_at=noon)
    arrive(world, server, reply(mail, "had lunch with Marta"))
    assert logged(world) == [("Marta Kowalczyk", "lunch", None)]
    assert [one.why for one in rows(world, mail_reply)] == ["done"]
    assert "It was already done or logged" in client(world, alice).get("/replies").text


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("Mallory <mallory@team.example>", {}),
        ("alice@team.example.evil.example", {}),
        ("Alice Meyer <alice@team.example>", {"references": "<x@y>", "in_reply_to": "<x@y>"}),
        ("Alice Meyer <alice@team.example>", {"references": "FORGED", "in_reply_to": "<x@y>"}),
        ("Alice Meyer <alice@team.example>", {"Auto_Submitted": "auto-replied"}),
        ("Alice Meyer <alice@team.example>", {"List_Id": "<all.team.example>"}),
    ],
)
def test_nobody_else_and_no_machine_logs_anything(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch, sender: str, headers: dict[str, str]
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    if headers.get("references") == "FORGED":
        nudge = Nudge(world.workspace_id, alice.user_id or 0, "2026-W48")
        headers = {**headers, "references": reply_id(b"another key", nudge, "example.org")}
    arrive(world, server, reply(mail, "had lunch with Marta", sender, **headers), away(mail["Message-ID"]))
    assert logged(world) == []
    assert (rows(world, mail_reply), rows(world, mail_return)) == ([], [])


def test_either_mark_of_the_mail_will_do_and_either_address_of_its_user(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bulk senders replace the Message-ID; some mail programs drop the References."""
    _, mail = nudged(world, server, monkeypatch)
    with world.database.write() as connection:
        connection.execute(user.update().values(preferences={"also_me": ["Alice.M@home.example"]}))
    replaced = "<replaced@bulk.example>"
    carried = {"in_reply_to": replaced, "references": f"{mail['References']} {replaced}"}
    arrive(
        world, server,
        reply(mail, "had lunch with Marta", **carried),
        reply(mail, "met Elena", "alice.m@HOME.example", references=mail["Message-ID"], key="<2@home.example>"),
    )  # fmt: skip
    assert [name for name, _, _ in logged(world)] == ["Marta Kowalczyk", "Elena Duarte"]


def test_who_has_left_or_only_reads_logs_nothing(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mail = nudged(world, server, monkeypatch)
    with world.database.write() as connection:
        connection.execute(user.update().values(role="viewer"))
    arrive(world, server, reply(mail, "had lunch with Marta"))
    with world.database.write() as connection:
        connection.execute(user.update().values(role="admin", active=False))
    arrive(world, server, reply(mail, "had lunch with Marta", key="<2@x>"), at=LATER + timedelta(hours=1))
    assert rows(world, mail_reply) == []
    assert rows(world, ask) == []


def test_signed_ids() -> None:
    nudge = Nudge(1, 22, "2026-W48")
    made = reply_id(KEY.encode(), nudge, "example.org")
    assert answered(KEY.encode(), ["<a@b>", f"<c@d> {made}"]) == nudge
    assert answered(KEY.encode(), [made.replace("reply.1.22", "reply.1.23")]) is None
    assert answered(b"other", [made]) is None


def waiting_form(browser: Any, reply_id: int) -> dict[str, list[str]]:
    """The form of a reply that waits, as it is filled in."""
    return fields_of(browser.get("/replies").text, f"/replies/{reply_id}")


def settle(browser: Any, row: Any, **changed: Any) -> Any:
    """Press *Log it* on the form as it stands, but for what is ``changed``."""
    return browser.post(
        f"/replies/{row.id}", data={**waiting_form(browser, row.id), "answer": "log", **changed}
    )


def by_hand(world: World) -> Any:
    """The one interaction that was logged since the mail went out."""
    (one,) = rows(world, interaction, interaction.c.author_id.is_not(None))
    return one


def person(world: World, given_name: str) -> int:
    (one,) = rows(world, contact, contact.c.given_name == given_name)
    return int(one.id)


def test_no_answer_without_a_name_is_logged_as_an_attempt(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "rang, no answer"))
    (waits,) = rows(world, mail_reply)
    browser = client(world, alice)
    form = waiting_form(browser, waits.id)
    assert (waits.why, form["outcome"], form["channel"]) == ("who", ["attempted"], ["phone"])
    assert settle(browser, waits, contact=person(world, "Marta")).status_code == 303
    assert (by_hand(world).outcome, by_hand(world).direction) == ("attempted", "outbound")
    assert rows(world, response) == []
    assert "with <bdi>Marta Kowalczyk</bdi>, no answer" in browser.get("/replies").text


@pytest.mark.parametrize("text", ["rang Marta, she was busy", "rang, she was busy"])
@pytest.mark.parametrize("outcome", ["reached", "attempted"])
def test_whether_it_happened_is_asked_where_the_reply_leaves_it_open(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch, text: str, outcome: str
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, text))
    (waits,) = rows(world, mail_reply)
    browser, marta = client(world, alice), person(world, "Marta")
    asked = settle(browser, waits, contact=marta)
    assert asked.status_code == 422
    assert "Choose whether you reached them." in asked.text
    assert settle(browser, waits, contact=marta, outcome=outcome).status_code == 303
    assert (by_hand(world).outcome, by_hand(world).summary) == (outcome, "she was busy")
    assert len(rows(world, response)) == (outcome == "reached")


def test_what_a_certain_reply_would_keep_is_kept_of_one_that_waited(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    text = "lunch with Marta and Elena on 4 feb at 9:15, good talk. promised her the numbers by 2 dec"
    arrive(world, server, reply(mail, text))
    (waits,) = rows(world, mail_reply)
    browser = client(world, alice)
    form = waiting_form(browser, waits.id)
    assert (waits.why, form["day"]) == ("when", ["2026-02-04"])
    assert form["text"] == ["good talk.\npromise: the numbers by 2 Dec 2026"]
    assert settle(browser, waits, day="2026-11-20").status_code == 303
    assert logged(world) == [
        ("Marta Kowalczyk", "lunch", "good talk."),
        ("Elena Duarte", "lunch", "good talk."),
    ]
    assert by_hand(world).occurred_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    (kept,) = rows(world, promise)
    assert (kept.text, kept.due.isoformat()) == ("the numbers", "2026-12-02")
    assert len(rows(world, response)) == 2


def test_whom_a_reply_names_besides_can_be_left_out(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "lunch with Marta and Elena on 4 feb"))
    (waits,) = rows(world, mail_reply)
    assert settle(client(world, alice), waits, also=[]).status_code == 303
    assert [name for name, _, _ in logged(world)] == ["Marta Kowalczyk"]


def test_who_rang_is_kept_unless_it_was_something_else(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "Marta rang on 4 feb\n\nElena rang on 4 feb"))
    marta, elena = rows(world, mail_reply)
    browser = client(world, alice)
    settle(browser, marta)
    settle(browser, elena, channel="meeting")
    found = rows(world, interaction, interaction.c.author_id.is_not(None))
    assert [(one.channel, one.direction) for one in found] == [("phone", "inbound"), ("meeting", "mutual")]


def test_a_long_reply_that_waited_is_kept_whole(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    told = ("we talked about the pilot and the numbers " * 40).strip()
    arrive(world, server, reply(mail, f"had lunch, {told}"))
    (waits,) = rows(world, mail_reply)
    browser = client(world, alice)
    assert len(waiting_form(browser, waits.id)["text"][0]) > 1000
    assert settle(browser, waits, contact=person(world, "Marta")).status_code == 303
    assert (by_hand(world).note, by_hand(world).summary) == (told, told[:1000])


def test_a_day_after_the_reply_is_logged_on_that_day(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "lunch with Marta tomorrow at 12:30"))
    (waits,) = rows(world, mail_reply)
    assert "That day is still to come." in settle(client(world, alice), waits).text
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        assert settle(client(world, alice), waits, outcome="reached").status_code == 303
    assert by_hand(world).occurred_at == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def test_a_name_nobody_has_stays_among_the_words(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, "met Marta and Jonas Bauer, promised them the plan"))
    (waits,) = rows(world, mail_reply)
    browser = client(world, alice)
    form = waiting_form(browser, waits.id)
    assert form["text"] == ["met Marta and Jonas Bauer\npromise: the plan"]
    assert form["also"] == [str(person(world, "Marta"))]


@pytest.mark.parametrize("text", ["had lunch with Marta. birthday: 4 june", "had lunch. birthday: 4 june"])
def test_a_date_of_which_no_day_is_read_stays_among_the_words(
    world: World, server: ImapServer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    alice, mail = nudged(world, server, monkeypatch)
    arrive(world, server, reply(mail, text))
    (row,) = rows(world, mail_reply)
    if row.state == "waiting":
        assert settle(client(world, alice), row, contact=person(world, "Marta")).status_code == 303
    assert by_hand(world).summary == "birthday: 4 june"
