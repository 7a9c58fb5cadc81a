"""Entries made without a network: the page that a device keeps for such moments, and where it sends them later."""

from uuid import UUID

from starlette.responses import Response

from crm.domain.channels import SHIPPED
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.interactions import reading
from crm.interactions.once import already
from crm.interactions.reading import Problem
from crm.interactions.saving import save, undo_of
from crm.web import assets
from crm.web.forms import Errors, Form, read
from crm.web.routing import Router, Visit

router = Router()

SOMEBODY_ELSE = N_("Somebody else wrote this on this device. It will be sent once they sign in here.")
A_LINE = N_("Look at what was understood, then save it.")
NOT_WHOLE = N_("This entry is incomplete. Log it again, and remove this one.")


class Kept(Form):
    """What a device says about an entry besides the entry: its key, and who wrote it."""

    once: UUID
    owner: str


@router.page("/log/kept", access="public")
def kept(visit: Visit) -> Response:
    """What is kept on this device, and a form for more. The same for everybody: devices keep it."""
    context = {"channels": SHIPPED, "modules": assets.load().modules(), "user": None, "flashes": ()}
    return visit.render("interactions/kept.html", context)


@router.action("/log/kept")
def send(visit: Visit) -> Response:
    """Log what a device kept, once; answers the module that sends it."""
    about = read(Kept, visit.form)
    if isinstance(about, Errors):
        return _refused(visit, _(NOT_WHOLE))
    if about.owner != visit.user.owner:
        return _refused(visit, _(SOMEBODY_ELSE), 409)
    once = str(about.once)
    known = already(visit.connection, visit.principal, once, taken_out=True)
    if known is not None:
        words = _("This has already been saved.")
        return visit.json({"state": "saved", "words": words, "undo": undo_of(known)})
    if visit.form.get("line"):
        return _refused(visit, _(A_LINE))
    sent = reading.read(visit)
    if isinstance(sent, Problem):
        return _refused(visit, _reason(sent))
    saved = save(visit, sent, once)
    return visit.json({"state": "saved", "words": saved.words, "undo": saved.undo})


def _reason(problem: Problem) -> str:
    return " ".join(problem.errors.values()) or problem.question or _(NOT_WHOLE)


def _refused(visit: Visit, reason: str, status: int = 422) -> Response:
    response = visit.json({"state": "refused", "reason": reason})
    response.status_code = status
    return response
