"""The health page: whom we only know by screen, whose relations they are, and whom to reconsider."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Subquery
from starlette.responses import Response

from crm.contacts.queries import kinds, owners, tags
from crm.domain.ribbon import ribbon
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import ago, capital, count, plural, short_day
from crm.domain.targets import KINDS, TIERS
from crm.errors import Invalid
from crm.health import queries, target_pages, views
from crm.health.charts import portfolio_map
from crm.health.queries import Filter
from crm.rules.queries import flags
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import current, scope_of
from crm.web.routing import Router, Visit

router = Router()
router.routes += target_pages.router.routes

FILTERS = ("tier", "kind", "owner", "tag", "as_of")
TIERS_WITH_HEALTH = tuple(tier for tier in TIERS if tier != "none")
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class Moment:
    """The moment the page shows, its day where the team is, and where its metrics come from."""

    at: datetime
    day: date
    today: date
    relation: Subquery

    @property
    def is_today(self) -> bool:
        """Whether it is the present, whose metrics are stored."""
        return self.day == self.today


@router.page("/health", fresh=True)
def health(visit: Visit) -> Response:
    """The portfolio of key people, or of those the filters in the address leave."""
    wanted, moment = _filter(visit), _moment(visit)
    shares = queries.shares(visit.connection, visit.principal, moment.relation, wanted)
    placed = queries.placed(visit.connection, visit.principal, moment.relation, wanted)
    zones = views.zone_counts(shares)
    names = owners(visit.connection, visit.principal)
    context = {
        "lede": views.lede(shares, wanted, dict(names).get(wanted.owner or 0), moment.day, moment.today),
        "wanted": wanted,
        "moment": moment,
        "zones": zones,
        "figures": views.FIGURES,
        "notes": views.ZONE_NOTES,
        "with_record": sum(zones.values()) - zones["no_record"],
        "map": portfolio_map(views.points(placed)),
        "zone_lists": views.zone_lists(placed, zones),
        "coverages": views.coverages(shares),
        "screen_finding": views.screen_finding(shares),
        "placed": placed,
        "owners": names,
        **_reconsidered(visit, wanted, moment),
        **_choices(visit),
        **_words(visit, wanted, moment),
    }
    return visit.render("health/index.html", context, active="health")


def _reconsidered(visit: Visit, wanted: Filter, moment: Moment) -> dict[str, Any]:
    after = visit.query.get("after") or None
    page = queries.to_reconsider(
        visit.connection, visit.principal, moment.relation, wanted, after, at=moment.at
    )
    return {
        "people": page.people,
        "why": _why(visit, moment, page),
        "next": _address(visit, after=page.next) + "#people" if page.next else None,
        "remaining": page.remaining,
        "is_first": after is None,
    }


def _why(visit: Visit, moment: Moment, page: queries.Page) -> dict[int, str]:
    """The strongest flag's sentence of each person, or what else makes them worth a thought."""
    ids = [one.id for one in page.people]
    relation = moment.relation if moment.is_today else None
    found = {one.id: views.why_listed(one) for one in page.people}
    said: dict[int, str] = {}
    for flag in flags(visit.connection, visit.principal, moment.at, relation=relation, contact_ids=ids):
        said.setdefault(flag.contact.id, views.in_short(flag.rule, flag.sentence, flag.evidence))
    return found | said


def _choices(visit: Visit) -> dict[str, Any]:
    used = kinds(visit.connection, visit.principal)
    return {
        "kinds": [*KINDS[:3], *(kind for kind in used if kind not in KINDS[:3])],
        "tiers": TIERS_WITH_HEALTH,
        "tags": tags(visit.connection, visit.principal),
    }


def _words(visit: Visit, wanted: Filter, moment: Moment) -> dict[str, Any]:
    """Functions the templates say things with."""
    return {
        "address": lambda **changes: _address(visit, **changes),
        "people_address": lambda zone: _people_address(wanted, zone),
        "kept": {name: visit.query[name] for name in FILTERS if visit.query.get(name)},
        "ribbon": ribbon,
        "ago": ago,
        "count": count,
        "kind_words": _kind_words,
        "short_day": lambda day: short_day(day, moment.day),
        "zone_word": ZONE_WORDS.__getitem__,
    }


def _kind_words(kind: str) -> str:
    """ "Partners"; a kind of the workspace's own as it is written, since it need not have a plural."""
    return capital(plural(kind) if kind in KINDS[:3] else kind)


def _filter(visit: Visit) -> Filter:
    """What the address asks for; words that mean nothing are as good as none."""
    asked = {name: visit.query.get(name, "").strip() for name in FILTERS}
    owner, tier = asked["owner"], asked["tier"]
    chosen = tier if tier in TIERS_WITH_HEALTH else None if tier == "all" else "key"
    return Filter(
        tier=chosen,
        kind=asked["kind"] or None,
        owner=int(owner) if owner.isascii() and owner.isdigit() and len(owner) < 19 else None,
        tag=asked["tag"] or None,
    )


def _moment(visit: Visit) -> Moment:
    """Now, with the stored metrics; or the end of the day ``as_of``, worked out from the log."""
    connection, principal = visit.connection, visit.principal
    today = visit.at.astimezone(principal.zone).date()
    asked = visit.query.get("as_of", "").strip()
    day = _day(asked) if asked else today
    if day == today:
        return Moment(visit.at, today, today, current(principal.workspace_id))
    at = datetime.combine(day, time.max, principal.zone).astimezone(UTC)
    return Moment(at, day, today, as_of(scope_of(connection, principal, at)))


def _day(asked: str) -> date:
    try:
        day = date.fromisoformat(asked)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError("out of range")
    except ValueError:
        raise Invalid("A past day is asked for as in /health?as_of=2026-11-23.") from None
    return day


def _address(visit: Visit, **changes: Any) -> str:
    """This page with some filters changed (None takes one away)."""
    kept: Mapping[str, Any] = {name: visit.query.get(name) for name in FILTERS} | changes
    asked = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
    return f"/health?{asked}" if asked else "/health"


def _people_address(wanted: Filter, zone: str) -> str:
    """The same people in the list of people."""
    asked = {"tier": wanted.tier, "zone": zone, "kind": wanted.kind, "owner": wanted.owner, "tag": wanted.tag}
    return "/people?" + urlencode({name: value for name, value in asked.items() if value is not None})
