"""The planner: the few suggestions for one user's week that do most good within the budget (PRODUCT.md section 6).

Everything is whole numbers, so that the choice is exact and the same on every machine. A suggestion is worth
``need × fit``, and each of the two is a plain sum whose parts are kept as the explanation.

Need, how much this contact wants something to be done:

    severity      the strongest flag: high 60, medium 40, low 20
    more_flags    5 for each further flag, at most 15
    tier          key 15, regular 5
    at_stake      10 for an ask, promise, occasion or renewal; 10 more if it falls due by the week's end
    late          4 for each whole time the personal clock has run its target, at most 12

Fit, how well one act answers it (at least 1):

    answers       60, 45, 30 or 15 by the act's place among a flag's suggestions, averaged over all flags with
                  weight 3, 2 or 1 by severity; a flag that does not suggest the act counts as 0
    richness      up to 20: the longer the personal clock, the richer the act
    travel        15 where a trip makes meeting possible, 25 for those only reached through a screen
    history       8 for each time this user chose (or -8: swapped away) the act for this contact, at most 24
    no_address    -25 for something to post without a postal address ("ask for their address")
    no_phone      -10 for a call without a number

Among equally good weeks the one with more need wins, then the one that serves lower contact ids first.

A rule with a weekly limit is the reason of at most so many suggestions. Whoever is beyond it may still have a place
for their other reasons alone, which is then worth at most what it is for all of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations
from typing import Final, TypeAlias

from crm.domain.budgets import GROUP_ORDER, GROUPS, LARGEST_BUDGET, Budget, Group
from crm.domain.choice import Way, choose
from crm.domain.post import POST_WORKING_DAYS, post_by
from crm.domain.rests import Outcome, PastSuggestion, back_after_ignored, rest_until
from crm.domain.rules import ACTS, SHIPPED, WRITTEN_DOWN, Rule
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek

__all__ = [
    "GROUPS",
    "LARGEST_BUDGET",
    "Budget",
    "Group",
    "Outcome",
    "PastSuggestion",
    "back_after_ignored",
    "rest_until",
]

Parts: TypeAlias = tuple[tuple[str, int], ...]

CALM_DAYS = 14
"""No call so soon after a live interaction, and no suggestion so soon before an arranged one."""
ASK_AHEAD_DAYS = 21

_SUPPORT_ONLY = "unanswered"
_BEGINNING = "no_record"
_AT_STAKE = (*WRITTEN_DOWN, "occasion", "renewal")

_SEVERITY_POINTS = {"high": 60, "medium": 40, "low": 20}
_SEVERITY_WEIGHT = {"high": 3, "medium": 2, "low": 1}
_TIER_POINTS = {"key": 15, "regular": 5}
_PLACE_POINTS = (60, 45, 30, 15)
_RICHNESS = {"call": 0, "note": 1, "gift": 1, "lunch": 2, "meeting": 2, "visit": 2}


@dataclass(frozen=True)
class Flag:
    """A rule that matched the contact: its key, severity (high, medium, low) and acts, best first."""

    rule: str
    severity: str
    suggests: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """One contact as the planner sees it; days and dates are those of the user's today.

    ``personal_days``: the running personal clock (from ``known_days`` if it never started); ``personal_target``:
    its target, if any. ``same_city`` and ``travel`` (a trip in the plan's week) say whether they can meet.
    ``history``: act → times this user chose it for this contact, minus the times it was swapped away.
    ``arranged_on``: the next live interaction logged ahead or in the calendar. ``rest_until`` (see `rest_until`)
    and ``snoozed_until`` are the first day on which the contact may come back; ``ignored``: it rests because the last two
    suggestions were left untouched. ``muted``: "not this person".
    ``post_days``: working days for which a card to them is under way.
    """

    contact_id: int
    tier: str
    flags: tuple[Flag, ...]
    personal_days: int = 0
    personal_target: int | None = None
    has_address: bool = False
    has_phone: bool = True
    same_city: bool = False
    travel: bool = False
    history: Mapping[str, int] = field(default_factory=dict)
    occasion_on: date | None = None
    ask_due: date | None = None
    promise_due: date | None = None
    days_since_live: int | None = None
    arranged_on: date | None = None
    rest_until: date | None = None
    ignored: bool = False
    snoozed_until: date | None = None
    muted: bool = False
    post_days: int = POST_WORKING_DAYS


@dataclass(frozen=True)
class Option:
    """One act that would do for a contact, and how well (``fit`` ≥ 1, explained by ``why``)."""

    act: str
    fit: int
    why: Parts
    needs_address: bool = False
    occasion_on: date | None = None


@dataclass(frozen=True)
class Suggestion:
    """One place in the plan. ``rules``: those the act answers first. ``occasion_on``: the day it is meant for."""

    contact_id: int
    act: str
    rules: tuple[str, ...]
    need: int
    fit: int
    why: Parts
    needs_address: bool = False
    occasion_on: date | None = None


@dataclass(frozen=True)
class LeftOut:
    """A contact that is not in the plan. ``reason`` is a key of `LEFT_OUT`; ``day`` the date it speaks of."""

    contact_id: int
    reason: str
    day: date | None = None


@dataclass(frozen=True)
class Plan:
    """A week's suggestions, most needed first, and everyone left out, by contact id."""

    suggestions: tuple[Suggestion, ...]
    left_out: tuple[LeftOut, ...]


LEFT_OUT: Final[Mapping[str, str]] = {
    "muted": "You said not this person.",
    "snoozed": "Snoozed until {day}.",
    "arranged": "Already arranged for {day}.",
    "resting": "Resting until {day}.",
    "ignored": "Suggested twice and left untouched, so back on {day}.",
    "nothing_due": "Nothing is due.",
    "only_unanswered": "A mail without an answer alone fills no place.",
    "out_of_reach": "Not in the same city this week, and the reason asks for meeting.",
    "spoke_lately": "In live contact within the last 14 days, so no call.",
    "not_in_time": "The post would be late, and the day itself is not this week.",
    "not_the_day": "The day itself is not this week.",
    "late_and_spoke": "The post would be late, and in live contact within the last 14 days, so no call.",
    "no_act": "No act answers the reason.",
    "enough_new": "Enough people to begin with for one week.",
    "limit": "Enough people for this reason for one week.",
    "budget": "The week is full.",
    "off": "You are off this week.",
}


def why_not(left_out: LeftOut, today: date) -> str:
    """Why a contact is not in the plan, as a sentence."""
    day = day_phrase(left_out.day, today) if left_out.day else ""
    return LEFT_OUT[left_out.reason].format(day=day)


@dataclass(frozen=True)
class _Frame:
    """When the plan is made, the first day it can use, its week, and the days on which no post goes."""

    today: date
    start: date
    week: IsoWeek
    holidays: frozenset[date]


def _frame(week: IsoWeek, today: date, holidays: frozenset[date]) -> _Frame:
    return _Frame(today, min(max(today, week.monday), week.sunday), week, holidays)


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
    frame: _Frame

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
            Way(group, worth[group], self.limits & {flag.rule for flag in reading.flags}, left)
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
    frame = _frame(week, today, holidays)
    entries: list[_Entry] = []
    left_out: list[LeftOut] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.contact_id):
        found = _consider(candidate, frame, frozenset(limits))
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            entries.append(found)
    chosen = choose(entries, budget, limits)
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
    return "enough_new" if any(_BEGINNING in way.limited & full for way in ways) else "limit"


