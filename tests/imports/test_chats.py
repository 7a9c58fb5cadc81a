"""Chats: who wrote with whom on which day, in every language and form phones write; each day with each person once."""

import io
import json
import random
import zipfile
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NewContact, Way
from crm.imports.chat_stamps import possible_orders
from crm.imports.feeds import read_feed
from crm.imports.records import ParsedFile, UnreadableFile
from crm.imports.sightings import FeedSetting, Sighting
from crm.imports.undoing import undo
from crm.interactions.actions import Entry, delete_interaction, log_interaction
from crm.storage.tables import contact, interaction
from tests.builders import NOW, World
from tests.imports.files import bring, count, exported, good, news, rows, summed
from tests.web.site import client

STAMPS = json.loads((Path(__file__).parent / "chat_stamps.json").read_text())
"""Four moments as the Unicode data (ICU 78) write them in each language, with 12 and with 24 hours."""
MOMENTS = ["2026-10-04 09:05", "2026-10-04 12:30", "2026-10-17 00:08", "2026-11-03 21:59"]
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str | bytes, name: str = "chat.txt", me: str = "Ada", zone: ZoneInfo = BERLIN) -> ParsedFile:
    data = text.encode() if isinstance(text, str) else text
    setting = FeedSetting(BERLIN, NOW, mine=(me,) if me else (), own_zone=zone)
    return read_feed("whatsapp", io.BytesIO(data), name, setting)


def said(parsed: ParsedFile) -> list[tuple[str, str, str]]:
    return [
        (one.key.removeprefix("chat:whatsapp:"), one.direction, f"{one.occurred_at:%H:%M}")
        for one in parsed.sightings
    ]


def dashed(*lines: tuple[str, str]) -> str:
    """A chat as Android writes it."""
    return "".join(f"{stamp} - {rest}\n" for stamp, rest in lines)


def bracketed(*lines: tuple[str, str]) -> str:
    """A chat as iOS writes it."""
    return "".join(f"\u200e[{stamp}] {rest}\r\n" for stamp, rest in lines)


# Forms and languages.


@pytest.mark.parametrize("form", [dashed, bracketed])
def test_one_chat_reads_alike_in_every_language_calendar_and_clock(form: object) -> None:
    told = ("Marta: Hello", "Ada: Hi there", "~\u202fMarta: Are you\nthere?", "Ada: Yes")
    expected = [
        ("marta:2026-10-04", "mutual", "07:05"),
        ("marta:2026-10-17", "inbound", "22:08"),
        ("marta:2026-11-03", "outbound", "20:59"),
    ]
    wrong = {
        language: said(parsed)
        for language, stamps in STAMPS.items()
        if said(parsed := read(form(*zip(stamps, told, strict=True)))) != expected  # type: ignore[operator]
    }
    assert wrong == {}
    assert len(STAMPS) > 150


def test_what_surrounds_messages_is_no_message() -> None:
    text = bracketed(
        ("01.10.26, 10:00:00", "Marta: \u200eMessages and calls are end-to-end encrypted."),
        ("13.10.26, 10:00:00", "Marta: \u200eimage omitted"),
        ("14.10.26, 10:00:00", "Ada: \u200e<attached: 00000012-PHOTO.jpg>"),
        ("15.10.26, 10:00:00", "Marta: \u200eMissed voice call"),
    )
    assert said(read(text)) == [
        ("marta:2026-10-13", "inbound", "08:00"),
        ("marta:2026-10-14", "outbound", "08:00"),
    ]
    text = dashed(
        ("13.10.26, 10:00", "Messages and calls are end-to-end encrypted."),
        ("14.10.26, 10:00", "Marta:"),
        ("15.10.26, 10:00", "Marta changed the subject to “Plan: B”"),
        ("16.10.26, 10:00", "Ada: <Media omitted>"),
        ("16.10.26, 10:01", "Marta:."),
    )
    assert said(read(text.replace("“Plan: B”", "Plan"))) == [
        ("marta:2026-10-14", "inbound", "08:00"),
        ("marta:2026-10-16", "outbound", "08:00"),
    ]
    assert said(read(text)) == []  # a subject is that of a group


