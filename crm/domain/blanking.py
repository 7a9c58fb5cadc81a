"""Finding one person in words that others wrote, and taking the name out of them."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from crm.domain.folding import fold
from crm.domain.phones import digits_of

BLANK = "[erased]"
FINAL = "final"
"""In what a source said of something, as imports keep it: nobody may learn more words from that source."""
_GAP = r"(?:[\s,.+_\-]|%20)+"
_APOSTROPHES = "'’ʼ"
_FEWEST_DIGITS = 7


class Marks:
    """What tells of one person: names, emails and phone numbers, as regular expression and as patterns of LIKE.

    A name is found in either order of its words, with or without accents, in any case; a number however it is grouped.
    """

    def __init__(self, names: Iterable[str], emails: Iterable[str] = (), phones: Iterable[str] = ()) -> None:
        called = {name for one in names if (name := " ".join(one.split()))}
        written = {one.strip() for one in emails if one.strip()}
        dialled = {digits for one in phones if len(digits := digits_of(one).lstrip("+")) >= _FEWEST_DIGITS}
        found = sorted(
            {
                *(_name(words) for one in called for words in _orders(one)),
                *map(_email, written),
                *map(_phone, dialled),
            },
            key=lambda one: (-len(one), one),
        )
        self._found = re.compile("|".join(found), re.IGNORECASE) if found else None
        self.patterns = sorted(
            {pattern for one in called for words in _orders(one) for pattern in _likes(" ".join(words))}
            | {pattern for one in written for pattern in _likes(one)}
            | {f"%{'%'.join(digits[-4:])}%" for digits in dialled}
        )
        """Patterns of LIKE without escapes, that match at least every text that tells of the person."""

    def tell_in(self, text: str) -> bool:
        """Whether the text tells of the person."""
        return self._found is not None and self._found.search(text) is not None

    def blank(self, value: Any) -> Any:
        """The text without the person; of lists and mappings the texts in them."""
        if self._found is None:
            return value
        if isinstance(value, str):
            return self._found.sub(BLANK, value)
        if isinstance(value, dict):
            return {self.blank(name): self.blank(one) for name, one in value.items()}
        return [self.blank(one) for one in value] if isinstance(value, list | tuple) else value


def is_telling(name: str) -> bool:
    """Whether a name alone tells of somebody: of one word, as “Anna”, it may be anybody's."""
    words = name.split()
    is_caseless = len(name.strip()) > 1 and name.lower() == name.upper() and any(map(str.isalpha, name))
    return len(words) > 1 or is_caseless


def _orders(name: str) -> list[list[str]]:
    words = name.replace(",", " ").split()
    return [words] if len(words) < 2 else [words, [words[-1], *words[:-1]]]


def _name(words: list[str]) -> str:
    name = _GAP.join(_spellings(word) for word in words)
    if not any(word.lower() != word.upper() for word in words):
        return name  # scripts without spaces between words
    return rf"(?<!\w){name}(?:s(?!\w)|(?!\w))"


def _spellings(word: str) -> str:
    forms = {unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word), fold(word)}
    escaped = sorted((re.escape(form) for form in forms if form), key=len, reverse=True)
    spelled = f"(?:{'|'.join(escaped)})"
    return re.sub(f"[{_APOSTROPHES}]", f"[{_APOSTROPHES}]", spelled)


def _email(address: str) -> str:
    return rf"(?<![\w.+\-]){re.escape(address).replace('@', '(?:@|%40)')}(?![\w\-])"


def _phone(digits: str) -> str:
    """By its last digits, since the trunk prefix goes where the country's code comes."""
    last = r"[\s().\-/]*".join(digits[-9:] if len(digits) > 9 else digits[-8:])
    return rf"(?<!\w)[+(]?(?:[\d(][\d\s().\-/]{{0,12}})?{last}(?!\d)"


def _likes(words: str) -> set[str]:
    """Letters beyond ASCII may be written in several ways and cases; where hardly any is within, they are named."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "%" for sign in words)
    if sum(sign != "%" for sign in plain) > 3:
        return {f"%{plain}%"}
    forms = {unicodedata.normalize(form, words) for form in ("NFC", "NFD")}
    cased = {make(form) for form in forms for make in (str, str.lower, str.upper, str.title)}
    return {"%" + re.sub(r"[\W_]+", "%", one) + "%" for one in cased}
