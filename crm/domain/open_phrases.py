"""A condition as a verb phrase whose places are left open: how compared, with what, of which sort, in how many days.

Each is the clause that ``bound_words`` writes with its places open, so that a form reads like the sentence it becomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import TypeAlias

from crm.domain.bound_words import (
    BOUNDS,
    COUNT_BOUNDS,
    Bound,
    clause_of,
    is_counted,
    windowed_things,
)
from crm.domain.expressions import Metric
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.metrics import WINDOW_OF, WINDOWED
from crm.domain.prose import phrase
from crm.domain.rules import EVERYONE
from crm.domain.score import ZONE_WORDS
from crm.domain.vocabulary import word

NONE = "none"
"""How a form says that there is none of what is counted; in a rule, *exactly 0*."""
Choices: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of what a form sends and its words."""
Piece: TypeAlias = tuple[str, str]
"""``words`` with what they are, or a place: ``op``, ``value``, ``sort``, ``window``."""
_OF_WORDS = {
    "tier": N_("{is} of tier {value}"),
    "kind": N_("{is} of kind {value}"),
    "owner": N_("{is} owned by {value}"),
    "organisation": N_("{is} at {value}"),
    "city": N_("{is} in {value}"),
    "zone": N_("{is} in the zone {value}"),
    "tag": N_("{is} tagged {value}"),
}
"""``{is}`` is a choice of "is" and "is not"."""


@dataclass(frozen=True)
class OpenPhrase:
    """The phrase piece by piece, in the order of the reader's language; where there are no choices, none is made.

    ``values``: what there is to compare with, where that is a choice.
    """

    pieces: tuple[Piece, ...]
    comparisons: Choices
    values: Choices = ()
    sorts: Choices = ()

    def has(self, place: str) -> bool:
        """Whether the phrase has that place."""
        return any(one == place for one, _words in self.pieces)


def open_phrase(metric: str, comparison: str, is_one: bool = False) -> OpenPhrase:
    """The phrase of a metric for a comparison of this sort; ``is_one``: whether what is counted stands in the singular."""
    if comparison in ("known", "missing"):
        there, not_there = phrase(~Metric(metric).missing()), phrase(Metric(metric).missing())
        return OpenPhrase((("op", ""),), (("known", there), ("missing", not_there)))
    if metric in _OF_WORDS:
        places = {"is": (("op", ""),), "value": (("value", ""),)}
        chosen = (("=", _("is")), ("!=", _("is not")))
        return OpenPhrase(_pieces(_(_OF_WORDS[metric]), places), chosen, _values(metric))
    return _of_number(metric, is_one)


def _of_number(metric: str, is_one: bool) -> OpenPhrase:
    stem, _days = WINDOW_OF.get(metric, ("", 0))
    clause = clause_of(Bound(metric, "=", 1 if is_one else 2))
    noun: Piece = ("sort", "") if stem in WINDOWED else ("words", clause.after)
    places: dict[str, tuple[Piece, ...]] = {"bound": (("op", ""), ("value", ""), noun)}
    if stem:
        places["window"] = (("window", ""),)
    values = {name: (("words", said),) for name, said in (clause.values or {}).items()}
    sorts = tuple(windowed_things(is_one).items()) if stem in WINDOWED else ()
    return OpenPhrase(_pieces(clause.template(), values | places), _comparisons(metric), sorts=sorts)


def _pieces(template: str, places: Mapping[str, tuple[Piece, ...]]) -> tuple[Piece, ...]:
    """The template with its places; one that a translation forgot comes last, for the form must have them all."""
    found: list[Piece] = []
    forgotten = dict(places)
    for literal, place, _format, _conversion in Formatter().parse(template):
        found.append(("words", literal.strip()))
        found += forgotten.pop(place or "", ())
    for pieces in forgotten.values():
        found += pieces
    return tuple(piece for piece in found if piece != ("words", ""))


def _values(metric: str) -> Choices:
    words = {"zone": ZONE_WORDS, "tier": dict.fromkeys(EVERYONE, "")}.get(metric, {})
    return tuple((key, word(said or key)) for key, said in words.items())


def _comparisons(metric: str) -> Choices:
    counted = is_counted(metric)
    signs = (
        (sign, _(said).format(value="").strip())
        for sign, said in (COUNT_BOUNDS if counted else BOUNDS).items()
    )
    return ((NONE, _("no")), *signs) if counted else tuple(signs)
