"""What the health page says and draws, from what was read: figures, the map, coverage and why somebody is listed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.spans import capital, count, in_words, join, long_day, plural
from crm.domain.targets import NAMED_KINDS
from crm.domain.vocabulary import KINDS_COUNTED
from crm.health.charts import MAPPED, Point, Segment, coverage_bar, mapped
from crm.health.queries import Filter, Headcount, Placed

ZONE_NOTES: Mapping[str, str] = {
    "in_touch": N_("Within their targets, or no later than is usual for them"),
    "drifting": N_("A target has passed"),
    "screen_only": N_("3 or more digital in 180 days, none personal"),
    "gone_quiet": N_("Silent for twice the target, or far longer than is usual for them"),
    "no_record": N_("No contact on record yet: begin with them"),
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
    said = {
        "day": long_day(day, today, weekday=True),
        "whom": _whose(_whom(headcounts, wanted), wanted, owner),
        "number": numeral(total),
    }
    if not total:
        return _("No {whom}, as of {day}.").format(**said)
    sentence = ngettext("One {whom}, as of {day}.", "{number} {whom}, as of {day}.", total).format(**said)
    unknown = zone_counts(headcounts)["no_record"]
    if not unknown:
        return sentence
    few = ngettext("{number} has no record yet.", "{number} have no record yet.", unknown)
    return f"{sentence} {few.format(number=capital(in_words(unknown)))}"


_OF_TIER = {
    "key": plurals("key {whom}", "key {whom}"),
    "regular": plurals("regular {whom}", "regular {whom}"),
    "warm": plurals("warm {whom}", "warm {whom}"),
}


def _whom(headcounts: Sequence[Headcount], wanted: Filter) -> str:
    """ "key partners, vendors and customers"; "people" where the kinds are many."""
    total = sum(one.people for one in headcounts)
    whom = join([ngettext(one, several, total) for one, several in _nouns(headcounts, wanted)])
    return ngettext(*_OF_TIER[wanted.tier], total).format(whom=whom) if wanted.tier else whom


def _nouns(headcounts: Sequence[Headcount], wanted: Filter) -> list[tuple[str, str]]:
    """What people of these kinds are called, one of them and several."""
    present = {one.kind for one in headcounts}
    kinds = [*(kind for kind in NAMED_KINDS if kind in present), *sorted(present.difference(NAMED_KINDS))]
    if wanted.kind:
        kinds = [wanted.kind]
    if not kinds or len(kinds) > 3 or "other" in kinds:
        return [plurals("other contact", "other contacts") if wanted.kind else plurals("person", "people")]
    return [(kind, KINDS_COUNTED.get(kind) or plural(kind)) for kind in kinds]


def _whose(whom: str, wanted: Filter, owner: str | None) -> str:
    if wanted.owner is not None:
        of = _("{whom} of {owner}") if owner else _("{whom} without an owner")
        whom = of.format(whom=whom, owner=owner)
    return _("{whom} tagged {tag}").format(whom=whom, tag=wanted.tag) if wanted.tag else whom


def coverages(headcounts: Sequence[Headcount], nobody: str | None = None) -> list[Coverage]:
    """Every owner's (or organisation's) people, most people first; nobody's come last."""
    groups: dict[tuple[int | None, str], Counter[str]] = defaultdict(Counter)
    for one in headcounts:
        groups[one.group_id, one.group or nobody or _("No owner")][one.zone] += one.people
    order = sorted(groups.items(), key=lambda item: (item[0][0] is None, -item[1].total(), item[0][1]))
    return [_coverage(*group, zones) for group, zones in order]


_IN_ZONE = {
    "in_touch": plurals("{n} in touch", "{n} in touch"),
    "drifting": plurals("{n} drifting", "{n} drifting"),
    "screen_only": plurals("{n} screen-only", "{n} screen-only"),
    "gone_quiet": plurals("{n} gone quiet", "{n} gone quiet"),
}


def _coverage(group_id: int | None, name: str, zones: Counter[str]) -> Coverage:
    of = mapped(zones)
    said = join(
        [ngettext(*_IN_ZONE[zone], zones[zone]).format(n=zones[zone]) for zone in MAPPED if zones[zone]]
    )
    words = _("{name}: {zones}, of {people}.").format(
        name=name, zones=said or _("nobody with a record"), people=count(of, "person", "people")
    )
    return Coverage(group_id, name, zones, of, coverage_bar(zones), words)


def screen_finding(headcounts: Sequence[Headcount]) -> str | None:
    """ "Four of the eight screen-only relations are Hana's", where one owner has at least half of them."""
    by_owner: Counter[int | None] = Counter()
    for one in headcounts:
        by_owner[one.group_id] += one.people if one.zone == "screen_only" else 0
    total = by_owner.total()
    if total < 2 or len(by_owner) < 2:
        return None
    owner, most = by_owner.most_common(1)[0]
    if 2 * most < total:
        return None
    name = _owner_in_short(headcounts, owner)
    if most == total:
        said = (
            _("All {total} screen-only relations are {owner}’s.")
            if name
            else _("All {total} screen-only relations are nobody’s.")
        )
    else:
        said = (
            _("{number} of the {total} screen-only relations are {owner}’s.")
            if name
            else _("{number} of the {total} screen-only relations are nobody’s.")
        )
    return said.format(number=capital(in_words(most)), total=in_words(total), owner=name)


def _owner_in_short(headcounts: Sequence[Headcount], owner: int | None) -> str:
    """The first word of an owner's name, or all of it where another owner begins with the same; nothing for nobody."""
    names = {one.group_id: (one.group or "").split() for one in headcounts if one.group_id is not None}
    words = names.get(owner, []) if owner is not None else []
    alike = [name for name in names.values() if name[:1] == words[:1]]
    return " ".join(words if len(alike) > 1 else words[:1])


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
