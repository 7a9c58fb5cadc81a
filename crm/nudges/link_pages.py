"""The pages behind a mail's buttons: opening one changes nothing, its one button does what it says."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.manner import write_for
from crm.errors import Invalid, Refusal
from crm.nudges import actions, link_queries, links
from crm.nudges.calendar import calendar
from crm.nudges.feed_pages import calendar_answer, event_of
from crm.nudges.link_cards import Opened, card_of
from crm.nudges.links import STOPS, Gone, StopEnded
from crm.web.routing import Router, Visit

router = Router()
Handler = Callable[[Visit], Response]


def answering_refusals(handler: Handler) -> Handler:
    """A link that is cut, old or about somebody gone is answered by one sentence on a page of its own."""

    @wraps(handler)
    def answer(visit: Visit) -> Response:
        try:
            return handler(visit)
        except Refusal as refusal:
            context = {"sentence": refusal.sentence, "to_settings": isinstance(refusal, StopEnded)}
            return visit.render("nudges/ended.html", context, status=refusal.status)

    return answer


def _open(visit: Visit, connection: Connection) -> Opened:
    token = visit.text("token")
    link = links.read(visit.settings.key, token, visit.at)
    who = link_queries.addressee(connection, link)
    write_for(who.principal.manner)
    one = None
    if link.verb not in STOPS:
        one = link_queries.suggestion_of(connection, who, link, visit.at)
    return Opened(token, link, who, one, visit.at)


@router.page("/n/{token}", access="public")
@answering_refusals
def show(visit: Visit) -> Response:
    """What will happen, and the button; or how it stands, if it has happened."""
    return _page(visit, _open(visit, visit.connection))


@router.action("/n/{token}", access="public")
@answering_refusals
def press(visit: Visit) -> Response:
    """Do it; also the one-click POST by which a mail program unsubscribes, which carries no cookie."""
    opened = _open(visit, visit.connection)
    try:
        if opened.one is None:
            _switch(visit, opened, on=False)
        else:
            until = _until(visit, opened) if opened.link.verb == "snooze" else None
            actions.carry_out(visit.connection, opened.who, opened.link, opened.one, until, visit.at)
    except Invalid as refusal:
        return _page(visit, opened, errors=refusal.fields, status=422)
    return _page(visit, _open(visit, visit.connection), landing=True)


@router.action("/n/{token}/undo", access="public")
@answering_refusals
def undo(visit: Visit) -> Response:
    """Take it back."""
    opened = _open(visit, visit.connection)
    if opened.one is None:
        _switch(visit, opened, on=True)
    else:
        actions.take_back(visit.connection, opened.who, opened.link, opened.one, visit.at)
    return _page(visit, _open(visit, visit.connection), undone=True)


@router.page("/n/{token}/event.ics", access="public")
@answering_refusals
def calendar_file(visit: Visit) -> Response:
    """The suggestion for a calendar."""
    opened = _open(visit, visit.connection)
    one = opened.one
    if one is None or opened.link.verb != "calendar" or not (one.slot.day or one.slot.starts_at):
        raise Gone(_(link_queries.NO_SUGGESTION))
    return calendar_answer(calendar([event_of(one, visit.settings.url)], visit.at))


def _switch(visit: Visit, opened: Opened, *, on: bool) -> None:
    actions.switch(visit.connection, opened.who.principal, opened.link.verb, on, visit.at)


def _until(visit: Visit, opened: Opened) -> date:
    form = visit.form
    return actions.snooze_day(str(form.get("until", "")), str(form.get("day", "")), opened.today)


def _page(
    visit: Visit,
    opened: Opened,
    *,
    landing: bool = False,
    undone: bool = False,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    card = card_of(visit.connection, opened)
    context: dict[str, Any] = {
        "card": card,
        "token": opened.token,
        "landing": landing,
        "undone": undone,
        "errors": errors or {},
        "typed": visit.form,
        "today": opened.today,
    }
    return visit.render("nudges/link.html", context, status=status)
