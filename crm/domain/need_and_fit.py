"""What a suggestion is worth: how much the contact wants something to be done, and how well an act answers it.

Whole numbers, and each of the two a plain sum whose parts are kept as the explanation.

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
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from crm.domain.budgets import GROUPS, Group
from crm.domain.candidates import BEGINNING, CALM_DAYS, SUPPORT_ONLY, Candidate, Flag, Frame
from crm.domain.post import post_by
from crm.domain.rules import ACTS, WRITTEN_DOWN

Parts: TypeAlias = tuple[tuple[str, int], ...]

SEVERITY_POINTS = {"high": 60, "medium": 40, "low": 20}
_SEVERITY_WEIGHT = {"high": 3, "medium": 2, "low": 1}
_TIER_POINTS = {"key": 15, "regular": 5}
_PLACE_POINTS = (60, 45, 30, 15)
_RICHNESS = {"call": 0, "note": 1, "gift": 1, "lunch": 2, "meeting": 2, "visit": 2}
_AT_STAKE = (*WRITTEN_DOWN, "occasion", "renewal")


@dataclass(frozen=True)
class Option:
    """One act that would do for a contact, and how well (``fit`` ≥ 1, explained by ``why``)."""

    act: str
    fit: int
    why: Parts
    needs_address: bool = False
    occasion_on: date | None = None


def need_of(flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> Parts:
    """How much a contact with these flags wants something to be done, in its parts."""
    stakes = [flag.rule for flag in flags if flag.rule in _AT_STAKE]
    pressing = any(
        (day := candidate.due_on(rule)) is not None and day <= frame.week.sunday for rule in stakes
    )
    return _told(
        severity=max(SEVERITY_POINTS[flag.severity] for flag in flags),
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


def ways_to_act(
    flags: tuple[Flag, ...], candidate: Candidate, frame: Frame
) -> tuple[tuple[Flag, ...], tuple[Option, ...]]:
    """The flags to act on and the acts that answer them; "no contact on record yet" only where nothing else does."""
    others = tuple(flag for flag in flags if flag.rule != BEGINNING)
    for used in (others, flags):
        found = tuple(option for act in ACTS if (option := _option(act, used, candidate, frame)))
        if found:
            return used, found
    return flags, ()


def _option(act: str, flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> Option | None:
    """The act with its fit, if it may be done and answers a flag that can fill a place."""
    points = {flag.rule: _answer(act, flag, candidate, frame) for flag in flags}
    if _barred(act, candidate, frame) or not any(points[rule] for rule in points if rule != SUPPORT_ONLY):
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


def _answer(act: str, flag: Flag, candidate: Candidate, frame: Frame) -> int:
    """How well an act answers one flag, 0 if it does not."""
    if act not in flag.suggests or (flag.rule == "occasion" and not _meets_date(act, candidate, frame)):
        return 0
    return _PLACE_POINTS[min(flag.suggests.index(act), len(_PLACE_POINTS) - 1)]


def _meets_date(act: str, candidate: Candidate, frame: Frame) -> bool:
    """A call belongs to the day itself, in what is left of this week; what is posted has to arrive by then."""
    day = candidate.occasion_on
    if day is None:
        return True
    if GROUPS[act] == "by_hand":
        return arrives_by(day, candidate.post_days, frame)
    return frame.start <= day <= frame.week.sunday


def arrives_by(day: date, post_days: int, frame: Frame) -> bool:
    """Whether what is posted in what is left of the week arrives by that day."""
    return post_by(day, post_days, holidays=frame.holidays) >= frame.start


def moved_by_history(act: str, flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> str | None:
    """The act that would be the fittest had this user never chosen or swapped anything with this contact, where ``act`` is
    the fittest only because they did; None where their history moved nothing."""
    if not candidate.history:
        return None
    first = _fittest(flags, candidate, frame)
    otherwise = _fittest(flags, replace(candidate, history={}), frame)
    return otherwise if first == act != otherwise else None


def _fittest(flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> str | None:
    _, found = ways_to_act(flags, candidate, frame)
    return max(found, key=lambda option: option.fit).act if found else None


def best_by_group(found: Sequence[Option]) -> dict[Group, Option]:
    """Only the fittest act of a group can be part of a best plan; the first of equals."""
    best: dict[Group, Option] = {}
    for option in found:
        group = GROUPS[option.act]
        if group not in best or option.fit > best[group].fit:
            best[group] = option
    return best


def _barred(act: str, candidate: Candidate, frame: Frame) -> str | None:
    """The reason of `LEFT_OUT` why this act cannot be done with this contact now."""
    if GROUPS[act] == "in_person" and not (candidate.same_city or candidate.travel):
        return "out_of_reach"
    live = candidate.days_since_live
    if act == "call" and live is not None and live + (frame.start - frame.today).days < CALM_DAYS:
        return "spoke_lately"
    return None


def obstacle(flags: tuple[Flag, ...], candidate: Candidate, frame: Frame) -> str:
    """What stands in the way of every act that the flags suggest."""
    bars = {_barred(act, candidate, frame) for flag in flags for act in flag.suggests}
    for_day = {act for flag in flags if flag.rule == "occasion" for act in flag.suggests}
    if None in bars and for_day:
        is_late = any(GROUPS[act] == "by_hand" for act in for_day)
        on_the_day = {
            _barred(act, candidate, frame)
            for act in for_day
            if GROUPS[act] != "by_hand" and _meets_date(act, candidate, frame)
        }
        if "spoke_lately" in on_the_day:
            return "late_and_spoke"
        if not on_the_day:
            return "not_in_time" if is_late else "not_the_day"
    return next((bar for bar in ("out_of_reach", "spoke_lately") if bar in bars), "no_act")
