"""The team's time zone, in which every day is counted, and how dates and numbers are written."""

from dataclasses import asdict
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from crm.accounts import actions, queries, written
from crm.accounts.checks import known_zone
from crm.accounts.forms import Written
from crm.domain.language import gettext as _
from crm.domain.manner import Manner, write_for
from crm.domain.zone_moves import upshot_sentence
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()


@router.page("/settings/workspace")
def show(visit: Visit) -> Response:
    """The zone as it is."""
    return _page(visit, str(visit.principal.zone))


@router.action("/settings/workspace", access="admin")
def save(visit: Visit) -> Response:
    """Move the team to another zone; the address of Undo carries the one before."""
    wanted = str(visit.sent.get("time_zone", ""))
    try:
        known_zone(wanted)
    except ValueError as refusal:
        return _page(visit, wanted, str(refusal))
    before = str(visit.principal.zone)
    if wanted == before:
        return visit.redirect("/settings/workspace", _("Nothing was changed."))
    found = actions.move_to_zone(visit.connection, visit.principal, ZoneInfo(wanted), visit.at)
    undo = "/settings/workspace?" + urlencode({"time_zone": before})
    said = _("Days are now counted in {zone}.").format(zone=wanted)
    return visit.redirect("/settings/workspace", f"{said} {upshot_sentence(found)}", undo)


@router.action("/settings/workspace/written", access="admin")
def write_as(visit: Visit) -> Response:
    """Write dates and numbers so for everybody who chose nothing themselves."""
    form = forms.read(Written, visit.form)
    if isinstance(form, forms.Errors):
        return _page(visit, str(visit.principal.zone), errors=form.fields)
    actions.write_as(visit.connection, visit.principal, form)
    write_for(queries.manner_of(visit.connection, visit.principal.workspace_id, visit.principal.user_id))
    return visit.redirect("/settings/workspace", _("Dates and numbers are now written this way."))


def _page(
    visit: Visit, zone: str, error: str | None = None, errors: dict[str, str] | None = None
) -> Response:
    kept = queries.team_written(visit.connection, visit.principal)
    context = {
        "zones": queries.zone_choices(zone),
        "zone": zone,
        "error": error,
        "errors": errors or {},
        "written": written.fields(visit.at, visit.principal.user_zone),
        "kept": asdict(Manner.of(kept)),
    }
    return visit.render(
        "accounts/workspace.html", context, active="team", status=422 if error or errors else 200
    )
