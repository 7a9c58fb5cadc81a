"""What the address of the health page asks for: whose health, in which order, as of when, against which day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from sqlalchemy import Subquery

from crm.domain.language import gettext as _
from crm.domain.spans import day_phrase
from crm.domain.targets import TIERS_WITH_TARGETS
from crm.domain.weeks import end_of
from crm.domain.years import FIRST_LOGGED_YEAR
from crm.errors import Invalid
from crm.health.queries import By, Filter, Sort
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import current, scope_of
from crm.web.addresses import is_id
from crm.web.routing import Visit

FILTERS = ("tier", "kind", "owner", "tag")
WHO = (*FILTERS, "sort", "by")
"""What a saved view keeps: whom, in which order, grouped how. The day is the present whenever it is opened."""
DAYS = ("as_of", "against")
ASKED = (*WHO, *DAYS)
WEEKS_BACK = 104


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

    @property
    def weeks_back(self) -> int:
        """How far back the day lies, in whole weeks, as far as the slider goes."""
        return max(0, min(WEEKS_BACK, (self.today - self.day).days // 7))


def filter_of(visit: Visit) -> Filter:
    """Whose health is asked for; words that mean nothing are as good as none."""
    asked = {name: visit.query.get(name, "").strip() for name in WHO}
    owner, tier = asked["owner"], asked["tier"]
    chosen = tier if tier in TIERS_WITH_TARGETS else None if tier == "all" else "key"
    return Filter(
        tier=chosen,
        kind=asked["kind"] or None,
        owner=int(owner) if is_id(owner) else None,
        tag=asked["tag"] or None,
    )


def sort_of(visit: Visit) -> Sort:
    """The order asked for; lowest score first, if none."""
    return next((one for one in get_args(Sort) if one == visit.query.get("sort")), "score")


def grouped_by(visit: Visit) -> By:
    """Whose bars are drawn: owners', if nothing else is asked for."""
    return "organisation" if visit.query.get("by") == "organisation" else "owner"


def moment_of(visit: Visit) -> Moment:
    """Now, with the stored metrics; or the end of the day ``as_of``, worked out from the log."""
    connection, principal = visit.connection, visit.principal
    today = visit.team_day
    day = day_asked(visit, "as_of") or today
    if day == today:
        return Moment(visit.at, today, today, current(principal.workspace_id))
    at = end_of(day, visit.principal.zone)
    return Moment(at, day, today, as_of(scope_of(connection, principal, at)))


def day_asked(visit: Visit, name: str) -> date | None:
    """A day of the address; Invalid where it is none."""
    asked = visit.query.get(name, "").strip()
    if not asked:
        return None
    try:
        day = date.fromisoformat(asked)
        if day.year < FIRST_LOGGED_YEAR:
            raise ValueError("out of range")
    except ValueError:
        raise Invalid(
            _("Ask for a day like this: {address}.").format(address=f"/health?{name}=2026-11-23")
        ) from None
    if day > visit.team_day:
        sentence = _("{day} has not come yet. Choose today or a day before it.")
        raise Invalid(sentence.format(day=day_phrase(day, visit.team_day)))
    return day


def compared_with(visit: Visit, day: date) -> date | None:
    """The day before ``day`` that the address asks to compare it with."""
    other = day_asked(visit, "against")
    if other and other >= day:
        sentence = _("Choose a day before {day}, the day shown, to compare with.")
        raise Invalid(sentence.format(day=day_phrase(day, visit.team_day)))
    return other


def slid_to(visit: Visit) -> str | None:
    """The address of the day so many weeks back that the slider was moved to; None where it was not."""
    asked = visit.query.get("weeks_back", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 4 and int(asked) <= WEEKS_BACK):
        sentence = _("The slider goes back {number} weeks. For an earlier day, enter its date.")
        raise Invalid(sentence.format(number=WEEKS_BACK))
    day = visit.team_day - timedelta(weeks=int(asked))
    return address(visit, as_of=day.isoformat() if int(asked) else None)


def address(visit: Visit, path: str = "/health", **changes: Any) -> str:
    """This page with some of what is asked for changed (None takes it away)."""
    kept: Mapping[str, Any] = {name: visit.query.get(name) for name in ASKED} | changes
    asked = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
    return f"{path}?{asked}" if asked else path


def people_address(wanted: Filter, zone: str) -> str:
    """The same people in the list of people."""
    asked = {"tier": wanted.tier, "zone": zone, "kind": wanted.kind, "owner": wanted.owner, "tag": wanted.tag}
    return "/people?" + urlencode({name: value for name, value in asked.items() if value is not None})
