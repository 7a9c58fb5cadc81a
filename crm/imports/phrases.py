"""Sentences about a file that outlive the moment in which they are made: English text that still knows its parts.

A file may be read in another process, its report is kept, and a colleague may look at it later. So what is said of it is
English, as the command line and the API show it, and worded anew in the language of whoever reads it on a page.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self

from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import AS_IT_SHIPS, clock_words, occasion_words, written_for
from crm.domain.spans import short_day


class Phrase(str):
    """An English sentence with the pattern and the values it was made of; ``many`` is the pattern for more than one."""

    __slots__ = ("many", "number", "pattern", "values")
    pattern: str
    many: str
    number: int
    values: dict[str, str]

    def __new__(cls, pattern: str, many: str, number: int, values: dict[str, Any]) -> "Phrase":
        """What `phrase` and `phrases` make."""
        parts = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
        made = super().__new__(cls, (many if many and number != 1 else pattern).format(**parts))
        made.pattern, made.many, made.number, made.values = pattern, many, number, parts
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """For the way from the process that reads a file."""
        return Phrase, (self.pattern, self.many, self.number, self.values)


class Time(Phrase):
    """A moment or a day as a program writes it, put into words anew for whoever reads it; ``kind`` is a key of _WORDS."""

    __slots__ = ()

    def __new__(cls, kind: str, written: str) -> Self:
        """As it says itself to whoever wants things as they ship."""
        with written_for(AS_IT_SHIPS):
            made = str.__new__(cls, _WORDS[kind](written))
        made.pattern, made.many, made.number, made.values = "", "", 1, {kind: written}
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """For the way from the process that reads a file."""
        return Time, next(iter(self.values.items()))

    def said(self) -> str:
        """The words for the reader of now."""
        ((kind, written),) = self.values.items()
        return _WORDS[kind](written)


def _moment(written: str) -> str:
    at = datetime.fromisoformat(written)
    return f"{short_day(at.date(), None)}, {clock_words(at)}"


def _day(written: str) -> str:
    year = written[:-6].strip("-")
    return occasion_words(int(year) if year else None, int(written[-5:-3]), int(written[-2:]))


_WORDS: dict[str, Callable[[str], str]] = {"moment": _moment, "day": _day}
"""How each is said, by what it is called where it is kept."""


def moment_said(at: datetime) -> Time:
    """A day and a time by the clocks they happened at, "10 Nov 2026, 14:00"; ``at`` in their zone."""
    return Time("moment", at.replace(tzinfo=None).isoformat(timespec="minutes"))


def day_said(written: str) -> Time:
    """A day as files write it: "14 March 1980" for ``1980-03-14``, "23 May" for ``--05-23``."""
    return Time("day", written)


def phrase(pattern: str, /, **values: object) -> Phrase:
    """The sentence with its values, which may be phrases themselves."""
    return Phrase(pattern, "", 1, values)


def phrases(one: str, many: str, number: int, /, **values: object) -> Phrase:
    """As `phrase`, of the two patterns the one that goes with ``number``."""
    return Phrase(one, many, number, values)


def either(words: Sequence[str]) -> str:
    """Words as a list for a sentence: "a, b or c"."""
    if len(words) < 2:
        return listed(words)
    return phrase("{words} or {last}", words=listed(words[:-1]), last=words[-1])


def both(words: Sequence[str]) -> str:
    """As `either`: "a, b and c"."""
    if len(words) < 2:
        return listed(words)
    return phrase("{words} and {last}", words=listed(words[:-1]), last=words[-1])


def listed(words: Sequence[str], between: str = ", ") -> str:
    """Words one after the other, of which each may be a phrase."""
    first, rest = (words[0], words[1:]) if words else ("", ())
    for word in rest:
        first = Phrase("{first}" + between + "{word}", "", 1, {"first": first, "word": word})
    return first


def worded(text: str) -> str:
    """A phrase in the reader's language; any other text as it is."""
    if not isinstance(text, Phrase):
        return text
    if isinstance(text, Time):
        return text.said()
    pattern = ngettext(text.pattern, text.many, text.number) if text.many else _(text.pattern)
    return pattern.format(**{name: worded(value) for name, value in text.values.items()})


def packed(text: str) -> Any:
    """As it is kept in JSON."""
    if not isinstance(text, Phrase):
        return text
    if isinstance(text, Time):
        return text.values
    values = {name: packed(value) for name, value in text.values.items()}
    return {"phrase": text.pattern, "many": text.many, "number": text.number, "values": values}


def unpacked(kept: Any) -> str:
    """What was `packed`; KeyError, TypeError, ValueError or IndexError for anything else."""
    if isinstance(kept, str):
        return kept
    for kind in _WORDS:
        if kind in kept:
            return Time(kind, kept[kind])
    values = {name: unpacked(value) for name, value in kept["values"].items()}
    return Phrase(kept["phrase"], kept["many"], kept["number"], values)


# Places in files stay plain text, for there may be one for each of a million rows.

_PLACE = re.compile(
    r"(?P<file>.+?)"
    r"(?: line (?P<line>\d+)| card (?P<card>\d+) \(line (?P<at>\d+)\)| person (?P<person>\d+)"
    r"| activity (?P<activity>\d+)| mail (?P<mail>\d+))?"
    r"(?:, column (?P<column>.+))?",
    re.DOTALL,
)


def place_worded(where: str) -> str:
    """ "contacts.csv line 3, column email" in the reader's language."""
    found = _PLACE.fullmatch(where)
    if found is None:
        return where
    place = _within(found.groupdict())
    return (
        _("{place}, column {column}").format(place=place, column=found["column"])
        if found["column"]
        else place
    )


def _within(found: dict[str, str | None]) -> str:
    if found["line"]:
        return _("{file} line {line}").format(**found)
    if found["card"]:
        return _("{file} card {card} (line {at})").format(**found)
    if found["person"]:
        return _("{file} person {person}").format(**found)
    if found["activity"]:
        return _("{file} activity {activity}").format(**found)
    if found["mail"]:
        return _("{file} mail {mail}").format(**found)
    return str(found["file"])
