"""Another address for oneself: asked for under Settings, taken by the link that is mailed there."""

import logging
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from crm.accounts import mails, own_address
from crm.accounts.forms import AddressChange
from crm.accounts.proof import password_hash_of, proven, require_still
from crm.accounts.queries import manner_of
from crm.accounts.sign_in import Known
from crm.accounts.stopped import why_stopped
from crm.domain.language import gettext as _
from crm.domain.manner import reader
from crm.errors import Conflict
from crm.web import forms
from crm.web.routing import Router, Visit

log = logging.getLogger("crm.accounts")
router = Router()


@router.page("/settings/email")
def address(visit: Visit) -> Response:
    """One's address now, the one at which a link waits, and the form for another."""
    return _page(visit, {}, {})


def _page(visit: Visit, typed: Any, errors: dict[str, str]) -> Response:
    with visit.database.read() as connection:
        context = {
            "typed": typed,
            "errors": errors,
            "waiting": own_address.waiting(connection, visit.principal, visit.at),
            "stopped": why_stopped(connection, visit.principal.workspace_id, visit.user.email),
            "has_password": password_hash_of(connection, visit) is not None,
            "has_mail": bool(visit.settings.smtp_url),
        }
    return visit.render("accounts/address.html", context, active="team", status=422 if errors else 200)


@router.action("/settings/email", access="viewer", own_transactions=True)
def change(visit: Visit) -> Response:
    """Mail a link to the new address; where no mail goes out, the password is enough."""
    form = forms.read(AddressChange, visit.form)
    if isinstance(form, forms.Errors):
        return _page(visit, form.typed, form.fields)
    try:
        known = proven(visit, form.current_password)
        change_to = _asked if visit.settings.smtp_url else _moved
        return change_to(visit, known, form.email)
    except Conflict as refusal:
        return _page(visit, visit.form, refusal.fields)


def _moved(visit: Visit, known: Known, email: str) -> Response:
    with visit.database.write() as connection:
        require_still(connection, known)
        own_address.require_new(connection, visit.principal, email, visit.at)
        own_address.move(connection, visit.user.workspace_id, visit.user.id, email, visit.at)
    return visit.redirect("/settings", message=_("From now on, sign in with {email}.").format(email=email))


def _asked(visit: Visit, known: Known, email: str) -> Response:
    person = visit.user
    with visit.database.write() as connection:
        require_still(connection, known)
        stopped = why_stopped(connection, person.workspace_id, email)
        if stopped:
            raise Conflict(stopped, fields={"email": stopped})
        token = own_address.ask(connection, visit.principal, email, visit.at)
    url = f"{visit.settings.url}/email/{token}"
    wrong = mails.send_address_link(
        visit.site, mails.Reader(person.name, email, reader()), person.email, person.workspace, url, visit.at
    )
    if wrong is None:
        return visit.redirect(
            "/settings/email", message=_("A link is on its way to {email}.").format(email=email)
        )
    with visit.database.write() as connection:
        own_address.forget(connection, visit.principal, visit.at)
    said = _("The mail to {email} could not be sent: {wrong}").format(email=email, wrong=wrong)
    raise Conflict(wrong, fields={"email": said})


@router.action("/settings/email/forget", access="viewer")
def forget(visit: Visit) -> Response:
    """The link that waits ends, and everything stays as it is."""
    own_address.forget(visit.connection, visit.principal, visit.at)
    return visit.redirect(
        "/settings/email", message=_("Your address stays {email}.").format(email=visit.user.email)
    )


@router.page("/email/{token}", access="public")
def link_page(visit: Visit) -> Response:
    """Shows the button; opening the link changes nothing."""
    row = own_address.change_of(visit.connection, visit.text("token"), visit.at)
    return visit.render("accounts/address_link.html", {"change": row, "taken": False})


@router.action("/email/{token}", access="public", own_transactions=True)
def take(visit: Visit) -> Response:
    """The new address holds, and the old one is told."""
    with visit.database.write() as connection:
        row = own_address.use(connection, visit.text("token"), visit.at)
    response = visit.render("accounts/address_link.html", {"change": row, "taken": True})
    response.background = BackgroundTask(_tell_the_old, visit, row)
    return response


def _tell_the_old(visit: Visit, row: Any) -> None:
    """After the answer, since nobody waits for it."""
    with visit.database.read() as connection:
        stopped = why_stopped(connection, row.workspace_id, row.old)
        manner = manner_of(connection, row.workspace_id, row.user_id)
    if stopped or not visit.settings.smtp_url:
        return
    if mails.send_address_changed(
        visit.site, mails.Reader(row.name, row.old, manner), row.email, row.team, visit.at
    ):
        log.warning("an old address could not be told that another took its place")
