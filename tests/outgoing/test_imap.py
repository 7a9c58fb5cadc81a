"""Reading a mailbox: what is there is found, nothing is changed, and servers that behave badly hold nobody up."""

import logging
import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import UsageError
from crm.outgoing import imap, utf7
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.imap import Refused, opened
from crm.outgoing.imap_address import ImapAddress
from crm.outgoing.wire import Network
from tests.outgoing.imap_server import PASSWORD, USER, Box, ImapServer, imap_server
from tests.outgoing.servers import network


def visit(server: ImapServer, options: str = "?starttls=never", **limits: Any) -> Any:
    address = ImapAddress.parse(server.url(options=options))
    return opened(address, network(address.named), **{"seconds": 5.0, **limits})


def mail(subject: str, body: str = "Hello\n.\n") -> bytes:
    return f"Subject: {subject}\nFrom: nora@team.example\n\n{body}".encode()


@pytest.mark.parametrize("capabilities", ["AUTH=PLAIN", ""], ids=["authenticate", "login"])
def test_what_lies_there_is_read_and_nothing_is_changed(capabilities: str) -> None:
    with imap_server(capabilities=capabilities) as server:
        first, second = server.inbox.put(mail("one")), server.inbox.put(mail("two", "x" * 100_000))
        with visit(server) as session:
            folder = session.examine("INBOX")
            assert (folder.uidvalidity, folder.next_uid) == (1, 3)
            assert session.after(0) == [first, second]
            assert session.after(second) == []
            assert session.since(2026, 11, 24) == []
            assert session.since(2026, 11, 23) == [first, second]
            heads = session.heads([first, second, 99])
            assert heads[second] == b"Subject: two\r\nFrom: nora@team.example\r\n\r\n"
            assert session.mail(first, 1_000) == server.inbox.mails[0].data
            assert len(session.mail(second, 1_000) or b"") == 1_000
            assert session.mail(99, 1_000) is None
        assert not any(one.seen for one in server.inbox.mails)
        assert {line.split()[0] for line in server.said} <= {
            "CAPABILITY", "AUTHENTICATE", "LOGIN", "EXAMINE", "UID", "LOGOUT",
        }  # fmt: skip


def test_folders_by_name() -> None:
    with imap_server() as server:
        for name in ('Kunden/"Groß"', "R&D", "Hello World", "日本語"):
            server.boxes[utf7.encoded(name).replace("\\", "\\\\")] = Box()
        server.answers["LIST"] = (
            b'* LIST (\\Noselect) "/" "[Gmail]"\r\n* LIST () "/" INBOX\r\n* LIST () "." "R&-D"\r\n'
            b'* LIST () NIL {9}\r\na "quote"\r\n* LIST () "/" "a \\"b\\" c"\r\n* LIST () "/" "&ZeVnLIqe-"\r\nTAG OK done\r\n'
        )
        with visit(server) as session:
            assert session.folders() == ["INBOX", "R&D", 'a "quote"', 'a "b" c', "日本語"]
            session.examine("R&D")
            session.examine("日本語")
            with pytest.raises(Refused) as refused:
                session.examine("Nowhere")
    assert refused.value.state == "no_folder"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_of_a_folder_comes_back(name: str) -> None:
    written = utf7.encoded(name)
    assert written.isascii()
    assert utf7.decoded(written.encode()) == name


def test_names_as_the_standard_writes_them() -> None:
    assert utf7.encoded("~peter/mail/台北/日本語") == "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert utf7.decoded(b"&Jjo-!") == "☺!"
    assert utf7.decoded(b"Entw&APw-rfe") == "Entwürfe"
    assert utf7.decoded("Entwürfe".encode()) == "Entwürfe"
    assert utf7.decoded(b"R&D &x") == "R&D &x"


def test_encryption_from_the_start_and_by_starttls(tls: ssl.SSLContext, trusted: None) -> None:
    with imap_server(tls, implicit=True) as server, visit(server, "") as session:
        session.examine("INBOX")
    with imap_server(tls) as server:
        with visit(server, "") as session:
            session.examine("INBOX")
        assert server.said.index("STARTTLS") < server.said.index("AUTHENTICATE")


def test_a_password_is_told_only_to_who_proves_its_name(tls: ssl.SSLContext) -> None:
    for implicit in (True, False):
        with imap_server(tls, implicit=implicit) as server:
            with pytest.raises(Failed) as failed, visit(server, ""):
                pass
            assert failed.value.failure is Failure.UNTRUSTED
            assert "AUTHENTICATE" not in server.said


@pytest.mark.parametrize("greeting", [b"* OK ready\r\n", b"* PREAUTH come in\r\n"])
def test_where_encryption_is_required_and_not_offered_nothing_is_said(greeting: bytes) -> None:
    with imap_server() as server:
        server.greeting = greeting
        with pytest.raises(Refused) as refused, visit(server, ""):
            pass
        assert refused.value.state == "no_tls"
        assert set(server.said) <= {"CAPABILITY", "LOGOUT"}