def test_a_group_is_contact_with_those_who_wrote_on_a_day_on_which_we_wrote() -> None:
    text = dashed(
        ("13/10/2026, 10:00", 'Marta created group "Lunch"'),
        ("13/10/2026, 10:01", "Marta: Hello"),
        ("14/10/2026, 10:00", "Marta: Where?"),
        ("14/10/2026, 10:05", "+49 170 1234567: Here"),
        ("14/10/2026, 11:00", "Ada: Coming"),
        *((("15/10/2026, 10:00", f"Person {number}: hi")) for number in range(13)),
        ("15/10/2026, 11:00", "Ada: hi all"),
    )  # fmt: skip
    parsed = read(text)
    assert said(parsed) == [
        ("marta:2026-10-14", "mutual", "08:00"),
        ("+701234567:2026-10-14", "mutual", "08:05"),
    ]
    assert [one.why.partition(":")[0] for one in parsed.skipped] == [
        "1 day was left out",
        "1 day was left out",
    ]


def test_day_or_month_is_decided_from_the_whole_file_or_asked() -> None:
    def orders(*days: tuple[int, int, int], form: str = "-//>") -> list[str]:
        return possible_orders([(one, "") for one in days], date(2026, 11, 23), form)

    assert orders((3, 4, 26), (4, 4, 26), (13, 4, 26)) == ["day first"]
    assert orders((3, 4, 26), (3, 14, 26)) == ["month first"]
    assert orders((1, 2, 26), (2, 1, 26)) == ["month first"]  # messages follow each other
    assert orders((1, 2, 26), (1, 3, 26)) == ["day first", "month first"]
    assert orders((12, 1, 26), (11, 2, 26)) == [
        "day first"
    ]  # in December of this year nobody has written yet
    assert orders((5, 5, 26), (6, 6, 26)) == ["day first"]  # it is the same
    assert orders((1, 2, 26), (1, 3, 26), form="-..>") == ["day first"]
    assert orders((26, 2, 1), (26, 3, 1)) == ["year first"]
    parsed = read(dashed(("3/4/26, 10:00", "Marta: Hello")))
    assert not parsed.sightings
    assert [words for _, words in parsed.choices[0].options] == [
        "The day: 3 April 2026",
        "The month: 4 March 2026",
    ]


@given(
    st.lists(st.dates(date(2012, 1, 1), date(2026, 11, 20)), min_size=1, max_size=30),
    st.sampled_from(["%d/%m/%y", "%m/%d/%y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d"]),
)
@settings(max_examples=60, deadline=None)
def test_no_order_of_dates_is_ever_read_wrongly(days: list[date], pattern: str) -> None:
    days = sorted(days)
    text = dashed(*((f"{day:{pattern}}, 10:00", "Marta: Hello") for day in days))
    parsed = read(text, "Marta.txt")
    if parsed.choices:
        assert pattern.startswith(("%d", "%m"))
    else:
        assert [one.key[-10:] for one in parsed.sightings] == sorted({day.isoformat() for day in days})


# Who is us.


def test_who_is_us_is_told_by_our_names_the_file_or_an_answer() -> None:
    text = dashed(("13/10/2026, 10:00", "Marta K.: Hello"), ("13/10/2026, 10:01", "A. Lovelace: Hi"))
    assert said(read(text, me="A. Lovelace"))[0][0] == "marta k.:2026-10-13"
    for name in (
        "WhatsApp Chat with Marta K..txt",
        "Marta K. ile WhatsApp Sohbeti.txt",
        "WhatsApp-Chat mit Marta K. (2).txt",
    ):
        assert said(read(text, name, me=""))[0][0] == "marta k.:2026-10-13", name
    (choice,) = read(text, "_chat.txt", me="").choices
    assert [value for value, _ in choice.options] == ["A. Lovelace", "Marta K.", ""]


# In the log.


def marta(world: World) -> int:
    drafts = [
        NewContact(name="Marta Kowalczyk", phones=(Way("+49 170 1234567"),)),
        NewContact(name="Jan Novák"),
        NewContact(name="Jan Novak"),
    ]
    with world.database.write() as connection:
        return add_contacts(connection, world.principal, drafts, world.now)[0]


