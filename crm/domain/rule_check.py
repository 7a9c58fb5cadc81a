"""What can be said of a rule without looking at anybody: that it can never match, always matches, or says too much.

A condition is taken apart into what must hold together. Each metric then has a range; ranges narrow one another where
one metric is never above another, and a window of which the clock tells that it is empty holds nothing.
"""

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from crm.domain import expressions as tree
from crm.domain.expressions import Comparison, Condition, Constant, Metric, Tagged
from crm.domain.metrics import COUNTED, WINDOWED, WINDOWS
from crm.domain.prose import phrase
from crm.domain.rule_data import CHOICES
from crm.domain.rules import Rule

ALWAYS_KNOWN = (
    *(f"{name}_{days}" for name in WINDOWED for days in WINDOWS),
    *("known_days", "digital_streak", "gaps", "prior_total_365", "prior_personal_365"),
    *("open_asks", "open_promises", "contacts_count", "met_count", "tier", "kind"),
)
WHOLE = (*COUNTED, "contacts_count", "met_count", "score")
BELOW_ZERO = ("days_to_ask", "days_to_our_promise")
CLOCKS = {"total": "any", "personal": "personal", "in_person": "in_person", "live": "live"}
"""The clock that says when a window was last not empty."""
NEVER_ABOVE = (
    *(
        (f"{name}_{short}", f"{name}_{long}")
        for name in WINDOWED
        for short, long in itertools.pairwise(WINDOWS)
    ),
    *((f"{name}_{days}", f"total_{days}") for name in WINDOWED if name != "total" for days in WINDOWS),
    ("prior_personal_365", "prior_total_365"),
    ("met_count", "contacts_count"),
    *(("days_since_any", f"days_since_{clock}") for clock in ("personal", "in_person", "live")),
    *((f"days_since_{clock}", "known_days") for clock in ("any", "personal", "in_person", "live")),
)
MOST_BRANCHES = 500
"""Alternatives of alternatives are followed no further than this: then nothing is claimed."""

_OPPOSITE: dict[Comparison, Comparison] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "=": "!=",
    "!=": "=",
}
_HOLDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
Parts = tuple[Condition, ...]


def findings(rule: Rule) -> list[str]:
    """What is wrong with the rule's logic, in sentences; none where nothing is."""
    chosen = _tiers(rule)
    clash = _clash(tree.All((*chosen, rule.when)))
    if clash is not None:
        because = f": “{' and '.join(dict.fromkeys(map(phrase, clash)))}” cannot be" if clash else ""
        return [f"This rule can never match{because}."]
    if _never(tree.All((*chosen, _fails(rule.when)))):
        return ["This rule always matches: its condition leaves nobody out."]
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
                    yield f"One alternative can never hold: “{phrase(part)}”."
        case tree.All(parts):
            for part in parts:
                yield from _dead(part, (*around, *(other for other in parts if other is not part)))


def _idle(condition: Condition, around: Parts) -> Iterator[str]:
    """Conditions that hold whatever else does."""
    if isinstance(condition, tree.All):
        for part in condition.parts:
            if _never(tree.All((*around, _fails(part)))):
                yield f"“{phrase(part)}” always holds, so it can be left out."


def _never(condition: Condition) -> bool:
    return _clash(condition) is not None


def _clash(condition: Condition) -> Parts | None:
    """The parts that exclude each other, where the condition can never hold; empty where they cannot be told."""
    try:
        branches = list(_branches((condition,), [0]))
    except OverflowError:
        return None
    if not all(_excluded(branch) for branch in branches):
        return None
    return _fewest(branches[0]) if branches else ()


def _fewest(branch: Parts) -> Parts:
    """One or two parts that are enough to exclude each other."""
    for part in branch:
        if _excluded((part,)):
            return (part,)
    for place, part in enumerate(branch):
        for other in branch[place + 1 :]:
            if _excluded((part, other)):
                return (part, other)
    return ()


def _branches(waiting: Parts, used: list[int]) -> Iterator[Parts]:
    """Each way in which everything that waits can hold, as plain comparisons."""
    used[0] += 1
    if used[0] > MOST_BRANCHES:
        raise OverflowError
    settled: list[Condition] = []
    rest = list(waiting)
    while rest:
        part = _plain(rest.pop(0))
        if isinstance(part, tree.All):
            rest = [*part.parts, *rest]
        elif isinstance(part, tree.Any):
            for choice in part.parts:
                yield from _branches((*settled, choice, *rest), used)
            return
        else:
            settled.append(part)
    yield tuple(settled)


def _plain(condition: Condition) -> Condition:
    """Without *not* before anything but a tag or what is missing."""
    match condition:
        case tree.Not(tree.Compare(comparison, left, right)):
            return tree.Compare(_OPPOSITE[comparison], left, right)
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


