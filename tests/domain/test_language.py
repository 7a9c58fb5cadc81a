"""Which language is spoken: whom a browser asks for, and what a bad file does to the others."""

from pathlib import Path

import pytest

from crm.domain import language
from tests.catalogues import german


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr, EN;q=0.4, DE;q=0.8", "de"),
        ("en-GB,de", "en"),
        ("fr,de;q=0", "en"),
        ("de;q=x", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_a_browser_gets_the_first_language_that_there_is(header: str, tag: str, tmp_path: Path) -> None:
    with german(tmp_path, {language.NAME: "Deutsch"}):
        assert language.accepted(header) == tag


@pytest.mark.parametrize("bad", [b"", b"\xde\x12\x04\x95", b"no catalogue, but longer than a head of one"])
def test_a_catalogue_that_cannot_be_read_is_no_language(bad: bytes, tmp_path: Path) -> None:
    place = tmp_path / "fr" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "crm.mo").write_bytes(bad)
    with german(tmp_path, {language.NAME: "Deutsch", "Late": "Spät"}):
        assert language.languages() == {"en": "English", "de": "Deutsch"}
        with language.spoken_in("fr"):
            assert language.gettext("Late") == "Late"
        with language.spoken_in("de"):
            assert language.gettext("Late") == "Spät"
