"""The planner: the few suggestions for one user's week that do most good within the budget (PRODUCT.md section 6).

Everything is whole numbers, so that the choice is exact and the same on every machine. A suggestion is worth
``need × fit`` (`crm.domain.need_and_fit`). Among equally good weeks the one with more need wins, then the one that serves
lower contact ids first.

A rule with a weekly limit is the reason of at most so many suggestions. Whoever is beyond it may still have a place
for their other reasons alone, which is then worth at most what it is for all of them. What a trip adds to the budget is
for people there: acts in person at home have a limit of their own then.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations
from typing import Final

from crm.domain.budgets import GROUP_ORDER, Budget, Group
from crm.domain.candidates import (
    BEGINNING,
    SUPPORT_ONLY,
    Candidate,
    Flag,
    Frame,
    flags_that_count,
    frame_of,
)
from crm.domain.choice import Way, choose
from crm.domain.left_out import LeftOut
from crm.domain.need_and_fit import (
    SEVERITY_POINTS,
    Option,
    Parts,
    best_by_group,
    moved_by_history,
    need_of,
    obstacle,
    ways_to_act,
)
from crm.domain.rules import ASK_IS_NEAR, SHIPPED, WRITTEN_DOWN, Rule
from crm.domain.weeks import IsoWeek

AT_HOME: Final = "in person at home"
"""The limit, beside those of rules, of what is in person with people who live near."""


@dataclass(frozen=True)
class Suggestion:
    """One place in the plan. ``rules``: those the act answers first. ``occasion_on``: the day it is meant for; ``due_on``: the
    day by which what was promised, or is to be asked by this act, is due.
    ``instead_of``: the act it would be, had the user never chosen or swapped an act for this contact; ``was_chosen``: they
    chose this one before.
    """

    contact_id: int
    act: str
    rules: tuple[str, ...]
    need: int
    fit: int
    why: Parts
    needs_address: bool = False
    occasion_on: date | None = None
    due_on: date | None = None
    instead_of: str | None = None
    was_chosen: bool = False


@dataclass(frozen=True)
class Plan:
    """A week's suggestions, most needed first, and everyone left out, by contact id."""

    suggestions: tuple[Suggestion, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Reading:
    """Certain reasons of a contact: the flags to act on, the need they make, and the best option in each group."""

    flags: tuple[Flag, ...]
    why: Parts
    best: Mapping[Group, Option]

    @property
    def need(self) -> int:
        return sum(points for _, points in self.why)

    def score(self, group: Group) -> int:
        """Worth first; need decides between equals."""
        return self.need * self.best[group].fit * _NEED_BELOW + self.need


_NEED_BELOW = 1_000_000
"""More than the need of any whole plan."""


@dataclass(frozen=True)
class _Entry:
    """A contact that could have a place, with the flags that count for it."""

    candidate: Candidate
    flags: tuple[Flag, ...]
    limits: frozenset[str]
    frame: Frame

    @property
    def contact_id(self) -> int:
        return self.candidate.contact_id

    @cached_property
    def _known(self) -> dict[frozenset[str], tuple[_Reading, dict[Group, int]]]:
        return {}

    def reading(self, left: frozenset[str] = frozenset()) -> _Reading:
        """The reasons without those rules."""
        return self._read(left)[0]

    def _read(self, left: frozenset[str]) -> tuple[_Reading, dict[Group, int]]:
        """With what each group is worth: leaving a rule aside opens no group, and is never worth more."""
        if left not in self._known:
            kept = tuple(flag for flag in self.flags if flag.rule not in left)
            reading = _read(kept, self.candidate, self.frame)
            worth = {group: reading.score(group) for group in GROUP_ORDER if group in reading.best}
            for rule in left:
                fuller = self._read(left - {rule})[1]
                worth = {
                    group: min(score, fuller[group]) for group, score in worth.items() if group in fuller
                }
            self._known[left] = reading, worth
        return self._known[left]

    def _uses(self, group: Group, reading: _Reading) -> set[str]:
        """What a place uses up one of, where that has a limit."""
        rules = {flag.rule for flag in reading.flags}
        return rules | {AT_HOME} if group == "in_person" and self.candidate.same_city else rules

    def ways(self, limits: frozenset[str]) -> list[Way]:
        """The ways to a place that leave aside any of these rules, as `choose` asks for them."""
        sparing = sorted(flag.rule for flag in self.flags if flag.rule in limits)
        found = [
            (left, *self._read(left))
            for number in range(len(sparing) + 1)
            for left in map(frozenset, combinations(sparing, number))
        ]
        found.sort(key=lambda one: [rule in one[0] for rule in sparing])
        return [
            Way(group, worth[group], self.limits & self._uses(group, reading), left)
            for group in GROUP_ORDER
            for left, reading, worth in found
            if group in worth
        ]


def weekly_limits(rules: Iterable[Rule]) -> dict[str, int]:
    """Of how many suggestions a week each of these rules may be a reason, for those with such a limit."""
    return {rule.key: rule.weekly_limit for rule in rules if rule.weekly_limit is not None}


SHIPPED_LIMITS: Final[Mapping[str, int]] = weekly_limits(SHIPPED)


def plan_week(
    candidates: Iterable[Candidate],
    budget: Budget,
    *,
    week: IsoWeek,
    today: date,
    holidays: frozenset[date] = frozenset(),
    limits: Mapping[str, int] = SHIPPED_LIMITS,
) -> Plan:
    """The best plan for what is left of the week; every candidate is either suggested or left out with a reason.

    ``today`` is the user's day, ``holidays`` those of the user's country (no post on them), ``limits`` the
    `weekly_limits` of the rules. Contact ids are distinct.
    """
    frame = frame_of(week, today, holidays)
    within = {**limits, AT_HOME: budget.at_home} if budget.at_home is not None else limits
    entries: list[_Entry] = []
    left_out: list[LeftOut] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.contact_id):
        found = _consider(candidate, frame, frozenset(within))
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            entries.append(found)
    chosen = choose(entries, budget, within)
    told = Counter(rule for way in chosen.values() for rule in way.limited)
    full = frozenset(rule for rule, most in limits.items() if told[rule] >= most)
    suggestions = []
    for entry in entries:
        if entry.contact_id in chosen:
            suggestions.append(_suggest(entry, chosen[entry.contact_id]))
        else:
            left_out.append(LeftOut(entry.contact_id, _crowded_out(entry, full)))
    suggestions.sort(key=lambda one: (-one.need, -one.fit, one.contact_id))
    return Plan(tuple(suggestions), tuple(sorted(left_out, key=lambda one: one.contact_id)))


