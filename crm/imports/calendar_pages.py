"""Settings → Your calendar: where it is, how reading it stands, and the form to connect another."""

import threading
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.own_calendar import GOOD, SENTENCES, WAITING
from crm.imports import own_calendars
from crm.imports.busy_fetch import Outcome, Source, fetch
from crm.imports.calendar_forms import CalendarForm
from crm.outgoing.wire import Network
from crm.planning.home import require_planner
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

HERE = "/settings/own-calendar"
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many may wait for a stranger's server at the same time; the others' turn comes with the scheduler."""


@router.page(HERE, access="member")
def show(visit: Visit) -> Response:
    """The calendar, or the form."""
    return _page(visit, {}, {})


def _page(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    require_planner(visit.principal)
    context = {
        "calendar": own_calendars.own(visit.connection, visit.principal, visit.at),
        "typed": {**typed, "password": ""},
        "errors": errors,
    }
    return visit.render("imports/own_calendar.html", context, active="team", status=422 if errors else 200)


@router.action(HERE, own_transactions=True)
def connect(visit: Visit) -> Response:
    """Read it at once; only what could be read is kept."""
    form = forms.read(CalendarForm, visit.form)
    if isinstance(form, forms.Errors):
        return _again(visit, form.typed, form.fields)
    source = Source(form.kind, form.address, form.name, form.password)
    outcome = _tried(visit, source)
    if outcome is not None and outcome.state != GOOD:
        field = "password" if outcome.state == "password" and form.password else "address"
        return _again(visit, visit.form, {field: _(SENTENCES[outcome.state]).format(host=source.host)})
    with visit.database.write() as connection:
        own_calendars.connect(connection, visit.principal, visit.settings.key, source, visit.at, outcome)
    if outcome:
        told = _(
            "Your calendar is connected and has been read. Suggestions will avoid the times in it "
            "from now on."
        )
    else:
        told = _(
            "Your calendar is connected. It will be read within a few minutes, and suggestions will "
            "then avoid the times in it."
        )
    return visit.redirect(HERE, told)


def _again(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    with visit.database.read() as connection:
        visit.enter(connection)
        return _page(visit, typed, errors)


def _tried(visit: Visit, source: Source) -> Outcome | None:
    """How reading ends; None where too many others wait just now, or where it was interrupted."""
    with visit.database.read() as connection:
        wanted = own_calendars.wanted_of(connection, visit.principal, visit.settings, visit.at)
    if not _AT_ONCE.acquire(blocking=False):
        return None
    try:
        outcome = fetch(source, wanted, _network(visit))
        return None if outcome.state == WAITING else outcome
    finally:
        _AT_ONCE.release()


def _network(visit: Visit) -> Network:
    return Network(visit.settings.named_hosts)


@router.action(f"{HERE}/read", own_transactions=True)
def read(visit: Visit) -> Response:
    """Read it again now."""
    claim = own_calendars.claim_next(visit.database, visit.at, visit.principal)
    if claim is None:
        return visit.redirect(HERE, _("No calendar is connected."), kind="error")
    if not _AT_ONCE.acquire(blocking=False):
        return visit.redirect(HERE, _("It will be read within a few minutes."), kind="error")
    try:
        state = own_calendars.read(visit.database, visit.settings, claim, _network(visit), visit.at)
    finally:
        _AT_ONCE.release()
    if state == GOOD:
        return visit.redirect(HERE, _("Your calendar was read."))
    if state == WAITING:
        return visit.redirect(HERE, _("It will be read within a few minutes."), kind="error")
    return visit.redirect(HERE, _("Your calendar could not be read; the reason is below."), kind="error")


@router.action(f"{HERE}/end")
def end(visit: Visit) -> Response:
    """Forget it, and every time that came from it."""
    own_calendars.disconnect(visit.connection, visit.principal)
    return visit.redirect(
        HERE, _("Your calendar is disconnected. Its address and its times have been deleted.")
    )
