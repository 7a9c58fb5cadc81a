"""What is said of a file survives the way from the process that reads it and into a kept report, and is worded at its end."""

import json
import pickle
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from crm.domain import language
from crm.domain.manner import Manner, written_for
from crm.imports.phrases import (
    both,
    day_said,
    either,
    listed,
    moment_said,
    packed,
    phrase,
    phrases,
    place_worded,
    unpacked,
    worded,
)
from tests import catalogues
from tests.catalogues import Said

GERMAN: dict[Said, Said] = {
    "{name} has no {what}.": "{name} hat keinen {what}.",
    "end": "Schluss",
    "Oct": "Okt.",
    "{what}, {when}": "{when}: {what}",
    "{words} or {last}": "{words} oder {last}",
    ("{n} day", "{n} days"): ("{n} Tag", "{n} Tage"),
    "{file} line {line}": "{file}, Zeile {line}",
    "{file} card {card} (line {at})": "{file}, Karte {card} (Zeile {at})",
    "{place}, column {column}": "{place}, Spalte {column}",
}


@pytest.fixture
def german(tmp_path: Path) -> Iterator[None]:
    with catalogues.german(tmp_path / "locale", GERMAN), language.spoken_in("de"):
        yield


def kept(text: str) -> str:
    """As it comes out of the reading process, the database, and into the language of whoever looks."""
    return worded(unpacked(json.loads(json.dumps(packed(pickle.loads(pickle.dumps(text)))))))


NO_END = phrase("{name} has no {what}.", name="“{x}”", what=phrase("end"))


def test_it_is_english_wherever_it_is_taken_for_text(german: None) -> None:
    assert NO_END == "“{x}” has no end."
    assert json.dumps([NO_END], ensure_ascii=False) == '["“{x}” has no end."]'


def test_parts_are_worded_too(german: None) -> None:
    assert kept(NO_END) == "“{x}” hat keinen Schluss."
    assert kept("“{x}” has no end.") == "“{x}” has no end."


def test_moments_are_written_anew_as_the_reader_wants_them(german: None) -> None:
    said = phrase("{what}, {when}", what="Lunch", when=moment_said(datetime(2026, 10, 9, 13, 5)))
    assert said == "Lunch, 9 Oct 2026, 13:05"
    assert kept(said) == "9 Okt. 2026, 13:05: Lunch"
    with written_for(Manner(dates="iso", language="de")):
        assert kept(said) == "2026-10-09, 13:05: Lunch"


def test_numbers_go_by_the_plurals_of_the_reader(german: None) -> None:
    assert [kept(phrases("{n} day", "{n} days", n, n=n)) for n in (1, 2)] == ["1 Tag", "2 Tage"]
    assert [phrases("{n} day", "{n} days", n, n=n) for n in (0, 1)] == ["0 days", "1 day"]


def test_lists_of_words(german: None) -> None:
    assert [kept(either(words)) for words in ([], ["a"], ["a", "b"], ["a", phrase("end"), "c"])] == [
        "",
        "a",
        "a oder b",
        "a, Schluss oder c",
    ]
    assert both(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], "; ") == "a; b; c"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("a b.csv line 3", "a b.csv, Zeile 3"),
        ("a line 3.csv line 12, column e mail", "a line 3.csv, Zeile 12, Spalte e mail"),
        ("phones.vcf card 2 (line 9)", "phones.vcf, Karte 2 (Zeile 9)"),
        ("notes.csv", "notes.csv"),
        ("", ""),
    ],
)
def test_places_in_files(german: None, place: str, said: str) -> None:
    assert place_worded(place) == said


def test_places_read_the_same_in_english() -> None:
    for place in (
        "a.csv line 3, column x",
        "a.vcf card 2 (line 9)",
        "m.json person 4",
        "m.json activity 5",
        "b mail 6",
    ):
        assert place_worded(place) == place


def test_a_day_is_written_as_its_reader_wants_days() -> None:
    whole, yearless = day_said("1980-12-03"), day_said("--05-23")
    assert (whole, yearless) == ("3 December 1980", "23 May")
    with written_for(Manner(dates="month_day")):
        assert (kept(whole), kept(yearless)) == ("December 3, 1980", "May 23")
    with written_for(Manner(dates="iso")):
        assert (kept(whole), kept(phrase("{day}", day=yearless))) == ("1980-12-03", "05-23")
