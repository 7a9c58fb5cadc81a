"""What becomes of a translator's work: it is kept, compiled, and no slip in it breaks a page."""

from gettext import translation
from pathlib import Path
from typing import TypeAlias

import pytest
from babel.messages.pofile import read_po, write_po

from tools import texts

DONE = "The trip is taken away."
FILLED = "{day} has passed"
IN_TEMPLATE = "Done %(day)s"
COUNTED = ("email", "emails")
Said: TypeAlias = str | tuple[str, ...]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(texts, "LOCALES", tmp_path)
    return tmp_path / "de" / "LC_MESSAGES"


def translated(folder: Path, words: dict[Said, Said]) -> int:
    """The catalogue made, filled in by a translator, and renewed."""
    texts.main(["de"])
    with (folder / "crm.po").open("rb") as file:
        catalog = read_po(file, locale="de")
    for sentence, german in words.items():
        message = catalog.get(sentence if isinstance(sentence, str) else sentence[0])
        assert message is not None
        message.string = german
    with (folder / "crm.po").open("wb") as file:
        write_po(file, catalog)
    return texts.main(["de"])


def test_what_is_translated_is_compiled_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words: dict[Said, Said] = {
        DONE: "Die Reise ist weg.",
        FILLED: "{day} ist vorbei",
        COUNTED: ("E-Mail", "E-Mails"),
    }
    assert translated(folder, words) == 0
    german = translation("crm", folder.parents[1], ["de"])
    assert german.gettext(DONE) == "Die Reise ist weg."
    assert german.ngettext(*COUNTED, 2) == "E-Mails"
    assert german.gettext(IN_TEMPLATE) == IN_TEMPLATE
    assert "crm.po: 3 of " in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("sentence", "german"),
    [
        (FILLED, "{tag} ist vorbei"),
        (FILLED, "{day ist vorbei"),
        (FILLED, "{} ist vorbei"),
        (IN_TEMPLATE, "%(tag)s erledigt"),
        (IN_TEMPLATE, "%(day)s zu 100 % erledigt"),
    ],
)
def test_a_slip_that_would_break_a_page_stays_english_and_is_named(
    folder: Path, sentence: str, german: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert translated(folder, {sentence: german, DONE: "Die Reise ist weg."}) == 1
    found = translation("crm", folder.parents[1], ["de"])
    assert found.gettext(sentence) == sentence
    assert found.gettext(DONE) == "Die Reise ist weg."
    assert capsys.readouterr().err.endswith(f": {sentence}\n")
    with (folder / "crm.po").open("rb") as file:
        kept = read_po(file, locale="de").get(sentence)
    assert kept is not None
    assert kept.string == german


@pytest.mark.parametrize("words", [[], ["de", "fr"], ["klingon"], [""]])
def test_what_is_no_language_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert texts.main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
