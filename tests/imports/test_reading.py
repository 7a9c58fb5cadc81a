"""Where files are read: in a process of their own, but for small ones of our own format."""

from datetime import UTC, datetime
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from crm.imports import reading
from crm.imports.reading import TOO_MUCH, Given, Reading, read_all
from crm.imports.records import ParsedFile
from crm.imports.report import FileReport
from crm.imports.sniff import read_file
from tests.imports.files import CONTACTS, EVERYTHING
from tests.shipped import SHIPPED_KEYS

BERLIN, NOW = ZoneInfo("Europe/Berlin"), datetime(2026, 11, 23, 9, tzinfo=UTC)
CARD = b"BEGIN:VCARD\nVERSION:3.0\nFN:Marta\nEMAIL:m@x.example\nBDAY:odd\nEND:VCARD\n"
BOOK = b"Name,E-mail Address,Shoes\nMarta,m@x.example,38\nMarta,,=1+1\n"
RULES = b'# ours\n\n[[rule]]\nkey = "mine"\n'
READING = Reading(BERLIN, NOW, SHIPPED_KEYS)


def apart(name: str, content: bytes, asked: Reading = READING) -> ParsedFile | FileReport:
    (found,) = read_all([Given(name, content)], asked)
    return found


@pytest.mark.parametrize(
    ("name", "content"), [("a.vcf", CARD), ("book.csv", BOOK), ("c.csv", CONTACTS.encode())]
)
def test_what_is_read_apart_is_what_is_read_here(name: str, content: bytes) -> None:
    here = read_file(name, content, zone=BERLIN, now=NOW, channels=SHIPPED_KEYS)
    with patch.object(reading, "OURS_LIMIT", 0):
        assert (apart(name, content), bool(here.records)) == (here, True)


@pytest.mark.parametrize("content", [*EVERYTHING.values(), RULES.decode()])
def test_small_files_of_our_own_format_are_read_here(content: str) -> None:
    with patch.object(reading, "_read_apart", side_effect=AssertionError):
        assert isinstance(apart("a", content.encode()), ParsedFile)


@pytest.mark.parametrize("content", [CARD, BOOK, b"Name,Email\nMarta,m@x.example\n"])
def test_whatever_else_is_not(content: bytes) -> None:
    with patch.object(reading, "_read_apart", side_effect=AssertionError), pytest.raises(AssertionError):
        apart("rules.toml", content)


def test_columns_that_nobody_knows_come_back_to_be_said() -> None:
    found = apart("book.csv", b"Who,Shoes\nMarta,38\n")
    assert isinstance(found, FileReport)
    assert [one.name for one in found.columns] == ["Who", "Shoes"]


def test_a_team_may_remember_more_than_fits_into_an_argument() -> None:
    said = {f"who:{number}": ["somebody@fernhill.example"] for number in range(5_000)}
    found = apart("a.vcf", CARD, READING._replace(mappings=said))
    assert isinstance(found, ParsedFile)


def test_a_reader_that_is_stopped_is_a_sentence() -> None:
    with patch.object(reading, "processor_seconds", return_value=0):
        found = apart("a.vcf", CARD)
    assert isinstance(found, FileReport)
    assert [one.message for one in found.errors] == [TOO_MUCH]
