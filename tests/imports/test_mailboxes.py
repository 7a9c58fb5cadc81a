"""Mailboxes taken apart: which mail begins where, what its headers say, and what no mail can make of the reader."""

import io
import random
import tracemalloc
import zipfile
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.domain.correspondence import REASONS, is_machine, reason_of_folder
from crm.imports import mailboxes
from crm.imports.mail_heads import moment_of, subject_of
from crm.imports.mailboxes import is_mail, is_mail_folder, mails_in, mails_under
from crm.imports.mails import MailReader
from crm.imports.records import UnreadableFile
from crm.imports.sightings import Notices
from crm.imports.sniff import feed_of
from tests.builders import NOW
from tests.imports.letters import ALICE, DANIEL, MARTA, mail, maildir, mbox, read, zipped

# What of it is contact.


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("list", "List-Id: <team.example>"),
        ("list", "List-Unsubscribe: <mailto:off@x.example>"),
        ("list", "Precedence: bulk"),
        ("list", "precedence: LIST"),
        ("list", "X-BeenThere: dev@x.example"),
        ("automatic", "Auto-Submitted: auto-replied"),
        ("automatic", "Precedence: auto_reply"),
        ("automatic", "X-Autoreply: yes"),
        ("automatic", "Content-Type: multipart/report; report-type=disposition-notification; boundary=x"),
        ("bounce", "Content-Type: multipart/report; report-type=delivery-status; boundary=x"),
        ("bounce", "Return-Path: <>"),
        ("bounce", "X-Failed-Recipients: new@x.example"),
        ("draft", "X-Unsent: 1"),
        ("draft", "X-Mozilla-Draft-Info: internal/draft; vcard=0"),
        ("draft", "X-Gmail-Labels: Drafts,Opened"),
        ("draft", "X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe,Ge=C3=B6ffnet?="),
        ("draft", "X-Status: T"),
        ("spam", "X-Spam-Flag: YES"),
        ("spam", "X-Gmail-Labels: Spam"),
        ("invitation", "Content-Type: text/calendar; method=REQUEST"),
        ("invitation", "Content-Class: urn:content-classes:calendarmessage"),
    ],
)
def test_what_is_no_contact_by_its_headers(reason: str, header: str) -> None:
    found, notices = read(mail(1, header))
    assert found == []
    assert [one.why for one in notices.skipped] == [f"1 mail left out: {REASONS[reason]}."]


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Precedence: first-class",
        "Return-Path: <marta@fernhill.example>",
        "X-Status: A",
        "X-Unsent: 0",
    ],
)
def test_what_is_contact_in_spite_of_such_a_header(header: str) -> None:
    assert len(read(mail(1, header))[0]) == 1


@pytest.mark.parametrize(
    "subject",
    ["Out of Office: Re: Plan", "Automatic reply: Plan", "Automatische Antwort: Plan", "Abwesenheitsnotiz"],
)
def test_out_of_office_is_told_by_its_subject(subject: str) -> None:
    assert read(mail(Subject=subject))[0] == []
    assert len(read(mail(Subject="Re: " + subject))[0]) == 1  # somebody answered it


@pytest.mark.parametrize(
    "local",
    [
        "no-reply",
        "noreply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "noreply-accounts",
        "orders.no-reply",
        "mailer-daemon",
        "MAILER-DAEMON",
        "postmaster",
        "bounce",
        "bounce+x=y",
        "newsletter",
        "notifications",
        "noreply2",
        "no.reply",
        "reply+abc",
    ],
)
def test_addresses_that_nobody_reads(local: str) -> None:
    assert is_machine(f"{local}@x.example")
    assert read(mail(From=f"Robot <{local}@x.example>"))[0] == []


@pytest.mark.parametrize(
    "local",
    [
        "marta",
        "noreen",
        "norman",
        "reply.marta",
        "info",
        "sales",
        "hello",
        "news",
        "support",
        "annoreply",
        "bouncer",
    ],
)
def test_addresses_that_somebody_reads(local: str) -> None:
    assert not is_machine(f"{local}@x.example")


