"""What can be said of a rule without looking at anybody: that it can never match, always matches, or says too much.

A condition is taken apart into what must hold together; ``crm.domain.rule_ranges`` tells what of that excludes each other.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from crm.domain import expressions as tree
from crm.domain.expressions import OPPOSITE, Condition, Constant, Metric, Value
from crm.domain.language import gettext as _
from crm.domain.prose import phrase
from crm.domain.rule_ranges import ALWAYS_KNOWN, excluded
from crm.domain.rules import Rule
from crm.domain.score import zone
from crm.domain.spans import join
from crm.domain.targets import Targets

MOST_BRANCHES = 500
"""Alternatives of alternatives are followed no further than this: then nothing is claimed."""
MOST_COMPARED = 12
"""Of what cannot hold together, so many parts are tried to name those that clash."""

Parts = tuple[Condition, ...]
Said = tuple[tuple[Condition, bool], ...]
"""Conditions, each with whether the rule says it itself; else it follows from what it says."""


def findings(rule: Rule) -> list[str]:
    """What is wrong with the rule's logic, in sentences; none where nothing is."""
    chosen = _tiers(rule)
    clash = _clash(tree.All((*chosen, rule.when)))
    if clash is not None:
        if not clash:
            return [_("This rule can never match.")]
        clauses = join(list(dict.fromkeys(map(phrase, clash))))
        return [_("This rule can never match: “{clauses}” cannot be.").format(clauses=clauses)]
    if _never(tree.All((*chosen, _fails(rule.when)))):
        return [_("This rule always matches: its condition leaves nobody out.")]
    return [*_dead(rule.when, chosen), *_idle(rule.when, chosen)]


def _tiers(rule: Rule) -> Parts:
    found: list[Condition] = [Metric("tier").one_of(*rule.tiers)]
    if rule.kinds:
        found.append(Metric("kind").one_of(*rule.kinds))
    return tuple(found)


def _dead(condition: Condition, around: Parts) -> Iterator[str]:
    """Alternatives that can never hold."""
    match condition:
        case tree.Any(parts):
            for part in parts:
                if _never(tree.All((*around, part))):
                    yield _("One alternative can never be true: “{clause}”.").format(clause=phrase(part))
        case tree.All(parts):
            for part in parts:
                yield from _dead(part, (*around, *(other for other in parts if other is not part)))


def _idle(condition: Condition, around: Parts) -> Iterator[str]:
    """Conditions that hold whatever else does."""
    if isinstance(condition, tree.All):
        for part in condition.parts:
            if _never(tree.All((*around, _fails(part)))):
                yield _("“{clause}” is always true, so it can be left out.").format(clause=phrase(part))


def _never(condition: Condition) -> bool:
    return _clash(condition) is not None


def _clash(condition: Condition) -> Parts | None:
    """The parts that exclude each other, where the condition can never hold; empty where they cannot be told."""
    try:
        branches = list(_branches(((condition, True),), [0]))
    except OverflowError:
        return None
    if not all(excluded(branch.everything) for branch in branches):
        return None
    return _fewest(branches[0].said) if branches else ()


def _fewest(parts: Parts) -> Parts:
    """One to three parts that are enough to exclude each other."""
    for number in (1, 2, 3):
        for some in itertools.combinations(parts[:MOST_COMPARED], number):
            branches = _branches(tuple((part, True) for part in some), [0])
            if all(excluded(branch.everything) for branch in branches):
                return some
    return ()


@dataclass(frozen=True)
class _Branch:
    """One way in which a condition can hold, as plain comparisons: those it says, and what follows from them."""

    said: Parts
    implied: Parts

    @property
    def everything(self) -> Parts:
        return (*self.said, *self.implied)


def _branches(waiting: Said, used: list[int], settled: Said = ()) -> Iterator[_Branch]:
    """Each way in which everything that waits can hold, beside what is settled."""
    used[0] += 1
    if used[0] > MOST_BRANCHES:
        raise OverflowError
    rest = list(waiting)
    while rest:
        part, is_said = rest.pop(0)
        part = _plain(part)
        if isinstance(part, tree.All):
            rest = [*((one, is_said) for one in part.parts), *rest]
        elif isinstance(part, tree.Any):
            for choice in part.parts:
                yield from _branches(((choice, is_said), *rest), used, settled)
            return
        else:
            settled = (*settled, (part, is_said))
            rest += [(one, False) for one in _implied(part)]
    said, implied = (tuple(part for part, by_rule in settled if by_rule is which) for which in (True, False))
    yield _Branch(said, implied)


def _implied(condition: Condition) -> Parts:
    """What a zone means: the condition under which it is the first that fits, and that something is on record."""
    match condition:
        case tree.Compare("=", Metric("zone"), Constant(word)):
            means = next((held for held, chosen in _zones() if chosen == Constant(word)), tree.All(()))
            on_record = () if word == "no_record" else (tree.Not(tree.Missing(Metric("days_since_any"))),)
            return (means, *on_record)
    return ()


@cache
def _zones() -> tuple[tuple[Condition, Value], ...]:
    return zone(Targets()).branches


def _plain(condition: Condition) -> Condition:
    """Without *not* before anything but a tag or what is missing."""
    match condition:
        case tree.Not(tree.Compare(comparison, left, right)):
            return tree.Compare(OPPOSITE[comparison], left, right)
        case tree.Not(tree.All(parts)):
            return tree.Any(tuple(tree.Not(part) for part in parts))
        case tree.Not(tree.Any(parts)):
            return tree.All(tuple(tree.Not(part) for part in parts))
        case tree.Not(tree.Not(part)):
            return _plain(part)
    return condition


def _fails(condition: Condition) -> Condition:
    """Holds exactly where the condition does not: because it is false, or because something is not known."""
    match condition:
        case tree.All(parts):
            return tree.Any(tuple(map(_fails, parts)))
        case tree.Any(parts):
            return tree.All(tuple(map(_fails, parts)))
        case tree.Not(tree.All() | tree.Any() | tree.Not() as part):
            return _fails(_plain(condition)) if not isinstance(part, tree.Not) else _fails(part.part)
        case tree.Compare(comparison, left, right) | tree.Not(tree.Compare(comparison, left, right)):
            opposite = (
                tree.Not(condition)
                if isinstance(condition, tree.Compare)
                else tree.Compare(comparison, left, right)
            )
            names = list(tree.names_in(condition))
            unknown = (tree.Missing(Metric(name)) for name in names if name not in ALWAYS_KNOWN)
            return tree.Any((opposite, *unknown))
    return tree.Not(condition)
