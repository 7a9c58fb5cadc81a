"""Replies to the weekly mail: what waits for a word, and what became of the others."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.responses import Response

from crm.domain.channels import OUTCOME_WORDS, by_key
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.log_sentences import short_label
from crm.errors import Invalid
from crm.inbox import actions, queries
from crm.inbox.forms import ReplyForm
from crm.inbox.queries import WaitingReply
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
    return _page(visit)


def _page(
    visit: Visit,
    typed: FormData | None = None,
    errors: Mapping[str, str] | None = None,
    asked: int | None = None,
) -> Response:
    require_planner(visit.principal)
    connection, principal = visit.connection, visit.principal
    waiting = queries.waiting(connection, principal, visit.at)
    first = next((one for one in waiting if one.id == asked), waiting[0] if waiting else None)
    ways = channels(connection, principal)
    shown = typed or (_filled(first) if first else FormData())
    also = set(shown.getlist("also"))
    context = {
        "first": first,
        "others": [one for one in waiting if one is not first],
        "settled": queries.settled(connection, principal),
        "why": {key: _(words) for key, words in WHY.items()},
        "ways": [("", _("Choose …")), *((way.key, way.label) for way in ways)],
        "labels": {key: short_label(way) for key, way in by_key(ways).items()},
        "outcomes": [(value, _(words)) for value, words in OUTCOME_WORDS],
        "also": [(one, str(one.id) in also) for one in first.also] if first else [],
        "typed": shown,
        "errors": errors or {},
        "takes_replies": bool(visit.settings.imap_url),
    }
    return visit.render("inbox/replies.html", context, active="week", status=422 if errors else 200)


def _filled(first: WaitingReply) -> FormData:
    """The form as the reply itself would fill it in."""
    known = any(one.id == first.contact_id for one in first.choices)
    return FormData(
        [
            ("contact", str(first.contact_id) if known else ""),
            *(("also", str(one.id)) for one in first.also),
            ("channel", first.channel or ""),
            ("day", first.day.isoformat()),
            ("outcome", first.outcome or ""),
            ("text", first.kept),
        ]
    )


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
        return _page(visit, visit.form, refusal.fields, reply_id)
    return visit.redirect(HERE, _("Logged."), undo=f"/replies/{reply_id}/undo")


@router.action("/replies/{reply_id}/undo")
def undo(visit: Visit) -> Response:
    """It waits again."""
    actions.take_back(visit.connection, visit.principal, visit.number("reply_id"), visit.at)
    return visit.redirect(HERE, _("It is waiting again; what it logged has been removed."))
