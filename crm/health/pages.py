"""The health page: whom we only know by screen, whose relations they are, whom to reconsider, and what changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from crm.accounts import saved_views
from crm.accounts.view_routes import view_routes
from crm.contacts.listing import kinds, owners, tags
from crm.domain.formulas import neutralise
from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.reasons import in_short, why_listed
from crm.domain.ribbon import ribbon
from crm.domain.spans import ago, capital, count, short_day
from crm.domain.targets import NAMED_KINDS, TIERS_WITH_TARGETS
from crm.domain.vocabulary import KINDS_COUNTED, word
from crm.domain.weeks import end_of
from crm.health import comparison, queries, target_pages, views
from crm.health.asked import (
    ASKED,
    DAYS,
    FILTERS,
    WEEKS_BACK,
    WHO,
    Moment,
    address,
    compared_with,
    filter_of,
    grouped_by,
    moment_of,
    people_address,
    slid_to,
    sort_of,
)
from crm.health.charts import mapped, portfolio_map
from crm.health.queries import Filter
from crm.rules.queries import flags
from crm.web.routing import Router, Visit
from crm.web.spreadsheets import csv_answer

router = Router()
router.routes += target_pages.router.routes + view_routes("health", WHO, DAYS).routes

MOST_GROUPS = 8
COLUMNS = (
    "as_of", "name", "email", "organisation", "kind", "tier", "owner", "zone", "score", "days_since_any",
    "days_since_personal", "days_since_in_person", "total_365", "personal_365", "digital_share_365",
)  # fmt: skip
"""The columns of the table file."""


@router.page("/health", fresh=True)
def health(visit: Visit) -> Response:
    """The portfolio of key people, or of those the filters in the address leave."""
    slid = slid_to(visit)
    if slid:
        return visit.redirect(slid)
    wanted, moment = filter_of(visit), moment_of(visit)
    headcounts = queries.headcounts(visit.connection, visit.principal, moment.relation, wanted)
    zones = views.zone_counts(headcounts)
    placed = queries.placed(visit.connection, visit.principal, moment.relation, wanted, zones)
    names = owners(visit.connection, visit.principal, wanted.owner)
    compared = _compared(visit, wanted, moment, sum(zones.values()))
    context = {
        "lede": views.lede(headcounts, wanted, dict(names).get(wanted.owner or 0), moment.day, moment.today),
        "wanted": wanted,
        "moment": moment,
        "weeks": WEEKS_BACK,
        "zones": zones,
        "figures": views.FIGURES,
        "notes": _notes(zones, compared, moment),
        "compared": compared,
        "with_record": mapped(zones),
        "map": portfolio_map(views.points(placed), zones),
        "zone_lists": views.zone_lists(placed, zones),
        "placed": placed,
        "owners": names,
        "saved": saved_views.views(visit.connection, visit.principal, "health"),
        **_coverage(visit, wanted, moment, headcounts),
        **_reconsidered(visit, wanted, moment, zones),
        **_choices(visit),
        **_words(visit, wanted, moment),
    }
    return visit.render("health/index.html", context, active="health")


@router.page("/health/export", fresh=True)
def export(visit: Visit) -> Response:
    """Everybody the page is about as a table file; no cell of it is a formula to a spreadsheet."""
    wanted, moment = filter_of(visit), moment_of(visit)
    day = moment.day.isoformat()
    found = queries.everybody(visit.connection, visit.principal, moment.relation, wanted, sort_of(visit))
    rows = ({**one._mapping, "as_of": day} for one in found)
    return csv_answer(f"health-{day}.csv", COLUMNS, ([_cell(row[name]) for name in COLUMNS] for row in rows))


def _cell(value: Any) -> str:
    """A number as it is, to three places at most; words as no formula."""
    if isinstance(value, str):
        return neutralise(value)
    return "" if value is None else f"{float(value):.3f}".rstrip("0").rstrip(".")


def _compared(visit: Visit, wanted: Filter, moment: Moment, people: int) -> comparison.Comparison | None:
    """What changed since the day asked for; since a month before where few enough people are shown."""
    asked = compared_with(visit, moment.day)
    if not people or (asked is None and people > comparison.BY_ITSELF):
        return None
    day = asked or comparison.month_before(moment.day)
    now = queries.zones(visit.connection, visit.principal, moment.relation, wanted)
    ids = [one.contact_id for one in now]
    if asked or not moment.is_today:
        before = comparison.stands(visit.connection, visit.principal, ids, end_of(day, visit.principal.zone))
    else:
        before = _stood(visit, ids, day)
    if not asked and not any(one.zone for one in before.values()):
        return None
    return comparison.compare(now, before, day)


def _stood(visit: Visit, ids: list[int], day: date) -> dict[int, comparison.Stand]:
    """How these people stood a month before: what is kept of it, and the rest, which is kept from now on."""
    found = comparison.kept(visit.connection, visit.principal, ids, day)
    left = [one for one in ids if one not in found]
    if left:
        at = end_of(day, visit.principal.zone)
        found |= comparison.stands(visit.connection, visit.principal, left, at)
        visit.after_commit(lambda: comparison.keep(visit.database, visit.principal, left, day, at))
    return found


def _notes(
    zones: dict[str, int], compared: comparison.Comparison | None, moment: Moment
) -> dict[str, tuple[str, str]]:
    """What stands below each figure: what the zone means, and how many there were on the other day."""
    found = {}
    for zone, words in views.ZONE_NOTES.items():
        change = ""
        if compared and (zones.get(zone) or compared.zones.get(zone)):
            numbers = zones.get(zone, 0), compared.zones.get(zone, 0)
            change = comparison.change_words(*numbers, compared.day, moment.day)
        found[zone] = (_(words), change)
    return found


def _coverage(
    visit: Visit, wanted: Filter, moment: Moment, headcounts: list[queries.Headcount]
) -> dict[str, Any]:
    """The bars of owners, or of the organisations with most people."""
    by = grouped_by(visit)
    if by == "owner":
        found, finding = views.coverages(headcounts), views.screen_finding(headcounts)
    else:
        accounts = queries.headcounts(visit.connection, visit.principal, moment.relation, wanted, by)
        found, finding = views.coverages(accounts, _("No organisation")), None
    return {
        "by": by,
        "coverages": found[:MOST_GROUPS] if by == "organisation" else found,
        "more_groups": max(0, len(found) - MOST_GROUPS) if by == "organisation" else 0,
        "screen_finding": finding,
    }


def _reconsidered(visit: Visit, wanted: Filter, moment: Moment, zones: Mapping[str, int]) -> dict[str, Any]:
    after, sort = visit.query.get("after") or None, sort_of(visit)
    total = sum(zones.get(zone, 0) for zone in queries.TO_RECONSIDER)
    place = (visit.connection, visit.principal, moment.relation, wanted, after)
    page = queries.to_reconsider(*place, at=moment.at, sort=sort, total=total)
    return {
        "people": page.people,
        "why": _why(visit, moment, page),
        "next": address(visit, after=page.next) + "#people" if page.next else None,
        "remaining": page.remaining,
        "page": queries.PAGE,
        "is_first": after is None,
        "sort": sort,
    }


def _why(visit: Visit, moment: Moment, page: queries.Page) -> dict[int, str]:
    """The strongest flag's sentence of each person, or what else makes them worth a thought."""
    ids = [one.id for one in page.people]
    relation = moment.relation if moment.is_today else None
    found = {one.id: why_listed(one.zone, one.metrics) for one in page.people}
    strongest = flags(
        visit.connection, visit.principal, moment.at, relation=relation, contact_ids=ids, one_each=True
    )
    return found | {
        flag.contact.id: in_short(flag.told_as, flag.sentence, flag.evidence) for flag in strongest
    }


