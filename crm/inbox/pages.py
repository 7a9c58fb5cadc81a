"""Replies to the weekly mail: what waits for a word, and what became of the others."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crm.domain.channels import by_key
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.log_sentences import short_label
from crm.errors import Invalid
from crm.inbox import actions, queries
from crm.inbox.forms import ReplyForm
from crm.interactions.queries import channels
from crm.planning.home import require_planner
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

HERE = "/replies"
WHY = {
    "who": N_("It is not clear who it was with."),
    "how": N_("It does not say how you were in touch."),
    "whether": N_("It is not clear that it happened."),
    "when": N_("Its day may be still to come, or is not clear."),
    "done": N_("It was already done or logged, so this may be the same one again."),
}


@router.page(HERE, access="member")
def show(visit: Visit) -> Response:
    """The oldest that waits, with its form; the others; and the last ones that were settled."""
    return _page(visit, {}, {})


def _page(
    visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str], asked: int | None = None
) -> Response:
    require_planner(visit.principal)
    connection, principal = visit.connection, visit.principal
    waiting = queries.waiting(connection, principal, visit.at)
    first = next((one for one in waiting if one.id == asked), waiting[0] if waiting else None)
    ways = channels(connection, principal)
    shown = typed
    if first is not None and not typed:
        chosen = first.contact_id if any(one.id == first.contact_id for one in first.choices) else ""
        day = principal.own_day(first.written_at).isoformat()
        shown = {"contact": chosen, "channel": first.channel or "", "day": day, "text": first.text}
    context = {
        "first": first,
        "others": [one for one in waiting if one is not first],
        "settled": queries.settled(connection, principal),
        "why": {key: _(words) for key, words in WHY.items()},
        "ways": [("", _("Choose …")), *((way.key, way.label) for way in ways)],
        "labels": {key: short_label(way) for key, way in by_key(ways).items()},
        "typed": shown,
        "errors": errors,
        "takes_replies": bool(visit.settings.imap_url),
    }
    return visit.render("inbox/replies.html", context, active="week", status=422 if errors else 200)


@router.action("/replies/{reply_id}")
def answer(visit: Visit) -> Response:
    """Log what it meant, or say that there is nothing to log."""
    reply_id = visit.number("reply_id")
    if visit.form.get("answer") == "drop":
        actions.drop(visit.connection, visit.principal, reply_id, visit.at)
        return visit.redirect(HERE, _("Nothing was logged from it."), undo=f"/replies/{reply_id}/undo")
    form = forms.read(ReplyForm, visit.form)
    if isinstance(form, forms.Errors):
        return _page(visit, form.typed, form.fields, reply_id)
    try:
        actions.log_reply(visit.connection, visit.principal, reply_id, form, visit.at)
    except Invalid as refusal:
        return _page(visit, dict(visit.form), refusal.fields, reply_id)
    return visit.redirect(HERE, _("Logged."), undo=f"/replies/{reply_id}/undo")


@router.action("/replies/{reply_id}/undo")
def undo(visit: Visit) -> Response:
    """It waits again."""
    actions.take_back(visit.connection, visit.principal, visit.number("reply_id"), visit.at)
    return visit.redirect(HERE, _("It is waiting again; what it logged has been removed."))
