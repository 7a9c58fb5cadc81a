"""Keeping a view of a list under a name, and taking it away again: routes that every page with views, of whatever room, adds."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from crm.accounts import saved_views
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import Invalid
from crm.web.routing import Router, Visit

LONGEST = 500
WORDS = {"health": N_("the health page"), "people": N_("the list of people")}


def view_routes(page: str, known: Collection[str], passing: Collection[str] = ()) -> Router:
    """The routes below ``/PAGE/views``; ``known`` are the parts of an address that a view keeps, ``passing`` those that
    stay while it is saved and that it does not keep.
    """
    router = Router()

    @router.action(f"/{page}/views", access="viewer")
    def keep(visit: Visit) -> Response:
        """Keep what the page shows under a name; the address of Undo carries the view that it replaced."""
        return _keep(visit, page, known, passing)

    @router.action(f"/{page}/views/{{view_id}}/remove", access="viewer")
    def remove(visit: Visit) -> Response:
        """Take a view away."""
        view_id = visit.number("view_id")
        saved_views.take_away(visit.connection, visit.principal, page, view_id, visit.at)
        return visit.redirect(f"/{page}", _("View removed."), f"/{page}/views/{view_id}/restore")

    @router.action(f"/{page}/views/{{view_id}}/restore", access="viewer")
    def restore(visit: Visit) -> Response:
        """Bring a view back."""
        saved_views.bring_back(visit.connection, visit.principal, page, visit.number("view_id"))
        return visit.redirect(f"/{page}", _("View restored."))

    return router


def _keep(visit: Visit, page: str, known: Collection[str], passing: Collection[str]) -> Response:
    sent = visit.sent
    query, name = _known(str(sent.get("query", "")), known), str(sent.get("name", ""))
    still = _known(str(sent.get("passing", "")), passing)
    try:
        replaced = saved_views.keep(visit.connection, visit.principal, page, name, query, visit.at)
    except Invalid as refusal:
        typed = {
            "page": page,
            "words": _(WORDS[page]),
            "name": name,
            "query": query,
            "passing": still,
            "back": _address(page, query, still),
            "errors": refusal.fields,
        }
        return visit.render("accounts/keep_view.html", typed, active=page, status=422)
    said, undo = _("Saved as “{name}”."), None
    if replaced is not None and replaced.query != query:
        said = _("Saved as “{name}”, replacing the view of that name.")
        undo = f"/{page}/views?" + urlencode({"name": replaced.name, "query": replaced.query})
    return visit.redirect(
        _address(page, query, still),
        said.format(name=" ".join(name.split())),
        undo,
    )


def _address(page: str, query: str, still: str) -> str:
    """Where the view is shown, with what stays beside it."""
    parts = "&".join(filter(None, (query, still)))
    return f"/{page}?{parts}" if parts else f"/{page}"


def _known(query: str, known: Collection[str]) -> str:
    """Only what a view keeps, each once."""
    pairs = {name: value[:LONGEST] for name, value in parse_qsl(query) if name in known}
    return urlencode(pairs)
