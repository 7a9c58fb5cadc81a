"""The page that asks whether it is working."""

from urllib.parse import urlencode

from starlette.responses import Response

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.planning import effects_view as view
from crm.planning.effects import WEEKS, effects
from crm.web.routing import Router, Visit

router = Router()

PERIODS = {13: N_("Past quarter"), 26: N_("Past half-year"), 52: N_("Past year")}


@router.page("/health/working")
def working(visit: Visit) -> Response:
    """Personal reach over time, what became of suggestions, and what came after: of everybody, or of oneself."""
    asked = visit.query.get("weeks", "")
    weeks = int(asked) if asked in map(str, WEEKS) else max(WEEKS)
    mine = visit.query.get("who") == "me" and visit.principal.has_plan
    found = effects(
        visit.connection, visit.principal, visit.at, weeks, visit.principal.user_id if mine else None
    )
    context = {
        "found": found,
        "lede": view.lede(found, visit.today),
        "chart": view.share_chart(found, visit.today),
        "columns": view.columns(found.days),
        "soon": view.soon_sentence(found.days),
        "weeks_sentence": view.weeks_sentence(found),
        "after_lines": view.after_lines(found.after),
        "after_sentence": view.after_sentence(found.after),
        "days_words": view.days_words,
        "percent": view.percent,
        "periods": {weeks: _(words) for weeks, words in PERIODS.items()},
        "weeks": weeks,
        "mine": mine,
        "address": lambda **changed: _address(**({"who": "me" if mine else None, "weeks": weeks} | changed)),
    }
    return visit.render("planning/working.html", context, active="health")


def _address(**chosen: str | int | None) -> str:
    """This page with these choices; what goes without saying is left out."""
    kept = {name: value for name, value in chosen.items() if value not in (None, max(WEEKS))}
    return "/health/working" + (f"?{urlencode(kept)}" if kept else "")