def options(
    candidate: Candidate, *, week: IsoWeek, today: date, holidays: frozenset[date] = frozenset()
) -> tuple[Option, ...]:
    """Every act that would do for this contact this week, the fittest first: what *swap* offers.

    Rests, snoozes and budgets are not looked at: the contact is in the plan already.
    """
    frame = _frame(week, today, holidays)
    _, found = _ways(_flags_that_count(candidate), candidate, frame)
    return tuple(sorted(found, key=lambda option: -option.fit))


def _suggest(entry: _Entry, way: Way) -> Suggestion:
    reading = entry.reading(way.left)
    option = reading.best[way.group]
    answered = sorted(
        reading.flags, key=lambda flag: (option.act not in flag.suggests, -_SEVERITY_POINTS[flag.severity])
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
    )


def _consider(candidate: Candidate, frame: _Frame, limits: frozenset[str]) -> _Entry | LeftOut:
    """Whether and how the contact could have a place this week."""
    held = _held_back(candidate, frame)
    if held is not None:
        return held
    flags = _flags_that_count(candidate)
    if candidate.rest_until is not None and candidate.rest_until > frame.start:
        flags = tuple(flag for flag in flags if _breaks_rest(flag, candidate, frame))
        if not flags:
            why = "ignored" if candidate.ignored else "resting"
            return LeftOut(candidate.contact_id, why, candidate.rest_until)
    if not flags:
        return LeftOut(candidate.contact_id, "nothing_due")
    if all(flag.rule == _SUPPORT_ONLY for flag in flags):
        return LeftOut(candidate.contact_id, "only_unanswered")
    entry = _Entry(candidate, flags, limits, frame)
    if not entry.reading().best:
        return LeftOut(candidate.contact_id, _obstacle(flags, candidate, frame))
    return entry


