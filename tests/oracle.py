"""The product's definitions computed the slow, obvious way: an oracle for the real ones.

Metrics, targets, score, zone, rhythm and the shipped rules about contacts, read straight from the product's
definitions, in plain Python over lists, one contact and one moment at a time. Nothing here may be shared with
the product's own code, or a mistake made once would agree with itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import exp
from typing import Any
from zoneinfo import ZoneInfo

WINDOWS = (7, 30, 90, 180, 365)
CLOCKS = ("any", "personal", "in_person")


@dataclass(frozen=True)
class Marks:
    digital: bool = False
    live: bool = False
    in_person: bool = False


CHANNELS = {
    "email": Marks(digital=True),
    "chat": Marks(digital=True),
    "sms": Marks(digital=True),
    "social": Marks(digital=True),
    "video": Marks(digital=True, live=True),
    "phone": Marks(live=True),
    "meeting": Marks(live=True, in_person=True),
    "lunch": Marks(live=True, in_person=True),
    "visit": Marks(live=True, in_person=True),
    "event": Marks(live=True, in_person=True),
    "note": Marks(),
    "gift": Marks(),
}


@dataclass(frozen=True)
class Happening:
    """One interaction; `people` are positions in the log's list of people."""

    at: datetime
    channel: str
    people: tuple[int, ...]
    direction: str = "mutual"
    outcome: str = "reached"
    deleted: bool = False


@dataclass(frozen=True)
class Ask:
    opened_on: date
    due: date | None = None
    closed_on: date | None = None


@dataclass(frozen=True)
class Promise:
    made_on: date
    by: str = "us"
    due: date | None = None
    kept_on: date | None = None


@dataclass(frozen=True)
class Occasion:
    """A birthday, anniversary, renewal or other date; `year` may be unknown when it comes back every year."""

    sort: str
    month: int
    day: int
    year: int | None = None
    yearly: bool = True


@dataclass(frozen=True)
class Person:
    created_on: date
    tier: str = "key"
    kind: str = "customer"
    own_targets: dict[str, int | None] = field(default_factory=dict)
    """By clock, ``None`` for a dash; a clock that is absent takes the workspace's target."""
    asks: tuple[Ask, ...] = ()
    promises: tuple[Promise, ...] = ()
    favours: tuple[date, ...] = ()
    dates: tuple[Occasion, ...] = ()


@dataclass(frozen=True)
class Log:
    zone: str
    people: tuple[Person, ...]
    happenings: tuple[Happening, ...] = ()
    channels: dict[str, Marks] = field(default_factory=lambda: dict(CHANNELS))
    targets: dict[tuple[str, str], tuple[int | None, int | None, int | None]] = field(default_factory=dict)


Facts = dict[str, Any]


def as_of(log: Log, moment: datetime) -> dict[int, Facts]:
    """What is known at `moment` about every person who was known by then, by position."""
    answer = {}
    for position in range(len(log.people)):
        facts = _facts(log, position, moment)
        if facts is not None:
            answer[position] = facts
    return answer


def is_broadcast(happening: Happening, marks: Marks) -> bool:
    if marks.digital and len(happening.people) > 12:
        return True
    return marks.live and len(happening.people) > 50


def _counted(log: Log, position: int, moment: datetime) -> list[Happening]:
    return [
        one
        for one in log.happenings
        if position in one.people
        and not one.deleted
        and one.outcome == "reached"
        and one.at <= moment
        and not is_broadcast(one, log.channels[one.channel])
    ]


def _facts(log: Log, position: int, moment: datetime) -> Facts | None:
    person = log.people[position]
    zone = ZoneInfo(log.zone)
    today = moment.astimezone(zone).date()
    counted = _counted(log, position, moment)
    days = [one.at.astimezone(zone).date() for one in counted]
    if not days and person.created_on > today:
        return None
    facts: Facts = {"tier": person.tier, "kind": person.kind}
    facts["known_days"] = (today - min([*days, person.created_on])).days
    facts |= _clocks(log, counted, days, today)
    facts |= _counts(log, counted, days, today)
    facts |= _threads(log, counted, days, today)
    facts |= rhythm([(today - day).days for day in days])
    facts |= _written_down(log, person, counted, days, today)
    facts |= _judgement(facts, _targets(log, person))
    return facts