def test_a_machine_among_the_recipients_is_nobody() -> None:
    (one,), _ = read(mail(From=ALICE, To=f"{MARTA}, noreply@x.example"))
    assert [party.email for party in one.parties] == [ALICE, MARTA]


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("Drafts", "draft"), (".Drafts", "draft"), ("INBOX.Drafts/cur", "draft"), ("[Gmail]/Spam", "spam"),
    ("Entw&APw-rfe", "draft"),
     ("Junk E-mail", "spam"), ("Inbox", None), ("Drafting contracts", None), ("Sent", None), ("Trash", None)],
)  # fmt: skip
def test_folders_that_hold_no_contact(folder: str, reason: str | None) -> None:
    assert reason_of_folder(folder) == reason


# When.


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 02 Nov 2026 10:00:00 +0100", "2026-11-02T09:00"),
        ("2 Nov 2026 10:00 +0100 (CET)", "2026-11-02T09:00"),
        ("Mon, 2 Nov 26 10:00:00 EST", "2026-11-02T15:00"),
        ("Mon, 02 Nov 2026 10:00:00 -0000", "2026-11-02T10:00"),
        ("Mon, 02 Nov 2026 10:00:00", "2026-11-02T10:00"),
        ("2026-11-02T10:00:00Z", "2026-11-02T10:00"),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T15:55"),
        ("Mon, 99 Nov 2026 10:00:00 +0100", None),
        ("yesterday", None),
        ("Mon, 02 Nov 99999 10:00:00 +9999", None),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("", None),
    ],
)
def test_dates_as_they_are_written(written: str, moment: str | None) -> None:
    found = moment_of(written)
    assert (found and found.strftime("%Y-%m-%dT%H:%M")) == moment


@pytest.mark.parametrize(
    ("date", "says"),
    [("", "has no date"), ("yesterday", "has a date that cannot be read (“yesterday”)"), ("Thu, 1 Jan 1970 00:00:00 +0000",
    "is dated 1970-01-01")],
)  # fmt: skip
def test_what_has_no_honest_date_is_listed_by_its_place(date: str, says: str) -> None:
    found, notices = read(mbox(mail(1), mail(2, Date=date)))
    assert len(found) == 1
    assert [one.where for one in notices.skipped] == ["x.mbox mail 2"]
    assert says in notices.skipped[0].why


def test_mail_from_the_future_waits() -> None:
    ahead = mail(Date="Tue, 24 Nov 2026 10:00:00 +0000")
    found, notices = read(ahead)
    assert (found, "dated in the future" in notices.skipped[0].why) == ([], True)
    assert len(read(ahead, now=datetime(2026, 11, 25, tzinfo=UTC))[0]) == 1


# Who and what.


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("=?utf-8?q?Marta_Kowalczyk?= <M@X.Example>", "Marta Kowalczyk", "m@x.example"),
        ('"Kowalczyk, Marta" <m@x.example>', "Kowalczyk, Marta", "m@x.example"),
        ("m@x.example (Marta K)", "Marta K", "m@x.example"),
        ("m at x.example (Marta K)", "Marta K", "m@x.example"),
        ('"=?iso-8859-2?Q?=A3ukasz?=" <m@x.example>', "Łukasz", "m@x.example"),
        ("=?nonsense?Q?Marta?= <m@x.example>", "Marta", "m@x.example"),
        ("Marta <m@x.example", "Marta", "m@x.example"),
        ("m@x.example, Other <o@x.example>", "", "m@x.example"),
        ("'m@x.example' <m@x.example>", "", "m@x.example"),
        ("Grüße <m@x.example>", "Grüße", "m@x.example"),
    ],
)
def test_senders_as_they_are_written(written: str, name: str, email: str) -> None:
    (one,), _ = read(mail(From=written))
    assert one.sender
    assert (one.sender.name, one.sender.email) == (name, email)