def _read(flags: tuple[Flag, ...], candidate: Candidate, frame: _Frame) -> _Reading:
    used, found = _ways(flags, candidate, frame)
    return _Reading(used, _need(used, candidate, frame) if used else (), _best_by_group(found))


def _held_back(candidate: Candidate, frame: _Frame) -> LeftOut | None:
    """Why nothing at all may be suggested, whatever the flags."""
    if candidate.muted:
        return LeftOut(candidate.contact_id, "muted")
    if candidate.snoozed_until is not None and candidate.snoozed_until > frame.start:
        return LeftOut(candidate.contact_id, "snoozed", candidate.snoozed_until)
    arranged = candidate.arranged_on
    if arranged is not None and frame.today <= arranged <= frame.start + timedelta(days=CALM_DAYS):
        return LeftOut(candidate.contact_id, "arranged", arranged)
    return None


def _flags_that_count(candidate: Candidate) -> tuple[Flag, ...]:
    """Tier *none* is here only for what the user wrote down."""
    if candidate.tier != "none":
        return candidate.flags
    return tuple(flag for flag in candidate.flags if flag.rule in WRITTEN_DOWN)


def _breaks_rest(flag: Flag, candidate: Candidate, frame: _Frame) -> bool:
    """Promises, dated asks and occasions are not held back by a rest."""
    if flag.rule == "important_ask":
        due = candidate.ask_due
        return due is not None and due <= frame.start + timedelta(days=ASK_AHEAD_DAYS)
    return flag.rule in ("promise_due", "occasion")


def _ways(
    flags: tuple[Flag, ...], candidate: Candidate, frame: _Frame
) -> tuple[tuple[Flag, ...], tuple[Option, ...]]:
    """The flags to act on and the acts that answer them; "nothing logged yet" only where nothing else does."""
    others = tuple(flag for flag in flags if flag.rule != _BEGINNING)
    for used in (others, flags):
        found = tuple(option for act in ACTS if (option := _option(act, used, candidate, frame)))
        if found:
            return used, found
    return flags, ()


def _option(act: str, flags: tuple[Flag, ...], candidate: Candidate, frame: _Frame) -> Option | None:
    """The act with its fit, if it may be done and answers a flag that can fill a place."""
    points = {flag.rule: _answer(act, flag, candidate, frame) for flag in flags}
    if _barred(act, candidate, frame) or not any(points[rule] for rule in points if rule != _SUPPORT_ONLY):
        return None
    weights = {flag.rule: _SEVERITY_WEIGHT[flag.severity] for flag in flags}
    answers = sum(points[rule] * weight for rule, weight in weights.items()) // sum(weights.values())
    needs_address = GROUPS[act] == "by_hand" and not candidate.has_address
    why = _told(
        answers=answers,
        richness=_richness(act, candidate),
        travel=_travel(act, flags, candidate),
        history=8 * max(-3, min(3, candidate.history.get(act, 0))),
        no_address=-25 if needs_address else 0,
        no_phone=-10 if act == "call" and not candidate.has_phone else 0,
    )
    for_occasion = candidate.occasion_on if points.get("occasion") else None
    return Option(act, max(1, sum(part for _, part in why)), why, needs_address, for_occasion)