def _clocks(log: Log, counted: list[Happening], days: list[date], today: date) -> Facts:
    def since(chosen: Iterable[bool]) -> int | None:
        return min(((today - day).days for day, yes in zip(days, chosen, strict=True) if yes), default=None)

    marks = [log.channels[one.channel] for one in counted]
    return {
        "days_since_any": since(True for _ in marks),
        "days_since_personal": since(not mark.digital for mark in marks),
        "days_since_in_person": since(mark.in_person for mark in marks),
        "days_since_live": since(mark.live for mark in marks),
    }


def _counts(log: Log, counted: list[Happening], days: list[date], today: date) -> Facts:
    facts: Facts = {}
    for window in WINDOWS:
        inside = [
            one
            for one, day in zip(counted, days, strict=True)
            if today - timedelta(days=window) < day <= today
        ]
        marks = [log.channels[one.channel] for one in inside]
        digital = sum(mark.digital for mark in marks)
        facts[f"total_{window}"] = len(inside)
        facts[f"digital_{window}"] = digital
        facts[f"personal_{window}"] = sum(not mark.digital for mark in marks)
        facts[f"in_person_{window}"] = sum(mark.in_person for mark in marks)
        facts[f"live_{window}"] = sum(mark.live for mark in marks)
        facts[f"digital_share_{window}"] = digital / len(inside) if inside else None
        facts[f"inbound_{window}"] = sum(one.direction == "inbound" for one in inside)
        facts[f"outbound_{window}"] = sum(one.direction == "outbound" for one in inside)
    before = [
        one
        for one, day in zip(counted, days, strict=True)
        if today - timedelta(days=455) < day <= today - timedelta(days=90)
    ]
    facts["prior_total_365"] = len(before)
    facts["prior_personal_365"] = sum(not log.channels[one.channel].digital for one in before)
    return facts


def _threads(log: Log, counted: list[Happening], days: list[date], today: date) -> Facts:
    """Who wrote last: ties at one instant are neither since nor later, but they are at or after."""
    told = [(one, day, log.channels[one.channel]) for one, day in zip(counted, days, strict=True)]
    facts: Facts = {"unanswered_days": None, "waiting_days": None}

    personal = [one.at for one, _, marks in told if not marks.digital]
    facts["digital_streak"] = sum(
        marks.digital and (not personal or one.at > max(personal)) for one, _, marks in told
    )

    ours = [(one.at, day) for one, day, marks in told if one.direction == "outbound" and marks.digital]
    if ours:
        last, its_day = max(ours)
        answers = [
            one
            for one, _, marks in told
            if (one.direction in ("inbound", "mutual") or marks.live) and one.at >= last
        ]
        if not answers:
            facts["unanswered_days"] = (today - its_day).days

    turns = [one.at for one, _, marks in told if one.direction in ("outbound", "mutual") or marks.live]
    waiting = [
        day
        for one, day, marks in told
        if one.direction == "inbound" and marks.digital and (not turns or one.at > max(turns))
    ]
    if waiting:
        facts["waiting_days"] = (today - min(waiting)).days
    return facts


EXACT = Context(prec=50)


def rhythm(ages: list[int]) -> Facts:
    """Gaps, quiet_p and rhythm_days of contact days that are `ages` days ago."""
    days_ago = sorted(set(ages), reverse=True)
    facts: Facts = {"gaps": max(0, len(days_ago) - 1), "quiet_p": None, "rhythm_days": None}
    if not days_ago:
        return facts
    strength = sum(exp(-age / 180) for age in days_ago)
    silence = days_ago[-1]
    facts["quiet_p"] = ((3 + silence) / (33 + silence)) ** min(1, 0.08 * (1 + strength))
    if len(days_ago) > 3:
        facts["rhythm_days"] = float(_usual_gap(days_ago))
    return facts


def strength(ages: list[int]) -> float:
    return sum(exp(-age / 180) for age in set(ages))