@pytest.mark.parametrize("capabilities", ["AUTH=PLAIN", ""], ids=["authenticate", "login"])
def test_a_wrong_password(capabilities: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with imap_server(capabilities=capabilities) as server:
        address = ImapAddress("localhost", server.port, USER, "s3cret", tls=False, starttls=False)
        with pytest.raises(Refused) as refused, opened(address, network(address.named), 5):
            pass
    assert refused.value.state == "password"
    assert "s3cret" not in caplog.text + repr(address) + repr(refused.value)
    assert USER not in repr(address)


def look(visit: Any) -> None:
    with visit as session:
        session.examine("INBOX")
        session.after(0)
        session.heads([1])


@pytest.mark.parametrize(
    ("begins", "answer", "failure"),
    [
        ("UID SEARCH", b"* SEARCH " + b"9 " * 500_000 + b"\r\nTAG OK done\r\n", Failure.TOO_BIG),
        ("UID SEARCH", b"* 1 EXISTS\r\n" * 60_000, Failure.TOO_BIG),
        ("UID FETCH", b"* 1 FETCH (UID 1 BODY[HEADER] {999999999999}\r\n", Failure.TOO_BIG),
        ("UID FETCH", b"* 1 FETCH (UID 1 BODY[HEADER] {10}\r\nabc", Failure.SLOW),
        ("UID SEARCH", b"ok then\r\n", Failure.GARBLED),
        ("UID SEARCH", b"", Failure.SLOW),
        ("EXAMINE", b"TAG OK [READ-ONLY] done\r\n", Failure.GARBLED),
    ],
    ids=[
        "long line",
        "endless lines",
        "long literal",
        "cut literal",
        "no answer",
        "silence",
        "no uidvalidity",
    ],
)
def test_a_server_that_behaves_badly(begins: str, answer: bytes, failure: Failure) -> None:
    with imap_server() as server:
        server.answers[begins] = answer
        with pytest.raises(Failed) as failed:
            look(visit(server, seconds=0.3 if failure is Failure.SLOW else 20, limit=2**19))
    assert failed.value.failure is failure


@pytest.mark.parametrize(
    "greeting", [b"220 smtp ready\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"* BYE\r\n"]
)
def test_what_is_no_imap_server(greeting: bytes) -> None:
    with imap_server() as server:
        server.greeting = greeting
        with pytest.raises((Failed, Refused)), visit(server):
            pass
        assert "AUTHENTICATE" not in server.said


def test_what_a_server_says_before_encryption_is_forgotten(tls: ssl.SSLContext, trusted: None) -> None:
    """A stranger on the line could put answers there that look as if they were said inside."""
    with imap_server(tls) as server:
        talks = []

        def spying(self: imap._Talk) -> None:
            self._kept += b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nX1 OK\r\n"
            talks.append(self)
            honest(self)
            assert not self._kept

        honest = imap._Talk._encrypt
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(imap._Talk, "_encrypt", spying)
            with visit(server, ""):
                pass
        assert len(talks) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "10.0.0.5", "metadata.example"])
def test_no_connection_to_a_forbidden_address(host: str) -> None:
    dialled: list[str] = []

    def dial(address: str, port: int, seconds: float) -> Any:
        dialled.append(address)
        raise OSError

    hidden = Network(
        resolve=lambda name, port: ["fe80::1"] if name.endswith(".example") else [name], dial=dial
    )
    with (
        pytest.raises(Failed) as failed,
        opened(ImapAddress.parse(f"imaps://me:word@{host}"), hidden, 1),
    ):
        pass
    assert failed.value.failure is Failure.FORBIDDEN
    assert dialled == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://a%40b.org:p%2F%3A%40%23@h", ("h", 993, "a@b.org", "p/:@#", "INBOX", True, False)),
        ("imaps://a@b.org:word@H.Example.:994/", ("h.example", 994, "a@b.org", "word", "INBOX", True, False)),
        ("imap://me:word@h", ("h", 143, "me", "word", "INBOX", False, True)),
        ("imap://me:word@h/Sent%20Mail?starttls=never", ("h", 143, "me", "word", "Sent Mail", False, False)),
        ("imap://me:word@h?starttls=require", ("h", 143, "me", "word", "INBOX", False, True)),
    ],
)
def test_the_setting(url: str, expected: tuple[Any, ...]) -> None:
    assert ImapAddress.parse(url) == ImapAddress(*expected)


@pytest.mark.parametrize(
    "url",
    [
        "", "smtp://me:word@h", "imaps://h", "imaps://me@h", "imaps://:word@h", "imaps://me:wo/rd@h", "imaps://me:word@",
        "imaps://me:word@h:0", "imaps://me:word@h:x", "imaps://me:wo%0Ard@h", "imaps://me:word@h/#x",
        "imaps://me:word@h?starttls=require", "imap://me:word@h?starttls=auto", "imap://me:word@h?tls=1",
        "imaps://me:word@h/a%0D%0Ab",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        ImapAddress.parse(url)
    assert refused.value.sentence.startswith("CRM_IMAP_URL: ")
    assert "word" not in refused.value.sentence.replace("user:password", "").replace(
        "a password", ""
    ).replace("and password", "").replace(", password", "")


def test_the_password_of_the_tests_is_a_hard_one() -> None:
    assert {'"', "\\", " ", "@"} <= set(PASSWORD)