@dataclass
class _Range:
    """What a metric can be: from ``low`` to ``high``, whether the ends belong, and whether it is known."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    known: bool = False
    missing: bool = False
    not_equal: set[float] = field(default_factory=set)
    words: set[str] | None = None
    not_words: set[str] = field(default_factory=set)

    def at_least(self, value: float, is_open: bool = False) -> None:
        self.low, self.low_open = max((self.low, self.low_open), (value, is_open))

    def at_most(self, value: float, is_open: bool = False) -> None:
        if (-value, is_open) > (-self.high, self.high_open):
            self.high, self.high_open = value, is_open

    @property
    def is_empty(self) -> bool:
        if self.known and self.missing:
            return True
        if self.words is not None and not self.words - self.not_words:
            return True
        if not self.known:
            return False
        if self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)):
            return True
        return self.low == self.high and self.low in self.not_equal


def _excluded(parts: Sequence[Condition]) -> bool:
    """Whether plain comparisons can never hold together."""
    ranges: dict[str, _Range] = {}
    tags: dict[str, bool] = {}
    for part in parts:
        match part:
            case tree.Compare(comparison, Metric(name), Constant(value)) if value is not None:
                _narrow(_range(ranges, name), name, comparison, value)
            case tree.Compare(comparison, left, right):
                for name in tree.names_in(part):
                    _range(ranges, name).known = True
                if _is_untrue(comparison, left, right):
                    return True
            case tree.Missing(Metric(name)):
                _range(ranges, name).missing = True
            case tree.Not(tree.Missing(Metric(name))):
                _range(ranges, name).known = True
            case Tagged(tag) if tags.setdefault(tag, True) is False:
                return True
            case tree.Not(Tagged(tag)) if tags.setdefault(tag, False) is True:
                return True
    return any(one.is_empty for one in _settled(ranges).values())


def _is_untrue(comparison: Comparison, left: tree.Value, right: tree.Value) -> bool:
    """Whether two metrics can never compare so: one with itself, or with one that it is never above."""
    less, more = _line(left), _line(right)
    if less is None or more is None:
        return False
    if less[0] == more[0] and less[1] == more[1]:
        return not _HOLDS[comparison](less[2], more[2])
    if comparison in ("<", "<="):
        less, more = more, less
    is_never_above = less[0] == more[0] or (less[0], more[0]) in _never_above()
    gap = more[2] - less[2]
    is_steeper = 0 <= less[1] <= more[1] and less[0] not in BELOW_ZERO
    return comparison in (">", ">=", "<", "<=") and is_never_above and is_steeper and _leaves(comparison, gap)


def _leaves(comparison: Comparison, gap: float) -> bool:
    """Whether nothing is left of "above" where the other side lies higher by at least ``gap``."""
    return gap >= 0 if comparison in ("<", ">") else gap > 0


def _line(value: tree.Value) -> tuple[str, float, float] | None:
    """A metric's name, what it is multiplied by and what is added to it; None for another shape."""
    match value:
        case Metric(name):
            return name, 1.0, 0.0
        case tree.Arithmetic("+", inner, Constant(int() | float() as more)) if found := _line(inner):
            return found[0], found[1], found[2] + more
        case tree.Arithmetic("*" | "/" as sign, Metric(name), Constant(int() | float() as factor)) if factor:
            return name, factor if sign == "*" else 1 / factor, 0.0
    return None


@cache
def _never_above() -> frozenset[tuple[str, str]]:
    """Every pair of metrics of which the first is never above the second."""
    found = set(NEVER_ABOVE)
    while True:
        more = {(low, top) for low, middle in found for under, top in NEVER_ABOVE if middle == under}
        if more <= found:
            return frozenset(found)
        found |= more


def _range(ranges: dict[str, _Range], name: str) -> _Range:
    """The range of a metric, at first as wide as the metric can be."""
    if name not in ranges:
        found = _Range(known=name in ALWAYS_KNOWN)
        if name in CHOICES:
            found.words = set(CHOICES[name])
        elif name not in BELOW_ZERO:
            found.low = 0
        if name.startswith("digital_share_") or name == "quiet_p":
            found.high = 1
        elif name == "score":
            found.high = 100
        ranges[name] = found
    return ranges[name]


def _narrow(found: _Range, name: str, comparison: Comparison, value: float | str) -> None:
    found.known = True
    if isinstance(value, str):
        if comparison == "!=":
            found.not_words.add(value)
        elif comparison == "=":
            found.words = {value} if found.words is None else found.words & {value}
        return
    is_whole = name in WHOLE
    match comparison:
        case ">" | ">=":
            least = math.floor(value) + 1 if comparison == ">" else math.ceil(value)
            found.at_least(*((least, False) if is_whole else (value, comparison == ">")))
        case "<" | "<=":
            most = math.ceil(value) - 1 if comparison == "<" else math.floor(value)
            found.at_most(*((most, False) if is_whole else (value, comparison == "<")))
        case "=":
            found.at_least(value)
            found.at_most(value)
            if is_whole and value != int(value):
                found.at_most(value - 1)
        case "!=":
            found.not_equal.add(value)


def _settled(ranges: dict[str, _Range]) -> dict[str, _Range]:
    """The ranges after each has narrowed those it bears on."""
    for name, days in _clock_windows(ranges):
        clock = _range(ranges, f"days_since_{CLOCKS[name]}")
        window = _range(ranges, f"{name}_{days}")
        if clock.missing or (clock.known and clock.low >= days):
            window.at_most(0)
        elif clock.known and clock.high < days:
            window.at_least(1)
    for _ in range(len(WINDOWS) + 2):
        for low, high in NEVER_ABOVE:
            if low in ranges or high in ranges:
                _order(_range(ranges, low), _range(ranges, high))
    for name, days in _clock_windows(ranges):
        clock, window = _range(ranges, f"days_since_{CLOCKS[name]}"), _range(ranges, f"{name}_{days}")
        if window.low >= 1:
            clock.known = True
            clock.at_most(days - 1)
        elif window.high <= 0:
            clock.at_least(days)
    return ranges


def _clock_windows(ranges: Iterable[str]) -> list[tuple[str, int]]:
    named = set(ranges)
    return [
        (name, days)
        for name in CLOCKS
        for days in WINDOWS
        if f"{name}_{days}" in named or f"days_since_{CLOCKS[name]}" in named
    ]


def _order(low: _Range, high: _Range) -> None:
    """``low`` is never above ``high``, where both are known."""
    if low.known and high.known:
        high.at_least(low.low, low.low_open)
        low.at_most(high.high, high.high_open)
