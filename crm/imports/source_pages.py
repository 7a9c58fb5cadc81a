"""Import → Sources: the places the team reads again and again; adding one, asking one, and forgetting one."""

import threading
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.synced import GOOD
from crm.errors import Invalid
from crm.imports import synced
from crm.imports.busy_fetch import Source
from crm.imports.calendar_forms import web_address
from crm.imports.mailbox_forms import imap_address
from crm.imports.mailbox_source import address_of
from crm.imports.source_forms import SourceForm
from crm.imports.synced_kinds import IMAP, NAMES, sentence_of, tried
from crm.outgoing.wire import Network
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

HERE = "/import/sources"
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many may wait for a stranger's server at the same time."""
BUSY = N_("Other addresses are being tried right now. Try again in a minute.")


@router.page(HERE, access="admin")
def show(visit: Visit) -> Response:
    """What is read, how it stands, and the form to add one."""
    return _page(visit, {}, {})


def _page(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    context = {
        "sources": synced.kept(visit.connection, visit.principal, visit.settings.key),
        "kinds": NAMES,
        "typed": {**typed, "password": ""},
        "errors": errors,
    }
    return visit.render("imports/sources.html", context, active="people", status=422 if errors else 200)


@router.action(HERE, access="admin", own_transactions=True)
def add(visit: Visit) -> Response:
    """Ask there at once; only what lets us in is kept, and read within a few minutes."""
    form = forms.read(SourceForm, visit.form)
    if isinstance(form, forms.Errors):
        return _again(visit, form.typed, form.fields)
    try:
        access = _access(form)
    except ValueError as fault:
        return _again(visit, visit.form, {"address": str(fault)})
    if (state := _tried(visit, access)) != GOOD:
        field = "password" if state == "password" else "address"
        said = sentence_of(access.kind, access.host, state) if state else _(BUSY)
        return _again(visit, visit.form, {field: said})
    try:
        with visit.database.write() as connection:
            synced.add(connection, visit.principal, visit.settings.key, form.label, access, visit.at)
    except Invalid as refusal:
        return _again(visit, visit.form, {"label": refusal.sentence})
    added = _("{name} is added. It will be read within a few minutes, and once an hour from then on.")
    return visit.redirect(HERE, added.format(name=form.label))


def _access(form: SourceForm) -> Source:
    """Where it is and how to get in; ValueError with a sentence for an address that is none."""
    try:
        address = imap_address(form.address) if form.kind == IMAP else web_address(form.address)
        access = Source(form.kind, address, form.name, form.password)
        if form.kind == IMAP:
            address_of(access)
    except Invalid as refusal:
        raise ValueError(refusal.sentence) from None
    return access


def _again(visit: Visit, typed: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    with visit.database.read() as connection:
        visit.enter(connection)
        return _page(visit, typed, errors)


def _tried(visit: Visit, access: Source) -> str:
    """How asking there ends; nothing where too many wait already."""
    if not _AT_ONCE.acquire(blocking=False):
        return ""
    try:
        return tried(access, Network(visit.settings.named_hosts), visit.at)
    finally:
        _AT_ONCE.release()


@router.action(f"{HERE}/{{source_id}}/check", access="admin", own_transactions=True)
def check(visit: Visit) -> Response:
    """Ask there now, and say what the server said; nothing is read."""
    with visit.database.read() as connection:
        source = synced.one(connection, visit.principal, visit.settings.key, visit.number("source_id"))
    state = "key" if source.access is None else _tried(visit, source.access)
    if state == GOOD:
        return visit.redirect(HERE, _("{host} answers, and signing in works.").format(host=source.host))
    return visit.redirect(HERE, source.said_of(state) if state else _(BUSY), kind="error")


@router.action(f"{HERE}/{{source_id}}/read", access="admin")
def read(visit: Visit) -> Response:
    """Read it at the next tick of the clock."""
    synced.ask_again(visit.connection, visit.principal, visit.number("source_id"))
    return visit.redirect("/import", _("It will be read within a few minutes."))


@router.page(f"{HERE}/{{source_id}}/end", access="admin")
def ask_to_end(visit: Visit) -> Response:
    """The question before it is forgotten."""
    source = synced.one(visit.connection, visit.principal, visit.settings.key, visit.number("source_id"))
    return visit.render("imports/source_end.html", {"source": source, "kinds": NAMES}, active="people")


@router.action(f"{HERE}/{{source_id}}/end", access="admin")
def end(visit: Visit) -> Response:
    """Forget it with its address and password; what it brought stays."""
    source = synced.one(visit.connection, visit.principal, visit.settings.key, visit.number("source_id"))
    synced.remove(visit.connection, visit.principal, source.name)
    return visit.redirect(HERE, _("{name} is removed. What it brought in stays.").format(name=source.name))
