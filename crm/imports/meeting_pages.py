"""The page that asks: did these meetings happen, and where?"""

from starlette.responses import Response

from crm.errors import Invalid
from crm.imports import meetings
from crm.web.addresses import is_id
from crm.web.routing import Router, Visit

router = Router()

CHOICES = (
    ("meeting", "Met", "users"),
    ("lunch", "Lunch or coffee", "utensils"),
    ("video", "By video", "video"),
    ("phone", "By phone", "phone"),
    ("no", "Did not happen", "x"),
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
    count = "1 meeting" if len(ids) == 1 else f"{len(ids)} meetings"
    done = f"{count} taken off the list." if word == "no" else f"{count} logged."
    return visit.redirect("/meetings", done, undo=f"/meetings/{answer_id}/undo")


def _answer(visit: Visit) -> tuple[str, set[int]]:
    word, _, alone = str(visit.form.get("answer", "")).partition(":")
    ticked = [alone] if alone else [str(one) for one in visit.form.getlist("meeting_ids")]
    ids = {int(one) for one in ticked if is_id(one)}
    if not ids:
        raise Invalid("Tick the meetings first, or use the buttons beside one.")
    return word, ids


@router.action("/meetings/{answer_id}/undo")
def take_back(visit: Visit) -> Response:
    """Ask again."""
    count = meetings.undo_answer(visit.connection, visit.principal, visit.number("answer_id"), visit.at)
    return visit.redirect(
        "/meetings", "1 meeting waits again." if count == 1 else f"{count} meetings wait again."
    )
