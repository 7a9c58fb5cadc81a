"""What the health page says and draws, from what was read: figures, the map, coverage and why somebody is listed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crm.domain.manner import numeral
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import capital, count, in_words, join, long_day, plural
from crm.domain.targets import NAMED_KINDS
from crm.health.charts import MAPPED, Point, Segment, coverage_bar
from crm.health.queries import Filter, Headcount, Placed

ZONE_NOTES: Mapping[str, str] = {
    "in_touch": "Within every target",
    "drifting": "A target has passed, by voice or at a table",
    "screen_only": "3 or more digital in 180 days, none personal",
    "gone_quiet": "Silent far longer than is usual for them",
    "no_record": "Nothing logged yet: begin with them",
}
FIGURES = (*MAPPED, "no_record")
MOST_IN_LIST = 4
"""People of a zone that a phone shows before it leads to all of them."""
RENEWAL_NEAR = 60


@dataclass(frozen=True)
class Coverage:
    """How the people of one owner or organisation stand, by zone. ``of`` leaves out those without any record."""

    id: int | None
    name: str
    people: Mapping[str, int]
    of: int
    segments: tuple[Segment, ...]
    sentence: str


@dataclass(frozen=True)
class ZoneList:
    """The first people of a zone, for where there is no room for a map."""

    zone: str
    people: int
    first: tuple[Placed, ...]


def zone_counts(headcounts: Sequence[Headcount]) -> Counter[str]:
    """How many people there are by zone."""
    found: Counter[str] = Counter()
    for one in headcounts:
        found[one.zone] += one.people
    return found


def lede(headcounts: Sequence[Headcount], wanted: Filter, owner: str | None, day: date, today: date) -> str:
    """ "51 key partners, vendors and customers, as of Monday 16 November. Three have no record yet." """
    total = sum(one.people for one in headcounts)
    when = f"as of {long_day(day, today, weekday=True)}"
    whom = f"{_whom(headcounts, wanted)}{_whose(wanted, owner)}"
    if not total:
        return f"No {whom}, {when}."
    unknown = zone_counts(headcounts)["no_record"]
    number = f"{numeral(total)}" if total > 1 else "One"
    said = f"{number} {whom}, {when}."
    if not unknown:
        return said
    has = "has" if unknown == 1 else "have"
    return f"{said} {capital(in_words(unknown))} {has} no record yet."


def _whom(headcounts: Sequence[Headcount], wanted: Filter) -> str:
    """ "key partners, vendors and customers"; "people" where the kinds are many."""
    total = sum(one.people for one in headcounts)
    present = {one.kind for one in headcounts}
    kinds = [*(kind for kind in NAMED_KINDS if kind in present), *sorted(present.difference(NAMED_KINDS))]
    tier = f"{wanted.tier} " if wanted.tier else ""
    if wanted.kind:
        kinds = [wanted.kind]
    if not kinds or len(kinds) > 3 or "other" in kinds:
        kinds = ["person"] if not wanted.kind else [f"{wanted.kind} contact"]
    return tier + join([kind if total == 1 else plural(kind) for kind in kinds])


def _whose(wanted: Filter, owner: str | None) -> str:
    of = "" if wanted.owner is None else f" of {owner}" if owner else " without an owner"
    return f"{of} tagged {wanted.tag}" if wanted.tag else of


def coverages(headcounts: Sequence[Headcount], nobody: str = "No owner") -> list[Coverage]:
    """Every owner's (or organisation's) people, most people first; nobody's come last."""
    groups: dict[tuple[int | None, str], Counter[str]] = defaultdict(Counter)
    for one in headcounts:
        groups[one.group_id, one.group or nobody][one.zone] += one.people
    order = sorted(groups.items(), key=lambda item: (item[0][0] is None, -item[1].total(), item[0][1]))
    return [_coverage(*group, zones) for group, zones in order]


def _coverage(group_id: int | None, name: str, zones: Counter[str]) -> Coverage:
    of = sum(zones[zone] for zone in MAPPED)
    said = join([f"{zones[zone]} {ZONE_WORDS[zone]}" for zone in MAPPED if zones[zone]])
    words = f"{name}: {said or 'nobody with a record'}, of {count(of, 'person')}."
    return Coverage(group_id, name, zones, of, coverage_bar(zones), words)


def screen_finding(headcounts: Sequence[Headcount]) -> str | None:
    """ "Four of the eight screen-only relations are Hana's", where one owner has at least half of them."""
    screen = [one for one in headcounts if one.zone == "screen_only"]
    total = sum(one.people for one in screen)
    by_owner: Counter[str] = Counter()
    for one in screen:
        by_owner[one.group or ""] += one.people
    owners = {one.group_id for one in headcounts}
    if total < 2 or len(owners) < 2:
        return None
    owner, most = by_owner.most_common(1)[0]
    if 2 * most < total:
        return None
    whose = f"{owner.split()[0]}’s" if owner.split() else "nobody’s"
    part = "All" if most == total else f"{capital(in_words(most))} of the"
    return f"{part} {in_words(total)} screen-only relations are {whose}."


def points(people: Sequence[Placed]) -> list[Point]:
    """The people as the map takes them."""
    return [
        Point(one.id, one.name, one.kind, one.zone, one.days_since_personal, one.digital_share, stake(one))
        for one in people
    ]


def stake(one: Placed) -> int:
    """0 to 2: how much is open with somebody, of an ask, a promise and a renewal within 60 days."""
    renewal = one.days_to_renewal is not None and one.days_to_renewal <= RENEWAL_NEAR
    return min(2, (one.open_asks > 0) + (one.open_promises > 0) + renewal)


def zone_lists(people: Sequence[Placed], zones: Mapping[str, int]) -> list[ZoneList]:
    """Screen-only, gone quiet and drifting people, lowest score first."""
    shown = [zone for zone in ("screen_only", "gone_quiet", "drifting") if zones.get(zone)]
    return [
        ZoneList(zone, zones[zone], tuple(one for one in people if one.zone == zone)[:MOST_IN_LIST])
        for zone in shown
    ]
