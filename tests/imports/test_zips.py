"""Archives within bounds: so many entries, so much in all, none within another, and none that lies about itself."""

import io
import struct
import zipfile
from random import Random

import pytest

from crm.imports import zips
from crm.imports.archives import member_of
from crm.imports.feeds import feed_kind, head_of, packs_cards
from crm.imports.records import MAIL, WHATSAPP, UnreadableFile
from crm.imports.zips import entries, first_names, heads
from crm.storage.tables import contact, interaction
from tests.builders import World
from tests.imports.files import count
from tests.imports.letters import mail, mbox, read, zipped
from tests.imports.test_import_pages import send
from tests.web.site import client


def unpacked(data: bytes) -> dict[str, bytes]:
    return {entry.name: entry.stream.read() for entry in entries(io.BytesIO(data), "x.zip")}


def test_so_many_entries_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "ENTRIES", 3)
    assert len(unpacked(zipped(dict.fromkeys("abc", "x")))) == 3
    with pytest.raises(UnreadableFile, match="contains more than 3 files"):
        unpacked(zipped(dict.fromkeys("abcd", "x")))


def test_so_much_in_all_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "FLOOR", 1_000)
    assert unpacked(zipped({"a": "0" * 3_000})) == {"a": b"0" * 3_000}
    with pytest.raises(UnreadableFile, match="far more than a real one"):
        unpacked(zipped({"a": "0" * 100_000}))
    with pytest.raises(UnreadableFile, match="far more than a real one"):
        unpacked(zipped({str(number): "0" * 20_000 for number in range(50)}))


def test_one_that_says_it_is_smaller_gives_no_more_than_it_says() -> None:
    data = bytearray(zipped({"a": "0" * 100_000}))
    at = data.rfind(b"PK\x01\x02") + 24
    assert struct.unpack_from("<I", data, at) == (100_000,)
    struct.pack_into("<I", data, at, 10)
    with pytest.raises(zipfile.BadZipFile):
        unpacked(bytes(data))


