"""A mailbox as a source: read on from where it was, changed nowhere, and one with the same mail in a file."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.__main__ import run
from crm.cli_support import desk
from crm.imports import mailbox_source
from crm.outgoing import utf7
from crm.storage.tables import interaction, synced_source
from tests.outgoing.imap_server import PASSWORD, USER, Box, ImapServer, imap_server

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with imap_server() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ImapServer) -> Path:
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CRM_PRIVATE_HOSTS", f"localhost:{server.port}")
    (tmp_path / "people.csv").write_text("name,email\nMarta Kowalczyk,marta@northgate.example\n")
    assert run(["user", "add", "alice@team.example", "--name", "Alice", "--role", "admin"]) == 0
    assert run(["import", str(tmp_path / "people.csv")]) == 0
    return tmp_path


def mail(
    key: str, sender: str = "marta@northgate.example", to: str = "alice@team.example", **more: str
) -> bytes:
    lines = [f"From: {sender}", f"To: {to}", f"Subject: About {key}", f"Message-ID: <{key}@mx.example>"]
    lines += [
        "Date: Fri, 20 Nov 2026 10:00:00 +0000",
        *(f"{name.replace('_', '-')}: {value}" for name, value in more.items()),
    ]
    return "\n".join(
        [*lines, "", "From here on it is a secret text.", "From x@y.example Mon Nov 23 10:00:00 2026", ""]
    ).encode()


def keep(
    monkeypatch: pytest.MonkeyPatch, server: ImapServer, folder: str = "", password: str = PASSWORD
) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    address = f"imap://localhost:{server.port}/{folder}?starttls=never"
    return run(["source", "add", "imap", "Mail", address, "--user", USER, "--password-stdin"])


def told(capsys: Captured, *words: str) -> Any:
    capsys.readouterr()
    assert run(["sync", "--json", *words]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    return one


def log() -> list[tuple[str, str | None]]:
    with desk() as at_desk, at_desk.database.read() as connection:
        rows = connection.execute(
            select(interaction.c.direction, interaction.c.summary).order_by(interaction.c.id)
        )
        return [tuple(row) for row in rows]


def test_mails_are_read_once_on_from_where_they_were_and_nothing_changes_there(
    home: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    server.boxes["Sent"], server.boxes["Drafts"], server.boxes["Spam"] = Box(), Box(), Box()
    server.inbox.put(mail("one"))
    server.inbox.put(mail("list", List_Id="<x.example>"))
    server.inbox.put(mail("stranger", sender="who@else.example"))
    server.boxes["Sent"].put(mail("two", "alice@team.example", "marta@northgate.example"))
    for name in ("Drafts", "Spam"):
        server.boxes[name].put(mail(name))
    assert keep(monkeypatch, server) == 0
    assert told(capsys, "--dry-run")["report"]["new"]["interactions"] == 2
    assert log() == []
    assert told(capsys)["report"]["new"]["interactions"] == 2
    assert sorted(log()) == [("inbound", "About one"), ("outbound", "About two")]
    server.said.clear()
    assert told(capsys)["report"] is None
    assert not [line for line in server.said if "FETCH" in line]
    server.inbox.put(mail("three"))
    assert told(capsys)["report"]["new"]["interactions"] == 1
    assert not any(one.seen for box in server.boxes.values() for one in box.mails)
    assert {line.split()[0] for line in server.said} <= {
        "CAPABILITY",
        "AUTHENTICATE",
        "LIST",
        "EXAMINE",
        "UID",
        "LOGOUT",
    }

    # The same mail in a file, and all of them anew, are the same records.
    (home / "one.eml").write_bytes(mail("one"))
    assert run(["import", str(home / "one.eml")]) == 0
    server.inbox.uidvalidity = 5
    assert told(capsys)["report"]["unchanged"]["interactions"] == 2
    assert len(log()) == 3

    # Whoever came since is found by reading all of it again.
    (home / "more.csv").write_text("name,email\nWho Else,who@else.example\n")
    assert run(["import", str(home / "more.csv")]) == 0
    assert told(capsys)["report"] is None
    assert told(capsys, "--again")["report"]["new"]["interactions"] == 1
    with desk() as at_desk, at_desk.database.read() as connection:
        row = connection.execute(select(synced_source)).one()
    assert PASSWORD not in str(row)
    assert row.seen["INBOX"] == [5, 4]


def test_a_large_mailbox_comes_in_pieces(
    home: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(mailbox_source, "MOST", 3)
    monkeypatch.setattr(mailbox_source, "HEADS", 2)
    server.boxes["Sent"] = Box()
    for number in range(4):
        server.inbox.put(mail(f"in {number}"))
        server.boxes["Sent"].put(mail(f"out {number}", "alice@team.example", "marta@northgate.example"))
    assert keep(monkeypatch, server) == 0
    pieces = [told(capsys) for _ in range(4)]
    assert [one["more"] for one in pieces] == [True, True, False, False]
    assert [one["report"] and one["report"]["new"]["interactions"] for one in pieces] == [3, 3, 2, None]
    assert len(log()) == 8


def test_one_folder_by_name(
    home: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    server.boxes[utf7.encoded("Köln & Bonn")] = box = Box()
    box.put(mail("one"))
    server.inbox.put(mail("two"))
    assert keep(monkeypatch, server, "K%C3%B6ln%20%26%20Bonn") == 0
    assert told(capsys)["report"]["new"]["interactions"] == 1
    box.uidvalidity, server.boxes = 1, {"INBOX": Box()}
    assert run(["sync"]) == 1
    assert "localhost has no folder with that name" in capsys.readouterr().err


def test_what_fails_is_said_and_a_password_is_not_sent_in_the_clear_elsewhere(
    home: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert keep(monkeypatch, server, password="wrong") == 0
    assert run(["sync"]) == 1
    assert "Many providers require an app password" in capsys.readouterr().err
    monkeypatch.setenv("CRM_PRIVATE_HOSTS", "")
    server.said.clear()
    assert run(["sync"]) == 1
    assert "In Person may not read" in capsys.readouterr().err
    assert server.said == []
    for address in (
        "https://mail.example",
        "imaps://",
        "imaps://me:word@mail.example",
        "imaps://mail.example?x=1",
    ):
        monkeypatch.setattr(sys, "stdin", io.StringIO("word\n"))
        assert run(["source", "add", "imap", "Other", address, "--user", "me", "--password-stdin"]) == 1
        assert "mailbox" in capsys.readouterr().err


def test_what_is_forwarded_to_the_mailbox_is_logged_as_what_it_was(
    home: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    lines = "From: Marta <marta@northgate.example>\nDate: Thu, Nov 19, 2026 at 9:05 AM\nSubject: Plan\nTo: Alice\n"
    head = f"From: Alice <alice@team.example>\nTo: {USER}\nMessage-ID: <f@mx.example>\n"
    head += "Date: Fri, 20 Nov 2026 10:00:00 +0000\n"
    server.inbox.put(mail("itself"))
    server.inbox.put(
        f"{head}Subject: Fwd: Plan\n\n---- Forwarded message ----\n{lines}\nFrom here on.\n".encode()
    )
    server.inbox.put(mail("after"))
    assert keep(monkeypatch, server) == 0
    assert told(capsys)["report"]["new"]["interactions"] == 3
    assert sorted(log()) == [("inbound", "About after"), ("inbound", "About itself"), ("inbound", "Plan")]
    wholes = [line for line in server.said if "BODY.PEEK[]" in line]
    assert len(wholes) == 1
    assert not any(one.seen for one in server.inbox.mails)