def _choices(visit: Visit) -> dict[str, Any]:
    used = kinds(visit.connection, visit.principal)
    return {
        "kinds": [*NAMED_KINDS, *(kind for kind in used if kind not in NAMED_KINDS)],
        "tiers": TIERS_WITH_TARGETS,
        "tags": tags(visit.connection, visit.principal),
    }


def _words(visit: Visit, wanted: Filter, moment: Moment) -> dict[str, Any]:
    """Functions the templates say things with."""
    return {
        "address": lambda path="/health", **changes: address(visit, path, **changes),
        "people_address": lambda zone: people_address(wanted, zone),
        "is_filtered": any(visit.query.get(name) for name in FILTERS),
        "kept": {name: visit.query[name] for name in ASKED if visit.query.get(name)},
        "view_query": address(visit, "", as_of=None, against=None).removeprefix("?"),
        "passing": urlencode({name: visit.query[name] for name in DAYS if visit.query.get(name)}),
        "day_shown": short_day(moment.day, moment.today),
        "ribbon": ribbon,
        "ago": ago,
        "count": count,
        "kind_words": _kind_words,
        "short_day": lambda day: short_day(day, moment.day),
    }


def _kind_words(kind: str) -> str:
    """ "Partners"; a kind of the workspace's own as it is written, since it need not have a plural."""
    return capital(ngettext(kind, KINDS_COUNTED[kind], 2) if kind in KINDS_COUNTED else word(kind))
