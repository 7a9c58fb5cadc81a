"""Folding of words for search and comparison, done once in Python so that every place and both databases agree."""

import re
import unicodedata

_SPELLED = str.maketrans(
    {"ł": "l", "ß": "ss", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"}
)
_BETWEEN = re.compile(r"\s+")


def storable(words: str) -> str:
    """Without what no database takes: the sign of nought; half a sign that stands alone becomes "?"."""
    return words.replace("\0", "").encode("utf-8", "replace").decode()


def fold(words: str) -> str:
    """Lower case, without accents, single spaces: "Łódź  Straße" → "lodz strasse"."""
    if words.isascii():
        return " ".join(words.lower().split())
    spread = unicodedata.normalize("NFKD", words.casefold().translate(_SPELLED))
    bare = "".join(sign for sign in spread if not unicodedata.combining(sign))
    return _BETWEEN.sub(" ", bare).strip()