BROKEN = [
    '"', '"a', "<", "<>", "(c):", "(x): a@b.com;", "a@b.com,", "@", "a@", "@b", ",,,", "a@b@c", ".a@b.c", "a.@b.c",
    "undisclosed-recipients:;",
    "=?utf-8?X?abc?=", "=?utf-8?Q?=ZZ?=", "=?utf-8?b?!?= <a@b.c>", "[a@b.c]", "<[b378...@x.com]>", "a b c", "a;b;c",
    "\x00", "=?", "group: a@b.c",
    "(" * 500, "<" * 500, '"' * 501, "a@b.c " * 300, "=?utf-8?q?" * 200, "\\", '"\\', ":", ";",
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_headers_that_trip_the_standard_library_cost_no_other_mail(broken: str) -> None:
    headers = (
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Content-Type",
        "Message-ID",
        "Delivered-To",
        "Return-Path",
    )
    mails = [mail(f"x{number}", **{name.replace("-", "_"): broken}) for number, name in enumerate(headers)]
    found, notices = read(mbox(*mails, mail("last")), keep_text=True)
    assert found[-1].key == "mail:last@fernhill.example"
    assert all(one.why.endswith(".") for one in notices.skipped)
    for one in found:
        assert (one.summary or "x").isprintable()
        assert all(party.email.isprintable() and party.name.isprintable() for party in one.parties)


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        ("Subject: Grüße".encode("latin-1"), "Grüße"),
        ("Subject: Grüße".encode(), "Grüße"),
        (b"Subject: =?utf-8?q?a?=\n =?utf-8?q?b?=", "ab"),
        (b"Subject: one\n two\r\n\tthree", "one two three"),
        (b"Subject: =?gb2312?B?xOO6ww==?=", "你好"),
        (b"Subject: =?utf-8?q?tab=09null=00bell=07?=", "tab null bell"),
        (b"Subject:", None),
        (b"Subject : spaced", "spaced"),
    ],
)
def test_subjects_as_they_are_written(head: bytes, subject: str | None) -> None:
    data = head + b"\n" + mail(Subject="").encode()
    assert read(data)[0][0].summary == subject


def test_the_subject_of_a_private_mail_stays_out() -> None:
    (one,), _ = read(mail(1, "Sensitivity: Private"), keep_text=True)
    assert (one.summary, one.note) == (None, None)


@given(st.text(max_size=60), st.sampled_from(["utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp"]))
@settings(max_examples=40, deadline=None)
def test_what_the_standard_library_writes_is_read_back(words: str, charset: str) -> None:
    plain = " ".join("".join(sign for sign in words if sign.isprintable()).split())
    plain = plain.encode(charset, "ignore").decode(charset)
    made = EmailMessage()
    made["From"] = Address(plain.replace("@", "") or "x", "marta", "x.example")
    made["Subject"] = plain
    made["Date"] = "Mon, 02 Nov 2026 10:00:00 +0100"
    (one,), _ = read(bytes(made))
    assert one.summary == (" ".join(plain.split()) or None)
    assert subject_of("a" * 5_000) == "a" * 1_000


def test_the_text_is_kept_only_on_request_and_without_what_it_quotes() -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Date"] = MARTA, ALICE, "Mon, 02 Nov 2026 10:00:00 +0100"
    made.set_content("Grüße!\n\n> you wrote\n\nMarta", charset="iso-8859-1")
    made.add_alternative("<p>Grüße</p>", subtype="html")
    made.add_attachment(b"\x00" * 100, maintype="image", subtype="png")
    assert read(bytes(made))[0][0].note is None
    assert read(bytes(made), keep_text=True)[0][0].note == "Grüße!\n\nMarta"
    page = "<html><head><title>x</title><style>p {}</style></head><body><p>One &amp; two</p><script>bad()</script><p>three"
    assert (
        read(mail(1, "Content-Type: text/html", body=page), keep_text=True)[0][0].note == "One & two\nthree"
    )


def test_a_page_whose_head_does_not_end_keeps_its_words() -> None:
    page = "<html><head><meta charset=utf-8><title>No</title><style>p {}</style><body><p>Hello Ana.</p><p>Marta</p>"
    sent = mail(1, "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", body=page)
    note = read(sent, keep_text=True)[0][0].note or ""
    assert note.split() == ["Hello", "Ana.", "Marta"]


@pytest.mark.parametrize("charset", ["undefined", "nonsense", "rot13", "a b"])
def test_a_name_of_letters_that_are_none_costs_no_words(charset: str) -> None:
    sent = mail(1, "MIME-Version: 1.0", f'Content-Type: text/plain; charset="{charset}"', body="Grüße, Marta")
    assert read(sent, keep_text=True)[0][0].note == "Grüße, Marta"


