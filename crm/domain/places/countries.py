"""Countries by what people write: their name, or their two or three letters."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from crm.domain.folding import fold

_ALSO = {
    "england": "GB",
    "great britain": "GB",
    "uk": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "korea": "KR",
    "czech republic": "CZ",
    "turkiye": "TR",
    "deutschland": "DE",
    "osterreich": "AT",
    "schweiz": "CH",
    "suisse": "CH",
    "espana": "ES",
    "italia": "IT",
    "brasil": "BR",
    "polska": "PL",
    "nederland": "NL",
}


@cache
def _names() -> Mapping[str, str]:
    """Two letters → name."""
    text = files(__package__).joinpath("countries.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return {two: name for two, _, name in rows}


@cache
def _codes() -> Mapping[str, str]:
    text = files(__package__).joinpath("countries.tsv").read_text(encoding="utf-8")
    found = dict(_ALSO)
    for two, three, name in (line.split("\t") for line in text.splitlines()):
        found.update({two.lower(): two, three.lower(): two, fold(name): two})
    return found


def country_code(words: str | None) -> str | None:
    """ "Germany", "DEU", "de" → "DE"; None where no country is called so."""
    return _codes().get(fold((words or "").replace(".", ""))) if words else None


def country_name(code: str) -> str:
    """The English name; the code itself where it is not known."""
    return _names().get(code, code)