def _usual_gap(days_ago: list[int]) -> Decimal:
    """To 30 digits, so that an equal gap every time is exactly that gap."""
    above, below = EXACT.ln(14), Decimal(1)
    for earlier, later in pairwise(days_ago):
        weight = _fading(days_ago[-1] - later)
        above = EXACT.add(above, EXACT.multiply(weight, _ln(earlier - later)))
        below = EXACT.add(below, weight)
    return Context(prec=30).plus(EXACT.exp(EXACT.divide(above, below)))


@cache
def _fading(days: int) -> Decimal:
    return EXACT.exp(EXACT.divide(Decimal(days), Decimal(180)))


_ln = cache(EXACT.ln)


def next_time(occasion: Occasion, today: date) -> date | None:
    """The first day, neither before today nor before its own; 29 February falls on the 28th where there is none."""
    if not occasion.yearly:
        assert occasion.year is not None
        only = date(occasion.year, occasion.month, occasion.day)
        return only if only >= today else None
    for year in range(max(today.year, occasion.year or 1), max(today.year, occasion.year or 1) + 2):
        day = occasion.day
        if (occasion.month, day) == (2, 29) and not _is_leap(year):
            day = 28
        if date(year, occasion.month, day) >= today:
            return date(year, occasion.month, day)
    raise AssertionError("a year has every day of the year")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _written_down(log: Log, person: Person, counted: list[Happening], days: list[date], today: date) -> Facts:
    asks = [
        ask
        for ask in person.asks
        if ask.opened_on <= today and (ask.closed_on is None or ask.closed_on > today)
    ]
    promises = [
        promise
        for promise in person.promises
        if promise.made_on <= today and (promise.kept_on is None or promise.kept_on > today)
    ]
    favours = [day for day in person.favours if day <= today]
    favours += [
        day
        for one, day in zip(counted, days, strict=True)
        if one.channel == "gift" and one.direction == "inbound"
    ]
    nexts = [(one.sort, next_time(one, today)) for one in person.dates]
    to_date = [(day - today).days for sort, day in nexts if day is not None and sort != "renewal"]
    to_renewal = [(day - today).days for sort, day in nexts if day is not None and sort == "renewal"]
    ask_dues = [(ask.due - today).days for ask in asks if ask.due is not None]
    our_dues = [(one.due - today).days for one in promises if one.by == "us" and one.due is not None]
    return {
        "days_to_date": min(to_date, default=None),
        "days_to_renewal": min(to_renewal, default=None),
        "open_asks": len(asks),
        "days_to_ask": min(ask_dues, default=None),
        "oldest_ask_days": max(((today - ask.opened_on).days for ask in asks), default=None),
        "open_promises": len(promises),
        "days_to_our_promise": min(our_dues, default=None),
        "days_since_favour": min(((today - day).days for day in favours), default=None),
    }


def _targets(log: Log, person: Person) -> dict[str, int | None]:
    """By clock; tier *none* is never nudged, so it has no targets, whatever else was typed."""
    if person.tier == "none":
        return dict.fromkeys(CLOCKS)
    found: tuple[int | None, int | None, int | None]
    if (person.tier, person.kind) in log.targets:
        found = log.targets[person.tier, person.kind]
    elif person.tier == "key":
        found = (30, 60, 90) if person.kind in ("partner", "customer") else (45, 90, 180)
    elif person.tier == "regular":
        found = (90, 180, 365)
    else:
        found = (180, 365, None)
    targets = dict(zip(CLOCKS, found, strict=True))
    return {**targets, **person.own_targets}


def _judgement(facts: Facts, targets: dict[str, int | None]) -> Facts:
    answer: Facts = {}
    running = {}
    for clock in CLOCKS:
        running[clock] = facts[f"days_since_{clock}"]
        if running[clock] is None:
            running[clock] = facts["known_days"]
        target = targets[clock]
        answer[f"overdue_{clock}"] = None if target is None else running[clock] / target
    parts = {clock: _keep(running[clock], targets[clock]) for clock in CLOCKS}
    parts["balance"] = Fraction(0)
    if facts["total_365"]:
        parts["balance"] = min(Fraction(1), Fraction(5 * facts["personal_365"], facts["total_365"]))
    weights = {"any": 20, "personal": 30, "in_person": 35, "balance": 15}
    points = {part: weights[part] * parts[part] for part in weights}
    answer["zone"] = _zone({**facts, **answer}, targets)
    scored = answer["zone"] not in (None, "no_record")
    answer["score"] = (sum(points.values()) + Fraction(1, 2)).__floor__() if scored else None
    for part in weights:
        answer[f"part_{part}"] = float(points[part]) if scored else None
    return answer


