"""Archives within bounds: so many entries, so much in all, none within another, and none that lies about itself."""

import io
import struct
import zipfile

import pytest

from crm.imports import zips
from crm.imports.archives import member_of
from crm.imports.records import UnreadableFile
from crm.imports.zips import entries
from tests.imports.letters import mail, read, zipped


def unpacked(data: bytes) -> dict[str, bytes]:
    return {entry.name: entry.stream.read() for entry in entries(io.BytesIO(data), "x.zip")}


def test_so_many_entries_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "ENTRIES", 3)
    assert len(unpacked(zipped(dict.fromkeys("abc", "x")))) == 3
    with pytest.raises(UnreadableFile, match="holds more than 3 files"):
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
    assert [one.why for one in notices.skipped] == ["This is no mail, and was left out."]
    with pytest.raises(UnreadableFile, match="holds no chat"):
        member_of(io.BytesIO(zipped({"more.zip": inner})), "c.zip", lambda name, head: True)


def test_one_with_a_password_or_of_an_unknown_sort_is_refused_in_a_sentence() -> None:
    for offset, value, sentence in ((8, 1, "has a password"), (10, 99, "cannot be unpacked")):
        data = bytearray(zipped({"a": "x"}))
        struct.pack_into("<H", data, data.rfind(b"PK\x01\x02") + offset, value)
        if offset == 8:
            struct.pack_into("<H", data, 6, value)
        with pytest.raises(UnreadableFile, match=sentence):
            unpacked(bytes(data))
