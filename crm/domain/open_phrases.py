"""A condition as a verb phrase whose places are left open: how compared, with what, of which sort, in how many days.

Each is cut from the phrase that ``bound_words`` writes, so that a form reads like the sentence it becomes.
"""

from dataclasses import dataclass
from typing import TypeAlias

from crm.domain.bound_words import BOUNDS, NOUNS_OF_WORDS, Bound, is_counted, said_of, windowed_things
from crm.domain.expressions import Comparison, Metric
from crm.domain.metrics import WINDOW_OF, WINDOWED
from crm.domain.prose import phrase
from crm.domain.rules import EVERYONE
from crm.domain.score import ZONE_WORDS

NONE = "none"
"""How a form says that there is none of what is counted; in a rule, *exactly 0*."""
Choices: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of what a form sends and its words."""
_IS: Choices = (("=", "is"), ("!=", "is not"))
_NOUNS = {**NOUNS_OF_WORDS, "zone": "in the zone {}", "tag": "tagged {}"}
_VALUES: dict[str, Choices] = {
    "zone": tuple(ZONE_WORDS.items()),
    "tier": tuple((tier, tier) for tier in EVERYONE),
}


@dataclass(frozen=True)
class OpenPhrase:
    """``before`` [how compared] ``between`` [value] [sort] ``after`` [window]; where there are no choices, none is made.

    ``takes_value``: False where the comparison says it all.
    """

    before: str
    comparisons: Choices
    between: str = ""
    values: Choices = ()
    sorts: Choices = ()
    after: str = ""
    is_windowed: bool = False
    takes_value: bool = True


def open_phrase(metric: str, comparison: str, is_one: bool = False) -> OpenPhrase:
    """The phrase of a metric for a comparison of this sort; ``is_one``: whether what is counted stands in the singular."""
    if comparison in ("known", "missing"):
        there, not_there = phrase(~Metric(metric).missing()), phrase(Metric(metric).missing())
        return OpenPhrase("", (("known", there), ("missing", not_there)), takes_value=False)
    if metric in _NOUNS:
        return OpenPhrase("", _IS, _NOUNS[metric].format("").strip(), _VALUES.get(metric, ()))
    before, _, rest = said_of(Bound(metric, "=", 1 if is_one else 2)).partition(BOUNDS["="].format(""))
    return _of_number(metric, before.strip(), rest.partition(" ")[2], is_one)


def _of_number(metric: str, before: str, after: str, is_one: bool) -> OpenPhrase:
    counted = is_counted(metric)
    comparisons = (
        *(((NONE, "no"),) if counted else ()),
        *((sign, _compared(sign, counted)) for sign in BOUNDS),
    )
    stem, days = WINDOW_OF.get(metric, ("", 0))
    if not stem:
        return OpenPhrase(before, comparisons, after=after)
    if stem in WINDOWED:
        sorts = tuple(windowed_things(is_one).items())
        return OpenPhrase(before, comparisons, sorts=sorts, after="in", is_windowed=True)
    return OpenPhrase(before, comparisons, after=after.removesuffix(f" {days} days"), is_windowed=True)


def _compared(sign: Comparison, counted: bool) -> str:
    words = BOUNDS[sign].format("").strip()
    return words.replace("less", "fewer") if counted else words