def test_many_names_for_one_content_are_no_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb without nesting: the directory leads to the same bytes again and again."""
    monkeypatch.setattr(zips, "FLOOR", 1_000)
    data = zipped({"a": "0" * 10_000})
    begins = data.rfind(b"PK\x01\x02")
    ends = data.rfind(b"PK\x05\x06")
    entry, tail = data[begins:ends], bytearray(data[ends:])
    directory = b"".join(entry[:46] + bytes([97 + number]) for number in range(20))
    struct.pack_into("<HHII", tail, 8, 20, 20, len(directory), begins)
    with pytest.raises(UnreadableFile, match="far more than a real one"):
        unpacked(data[:begins] + directory + bytes(tail))


def test_an_archive_within_an_archive_stays_shut() -> None:
    inner = zipped({"inner.eml": mail(1), "_chat.txt": "01/02/2026, 10:00 - Marta: Hello"})
    found, notices = read(zipped({"a.eml": mail(2), "more.zip": inner, "b.eml": inner}), name="m.zip")
    assert len(found) == 1
    assert [one.why for one in notices.skipped] == ["This is not a mail, and was left out."]
    with pytest.raises(UnreadableFile, match="contains no chat"):
        member_of(io.BytesIO(zipped({"more.zip": inner})), "c.zip", lambda name, head: True)


def test_one_with_a_password_or_of_an_unknown_sort_is_refused_in_a_sentence() -> None:
    for offset, value, sentence in ((8, 1, "has a password"), (10, 99, "cannot be unpacked")):
        data = bytearray(zipped({"a": "x"}))
        struct.pack_into("<H", data, data.rfind(b"PK\x01\x02") + offset, value)
        if offset == 8:
            struct.pack_into("<H", data, 6, value)
        with pytest.raises(UnreadableFile, match=sentence):
            unpacked(bytes(data))


# Google Takeout lays each kind of thing in a folder of its own.

CARDS = (
    "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ruiz\nEMAIL:ana@x.example\nEND:VCARD\n"
    "BEGIN:VCARD\nVERSION:3.0\nFN:Ben Ode\nTEL:+44 20 7946 0018\nEND:VCARD\n"
    "BEGIN:VCARD\nVERSION:3.0\nFN:Cleo\nEND:VCARD\n"
)
MEETINGS = (
    "BEGIN:VCALENDAR\nX-WR-CALNAME:alice@team.example\nBEGIN:VEVENT\nUID:one\nDTSTART:20261101T090000Z\n"
    "DTEND:20261101T100000Z\nSUMMARY:Tea\nATTENDEE:mailto:ana@x.example\nEND:VEVENT\nEND:VCALENDAR\n"
)
PAGE = "<html><body>Archive Browser</body></html>"
TAKEOUTS: dict[str, dict[str, str | bytes]] = {
    "contacts": {
        "Takeout/Contacts/All Contacts/A large picture.jpg": b"\xff\xd8\xff" + Random(7).randbytes(100_000),
        "Takeout/Contacts/All Contacts/All Contacts.vcf": CARDS,
        "Takeout/Contacts/My Contacts/My Contacts.vcf": CARDS,
    },
    "calendar": {
        "Takeout/archive_browser.html": PAGE,
        "Takeout/Calendar/alice@team.example.ics": MEETINGS,
        "Takeout/Calendar/Birthdays.ics": "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
    },
    "mail": {
        "Takeout/archive_browser.html": PAGE,
        "Takeout/Mail/All mail Including Spam and Trash.mbox": mbox(
            mail(1, From="Ana Ruiz <ana@x.example>"), line="From 1@xxx Sun Nov 01 09:00:00 +0000 2026"
        ),
        "Takeout/Mail/User Settings/Filters.json": "{}",
    },
}


@pytest.mark.parametrize(
    ("kind", "read_as"), [("contacts", "vCards"), ("calendar", "a calendar"), ("mail", "mail")]
)
def test_a_takeout_of_one_kind_is_imported_as_it_is(world: World, kind: str, read_as: str) -> None:
    browser = client(world, world.user(first_run_done=True))
    for each in dict.fromkeys(("contacts", kind)):
        preview = send(browser, (f"takeout-{each}.zip", zipped(TAKEOUTS[each])))
        page = browser.get(preview).text
        assert browser.post(f"{preview}/apply").status_code == 303
    assert f"read as {read_as}" in page
    assert (count(world, contact), count(world, interaction)) == (3, 0 if kind == "contacts" else 1)


def test_what_else_lies_in_an_archive_of_mail_is_named() -> None:
    boxes = {name: data for each in ("mail", "contacts") for name, data in TAKEOUTS[each].items()}
    found, notices = read(zipped(boxes), name="all.zip")
    cards = [name for name in boxes if name.endswith(".vcf")]
    more = f"Unpack this archive to import what else is in it: {', '.join(cards)}."
    assert (len(found), [one.why for one in notices.skipped]) == (1, [more])


def test_what_an_archive_holds_is_told_by_its_directory_where_a_picture_comes_first() -> None:
    data = zipped(TAKEOUTS["contacts"])
    assert first_names(heads(io.BytesIO(data))) == list(TAKEOUTS["contacts"])
    assert packs_cards(head_of(io.BytesIO(data)))
    files: dict[str, str | bytes] = {"1.jpg": Random(7).randbytes(100_000)}
    for more, kind in (
        ({}, WHATSAPP),
        ({"2.vcf": CARDS, "3.eml": mail(1)}, MAIL),
        ({"_chat.txt": ""}, WHATSAPP),
    ):
        files |= more
        assert feed_kind(head_of(io.BytesIO(zipped(files)))) == kind


@pytest.mark.parametrize("cut", [10, 30, 100_000, 100_300])
def test_half_an_archive_is_told_by_how_it_begins(cut: int) -> None:
    data = zipped(TAKEOUTS["contacts"])[:cut]
    assert head_of(io.BytesIO(data)) == data[:65_536]


def test_a_directory_that_lies_is_no_fault_of_ours() -> None:
    data = bytearray(zipped(TAKEOUTS["contacts"]))
    for at in range(data.rfind(b"PK\x01\x02"), len(data)):
        wrong = data[:at] + b"\xff" + data[at + 1 :]
        assert len(head_of(io.BytesIO(wrong))) > 0