def _crowded_out(entry: _Entry, full: frozenset[str]) -> str:
    """Why somebody who could have had a place has none; ``full`` are the rules whose limit is reached."""
    ways = entry.ways(full)
    if not all(way.limited & full for way in ways):
        return "budget"
    return "enough_new" if any(BEGINNING in way.limited & full for way in ways) else "limit"


def options(
    candidate: Candidate, *, week: IsoWeek, today: date, holidays: frozenset[date] = frozenset()
) -> tuple[Option, ...]:
    """Every act that would do for this contact this week, the fittest first: what *swap* offers.

    Rests, snoozes and budgets are not looked at: the contact is in the plan already.
    """
    frame = frame_of(week, today, holidays)
    _, found = ways_to_act(flags_that_count(candidate), candidate, frame)
    return tuple(sorted(found, key=lambda option: -option.fit))


def _suggest(entry: _Entry, way: Way) -> Suggestion:
    reading = entry.reading(way.left)
    option = reading.best[way.group]
    answered = sorted(
        reading.flags, key=lambda flag: (option.act not in flag.suggests, -SEVERITY_POINTS[flag.severity])
    )
    return Suggestion(
        contact_id=entry.contact_id,
        act=option.act,
        rules=tuple(flag.rule for flag in answered),
        need=reading.need,
        fit=option.fit,
        why=(*reading.why, *option.why),
        needs_address=option.needs_address,
        occasion_on=option.occasion_on,
        due_on=min(_due(option.act, reading.flags, entry.candidate), default=None),
        instead_of=moved_by_history(option.act, reading.flags, entry.candidate, entry.frame),
        was_chosen=entry.candidate.history.get(option.act, 0) > 0,
    )


def _due(act: str, flags: Iterable[Flag], candidate: Candidate) -> Iterator[date]:
    """The days by which what the act answers of what was written down is due."""
    for flag in flags:
        day = candidate.due_on(flag.rule)
        if flag.rule in WRITTEN_DOWN and act in flag.suggests and day is not None:
            yield day


def _consider(candidate: Candidate, frame: Frame, limits: frozenset[str]) -> _Entry | LeftOut:
    """Whether and how the contact could have a place this week."""
    held = _held_back(candidate, frame)
    if held is not None:
        return held
    flags = flags_that_count(candidate)
    if candidate.rest_until is not None and candidate.rest_until > frame.start:
        flags = tuple(flag for flag in flags if _breaks_rest(flag, candidate, frame))
        if not flags:
            why = "ignored" if candidate.ignored else "resting"
            return LeftOut(candidate.contact_id, why, candidate.rest_until)
    if not flags:
        return LeftOut(candidate.contact_id, "nothing_due")
    if all(flag.rule == SUPPORT_ONLY for flag in flags):
        return LeftOut(candidate.contact_id, "only_unanswered")
    entry = _Entry(candidate, flags, limits, frame)
    if not entry.reading().best:
        return LeftOut(candidate.contact_id, obstacle(flags, candidate, frame))
    return entry


def _read(flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> _Reading:
    used, found = ways_to_act(flags, candidate, frame)
    return _Reading(used, need_of(used, candidate, frame) if used else (), best_by_group(found))


def _held_back(candidate: Candidate, frame: Frame) -> LeftOut | None:
    """Why nothing at all may be suggested, whatever the flags."""
    if candidate.muted:
        return LeftOut(candidate.contact_id, "muted")
    if candidate.snoozed_until is not None and candidate.snoozed_until > frame.start:
        return LeftOut(candidate.contact_id, "snoozed", candidate.snoozed_until)
    arranged = candidate.arranged_on
    if arranged is not None and frame.is_calm_before(arranged):
        return LeftOut(candidate.contact_id, "arranged", arranged)
    return None


def _breaks_rest(flag: Flag, candidate: Candidate, frame: Frame) -> bool:
    """Promises, dated asks and occasions are not held back by a rest."""
    if flag.rule == "important_ask":
        due = candidate.ask_due
        return due is not None and due <= frame.start + timedelta(days=ASK_IS_NEAR)
    return flag.rule in ("promise_due", "occasion")
