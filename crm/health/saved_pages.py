"""Keeping a view of the health page under a name, and taking it away again."""

from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from crm.errors import Invalid
from crm.health import saved
from crm.health.asked import WHO
from crm.web.routing import Router, Visit

router = Router()
LONGEST = 500


@router.action("/health/views", access="viewer")
def keep(visit: Visit) -> Response:
    """Keep what the page shows under a name."""
    query = _known(str(visit.form.get("query", "")))
    name = str(visit.form.get("name", ""))
    try:
        saved.keep(visit.connection, visit.principal, name, query, visit.at)
    except Invalid as refusal:
        typed = {"name": name, "query": query, "errors": refusal.fields}
        return visit.render("health/keep_view.html", typed, active="health", status=422)
    return visit.redirect(f"/health?{query}", f"Kept as “{' '.join(name.split())}”.")


@router.action("/health/views/{view_id}/remove", access="viewer")
def remove(visit: Visit) -> Response:
    """Take a view away."""
    view_id = visit.number("view_id")
    saved.take_away(visit.connection, visit.principal, view_id, visit.at)
    return visit.redirect("/health", "The view is taken away.", f"/health/views/{view_id}/restore")


@router.action("/health/views/{view_id}/restore", access="viewer")
def restore(visit: Visit) -> Response:
    """Bring a view back."""
    saved.bring_back(visit.connection, visit.principal, visit.number("view_id"))
    return visit.redirect("/health", "The view is back.")


def _known(query: str) -> str:
    """Only what a view keeps, each once."""
    pairs = {name: value[:LONGEST] for name, value in parse_qsl(query, max_num_fields=50) if name in WHO}
    return urlencode(pairs)