def test_a_mail_that_is_moved_meanwhile_weighs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, goes = tmp_path / "stays.eml", tmp_path / "goes.eml"
    stays.write_text(mail(1))
    monkeypatch.setattr(mailboxes, "_mail_files", lambda folder: iter([stays, goes]))
    assert mailboxes.folder_size(tmp_path) == stays.stat().st_size


# Where a mail begins.

LINES = [
    "", "Hello.", "From here on we talk", "From: not a header", ">From quoted", ">>From twice",
    "From marta@x.example", "-- ", "Subject: x",
    "From Monday on, at 10:00", "From the desk of Marta, Mon Nov 2 10:00:00 2026",
]  # fmt: skip


@given(
    st.lists(st.lists(st.sampled_from(LINES), max_size=6), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60, deadline=None)
def test_an_mbox_gives_back_the_mails_that_were_put_in(bodies: list[list[str]], ending: str) -> None:
    mails = [mail(number, body="\n".join(body)) for number, body in enumerate(bodies)]
    data = mbox(*mails).replace("\n", ending).encode()
    found = list(mails_in(io.BytesIO(data), Notices("x"), body=10_000))
    assert [bytes(one.body).decode().replace(ending, "\n").rstrip("\n") for one in found] == [
        "\n".join(body).rstrip("\n") for body in bodies
    ]
    assert [f"<{number}@" in bytes(one.head).decode() for number, one in enumerate(found)] == [True] * len(
        mails
    )


@pytest.mark.parametrize(
    "line",
    [
        "From - Mon Nov 02 10:00:00 2026",
        "From 1234567890123@xxx Mon Nov 02 10:00:00 +0000 2026",
        "From marta@x.example Mon Nov  2 10:00:00 2026",
        "From marta@x.example",
        "From MAILER-DAEMON Mon Nov  2 10:00:00 2026",
        "From ???@??? Mon Nov 02 10:00:00 2026",
        "From sb at x.example  Mon Nov  2 10:00:00 2026",
        "From marta@x.example Mon, 02 Nov 2026 10:00:00 +0100",
    ],
)
def test_lines_by_which_programs_begin_a_mail(line: str) -> None:
    assert is_mail(mbox(mail(), line=line).encode())
    assert len(read(mbox(mail(1), mail(2), mail(3), line=line))[0]) == 3


def test_unquoted_words_of_a_text_begin_no_mail() -> None:
    body = (
        "Well,\n\nFrom what I hear on Mon Nov 2 10:00:00 2026\nit is fine.\n\nFrom now on\nSubject: changed"
    )
    assert len(read(mbox("x").replace("x\n", "") + mail(1, body=body) + "\n" + mbox(mail(2)))[0]) == 2


def test_a_header_from_with_a_space_is_no_mailbox() -> None:
    found, _ = read(mail().replace("From:", "From  :"))
    assert len(found) == 1


# Where mails lie.


def test_a_maildir_a_folder_and_archives_hold_the_same(tmp_path: Path) -> None:
    mails = [mail(number) for number in range(7)]
    folder = maildir(tmp_path / "Maildir", mails)
    (folder / "dovecot.index").write_bytes(b"\x00\x01")
    (folder / "tmp").mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    drafts = folder / ".Drafts" / "cur"
    drafts.mkdir(parents=True)
    (drafts / "1.x:2,S").write_text(mail("draft"))
    (folder / "cur" / "2.x:2,DS").write_text(mail("flagged"))
    assert is_mail_folder(folder)
    assert not is_mail_folder(folder / "tmp")
    notices = Notices("Maildir")
    reader = MailReader(notices, NOW)
    keys = sorted(one.key for one in reader.sightings(mails_under(folder, notices)))
    reader.tell()
    assert [one.why for one in notices.skipped] == [f"2 mails left out: {REASONS['draft']}."]
    packed = zipped(
        {
            f"Maildir/{path.relative_to(folder)}": path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
    )
    letters = zipped(
        {f"mails/{number}.eml": one for number, one in enumerate(mails)} | {"mails/notes.txt": "hi"}
    )
    boxes = zipped({"Takeout/Mail/All mail.mbox": mbox(*mails), "Takeout/Mail/Spam.mbox": mbox(mail("spam"))})
    for data in (packed, letters, boxes):
        assert feed_of("x.zip", data[:65_536]) == "mail"
        assert sorted(one.key for one in read(data)[0]) == keys


def test_archives_that_are_none_or_bombs_are_refused_or_left_out_in_part() -> None:
    good = zipped({"a.eml": mail(1), "b.eml": mail(2), "c.zip": zipped({"d.eml": mail(3)})})
    for broken in (good[: len(good) // 2], good[:-30]):
        with pytest.raises(UnreadableFile, match="damaged"):
            read(broken)
    spoiled = bytearray(good)
    spoiled[good.index(b"a.eml") + 30] ^= 0xFF
    found, notices = read(bytes(spoiled))
    assert ([one.key for one in found], len(notices.skipped)) == (["mail:2@fernhill.example"], 1)
    assert "damaged" in notices.skipped[0].why
    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.eml", b"\x00" * 20_000_000)
    with pytest.raises(UnreadableFile, match="far more than a real one"):
        read(big.getvalue())


@pytest.mark.parametrize("data", [zipped({"xl/workbook.xml": "x"}), b"\x89PNG\r\n", b"%PDF-1.4"])
def test_what_is_no_mail_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="looks like"):
        feed_of("x.mbox", data)


# Whatever is in it.


@given(st.integers(0, 3_000), st.integers(0, 255), st.sampled_from(["mbox", "eml", "zip"]))
@settings(max_examples=80, deadline=None)
def test_cut_and_flipped_it_ends_in_mails_or_a_sentence(place: int, flip: int, sort: str) -> None:
    mails = [
        mail(number, "Content-Type: multipart/mixed; boundary=x", body="--x\n\nHi\n--x--")
        for number in range(4)
    ]
    data = {
        "mbox": mbox(*mails).encode(),
        "eml": mails[0].encode(),
        "zip": zipped({"a.eml": mails[0], "b.mbox": mbox(*mails)}),
    }[sort]
    flipped = bytearray(data)
    flipped[place % len(data)] ^= flip
    for broken in (bytes(flipped), data[: place % len(data)], data[place % len(data) :]):
        try:
            found, notices = read(broken, keep_text=True)
            said = [one.why for one in notices.skipped]
        except UnreadableFile as refused:
            found, said = [], [refused.sentence]
        assert len(found) <= 5
        assert all(one.endswith(".") for one in said)


def test_the_memory_is_that_of_one_mail() -> None:
    """Eight mails of half a megabyte: neither reading nor keeping text holds more than a few of them."""
    line = b"All of this is said and said again.\n"
    data = mbox(*(mail(number, body="@") for number in range(8))).encode().replace(b"@\n", line * 15_000)
    stream = io.BytesIO(data)
    tracemalloc.start()
    assert sum(1 for _ in mails_in(stream, Notices("x"), body=100_000)) == 8
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 700_000 < len(data) / 6


def test_a_line_without_end_is_no_trouble() -> None:
    data = mbox(mail(1, body="x" * 3_000_000), mail(2)).encode()
    assert len(read(data)[0]) == 2
    assert len(read(mail(1, "X-Long: " + "y" * 1_000_000))[0]) == 1


def test_random_bytes_after_a_good_mail_do_not_lose_it() -> None:
    chance = random.Random(7)
    noise = bytes(chance.randrange(256) for _ in range(20_000))
    assert read(mbox(mail(1)).encode() + noise)[0][0].key == "mail:1@fernhill.example"


# What makes a mail itself.


def test_the_message_id_is_the_key_else_what_the_mail_says() -> None:
    def key(**said: str) -> str:
        return read(mail(**said))[0][0].key

    assert key() == "mail:1@fernhill.example"
    assert key(Message_ID="< 1@fernhill.example >") == key()
    assert key(Message_ID="<>") == key(Message_ID="") != key()
    assert key(Message_ID="", Subject="Other") != key(Message_ID="")
    assert key(Message_ID="", To=DANIEL) != key(Message_ID="")
    assert key(Message_ID="", To=f"Al <{ALICE.upper()}>") == key(Message_ID="")
    assert len(key(Message_ID="<" + "x" * 5_000 + ">")) < 50


def test_a_mail_that_lies_there_twice_is_told_once_unless_the_copies_differ() -> None:
    assert len(read(mbox(mail(1), mail(2), mail(1)))[0]) == 2
    assert len(read(mbox(mail(1), mail(1, f"Bcc: {DANIEL}")))[0]) == 2
