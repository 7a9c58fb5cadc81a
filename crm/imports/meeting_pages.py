"""The page that asks: did these meetings happen, and where?"""

from starlette.responses import Response

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.errors import Invalid
from crm.imports import meetings
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit

router = Router()

CHOICES = (
    ("meeting", N_("Met"), "users"),
    ("lunch", N_("Lunch or coffee"), "utensils"),
    ("video", N_("By video"), "video"),
    ("phone", N_("By phone"), "phone"),
    ("no", N_("Did not happen"), "x"),
)


@router.page("/meetings", access="member")
def show(visit: Visit) -> Response:
    """Meetings from calendars that do not say how people met."""
    waiting = meetings.open_meetings(visit.connection, visit.principal)
    total = meetings.open_count(visit.connection, visit.principal)
    context = {"waiting": waiting, "total": total, "choices": CHOICES}
    return visit.render("imports/meetings.html", context, active="people")


@router.action("/meetings")
def answer(visit: Visit) -> Response:
    """One meeting by its own button, or all that are ticked."""
    word, ids = _answer(visit)
    answer_id = meetings.answer(visit.connection, visit.principal, ids, word, visit.at)
    if word == "no":
        done = ngettext("{n} meeting removed from the list.", "{n} meetings removed from the list.", len(ids))
    else:
        done = ngettext("{n} meeting logged.", "{n} meetings logged.", len(ids))
    return visit.redirect("/meetings", done.format(n=len(ids)), undo=f"/meetings/{answer_id}/undo")


def _answer(visit: Visit) -> tuple[str, set[int]]:
    word, alone = str(visit.form.get("answer", "")).partition(":")[::2]
    ticked = [alone] if alone else [str(one) for one in visit.form.getlist("meeting_ids")]
    ids = {int(one) for one in ticked if is_id(one)}
    if not ids:
        raise Invalid(_("Tick the meetings first, or use the buttons beside one."))
    return word, ids


@router.action("/meetings/{answer_id}/undo")
def take_back(visit: Visit) -> Response:
    """Ask again."""
    count = meetings.undo_answer(visit.connection, visit.principal, visit.number("answer_id"), visit.at)
    again = ngettext("{n} meeting is waiting again.", "{n} meetings are waiting again.", count)
    return visit.redirect("/meetings", again.format(n=count))
