"""Headers that nobody can add to, whatever a name or a subject holds."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.mail.message import (
    BadAddress,
    BadHeader,
    Mailbox,
    clean_address,
    clean_line,
    compose,
    new_message_id,
    serialise,
    unsubscribe_headers,
)

AT = datetime(2026, 11, 16, 8, tzinfo=timezone(timedelta(hours=-5)))
STOP = "https://crm.example.org/links/stop"
WRITTEN = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"),
]

HOSTILE = [
    "\r\nBcc: thief@evil.example",
    "\nBcc: thief@evil.example\n\nbody",
    "\rBcc: thief@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_thief=40evil.example?=",
    "=?utf-8?b?DQpCY2M6IHRoaWVmQGV2aWwuZXhhbXBsZQ==?=",
    "=?=?utf-8?q?=0A?=",
    "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029Bcc: thief@evil.example",
    '", thief@evil.example, "',
    "<thief@evil.example>, ",
    "\\",
    "(comment",
    "\u202egro.live@feiht",
    "\u2066\u2069\u200f\ufeff",
    "\ud800",
    "\0",
    "é" * 300,
    "👩‍👩‍👧" * 40,
    "x" * 2000,
    'Zoë, "the boss" O\'Neil; Ltd.',
]
hostile = st.one_of(
    st.text(), st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5))).map("".join)
)


def a_mail(name="Nora", subject="Marta this week", text="Ring.\n", html="<p>Ring.</p>\n", **changes):
    given_values = {
        "sender": Mailbox("in-person@crm.example.org", name),
        "to": Mailbox("nora@example.org", name),
        "message_id": "<1@crm.example.org>",
        "date": AT,
        "headers": unsubscribe_headers(STOP),
    }
    return compose(subject=subject, text=text, html=html, **{**given_values, **changes})


def raw_headers(data: bytes) -> list[tuple[str, str]]:
    """The header lines as a mail server reads them: knowing folding and nothing else."""
    head = data.partition(b"\r\n\r\n")[0].decode("ascii")
    unfolded = re.sub(r"\r\n[ \t]", " ", head)
    lines = [line.partition(": ") for line in unfolded.split("\r\n")]
    return [(name, value) for name, _, value in lines]


def header_values(data: bytes) -> dict[str, str]:
    return dict(raw_headers(data))


def decoded(value: str) -> str:
    parts = decode_header(value)
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in parts
    )


def shown_name(mailbox: str) -> str:
    return decoded(mailbox.rpartition(" <")[0]) if mailbox.startswith("=?") else parseaddr(mailbox)[0]


@settings(deadline=None)
@given(hostile, hostile)
@example(HOSTILE[0], HOSTILE[3])
def test_no_name_or_subject_adds_or_changes_a_header(name, subject):
    data = serialise(a_mail(name, subject))
    headers = header_values(data)
    assert [key for key, _ in raw_headers(data)] == WRITTEN
    assert not re.search(rb"[^\r]\n|\r[^\n]", data)
    assert max(len(line) for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 320
    assert decoded(headers["Subject"]) == clean_line(subject)
    read = message_from_bytes(data, policy=policy.default)
    assert [one.addr_spec for one in read["To"].addresses] == ["nora@example.org"]
    assert [one.addr_spec for one in read["From"].addresses] == ["in-person@crm.example.org"]
    assert shown_name(headers["To"]) == clean_line(name, 120)


@settings(deadline=None)
@given(hostile)
def test_a_cleaned_line_is_one_visible_line(text):
    line = clean_line(text)
    assert {unicodedata.category(letter) for letter in line if letter not in "\u200c\u200d"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    assert "=?" not in line
    assert len(line) <= 240
    assert clean_line(line) == line


@pytest.mark.parametrize("name", ["Zoë Łukasz", "محمد", "می‌خواهم", "王小明", "👩‍👩‍👧", "O'Neil-Smith, Jr."])
def test_a_name_in_any_script_arrives_as_it_is(name):
    assert clean_line(name) == name
    read = message_from_bytes(serialise(a_mail(name)), policy=policy.default)
    assert read["To"].addresses[0].display_name == name


@settings(deadline=None)
@given(st.text(), st.text())
def test_both_bodies_arrive(text, html):
    read = message_from_bytes(serialise(a_mail(text=text, html=html)), policy=policy.default)
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    for part, body in zip(read.iter_parts(), (text, html), strict=True):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        arrived = payload.decode()
        assert arrived.replace("\r\n", "\n") == re.sub("\r\n?", "\n", body)
        assert all(len(line) <= 78 for line in part.as_bytes().splitlines())


def test_what_a_nudge_carries():
    headers = header_values(serialise(a_mail("Nora Lindqvist")))
    assert headers["To"] == "Nora Lindqvist <nora@example.org>"
    assert headers["Date"] == "Mon, 16 Nov 2026 08:00:00 -0500"
    assert headers["Message-ID"] == "<1@crm.example.org>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe"] == f"<{STOP}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_link_is_not_folded_or_encoded():
    url = STOP + "?t=" + "k" * 400
    headers = header_values(serialise(a_mail(headers=unsubscribe_headers(url))))
    assert headers["List-Unsubscribe"] == f"<{url}>"


@pytest.mark.parametrize(
    "headers",
    [
        {"Bcc": "thief@evil.example"},
        {"bcc": "thief@evil.example"},
        {"Resent-To": "thief@evil.example"},
        {"Subject": "again"},
        {"X-Note: x\r\nBcc": "thief@evil.example"},
        {"X Note": "x"},
        {"": "x"},
        {"X-Note": "x\r\nBcc: thief@evil.example"},
        {"X-Note": "x\n y"},
        {"X-Note": "é"},
        {"X-Note": "x" * 1000},
        {"List-Unsubscribe": "<https://crm.example.org/\u202e>"},
    ],
)
def test_further_headers_are_refused_rather_than_mended(headers):
    with pytest.raises(BadHeader):
        a_mail(headers=headers)


@pytest.mark.parametrize(
    "message_id", ["", "1@x", "<1>", "<1@x>\r\nBcc: y", "<1@x> ", "<é@x>", f"<{'1' * 300}@x>"]
)
def test_a_message_id_is_one(message_id):
    with pytest.raises(BadHeader):
        a_mail(message_id=message_id)


def test_a_date_knows_its_zone():
    with pytest.raises(BadHeader):
        a_mail(date=datetime(2026, 11, 16, 8))


def test_a_header_added_behind_our_back_is_noticed():
    message = a_mail()
    message.set_raw("X-Note", "x\r\nBcc: thief@evil.example")
    with pytest.raises(BadHeader):
        serialise(message)


def test_every_message_id_is_new_and_usable():
    ids = {new_message_id("crm.example.org") for _ in range(100)}
    assert len(ids) == 100
    assert all(a_mail(message_id=one)["Message-ID"] == one for one in ids)
    with pytest.raises(BadAddress):
        new_message_id("crm.example.org>\r\nBcc: y")


# Addresses


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("nora@example.org", "nora@example.org"),
        (" nora@example.org ", "nora@example.org"),
        ("nora.l+crm@mail.example.org", "nora.l+crm@mail.example.org"),
        ("in-person@localhost", "in-person@localhost"),
        ("nora@server.lan", "nora@server.lan"),
        ("nora@bücher.example", "nora@xn--bcher-kva.example"),
        ("nora@BÜCHER.example", "nora@xn--bcher-kva.example"),
        ("nora@xn--bcher-kva.example", "nora@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken(written, sent):
    assert clean_address(written) == sent


@pytest.mark.parametrize(
    "written",
    [
        *("", "@", "nora", "nora@", "@example.org", "nöra@example.org", "a b@example.org", "a@b@example.org"),
        *(
            "nora@exa mple.org",
            "nora@-example.org",
            "nora@example..org",
            "nora@[127.0.0.1]",
            ".nora@example.org",
        ),
        *(
            '"a b"@example.org',
            "nora@example.org\r\nBcc: thief@evil.example",
            "nora@example.org\n",
            "a\0@b.org",
        ),
        *("nora@example.org, thief@evil.example", "<nora@example.org>", "x" * 65 + "@example.org"),
        *(
            "nora@" + "x" * 64 + ".org",
            "nora@" + "x." * 130 + "org",
            "nora@\u202eexample.org",
            "nora@ex\ud800.org",
        ),
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(written):
    with pytest.raises(BadAddress) as fault:
        clean_address(written)
    assert "example.org" not in str(fault.value)


@settings(deadline=None)
@given(hostile)
def test_an_address_that_is_taken_is_plain(text):
    for written in (text, f"{text}@example.org", f"nora@{text}", f"nora@example.org{text}"):
        try:
            address = clean_address(written)
        except BadAddress:
            continue
        assert re.fullmatch(r"[!-?A-~]+@[a-zA-Z0-9.-]+", address)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("In Person <in-person@localhost>", Mailbox("in-person@localhost", "In Person")),
        ("in-person@localhost", Mailbox("in-person@localhost")),
        ('"Person, In" <in-person@localhost>', Mailbox("in-person@localhost", "Person, In")),
    ],
)
def test_the_sender_setting_is_read(text, mailbox):
    assert Mailbox.parse(text) == mailbox
    assert mailbox.domain == "localhost"


def test_a_sender_setting_without_an_address_is_refused():
    with pytest.raises(BadAddress):
        Mailbox.parse("In Person")


def test_dates_in_utc_are_written_so():
    headers = header_values(serialise(a_mail(date=datetime(2026, 11, 16, 8, tzinfo=UTC))))
    assert headers["Date"] == "Mon, 16 Nov 2026 08:00:00 +0000"