def _keep(clock: int, target: int | None) -> Fraction:
    if target is None or clock <= target:
        return Fraction(1)
    return max(Fraction(0), Fraction(3 * target - clock, 2 * target))


def _at_least(value: float | None, bound: float) -> bool:
    return value is not None and value >= bound


def _over(value: float | None, bound: float) -> bool:
    return value is not None and value > bound


def _at_most(value: float | None, bound: float) -> bool:
    return value is not None and value <= bound


def _zone(facts: Facts, targets: dict[str, int | None]) -> str | None:
    if facts["tier"] == "none":
        return None
    silence, usual = facts["days_since_any"], facts["rhythm_days"]
    if silence is None:
        return "no_record"
    late = facts["gaps"] < 3 or silence >= 1.5 * usual
    holiday = 14 if targets["any"] is None else max(Fraction(14), Fraction(targets["any"], 4))
    if _at_least(facts["overdue_any"], 2) and late:
        return "gone_quiet"
    if facts["gaps"] >= 3 and facts["quiet_p"] >= 0.6 and silence >= 2 * usual and silence >= holiday:
        return "gone_quiet"
    if facts["digital_180"] >= 3 and facts["personal_180"] == 0 and facts["known_days"] >= 60:
        return "screen_only"
    if _over(facts["overdue_personal"], 1) or _over(facts["overdue_in_person"], 1):
        return "drifting"
    if _over(facts["overdue_any"], 1) and late:
        return "drifting"
    return "in_touch"


def flags(facts: Facts) -> dict[str, str]:
    """The shipped rules about contacts that match, each with its severity."""
    tier, zone = facts["tier"], facts["zone"]
    key = tier == "key"
    kept = tier in ("key", "regular")
    found = {}

    def flag(rule: str, severity: str, matches: bool) -> None:
        if matches:
            found[rule] = severity

    screen = facts["digital_180"] >= 3 and facts["personal_180"] == 0 and facts["known_days"] >= 60
    flag("screen_only", "high", key and screen)
    has_target, met = facts["overdue_in_person"] is not None, facts["days_since_in_person"] is not None
    known = facts["known_days"] >= 90 and facts["total_365"] >= 1
    flag("never_met", "medium", key and has_target and known and not met)
    screens_now = facts["total_90"] >= 3 and facts["digital_90"] * 10 >= facts["total_90"] * 8
    people_then = (
        facts["prior_total_365"] >= 4 and 2 * facts["prior_personal_365"] >= facts["prior_total_365"]
    )
    flag("gone_digital", "medium", kept and screens_now and people_then)
    flag("in_person_overdue", "medium", key and met and _over(facts["overdue_in_person"], 1))
    grave = _at_least(facts["quiet_p"], 0.8) or _at_least(facts["overdue_any"], 3)
    flag("gone_quiet", "high" if grave else "medium", kept and zone == "gone_quiet")
    flag("no_record", "low", kept and zone == "no_record")
    flag("unanswered", "low", kept and facts["unanswered_days"] in range(5, 61))
    flag("they_wait", "medium", kept and facts["waiting_days"] in range(5, 61))
    flag("long_thread", "medium", kept and facts["digital_7"] >= 8 and facts["live_7"] == 0)
    flag("occasion", "medium", kept and _at_most(facts["days_to_date"], 14))
    ask = _at_most(facts["days_to_ask"], 21) or _at_least(facts["oldest_ask_days"], 14)
    flag("important_ask", "high", ask)
    flag("promise_due", "high", _at_most(facts["days_to_our_promise"], 3))
    flag("thank_you", "medium", (kept or tier == "warm") and _at_most(facts["days_since_favour"], 7))
    renewal = _at_most(facts["days_to_renewal"], 60) and facts["personal_90"] == 0
    flag("renewal", "high", kept and renewal)
    return found
