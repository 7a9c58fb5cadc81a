"""Settings → Your mailbox: where it is, how reading it stands, and the form to connect one."""

import threading
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crm.domain.language import gettext as _
from crm.domain.mailbox_words import GOOD, SENTENCES, WAITING
from crm.errors import Invalid
from crm.imports import own_mailboxes
from crm.imports.busy_fetch import Source
from crm.imports.mailbox_forms import MailboxForm
from crm.imports.mailbox_source import address_of, try_out
from crm.outgoing.wire import Network
from crm.planning.home import require_planner
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

HERE = "/settings/own-mailbox"
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many may wait for a stranger's server at the same time; what the others typed is tried by the scheduler."""


@router.page(HERE, access="member")
def show(visit: Visit) -> Response:
    """The mailbox, or the form."""
    return _page(visit, {}, {})


def _page(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    require_planner(visit.principal)
    context = {
        "mailbox": own_mailboxes.own(visit.connection, visit.principal),
        "typed": {**typed, "password": ""},
        "errors": errors,
    }
    return visit.render("imports/own_mailbox.html", context, active="team", status=422 if errors else 200)


@router.action(HERE, own_transactions=True)
def connect(visit: Visit) -> Response:
    """Sign in there at once, or soon where others do so; what does not let us in is not kept. It is read within a minute."""
    form = forms.read(MailboxForm, visit.form)
    if isinstance(form, forms.Errors):
        return _again(visit, form.typed, form.fields)
    access = Source("imap", form.address, form.name, form.password)
    try:
        host = address_of(access).host
    except Invalid as refusal:
        return _again(visit, visit.form, {"address": refusal.sentence})
    state = _tried(access, Network(visit.settings.named_hosts))
    if state not in (GOOD, WAITING):
        field = "password" if state == "password" else "address"
        return _again(visit, visit.form, {field: _(SENTENCES[state]).format(host=host)})
    with visit.database.write() as connection:
        own_mailboxes.connect(connection, visit.principal, visit.settings.key, access, visit.at)
    return visit.redirect(HERE, _connected_words(state))


def _connected_words(state: str) -> str:
    if state == WAITING:
        return _(
            "Your mailbox is saved, but not tried yet: others are being tried right now. Its turn "
            "comes within a few minutes, and the result will appear here."
        )
    return _("Your mailbox is connected. It will be read within a few minutes; a large one takes longer.")


def _again(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    with visit.database.read() as connection:
        visit.enter(connection)
        return _page(visit, typed, errors)


def _tried(access: Source, network: Network) -> str:
    """How signing in ends, as a state; WAITING where too many others do so just now."""
    if not _AT_ONCE.acquire(blocking=False):
        return WAITING
    try:
        return try_out(access, network)
    finally:
        _AT_ONCE.release()


@router.action(f"{HERE}/read")
def read(visit: Visit) -> Response:
    """Read on now, or from its beginning, for people who came since."""
    from_start = visit.form.get("from") == "start"
    if not own_mailboxes.ask_again(visit.connection, visit.principal, visit.at, from_start=from_start):
        return visit.redirect(HERE, _("No mailbox is connected."), kind="error")
    return visit.redirect(HERE, _("It will be read within a few minutes."))


@router.action(f"{HERE}/end")
def end(visit: Visit) -> Response:
    """Forget it; what it brought stays."""
    own_mailboxes.disconnect(visit.connection, visit.principal)
    return visit.redirect(
        HERE,
        _("Your mailbox is disconnected, and its password deleted. What it brought in stays in the log."),
    )
