"""Whom a rule would flag if it were saved, and how many with other bounds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Subquery

from crm.domain import expressions as tree
from crm.domain.bound_words import bound_words
from crm.domain.expressions import OPPOSITE, Comparison, Condition, Constant, Metric, Value, names_in
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.metrics import REAL, WINDOW_OF, WINDOWS
from crm.domain.principal import Principal
from crm.domain.rules import Rule
from crm.domain.spans import capital, count
from crm.rules.accounts import OrganisationFlag, organisation_flags
from crm.rules.queries import Flag, flag_counts, flagged

SHOWN = 12
_Plain = tree.Compare | tree.Missing


@dataclass(frozen=True)
class Preview:
    """How many the rule flags, in words too, some of them, and sentences such as "At 90 days: 14."

    ``next`` is the cursor of those that follow; None after the last.
    """

    number: int
    words: str
    flags: tuple[Flag, ...]
    accounts: tuple[OrganisationFlag, ...]
    neighbours: tuple[str, ...]
    next: str | None = None


def preview(
    connection: Connection,
    principal: Principal,
    rule: Rule,
    at: datetime,
    relation: Subquery,
    after: str | None = None,
    most: int = SHOWN,
) -> Preview:
    """Whom the rule flags in ``relation``; nothing is written. ``after`` is the ``next`` before."""
    others = neighbours(rule)
    if rule.about == "organisations":
        found = organisation_flags(connection, principal, at, rules=[rule], relation=relation)
        beside = [(label, flagged_number(connection, principal, one, at, relation)) for label, one in others]
        return Preview(len(found), flagged_words(len(found), rule), (), tuple(found[:most]), _said(beside))
    numbered = [replace(one, key=f"neighbour_{place}") for place, (_, one) in enumerate(others)]
    counts = flag_counts(connection, principal, relation, [rule, *numbered])
    page = flagged(connection, principal, at, relation, rule, after, most)
    number, said = (
        counts[rule.key],
        _said([(label, counts[one.key]) for (label, _), one in zip(others, numbered, strict=True)]),
    )
    return Preview(number, flagged_words(number, rule), page.flags, (), said, page.next)


def _said(counts: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(_("{what}: {n}.").format(what=label, n=numeral(number)) for label, number in counts)


def flagged_number(
    connection: Connection, principal: Principal, rule: Rule, at: datetime, relation: Subquery
) -> int:
    """How many people or accounts the rule flags in ``relation``."""
    if rule.about == "organisations":
        return len(organisation_flags(connection, principal, at, rules=[rule], relation=relation))
    return flag_counts(connection, principal, relation, [rule])[rule.key]


def found_today(
    connection: Connection,
    principal: Principal,
    relation: Subquery,
    rules: Sequence[Rule],
    accounts: Sequence[OrganisationFlag],
) -> dict[str, str]:
    """By rule, "8 people" or "1 account" that it flags; empty for nobody. ``accounts``: those that any of them flags."""
    people = flag_counts(connection, principal, relation, [one for one in rules if one.about == "people"])
    flagged_accounts = Counter(flag.rule for flag in accounts)
    return {one.key: flagged_words(people.get(one.key, flagged_accounts[one.key]), one) for one in rules}


def flagged_words(number: int, rule: Rule) -> str:
    """ "8 people", "1 account"; empty for nobody."""
    if not number:
        return ""
    if rule.about == "organisations":
        return count(number, "account", "accounts")
    return count(number, "person", "people")


def neighbours(rule: Rule) -> list[tuple[str, Rule]]:
    """The same rule with the next shorter and longer window, and with its first bound lower and higher."""
    return [*_by_window(rule), *_by_bound(rule)]


def _by_window(rule: Rule) -> list[tuple[str, Rule]]:
    windows = Counter(WINDOW_OF[name][1] for name in names_in(rule.when) if name in WINDOW_OF)
    if not windows:
        return []
    days = windows.most_common(1)[0][0]
    place = WINDOWS.index(days)
    beside = [*WINDOWS[max(0, place - 1) : place], *WINDOWS[place + 1 : place + 2]]
    return [(_("At {days} days").format(days=other), _with(rule, _Windows(days, other))) for other in beside]


def _by_bound(rule: Rule) -> list[tuple[str, Rule]]:
    bound = next(_bounds(rule.when), None)
    if bound is None:
        return []
    comparison, name, value = bound
    return [
        (capital(bound_words(comparison, name, other)), _with(rule, _Bound(name, value, other)))
        for other in _around(comparison, name, value)
    ]


def _around(comparison: Comparison, name: str, value: int) -> list[int | float]:
    """A lower and a higher bound that somebody may want instead; none that holds for all or for nobody."""
    if name in REAL:
        return [value / 2, value * 2]
    around = sorted({value // 2, value * 2} if value > 3 else {value - 1, value + 1})
    return [other for other in around if other > 0 or comparison in (">", "<=")]


def _bounds(condition: Condition, is_denied: bool = False) -> Iterator[tuple[Comparison, str, int]]:
    """The whole numbers that metrics are held against, other than none at all; under *not* from the other side."""
    match condition:
        case tree.Compare("<" | "<=" | ">" | ">=" as sign, Metric(name), Constant(int(value))) if value > 0:
            yield OPPOSITE[sign] if is_denied else sign, name, value
        case tree.All(parts) | tree.Any(parts):
            for part in parts:
                yield from _bounds(part, is_denied)
        case tree.Not(part):
            yield from _bounds(part, not is_denied)


@dataclass(frozen=True)
class _Windows:
    """Every metric of one window becomes that of another."""

    days: int
    other: int

    def of(self, part: _Plain) -> _Plain:
        if isinstance(part, tree.Missing):
            return tree.Missing(self._moved(part.value))
        return replace(part, left=self._moved(part.left), right=self._moved(part.right))

    def _moved(self, value: Value) -> Value:
        match value:
            case Metric(name):
                stem, days = WINDOW_OF.get(name, ("", 0))
                return Metric(f"{stem}_{self.other}") if days == self.days else value
            case tree.Arithmetic(_operation, left, right):
                return replace(value, left=self._moved(left), right=self._moved(right))
        return value


@dataclass(frozen=True)
class _Bound:
    """One bound of a metric becomes another."""

    name: str
    value: int
    other: int | float

    def of(self, part: _Plain) -> _Plain:
        if isinstance(part, tree.Missing):
            return part
        is_it = part.left == Metric(self.name) and part.right == Constant(self.value)
        return replace(part, right=Constant(self.other)) if is_it else part


def _with(rule: Rule, change: _Windows | _Bound) -> Rule:
    return replace(rule, when=_changed(rule.when, change))


def _changed(condition: Condition, change: _Windows | _Bound) -> Condition:
    match condition:
        case tree.Compare() | tree.Missing():
            return change.of(condition)
        case tree.All(parts):
            return tree.All(tuple(_changed(part, change) for part in parts))
        case tree.Any(parts):
            return tree.Any(tuple(_changed(part, change) for part in parts))
        case tree.Not(part):
            return tree.Not(_changed(part, change))
    return condition