def log(world: World) -> list[tuple[str, str, str, str | None]]:
    found = [row for row in rows(world, interaction) if row.deleted_at is None]
    return sorted(
        (f"{row.occurred_at:%Y-%m-%d %H:%M}", row.channel, row.direction, row.note) for row in found
    )


CHAT = [
    ("13/10/2026, 10:00", "Marta Kowalczyk: Hello"),
    ("13/10/2026, 11:00", "Ada: Hi"),
    ("14/10/2026, 09:00", "Ada: Lunch?"),
    ("15/10/2026, 09:30", "Marta Kowalczyk: Yes!"),
    ("15/10/2026, 09:31", "Ada: Fine"),
]


def test_overlapping_exports_in_any_order_end_in_one_record_a_day(world: World) -> None:
    marta(world)
    whole = bring(world, ("chat.txt", dashed(*CHAT)), me="Ada", keep_text=True)
    assert news(good(whole)) == {"interactions": 3}
    expected = [row[:3] for row in log(world)]
    pieces = [dashed(*CHAT[:1]), dashed(*CHAT[1:4]), dashed(*CHAT[3:]), dashed(*CHAT)]
    for seed in range(3):
        other = World.create(world.database, f"Team {seed}")
        marta(other)
        random.Random(seed).shuffle(pieces)
        for piece in pieces:
            good(bring(other, ("chat.txt", piece), me="Ada", keep_text=True))
        assert [row[:3] for row in log(other)] == expected
        assert log(other)[0][3] == log(world)[0][3] == "10:00 Marta Kowalczyk: Hello\n11:00 Ada: Hi"


def test_renamed_in_the_phone_it_is_still_the_same_day(world: World) -> None:
    marta(world)
    good(bring(world, ("a.txt", dashed(*CHAT)), me="Ada"))
    renamed = [(stamp, rest.replace("Marta Kowalczyk:", "+49 170 1234567:")) for stamp, rest in CHAT]
    again = good(bring(world, ("b.txt", dashed(*renamed)), me="Ada"))
    assert news(again) == {}
    assert (summed(again, "unchanged"), count(world, interaction)) == ({"interactions": 3}, 3)


def test_undone_deleted_and_logged_by_hand(world: World) -> None:
    who = marta(world)
    with world.database.write() as connection:
        entry = Entry(
            datetime(2026, 10, 14, 7, tzinfo=UTC), "chat", (who,), "outbound", summary="Asked her to lunch"
        )
        log_interaction(connection, world.principal, entry, world.now - timedelta(hours=1))
    (report,) = good(bring(world, ("a.txt", dashed(*CHAT)), me="Ada"))
    assert (report.new["interactions"], report.unchanged["interactions"]) == (2, 1)
    with world.database.write() as connection:
        made = next(row for row in rows(world, interaction) if row.occurred_at.day == 13)
        delete_interaction(connection, world.principal, made.id, world.now)
    again = good(bring(world, ("a.txt", dashed(*CHAT)), me="Ada"))
    assert (news(again), len(log(world))) == ({}, 2)
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id or 0, world.now + timedelta(days=1))
    assert [row[2] for row in log(world)] == ["outbound"]
    assert news(good(bring(world, ("a.txt", dashed(*CHAT)), me="Ada"))) == {"interactions": 1}, (
        "but not the deleted"
    )


def test_unknown_and_ambiguous_names_are_asked_and_nobody_is_created(world: World) -> None:
    marta(world)
    text = dashed(("13/10/2026, 10:00", "Jan Novak: Hello"), ("13/10/2026, 10:00", "Ada: Hello"))
    (doubtful,) = good(bring(world, ("a.txt", text), me="Ada"))
    (unknown,) = good(bring(world, ("b.txt", text.replace("Jan Novak", "Somebody")), me="Ada"))
    assert "could be Jan Novák and Jan Novak" in doubtful.uncertain[0].question
    assert "Seen once, and not among your people" in unknown.uncertain[0].question
    assert (count(world, contact), count(world, interaction)) == (3, 0)
    good(bring(world, ("b.txt", text.replace("Jan Novak", "Somebody")), me="Ada", add_people=True))
    assert (count(world, contact), count(world, interaction)) == (4, 1)


