"""Answers to the weekly mail: logged for whoever got it, once, and only where they are certain."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select, update

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
    promise,
    response,
    user,
)
from tests.builders import NOW, World
from tests.inbox.letters import away
from tests.mail.servers import real_server
from tests.nudges import mailroom
from tests.nudges.mailroom import member, only, postman
from tests.outgoing.imap_server import ImapServer, imap_server
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