def _answer(act: str, flag: Flag, candidate: Candidate, frame: _Frame) -> int:
    """How well an act answers one flag, 0 if it does not."""
    if act not in flag.suggests or (flag.rule == "occasion" and not _in_time(act, candidate, frame)):
        return 0
    return _PLACE_POINTS[min(flag.suggests.index(act), len(_PLACE_POINTS) - 1)]


def _in_time(act: str, candidate: Candidate, frame: _Frame) -> bool:
    """A call belongs to the day itself, in what is left of this week; what is posted has to arrive by then."""
    day = candidate.occasion_on
    if day is None:
        return True
    if GROUPS[act] == "by_hand":
        return post_by(day, candidate.post_days, holidays=frame.holidays) >= frame.start
    return frame.start <= day <= frame.week.sunday


def _barred(act: str, candidate: Candidate, frame: _Frame) -> str | None:
    """The reason of `LEFT_OUT` why this act cannot be done with this contact now."""
    if GROUPS[act] == "in_person" and not (candidate.same_city or candidate.travel):
        return "out_of_reach"
    live = candidate.days_since_live
    if act == "call" and live is not None and live + (frame.start - frame.today).days < CALM_DAYS:
        return "spoke_lately"
    return None


def _obstacle(flags: tuple[Flag, ...], candidate: Candidate, frame: _Frame) -> str:
    """What stands in the way of every act that the flags suggest."""
    bars = {_barred(act, candidate, frame) for flag in flags for act in flag.suggests}
    for_day = {act for flag in flags if flag.rule == "occasion" for act in flag.suggests}
    if None in bars and for_day:
        is_late = any(GROUPS[act] == "by_hand" for act in for_day)
        on_the_day = {
            _barred(act, candidate, frame)
            for act in for_day
            if GROUPS[act] != "by_hand" and _in_time(act, candidate, frame)
        }
        if "spoke_lately" in on_the_day:
            return "late_and_spoke"
        if not on_the_day:
            return "not_in_time" if is_late else "not_the_day"
    return next((bar for bar in ("out_of_reach", "spoke_lately") if bar in bars), "no_act")


def _need(flags: tuple[Flag, ...], candidate: Candidate, frame: _Frame) -> Parts:
    due = {"important_ask": candidate.ask_due, "promise_due": candidate.promise_due}
    due["occasion"] = candidate.occasion_on
    stakes = [flag.rule for flag in flags if flag.rule in _AT_STAKE]
    pressing = any((day := due.get(rule)) is not None and day <= frame.week.sunday for rule in stakes)
    return _told(
        severity=max(_SEVERITY_POINTS[flag.severity] for flag in flags),
        more_flags=5 * min(3, len(flags) - 1),
        tier=_TIER_POINTS.get(candidate.tier, 0),
        at_stake=(10 if stakes else 0) + (10 if pressing else 0),
        late=4 * min(3, _times_over(candidate)),
    )


def _told(**parts: int) -> Parts:
    """The parts that are not zero."""
    return tuple((name, points) for name, points in parts.items() if points)


def _times_over(candidate: Candidate) -> int:
    """How many whole times the personal clock has run its target."""
    return candidate.personal_days // candidate.personal_target if candidate.personal_target else 0


def _richness(act: str, candidate: Candidate) -> int:
    return 5 * _RICHNESS[act] * min(2, _times_over(candidate))


def _travel(act: str, flags: tuple[Flag, ...], candidate: Candidate) -> int:
    if GROUPS[act] != "in_person" or candidate.same_city or not candidate.travel:
        return 0
    return 25 if any(flag.rule == "screen_only" for flag in flags) else 15


def _best_by_group(found: Sequence[Option]) -> dict[Group, Option]:
    """Only the fittest act of a group can be part of a best plan; the first of equals."""
    best: dict[Group, Option] = {}
    for option in found:
        group = GROUPS[option.act]
        if group not in best or option.fit > best[group].fit:
            best[group] = option
    return best
