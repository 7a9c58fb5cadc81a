"""Text messages and calls as SMS Backup & Restore writes them: texts by day, calls one by one, whoever they were with."""

import io
import re
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.imports.feeds import feed_kind, read_feed
from crm.imports.records import ParsedFile, UnreadableFile
from crm.imports.safe_xml import CHUNK
from crm.imports.sightings import FeedSetting
from crm.interactions.actions import Entry, log_interaction
from crm.storage.tables import interaction
from tests.builders import NOW, World
from tests.imports.files import bring, count, good, news, rows, summed

MARTA, DANIEL = "+491701234567", "+491707654321"


def ms(text: str) -> int:
    """Milliseconds of a moment of Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)


def element(name: str, within: str = "", **attributes: Any) -> str:
    said = " ".join(f"{key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"  <{name} {said}>{within}</{name}>\n"


def sms(at: str, kind: int = 1, address: str = MARTA, body: str = "Hello", name: str = "Marta") -> str:
    return element("sms", address=address, date=ms(at), type=kind, body=body, contact_name=name)


def mms(at: str, box: int, addresses: str, sender: str = "") -> str:
    addr = element("addr", address=sender, type=137) if sender else ""
    part = element("part", ct="text/plain", text="Hi")
    return element(
        "mms", f"<parts>{part}</parts><addrs>{addr}</addrs>", address=addresses, date=ms(at), msg_box=box
    )


def call(at: str, kind: int, seconds: int = 60, number: str = MARTA) -> str:
    return element("call", number=number, date=ms(at), type=kind, duration=seconds, contact_name="Marta")


def backup(*elements: str, root: str = "smses", head: str = "") -> bytes:
    prolog = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<!--File Created By SMS Backup & Restore-->\n"
    style = '<?xml-stylesheet type="text/xsl" href="sms.xsl"?>\n'
    return f'{prolog}{style}{head}<{root} count="{len(elements)}">\n{"".join(elements)}</{root}>'.encode()


def read(data: bytes, *, keep_text: bool = False) -> ParsedFile:
    setting = FeedSetting(
        ZoneInfo("UTC"), NOW, keep_text, own_zone=ZoneInfo("Europe/Berlin"), mine=("+49 30 1234567",)
    )
    kind = feed_kind(data[:65_536]) or "phone"
    return read_feed(kind, io.BytesIO(data), "backup.xml", setting)


def said(parsed: ParsedFile) -> list[tuple[str, str, str]]:
    return [(one.key.partition(":")[2], one.direction, one.outcome) for one in parsed.sightings]


def why(parsed: ParsedFile) -> str:
    return " ".join(one.why for one in parsed.skipped)


def test_texts_are_folded_by_day_and_drafts_and_services_are_no_contact() -> None:
    parsed = read(
        backup(
            sms("2026-11-02T23:50", 1),
            sms("2026-11-03T00:10", 2),
            sms("2026-11-03T09:00", 1, "0170 1234567"),
            sms("2026-11-04T09:00", 3),
            sms("2026-11-04T09:00", 5),
            sms("2026-11-05T09:00", 1, "7535"),
            sms("2026-11-05T09:00", 1, "AMAZON"),
            sms("2027-11-05T09:00", 1),
        )
    )
    assert said(parsed) == [
        ("sms:+701234567:2026-11-02", "inbound", "reached"),
        ("sms:+701234567:2026-11-03", "mutual", "reached"),
    ]
    assert "2 items were left out: drafts" in why(parsed)
    assert "2 items were left out: with short numbers" in why(parsed)
    assert "1 item was left out: dated in the future" in why(parsed)


def test_pictures_and_groups() -> None:
    both = f"{MARTA}~{DANIEL}~+49301234567"
    parsed = read(
        backup(
            mms("2026-11-02T10:00", 1, MARTA),
            mms("2026-11-03T10:00", 1, both, sender=MARTA),
            mms("2026-11-04T10:00", 1, both, sender=DANIEL),
            mms("2026-11-04T11:00", 2, both),
        ),
        keep_text=True,
    )
    assert said(parsed) == [
        ("sms:+701234567:2026-11-02", "inbound", "reached"),
        ("sms:+707654321:2026-11-04", "mutual", "reached"),
    ]
    assert [one.note for one in parsed.sightings][1] == f"10:00 {DANIEL}: Hi\n11:00 Me: Hi"
    assert "1 day was left out: in a group" in why(parsed)


def test_calls_reach_or_are_attempts() -> None:
    kinds = [(1, 60), (2, 3700), (2, 0), (3, 0), (4, 20), (5, 0), (7, 0), (6, 0), (1, 0), (99, 60)]
    parsed = read(
        backup(
            *(call(f"2026-11-02T{10 + place}:00", *kind) for place, kind in enumerate(kinds)),
            call("2026-11-02T08:00", 1, 60, "-2"),
            root="calls",
        )
    )
    assert [(one.direction, one.outcome, one.summary) for one in parsed.sightings] == [
        ("inbound", "reached", "1 minute"),
        ("outbound", "reached", "1 hour and 1 minute"),
        ("outbound", "attempted", None),
        ("inbound", "attempted", None),
        ("inbound", "attempted", "Voicemail"),
        ("inbound", "attempted", None),
        ("inbound", "reached", None),
        ("inbound", "attempted", None),
    ]
    assert "2 items were left out: blocked" in why(parsed)
    assert "1 item was left out: from or to hidden" in why(parsed)


# Safe XML.


def test_emoji_in_halves_and_control_characters_are_put_right_wherever_the_file_is_cut() -> None:
    halves = sms("2026-11-02T10:00", body="HALVES").replace(
        "HALVES", "&#55357;&#56832; ok &#55357; &#1;\x01 &#x263A;"
    )
    first = backup(halves, sms("2026-11-03T10:00"), head="<!---->").index(b"&#55357;")
    for place in range(0, 20, 3):  # so many bytes of the pair before the cut
        data = backup(halves, sms("2026-11-03T10:00"), head=f"<!--{'x' * (CHUNK - first - place)}-->")
        assert data.index(b"&#55357;") == CHUNK - place
        parsed = read(data, keep_text=True)
        assert next(one.note for one in parsed.sightings) == "10:00 Marta: 😀 ok \ufffd \ufffd  ☺"
        assert len(parsed.sightings) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (backup(head='<!DOCTYPE smses [<!ENTITY a "b">]>'), "document type"),
        (backup(head='<!DOCTYPE smses SYSTEM "http://127.0.0.1/x.dtd">'), "document type"),
        (backup("<a>" * 30), "nested more than"),
        (b"<smses count='1'><sms", "From here on this is not XML"),
    ],
)
def test_what_is_no_honest_backup_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(data)


def test_a_backup_cut_off_brings_what_came_before() -> None:
    whole = backup(*(sms(f"2026-11-{day:02}T10:00") for day in range(1, 11)))
    parsed = read(whole[: len(whole) // 2])
    assert 2 < len(parsed.sightings) < 8
    assert "breaks off here" in why(parsed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("sms-2026.xml", whole)
    assert len(read(buffer.getvalue()).sightings) == 10
    assert len(read(whole.decode().replace("UTF-8", "UTF-16").encode("utf-16")).sightings) == 10


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_backup_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(
        backup(sms("2026-11-02T10:00"), mms("2026-11-03T10:00", 1, MARTA), call("2026-11-04T10:00", 1))
    )
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(120, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableFile):
        assert all(one.occurred_at <= NOW for one in read(bytes(whole)).sightings)


# In the log.


def people(world: World) -> list[int]:
    drafts = [
        NewContact(name="Marta Kowalczyk", phones=(Way("0170 1234567"),), country="Germany"),
        NewContact(name="Daniel Osei"),
        NewContact(name="Dane", phones=(Way("+45 12 34 56 78"),), country="Denmark"),
    ]
    with world.database.write() as connection:
        return add_contacts(connection, world.principal, drafts, world.now)


def log(world: World) -> list[tuple[str, str, str, str]]:
    found = [row for row in rows(world, interaction) if row.deleted_at is None]
    return sorted(
        (f"{row.occurred_at:%Y-%m-%d %H:%M}", row.channel, row.direction, row.outcome) for row in found
    )


def test_people_are_found_by_number_in_any_spelling_else_by_their_name_in_the_phone(world: World) -> None:
    people(world)
    data = backup(
        sms("2026-11-02T10:00", 1, MARTA, name="Mum"),
        sms("2026-11-02T10:00", 1, DANIEL, name="Daniel Osei"),
        sms("2026-11-02T10:00", 1, "004512345678", name="(Unknown)"),
        sms("2026-11-02T10:00", 1, "+49112345678", name="Stranger"),
    )
    (report,) = good(bring(world, ("sms.xml", data)))
    assert report.new["interactions"] == 3
    assert [one.where for one in report.uncertain] == ["Stranger +49112345678"]


def test_overlapping_backups_and_a_call_that_was_written_down_as_well_are_one(world: World) -> None:
    marta, *_ = people(world)
    with world.database.write() as connection:
        entry = Entry(datetime(2026, 11, 2, 12, tzinfo=UTC), "phone", (marta,), summary="The offer")
        log_interaction(connection, world.principal, entry, world.now)
    calls = [call("2026-11-02T10:00", 2), call("2026-11-02T15:00", 1), call("2026-11-03T15:00", 3, 0)]
    texts = [sms("2026-11-02T10:00", 1), sms("2026-11-02T11:00", 2), sms("2026-11-03T11:00", 2)]
    for files in ([calls[1:], texts[1:]], [calls, texts], [calls[:2], texts[:1]]):
        named = [("calls.xml", backup(*files[0], root="calls")), ("sms.xml", backup(*files[1]))]
        good(bring(world, *named))
    assert [one[1:] for one in log(world)] == [
        ("phone", "outbound", "reached"),
        ("sms", "mutual", "reached"),
        ("phone", "mutual", "reached"),
        ("sms", "outbound", "reached"),
        ("phone", "inbound", "attempted"),
    ]
    again = good(bring(world, ("calls.xml", backup(*calls, root="calls")), ("sms.xml", backup(*texts))))
    assert (news(again), summed(again, "unchanged")) == ({}, {"interactions": 5})


def test_a_call_of_the_calendar_and_of_the_phone_are_one_and_a_lunch_is_another(world: World) -> None:
    people(world)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for uid, start, summary in (
        ("a", "20261102T090000Z", "Call Marta Kowalczyk"),
        ("b", "20261102T110000Z", "Lunch with Marta Kowalczyk"),
    ):
        lines += ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", f"SUMMARY:{summary}", "END:VEVENT"]
    calendar = "\r\n".join([*lines, "END:VCALENDAR", ""])
    calls = backup(call("2026-11-02T10:20", 2), root="calls")
    for order in ((calendar, calls), (calls, calendar)):
        other = World.create(world.database, f"Team {order[0][:9]!r}")
        people(other)
        for content in order:
            good(bring(other, ("file", content)))
        assert sorted(row.channel for row in rows(other, interaction)) == ["lunch", "phone"]
    assert count(world, interaction) == 0


def test_real_backups_count_as_an_independent_count_has_it() -> None:
    from tests.imports.test_corpus import DATA

    paths = sorted((DATA / "chat" / "mobilecombackup").glob("**/*.xml"))
    if not paths:
        pytest.skip("the shared data are not here")
    for path in paths:
        text = path.read_text()
        parsed = read(path.read_bytes())
        calls = re.findall(r'<call number="\+?\d{7,}" duration="(\d+)" date="\d+" type="([1235])"', text)
        found = [one for one in parsed.sightings if one.channel == "phone"]
        assert len(found) == len(calls)
        assert sum(one.outcome == "reached" for one in found) == sum(seconds != "0" for seconds, _ in calls)
        days = set()
        for tag in re.findall(r"<(?:sms|mms) [^>]*>", text):
            address = re.search(r' address="([^"]*)"', tag)
            at = re.search(r' date="(\d+)"', tag)
            assert address
            assert at
            if "~" not in address[1] and len(address[1]) > 6:
                day = datetime.fromtimestamp(int(at[1]) / 1000, ZoneInfo("Europe/Berlin")).date()
                days.add((address[1], day))
        assert len(parsed.sightings) - len(found) == len(days)