def test_an_export_brought_into_another_workspace_and_the_chat_again_are_one(world: World) -> None:
    marta(world)
    good(bring(world, ("a.txt", dashed(*CHAT)), me="Ada"))
    other = World.create(world.database, "Another team")
    good(bring(other, *((name, data) for name, data in exported(world).items() if name.endswith(".csv"))))
    assert news(good(bring(other, ("a.txt", dashed(*CHAT)), me="Ada"))) == {}
    assert log(other) == log(world)


# Archives.


def zipped(**files: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_the_chat_of_an_archive_is_read_and_nothing_else() -> None:
    data = zipped(**{"photo.jpg": b"\xff\xd8", "_chat.txt": dashed(*CHAT), "notes.txt": "Nothing"})
    parsed = read(data, "WhatsApp Chat - Marta Kowalczyk.zip", me="")
    assert [one[1] for one in said(parsed)] == ["mutual", "outbound", "mutual"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(**{"a.txt": "x"}), "contains no chat"),
        (zipped(**{"a.txt": dashed(*CHAT), "b.txt": dashed(*CHAT)}), "contains several chats"),
        (zipped(**{"_chat.txt": dashed(*CHAT)})[:120], "damaged or incomplete"),
        (zipped(**{"_chat.txt": dashed(CHAT[0]).encode() + b"x" * (65 * 2**20)}), "larger than 64 MiB"),
        (dashed(("13/10/2026, 10:00", "Nothing here")).encode(), "contains no messages"),
        (
            dashed(("13/10/2026, 9:00 xx", "A: b"), ("13/10/2026, 9:30 yy", "A: b")).encode(),
            "are marked “xx” and “yy”",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_chat_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(
        bracketed(*CHAT).encode() if data.draw(st.booleans()) else zipped(**{"_chat.txt": dashed(*CHAT)})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    found: Collection[Sighting] = ()
    with suppress(UnreadableFile):
        found = read(cut).sightings
    assert all(isinstance(one, Sighting) and one.occurred_at <= NOW for one in found)


# The page.


def test_the_page_asks_which_name_is_us_remembers_it_and_imports(world: World) -> None:
    ada = world.user("Ada Lovelace")
    marta(world)
    browser = client(world, ada)
    text = dashed(*((stamp, rest.replace("Ada:", "Countess:")) for stamp, rest in CHAT))
    sent = browser.post("/import", files={"files": ("_chat.txt", text.encode())})
    page = browser.get(sent.headers["location"])
    assert "Which of these names is you?" in page.text
    key = page.text.partition('name="key" value="')[2].partition('"')[0]
    where = sent.headers["location"] + "/answer"
    assert browser.post(where, data={"key": key, "value": "Nobody here"}).status_code == 422
    looked = browser.post(where, data={"key": key, "value": "Countess"})
    preview = browser.get(looked.headers["location"])
    assert "Import 3 interactions" in preview.text
    browser.post(looked.headers["location"] + "/apply")
    assert len(log(world)) == 3
    assert "Countess" in browser.get("/settings").text


def test_whom_a_name_means_is_said_once_on_the_page_and_remembered(world: World) -> None:
    ada = world.user("Ada Lovelace")
    marta(world)
    browser = client(world, ada)
    text = dashed(
        *(
            (stamp, rest.replace("Marta Kowalczyk:", "Marta 🌻:").replace("Ada:", "Ada Lovelace:"))
            for stamp, rest in CHAT
        )
    )
    sent = browser.post("/import", files={"files": ("_chat.txt", text.encode())})
    where = sent.headers["location"]
    assert "Who are they?" in browser.get(where).text
    refused = browser.post(where + "/people", data={"name": "Marta 🌻", "person": "Marta Nobody"})
    assert refused.status_code == 422
    assert "Nobody here is called “Marta Nobody”" in refused.text
    assert 'value="Marta Nobody"' in refused.text
    looked = browser.post(where + "/people", data={"name": "Marta 🌻", "person": "Marta Kowalczyk"})
    assert "Import 3 interactions" in browser.get(looked.headers["location"]).text
    assert news(good(bring(world, ("later.txt", text), me="Ada Lovelace"))) == {"interactions": 3}
