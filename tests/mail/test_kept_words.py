"""Why a mail did not go out is kept in English and read in one's own language."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.domain import language
from crm.mail import kept_words as said
from crm.mail.kept_words import kept_words
from tests import catalogues
from tests.catalogues import Said

GERMAN: dict[Said, Said] = {
    said.REFUSED: "Der Server nahm sie nicht an: {said}",
    said.NOT_REACHED: "Kein Weg zum Mailserver: {fault}.",
    said.NO_ANSWER: "Übergeben, aber ohne Antwort. {said}",
    said.CLOSED: "Der Mailserver legte auf.",
    said.STOPPED_BY: "Angehalten von {name}.",
    said.GAVE_UP: ("Nach {n} Versuch aufgegeben: {said}", "Nach {n} Versuchen aufgegeben: {said}"),
}


@pytest.fixture
def german(tmp_path: Path) -> Iterator[None]:
    with catalogues.german(tmp_path / "locale", GERMAN), language.spoken_in("de"):
        yield


REASONS = {
    "The server refused it: 550 no such user": "Der Server nahm sie nicht an: 550 no such user",
    "The mail server cannot be reached: gaierror.": "Kein Weg zum Mailserver: gaierror.",
    "It was handed over but no answer came, so it may have arrived. The mail server closed the connection.": "Übergeben, aber "
    "ohne Antwort. Der Mailserver legte auf.",
    "Stopped by Nora Lindqvist.": "Angehalten von Nora Lindqvist.",
    "Gave up after 1 attempt in a day. The server last said: 421 busy": "Nach 1 Versuch aufgegeben: 421 busy",
    "Gave up after 7 attempts in a day. The server last said: The mail server cannot be reached: refused.": "Nach 7 Versuchen "
    "aufgegeben: Kein Weg zum Mailserver: refused.",
    "452 mailbox full": "452 mailbox full",
    "": "",
}


@pytest.mark.parametrize("kept", REASONS)
def test_a_reason_is_said_in_the_language_of_its_reader(german: None, kept: str) -> None:
    assert kept_words(kept) == REASONS[kept]


@pytest.mark.parametrize("kept", REASONS)
def test_in_english_it_reads_as_it_is_kept(kept: str) -> None:
    assert kept_words(kept) == kept
