"""What becomes of a translator's work: it is kept, compiled, and no slip in it breaks a page."""

from gettext import translation
from pathlib import Path
from typing import TypeAlias

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po, write_po

from tools import texts

DONE = "The trip is removed."
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
    ("sentence", "german", "is_good"),
    [
        (FILLED, "am {day} vorbei, {day}", True),
        (FILLED, "vorbei", True),
        (FILLED, "{day} zu 100 % vorbei", True),
        (FILLED, "{tag} ist vorbei", False),
        (FILLED, "{day ist vorbei", False),
        (FILLED, "{} ist vorbei", False),
        (FILLED, "{day.year} ist vorbei", False),
        ("Nobody is there.", "{day}: niemand", False),
        (("once", "{n} times"), ("einmal", "{n} Mal"), True),
        (("once", "{n} times"), ("{m} Mal", "{n} Mal"), False),
        (("once", "{n} times"), ("einmal", "{m} Mal"), False),
    ],
)
def test_a_sentence_of_python_has_only_the_places_of_the_source(
    sentence: Said, german: Said, is_good: bool
) -> None:
    message = Message(sentence, german, locations=[("crm/app.py", 1)])
    assert texts.can_be_filled_in(message) is is_good


@pytest.mark.parametrize(
    ("german", "is_good"),
    [
        ("%(day)s erledigt", True),
        ("%(day)s zu 100 %% erledigt", True),
        ("%(tag)s erledigt", False),
        ("%s erledigt", False),
        ("%(day)s zu 100 % erledigt", False),
    ],
)
def test_a_sentence_of_a_template_has_also_its_percent_signs_in_pairs(german: str, is_good: bool) -> None:
    message = Message(IN_TEMPLATE, german, locations=[("templates/today/week.html", 1)])
    assert texts.can_be_filled_in(message) is is_good


def test_a_slip_that_would_break_a_page_stays_english_and_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slips: dict[Said, Said] = {FILLED: "{tag} ist vorbei", IN_TEMPLATE: "%s erledigt"}
    assert translated(folder, {**slips, DONE: "Die Reise ist weg."}) == 1
    found = translation("crm", folder.parents[1], ["de"])
    assert found.gettext(DONE) == "Die Reise ist weg."
    with (folder / "crm.po").open("rb") as file:
        kept = read_po(file, locale="de")
    said = capsys.readouterr().err
    for sentence, german in slips.items():
        assert isinstance(sentence, str)
        assert found.gettext(sentence) == sentence
        assert f": {sentence}\n" in said
        message = kept.get(sentence)
        assert message is not None
        assert message.string == german


def test_a_translation_whose_sentence_is_gone_stays_in_the_file(folder: Path) -> None:
    """Its sentence may only have changed a comma."""
    translated(folder, {})
    path = folder / "crm.po"
    gone = '\nmsgid "Said no more"\nmsgstr "Nicht mehr gesagt"\n'
    path.write_text(path.read_text(encoding="utf-8") + gone, encoding="utf-8")
    assert texts.main(["de"]) == 0
    assert '#~ msgstr "Nicht mehr gesagt"' in path.read_text(encoding="utf-8")
    assert translation("crm", folder.parents[1], ["de"]).gettext("Said no more") == "Said no more"


@pytest.mark.parametrize("words", [[], ["de", "fr"], ["klingon"], [""]])
def test_what_is_no_language_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert texts.main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
