"""Telegram, LinkedIn, X and Signal: each day with each person once, the same whatever wrote it down."""

import io
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.imports import json_stream
from crm.imports.choices import remember_who
from crm.imports.feeds import HEAD, feed_kind, read_feed
from crm.imports.json_stream import END, values
from crm.imports.records import WHATSAPP, ParsedFile, UnreadableFile
from crm.imports.safe_xml import BrokenOff
from crm.imports.sightings import FeedSetting
from crm.storage.tables import interaction
from tests.builders import NOW, World
from tests.imports.files import bring, count, good, news, summed
from tests.imports.messengers import ALONE, BERLIN, ME, NUMBERS, WHOLE, Message, linkedin, telegram, x

OTHERS = [one for one in NUMBERS if one != ME]
X_ACCOUNT = f"x.com/i/user/{NUMBERS[ME]}"


def read(data: bytes, name: str = "export", mine: Sequence[str] = (ME, X_ACCOUNT), **more: Any) -> ParsedFile:
    kind = feed_kind(data[:HEAD])
    assert kind is not None
    return read_feed(
        kind, io.BytesIO(data), name, FeedSetting(BERLIN, NOW, mine=tuple(mine), own_zone=BERLIN, **more)
    )


def said(parsed: ParsedFile) -> set[tuple[str, str, str, datetime]]:
    """Who, on which day, which way, and when it began."""
    names = {f"x.com/i/user/{number}": who for who, number in NUMBERS.items()}
    found = [
        (
            names.get(who := (one.parties[0].name), who),
            one.key.rpartition(":")[2],
            one.direction,
            one.occurred_at,
        )
        for one in parsed.sightings
    ]
    assert len({one.key for one in parsed.sightings}) == len(found)
    return set(found)


def expected(messages: Sequence[Message]) -> set[tuple[str, str, str, datetime]]:
    """The same, counted otherwise: message by message from the definition."""
    sides: dict[tuple[str, str], set[str]] = {}
    begins: dict[tuple[str, str], datetime] = {}
    for one in messages:
        day = f"{one.at.astimezone(BERLIN):%Y-%m-%d}"
        same = [
            each
            for each in messages
            if each.within == one.within
            and each.at.astimezone(BERLIN).date() == one.at.astimezone(BERLIN).date()
        ]
        if one.is_group:
            wrote = {each.sender for each in same}
            who = wrote - {ME} if ME in wrote and one.sender == ME else {one.sender} if ME in wrote else set()
        else:
            who = {one.within}
        for other in who:
            sides.setdefault((other, day), set()).add("we" if one.sender == ME else "they")
            start = one.at.replace(second=0, microsecond=0)
            begins[other, day] = min(begins.get((other, day), start), start)
    way = {frozenset({"we"}): "outbound", frozenset({"they"}): "inbound", frozenset({"we", "they"}): "mutual"}
    return {(*key, way[frozenset(both)], begins[key]) for key, both in sides.items()}


