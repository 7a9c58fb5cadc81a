"""The team's time zone, in which every day is counted."""

from zoneinfo import ZoneInfo

from starlette.responses import Response

from crm.accounts import actions, queries
from crm.domain.zone_moves import moves_sentence
from crm.web.routing import Router, Visit

router = Router()


@router.page("/settings/workspace")
def show(visit: Visit) -> Response:
    """The zone as it is."""
    return _page(visit, str(visit.principal.zone))


@router.action("/settings/workspace", access="admin")
def save(visit: Visit) -> Response:
    """Move the team to another zone; the address of Undo carries the one before."""
    wanted = str(visit.form.get("time_zone") or visit.query.get("time_zone", ""))
    if wanted not in queries.time_zones() and wanted != str(visit.principal.zone):
        return _page(visit, wanted, "Choose one of the list.")
    before = str(visit.principal.zone)
    if wanted == before:
        return visit.redirect("/settings/workspace", "Nothing was changed.")
    moves = actions.move_to_zone(visit.connection, visit.principal, ZoneInfo(wanted), visit.at)
    undo = f"/settings/workspace?time_zone={before}"
    return visit.redirect(
        "/settings/workspace", f"Days are counted in {wanted} now. {moves_sentence(moves)}", undo
    )


def _page(visit: Visit, zone: str, error: str | None = None) -> Response:
    context = {"zones": queries.zone_choices(zone), "zone": zone, "error": error}
    return visit.render("accounts/workspace.html", context, active="team", status=422 if error else 200)
