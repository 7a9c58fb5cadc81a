"""What metrics can be, and so which comparisons can never hold together.

Each metric has a range. Ranges narrow one another where one metric is never above another, where a window is the sum
of two, where a figure is known only because of another, and where the clock tells that a window is empty.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from crm.domain import expressions as tree
from crm.domain.expressions import COMPARE, Comparison, Condition, Constant, Metric, Tagged
from crm.domain.metrics import COUNTED, PRIOR_FROM, PRIOR_TO, WINDOWED, WINDOWS
from crm.domain.rhythm import FEWEST_GAPS
from crm.domain.rule_data import CHOICES
from crm.domain.targets import CLOCKS as TARGET_CLOCKS

ALWAYS_KNOWN = (
    *(f"{name}_{days}" for name in WINDOWED for days in WINDOWS),
    *("known_days", "digital_streak", "gaps", "prior_total_365", "prior_personal_365"),
    *("open_asks", "open_promises", "contacts_count", "met_count", "tier", "kind"),
)
WHOLE = (*COUNTED, "contacts_count", "met_count", "score")
BELOW_ZERO = ("days_to_ask", "days_to_our_promise")
CLOCKS = {"total": "any", "personal": "personal", "in_person": "in_person", "live": "live"}
"""The clock that says when a window was last not empty."""
PRIOR_CLOCKS = {"prior_total_365": "any", "prior_personal_365": "personal"}
"""The same for the year before the last 90 days."""
NEVER_ABOVE = (
    *(
        (f"{name}_{short}", f"{name}_{long}")
        for name in WINDOWED
        for short, long in itertools.pairwise(WINDOWS)
    ),
    *((f"{name}_{days}", f"total_{days}") for name in WINDOWED if name != "total" for days in WINDOWS),
    *((f"in_person_{days}", f"{name}_{days}") for name in ("personal", "live") for days in WINDOWS),
    ("prior_personal_365", "prior_total_365"),
    ("met_count", "contacts_count"),
    *((f"days_since_{clock}", "days_since_in_person") for clock in ("personal", "live")),
    *(("days_since_any", f"days_since_{clock}") for clock in ("personal", "in_person", "live")),
    *(("days_since_any", days) for days in ("unanswered_days", "waiting_days")),
    *((f"days_since_{clock}", "known_days") for clock in ("any", "personal", "in_person", "live")),
    *((days, "known_days") for days in ("unanswered_days", "waiting_days", "gaps")),
)
KNOWN_FROM = (
    *((f"digital_share_{days}", f"total_{days}", 1) for days in WINDOWS),
    ("rhythm_days", "gaps", FEWEST_GAPS),
    ("oldest_ask_days", "open_asks", 1),
)
"""What is known exactly where something is counted at least so many times."""
ONLY_FROM = (("days_to_ask", "open_asks", 1), ("days_to_our_promise", "open_promises", 1))
"""What may be known only there."""
COUNTED_WITH = ("gaps", "digital_streak")
"""What is counted only of those with whom there was contact."""
KNOWN_WITH = (
    *(("days_since_in_person", f"days_since_{clock}") for clock in ("personal", "live")),
    *((f"days_since_{clock}", "days_since_any") for clock in ("personal", "live")),
    *((name, "days_since_any") for name in ("quiet_p", "rhythm_days", "score")),
    *((name, "days_since_any") for name in ("unanswered_days", "waiting_days")),
    ("days_since_any", "quiet_p"),
)
"""What is known only where the other is."""
NOT_BOTH = ("unanswered_days", "waiting_days")
"""We wait for them, or they for us."""
OF_TIERS = ("zone", "score", *(f"overdue_{clock}" for clock in TARGET_CLOCKS))
"""What nobody of tier *none* has."""
ADDENDS = (("digital", "personal"), ("inbound", "outbound"))
"""Counts of a window that exclude each other; the first two are all there is."""
MOST_ROUNDS = 12
HAIR = 1e-9


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


def excluded(parts: Sequence[Condition]) -> bool:
    """Whether plain comparisons can never hold together."""
    ranges: dict[str, _Range] = {}
    tags: dict[str, bool] = {}
    for part in parts:
        match part:
            case tree.Compare(comparison, Metric(name), Constant(value)) if value is not None:
                _narrow(_range(ranges, name), name, comparison, value)
            case tree.Compare(
                ">=", Metric(name), tree.Arithmetic("greatest", Constant(int() | float() as least))
            ):
                _narrow(_range(ranges, name), name, ">=", least)
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
    return not _can_be(ranges)


def _is_untrue(comparison: Comparison, left: tree.Value, right: tree.Value) -> bool:
    """Whether two metrics can never compare so: one with itself, or with one that it is never above."""
    less, more = _line(left), _line(right)
    if less is None or more is None:
        return False
    if less[0] == more[0] and less[1] == more[1]:
        return not COMPARE[comparison](less[2], more[2])
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


def _can_be(ranges: dict[str, _Range]) -> bool:
    """Whether nothing is empty after each range has narrowed those it bears on, again and again until nothing moves."""
    for _ in range(MOST_ROUNDS):
        before = {name: replace(found) for name, found in ranges.items()}
        for narrow in (_by_what_is_known, _by_clocks, _by_the_year_before, _by_order, _by_sums, _by_shares):
            narrow(ranges)
            if any(found.is_empty for found in ranges.values()):
                return False
        if before == ranges:
            break
    return True


def _by_clocks(ranges: dict[str, _Range]) -> None:
    """A clock says whether a window is empty, and a window how far its clock can be."""
    named = set(ranges)
    for name, days in itertools.product(CLOCKS, WINDOWS):
        if f"{name}_{days}" not in named and f"days_since_{CLOCKS[name]}" not in named:
            continue
        clock, window = _range(ranges, f"days_since_{CLOCKS[name]}"), _range(ranges, f"{name}_{days}")
        if clock.missing or (clock.known and clock.low >= days):
            window.at_most(0)
        elif clock.known and clock.high < days:
            window.at_least(1)
        if window.low >= 1:
            clock.known = True
            clock.at_most(days - 1)
        elif window.high <= 0:
            clock.at_least(days)


def _by_the_year_before(ranges: dict[str, _Range]) -> None:
    """What was counted then was counted with somebody known by then, whose clock runs from that day at the longest."""
    named = set(ranges)
    for name, sort in PRIOR_CLOCKS.items():
        if not named & {name, f"days_since_{sort}", "known_days"}:
            continue
        clock, counted, known = (_range(ranges, one) for one in (f"days_since_{sort}", name, "known_days"))
        if clock.missing or (clock.known and clock.low >= PRIOR_FROM) or known.high < PRIOR_TO:
            counted.at_most(0)
        elif clock.known and clock.low >= PRIOR_TO and clock.high < PRIOR_FROM:
            counted.at_least(1)
        if counted.low >= 1:
            clock.known = True
            clock.at_most(PRIOR_FROM - 1)
            known.at_least(PRIOR_TO)


def _by_order(ranges: dict[str, _Range]) -> None:
    for low, high in NEVER_ABOVE:
        if low in ranges or high in ranges:
            _order(_range(ranges, low), _range(ranges, high))


def _order(low: _Range, high: _Range) -> None:
    """``low`` is never above ``high``, where both are known."""
    if low.known and high.known:
        high.at_least(low.low, low.low_open)
        low.at_most(high.high, high.high_open)


def _by_sums(ranges: dict[str, _Range]) -> None:
    """All contacts are the digital and the personal ones; those begun by either side are among them."""
    for days, (name, other) in itertools.product(WINDOWS, ADDENDS):
        if not {f"{name}_{days}", f"{other}_{days}"} & set(ranges):
            continue
        whole, one, two = (_range(ranges, f"{sort}_{days}") for sort in ("total", name, other))
        whole.at_least(one.low + two.low)
        one.at_most(whole.high - two.low)
        two.at_most(whole.high - one.low)
        if name == "digital":
            whole.at_most(one.high + two.high)
            one.at_least(whole.low - two.high)
            two.at_least(whole.low - one.high)


def _by_shares(ranges: dict[str, _Range]) -> None:
    """A share is the digital contacts of all; a hair is left for what is not exact in binary."""
    for days in WINDOWS:
        share = ranges.get(f"digital_share_{days}")
        if share is None or not share.known:
            continue
        total, digital, personal = (
            _range(ranges, f"{name}_{days}") for name in ("total", "digital", "personal")
        )
        is_some, is_all = share.low > 0 or share.low_open, share.high >= 1 and not share.high_open
        digital.at_least(max(int(is_some), math.ceil(share.low * total.low - HAIR)))
        personal.at_least(int(not is_all))
        if share.low >= 1:
            personal.at_most(0)
        if math.isfinite(total.high) and total.high > 0:
            digital.at_most(math.floor(share.high * total.high + HAIR))
            share.at_least(digital.low / total.high - HAIR)
        if math.isfinite(digital.high) and total.low > 0:
            share.at_most(digital.high / total.low + HAIR)


def _by_what_is_known(ranges: dict[str, _Range]) -> None:
    for name, counted, least in (*KNOWN_FROM, *ONLY_FROM):
        if name in ranges or counted in ranges:
            is_exact = (name, counted, least) in KNOWN_FROM
            _known_from(_range(ranges, name), _range(ranges, counted), least, is_exact)
    for name, other in KNOWN_WITH:
        if name in ranges or other in ranges:
            one, with_it = _range(ranges, name), _range(ranges, other)
            with_it.known |= one.known
            one.missing |= with_it.missing
    for name in COUNTED_WITH:
        if name in ranges or "days_since_any" in ranges:
            counted_with, clock = _range(ranges, name), _range(ranges, "days_since_any")
            clock.known |= counted_with.low >= 1
            if clock.missing:
                counted_with.at_most(0)
    if all(name in ranges and ranges[name].known for name in NOT_BOTH):
        ranges[NOT_BOTH[0]].missing = True
    if {"tier", *OF_TIERS} & set(ranges):
        _by_tier(ranges)


def _known_from(found: _Range, counted: _Range, least: int, is_exact: bool) -> None:
    """``found`` is known only, or exactly, where ``counted`` is at least so much."""
    if found.known:
        counted.at_least(least)
    if counted.high < least:
        found.missing = True
    if is_exact and found.missing:
        counted.at_most(least - 1)
    if is_exact and counted.low >= least:
        found.known = True


def _by_tier(ranges: dict[str, _Range]) -> None:
    """Tier *none* has no zone, and every other tier has one."""
    tier, zone = _range(ranges, "tier"), _range(ranges, "zone")
    if any(_range(ranges, name).known for name in OF_TIERS if name in ranges):
        tier.not_words = tier.not_words | {"none"}
    if zone.missing:
        tier.words = (tier.words or set()) & {"none"}
    if "none" in tier.not_words or (tier.words is not None and "none" not in tier.words):
        zone.known = True