moments = st.datetimes(datetime(2026, 10, 20), datetime(2026, 10, 27), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
directly = st.sampled_from(OTHERS).flatmap(
    lambda who: st.builds(
        Message, st.just(who), moments, st.sampled_from([who, ME]), st.text('aé\n"{[,', min_size=1)
    )
)
in_groups = st.builds(Message, st.sampled_from(["Lunch", "Work"]), moments, st.sampled_from([*NUMBERS]))
logs = st.lists(directly | in_groups, min_size=1, max_size=12, unique_by=lambda one: (one.at, one.within))


@settings(max_examples=12, deadline=None)
@given(logs, st.sampled_from([97, 1_000_000]))
def test_every_app_tells_the_same_of_the_same_messages(messages: list[Message], chunk: int) -> None:
    with patch.object(json_stream, "CHUNK", chunk):
        found = {app: said(read(write(messages))) for app, write in WHOLE.items()}
    assert found == dict.fromkeys(WHOLE, expected(messages))


@settings(max_examples=8, deadline=None)
@given(st.lists(moments, min_size=2, max_size=8, unique=True), st.data())
def test_one_conversation_alone_tells_the_same_in_every_form(at: list[datetime], data: st.DataObject) -> None:
    senders = [
        ME,
        "Marta Kowalczyk",
        *data.draw(st.lists(st.sampled_from([ME, "Marta Kowalczyk"]), min_size=len(at), max_size=len(at))),
    ]
    messages = [Message("Marta Kowalczyk", *one) for one in zip(sorted(at), senders, strict=False)]
    found = {form: said(read(write(messages), name)) for form, (name, write) in ALONE.items()}
    assert found == dict.fromkeys(ALONE, expected(messages))


AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
TALK = [
    Message("Marta Kowalczyk", AT, "Marta Kowalczyk", "Lunch?"),
    Message("Marta Kowalczyk", AT + timedelta(minutes=5), ME, "Yes\nat one"),
    Message("Daniel Osei", AT + timedelta(days=1), ME),
]


@pytest.mark.parametrize("app", WHOLE)
def test_halves_that_overlap_in_any_order_are_one_log(world: World, app: str) -> None:
    for who in OTHERS:
        world.contact(who)
    files = [(f"{app}-{number}", WHOLE[app](part)) for number, part in enumerate((TALK[1:], TALK[:2], TALK))]
    me = ME if app != "x" else X_ACCOUNT
    if app == "x":
        with world.database.write() as connection:
            for who in OTHERS:
                remember_who(connection, world.principal, f"x.com/i/user/{NUMBERS[who]}", who, world.now)
    first = good(bring(world, *files, me=me))
    assert (news(first), count(world, interaction)) == ({"interactions": 2}, 2)
    assert news(good(bring(world, *reversed(files), later=1, me=me))) == {}
    assert summed(good(bring(world, files[2], me=me)), "changed") == {}


def test_nobody_is_made_up_and_the_text_is_kept_only_if_wanted() -> None:
    (marta, _) = sorted(read(telegram(TALK)).sightings, key=lambda one: one.occurred_at)
    assert (marta.note, marta.channel) == (None, "chat")
    for app, write in WHOLE.items():
        kept = next(iter(read(write(TALK), keep_text=True).sightings))
        assert kept.note is not None
        assert [line.partition(": ")[2] for line in kept.note.split("\n")] == ["Lunch?", "Yes / at one"], app
    assert {one.channel for one in read(linkedin(TALK)).sightings} == {"social"}


def test_what_is_no_message_is_left_out_and_counted() -> None:
    whole = json.loads(telegram(TALK))
    chat = whole["chats"]["list"][1]
    chat["messages"] += [
        {"type": "service", "action": "phone_call", "date_unixtime": "1792486800", "actor": ME},
        {"type": "service", "action": "pin_message", "date_unixtime": "1792486800"},
        {"type": "message", "date_unixtime": "1792486800", "from": None, "from_id": "user9", "text": ""},
        {"type": "message", "date_unixtime": "4102444800", "from": ME, "from_id": "user1001", "text": ""},
        {"type": "message", "date": "never", "from": ME, "from_id": "user1001"},
        {"type": "message", "date": "0001-01-01T00:00:00", "from": ME, "from_id": "user1001"},
    ]
    parsed = read(json.dumps(whole).encode())
    assert said(parsed) == expected(TALK)
    told = " ".join(one.why for one in parsed.skipped)
    for words in (
        "1 item was left out: calls",
        "notices from the app",
        "accounts that no longer exist",
        "3 items",
        "in a channel",
    ):
        assert words in told
    table = linkedin(TALK).decode().splitlines()
    table[0] += ",ATTACHMENTS,IS MESSAGE DRAFT"
    row = "2-c,,{0},,Marta Kowalczyk,https://l.example/in/m,2026-10-25 10:00:00 UTC,,{1},{2},,{3}"
    table += [
        row.format(ME, "draft", "INBOX", "Yes"),
        row.format("LinkedIn Member", "gone", "INBOX", "No"),
        row.format(ME, "buy", "SPAM", "No"),
        row.format(ME, "<p class=spinmail-quill-editor>buy</p>", "INBOX", "No"),
        "2-d,,Ines Faria,,Ada Lovelace,,2026-10-25 10:00:00 UTC,,We sponsored it,INBOX,,No",
    ]
    parsed = read("\n".join(table).encode())
    sponsored = Message("Ines Faria", datetime(2026, 10, 25, 10, tzinfo=UTC), "Ines Faria")
    assert said(parsed) == expected([*TALK, sponsored])
    assert len(parsed.skipped) == 4


def test_who_of_them_is_us_is_found_in_the_file_or_asked_once() -> None:
    for write in (telegram, linkedin, x):
        assert said(read(write(TALK), mine=())) == expected(TALK)
    for write, name in ((linkedin, ME), (x, X_ACCOUNT)):
        alone = write(TALK[:2])
        (asked,) = read(alone, mine=()).choices
        assert name in [value for value, _ in asked.options]
        assert asked.key.endswith(":me")
        assert said(read(alone, mine=(name,))) == expected(TALK[:2])


def test_a_number_that_an_export_knows_is_better_than_a_name() -> None:
    whole = json.loads(telegram(TALK))
    whole["contacts"]["list"] = [{"user_id": 1002, "first_name": "M", "phone_number": "+49 170 1234567"}]
    assert {one.parties[0].phone for one in read(json.dumps(whole).encode()).sightings} == {
        "+49 170 1234567",
        "",
    }


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_whole_archives_are_read_as_they_come() -> None:
    group = [Message("Lunch", AT, ME), Message("Lunch", AT, "Ines Faria")]
    archives = [
        (zipped(**{"Connections.csv": b"Notes", "messages.csv": linkedin(TALK)}), TALK),
        (zipped(**{"DataExport/result.json": telegram(TALK), "DataExport/photo.jpg": b"x"}), TALK),
        (
            zipped(
                **{
                    "assets/app.js": b"x",
                    "data/direct-messages.js": x(TALK),
                    "data/direct-messages-group.js": x(group).replace(
                        b"direct_messages", b"direct_messages_group"
                    ),
                }
            ),
            [*TALK, *group],
        ),
    ]
    for data, messages in archives:
        assert said(read(data)) == expected(messages)
    chat = b"[14.10.25, 12:00:00] Ada Lovelace: Hi\n[14.10.25, 12:01:00] Marta Kowalczyk: Hello\n"
    for sent in ("prices.csv", "app.js", "data.json", "feed.xml"):
        assert feed_kind(zipped(**{sent: b"x", "_chat.txt": chat})) == WHATSAPP
    with pytest.raises(UnreadableFile, match="no direct messages"):
        read(zipped(**{"data/account.js": b"window.YTD.account.part0 = []"}))
    with pytest.raises(UnreadableFile, match="contains no chat"):
        read(zipped(**{"a.json": b"{}"}))


# Bad input.

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("ab") | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def walked(path: tuple[str, ...], value: Any) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        return [*(told for name, one in value.items() for told in walked((*path, name), one)), (path, END)]
    if isinstance(value, list):
        whole = path[-1:] == ("a",)
        return [told for one in value for told in ([(path, one)] if whole else walked(path, one))]
    return [(path, value)]


@settings(max_examples=30, deadline=None)
@example([1.5, 1e300, -2.5e-7], 1, None)
@example([1.5, 1e300, -2.5e-7], 2, None)
@given(plain, st.integers(1, 9), st.sampled_from([None, 1]))
def test_a_file_read_piece_by_piece_says_what_it_says_as_a_whole(
    value: Any, chunk: int, indent: int | None
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=indent is None).encode()
    with patch.object(json_stream, "CHUNK", chunk):
        found = [
            (one.path, one.value) for one in values(io.BytesIO(data), "x", lambda path: path[-1:] == ("a",))
        ]
    assert found == walked((), value)


@settings(max_examples=20, deadline=None)
@given(st.data(), st.sampled_from(sorted(WHOLE)))
def test_a_damaged_export_is_read_or_refused_and_never_makes_things_up(data: st.DataObject, app: str) -> None:
    whole = bytearray(WHOLE[app](TALK))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = io.BytesIO(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    with suppress(UnreadableFile):
        found = read_feed(app, cut, "x", FeedSetting(BERLIN, NOW, mine=(ME, X_ACCOUNT))).sightings
        assert len(found) <= 6
        assert all(one.occurred_at <= NOW for one in found)


def test_what_no_database_takes_is_left_out_of_words_and_names() -> None:
    told = list(
        values(
            io.BytesIO(b'{"a\\u0000": "x\\ud800y\\u0000", "b": [["\\udfff"]]}'),
            "x",
            lambda path: path == ("b",),
        )
    )
    assert [one.value for one in told[:2]] == ["x?y", ["?"]]
    assert told[0].path == ("a",)


def test_nothing_hangs_on_depth_or_length() -> None:
    for hostile in (b"[" * 100_000, b'{"a":' * 100_000, b'{"messages":[' + b"[" * 100_000):
        with pytest.raises((UnreadableFile, BrokenOff)):
            list(values(io.BytesIO(hostile), "x", lambda path: path == ("messages",)))
