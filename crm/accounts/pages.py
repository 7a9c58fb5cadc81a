"""Signing in and out, setting up, and the links that come by mail."""

import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from crm.accounts import (
    actions,
    address_pages,
    link_pages,
    mails,
    queries,
    settings_pages,
    sign_in,
    team_pages,
    token_pages,
    workspace_pages,
)
from crm.accounts.forms import SetUp
from crm.accounts.passwords import hashed
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import Forbidden
from crm.web import forms, kept, sessions
from crm.web.addresses import local_path
from crm.web.routing import Router, Visit

router = Router()
router.routes += link_pages.router.routes + team_pages.router.routes + settings_pages.router.routes
router.routes += workspace_pages.router.routes + token_pages.router.routes + address_pages.router.routes

WRONG = N_("Email or password is wrong.")


@router.page("/sign-in", access="public")
def sign_in_page(visit: Visit) -> Response:
    """The form; whoever is signed in goes on."""
    if visit.signed_in:
        return visit.redirect(local_path(visit.query.get("next")))
    if not sessions.anybody(visit.connection):
        return visit.redirect("/setup")
    return _sign_in_form(visit, visit.query.get("email", ""), local_path(visit.query.get("next")))


def _sign_in_form(
    visit: Visit, email: str, onward: str, error: str | None = None, status: int = 422
) -> Response:
    """The form, with what was being written when the session ended; ``status`` is that of an error."""
    context = {
        "email": email,
        "next": onward,
        "error": error,
        "has_mail": bool(visit.settings.smtp_url),
        "kept": kept.carried(visit.form),
    }
    return visit.render("accounts/sign_in.html", context, status=status if error else 200)


@router.action("/sign-in", access="public", own_transactions=True)
def sign_in_action(visit: Visit) -> Response:
    """A new session for the right address and password; the same answer for every other pair."""
    email, password = str(visit.form.get("email", "")), str(visit.form.get("password", ""))
    onward = local_path(str(visit.form.get("next", "")))
    client = visit.request.client
    attempt = sign_in.Attempt.of(visit.settings.key, email, client.host if client else None, visit.at)
    with visit.database.write() as connection:
        admitted = sign_in.reserve(connection, attempt)
    if not admitted:
        return _sign_in_form(visit, email, onward, _(sign_in.WAIT), 429)
    found = sign_in.who(visit.database, email, password)
    if found is None:
        return _sign_in_form(visit, email, onward, _(WRONG))
    with visit.database.write() as connection:
        value = _begun(visit, connection, attempt, found)
    if value is None:
        return _sign_in_form(visit, email, onward, _(WRONG))
    written = kept.carried(visit.form)
    if written is None:
        return _entered(visit, value, onward)
    response = visit.render("accounts/go_on.html", {"kept": written})
    sessions.set_cookie(visit.site, response, value)
    return response


def _begun(
    visit: Visit, connection: Connection, attempt: sign_in.Attempt, known: sign_in.Known
) -> str | None:
    """The new session's cookie; None where the password was replaced, or its user shut out, since it was looked at."""
    if not sign_in.still_holds(connection, known):
        return None
    sign_in.forget(connection, attempt, known)
    if visit.signed_in:
        sessions.end(connection, visit.signed_in)
    return sessions.start(connection, known.workspace_id, known.user_id, visit.at)


def _entered(visit: Visit, value: str, onward: str) -> Response:
    response = visit.redirect(onward)
    sessions.set_cookie(visit.site, response, value)
    return response


@router.action("/sign-in/link", access="public", own_transactions=True)
def ask_for_sign_in_link(visit: Visit) -> Response:
    """Mail a sign-in link; the answer is the same whoever asks."""
    if not link_pages.asked_for(visit):
        onward = local_path(str(visit.form.get("next", "")))
        return _sign_in_form(visit, "", onward, _(link_pages.NO_ADDRESS))
    return link_pages.mail_link(visit, "sign_in", "/sign-in/link", mails.send_sign_in_link)


@router.action("/sign-out", access="public")
def sign_out(visit: Visit) -> Response:
    """End this session."""
    if visit.signed_in:
        sessions.end(visit.connection, visit.signed_in)
    response = visit.redirect("/sign-in")
    sessions.drop_cookie(visit.site, response)
    return response


@router.page("/setup", access="public")
def setup_page(visit: Visit) -> Response:
    """The form for the first admin, with the token of the console; without it, where to find the link."""
    if sessions.anybody(visit.connection):
        return visit.redirect("/sign-in")
    if not visit.query.get("token"):
        return visit.render("accounts/setup_needed.html")
    _require_token(visit, visit.query["token"])
    team = queries.workspaces(visit.connection)
    typed = {
        "team": team[0].name if team else visit.settings.workspace,
        "time_zone": team[0].time_zone if team else visit.settings.time_zone,
    }
    is_usual = not team or team[0].time_zone == visit.settings.time_zone
    is_set = "time_zone" in visit.settings.model_fields_set or not is_usual
    return _setup_form(visit, visit.query["token"], typed, {}, from_device=not is_set)


def _require_token(visit: Visit, token: str) -> None:
    if not hmac.compare_digest(token.encode(), actions.setup_token(visit.settings.key).encode()):
        raise Forbidden(_("This is not the link that the console shows. Copy the whole link again."))


def _setup_form(
    visit: Visit, token: str, typed: Mapping[str, Any], errors: dict[str, str], *, from_device: bool = False
) -> Response:
    """``from_device``: a script may choose the time zone of the device."""
    context = {
        "token": token,
        "typed": typed,
        "errors": errors,
        "zones": queries.zone_choices(str(typed.get("time_zone") or "")),
        "from_device": from_device,
    }
    return visit.render("accounts/setup.html", context, status=422 if errors else 200)


@router.action("/setup", access="public", own_transactions=True)
def setup_action(visit: Visit) -> Response:
    """Make the first admin, name the team, and sign in."""
    token = str(visit.form.get("token", "") or visit.query.get("token", ""))
    with visit.database.read() as connection:
        if sessions.anybody(connection):
            return visit.redirect("/sign-in")
    _require_token(visit, token)
    form = forms.read(SetUp, visit.form)
    if isinstance(form, forms.Errors):
        return _setup_form(visit, token, form.typed, form.fields)
    password_hash = hashed(form.password)
    with visit.database.write() as connection:
        made = actions.set_up(connection, form, password_hash, visit.at)
        value = sessions.start(connection, *made, visit.at)
    return _entered(visit, value, "/")
