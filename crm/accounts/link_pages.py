"""Links that come by mail or by hand: each opens a page that says what will happen, and one button does it."""

import logging
from collections.abc import Callable
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from crm.accounts import actions, mails, queries
from crm.accounts.addresses import normal_email
from crm.accounts.forms import NewPassword
from crm.accounts.passes import Passes, passes_of
from crm.accounts.passwords import hashed
from crm.accounts.stopped import why_stopped
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.web import flashes, forms, sessions
from crm.web.flashes import Flash
from crm.web.routing import Router, Visit

log = logging.getLogger("crm.accounts")
router = Router()

PAGES = {
    "reset": (
        N_("Choose a new password"),
        N_("It replaces the old one and signs you out everywhere else."),
        N_("Save and sign in"),
    ),
    "first": (
        N_("Choose a password"),
        N_("You have none yet. Once you save it, you can sign in with it."),
        N_("Save and sign in"),
    ),
    "invitation": (
        N_("Welcome to In Person"),
        N_("You are invited to the team {team}. Choose a password, and you are in."),
        N_("Join"),
    ),
}
_FIRST = {"reset": "first", "invitation": "invitation"}
"""By what the link is for: the page of whoever has no password yet."""
NO_ADDRESS = N_("Enter your address first, such as nora@example.org.")


@router.page("/forgotten", access="public")
def forgotten_page(visit: Visit) -> Response:
    """Ask for a link to choose a new password."""
    return _forgotten(visit)


def _forgotten(visit: Visit, error: str | None = None) -> Response:
    has_mail = bool(visit.settings.smtp_url)
    status = 422 if visit.request.method == "POST" else 200
    return visit.render("accounts/forgotten.html", {"has_mail": has_mail, "error": error}, status=status)


@router.action("/forgotten", access="public", own_transactions=True)
def forgotten(visit: Visit) -> Response:
    """Mail that link; the answer is the same whoever asks."""
    if not asked_for(visit):
        return _forgotten(visit, _(NO_ADDRESS))
    return mail_link(visit, "reset", "/reset", mails.send_reset)


def asked_for(visit: Visit) -> str:
    """The address that was typed; empty if none was."""
    return normal_email(str(visit.form.get("email", "")))


def mail_link(visit: Visit, purpose: str, path: str, send: Callable[..., str | None]) -> Response:
    """Mail such a link to whom the typed address belongs; the answer is the same for every address."""
    if not visit.settings.smtp_url:
        return _forgotten(visit)
    email = asked_for(visit)
    response = visit.render("accounts/link_sent.html", {"email": email})
    response.background = BackgroundTask(_mail_links, visit, email, purpose, path, send)
    return response


def _mail_links(visit: Visit, email: str, purpose: str, path: str, send: Callable[..., str | None]) -> None:
    """After the answer, so that nobody can tell from its time whether the address is known."""
    with visit.database.read() as connection:
        people = queries.known_by(connection, email)
    for one in people:
        with visit.database.write() as connection:
            if why_stopped(connection, one.workspace_id, one.email):
                continue
            if actions.asked_lately(connection, one.workspace_id, one.id, purpose, visit.at):
                continue
            token = actions.make_link(connection, one.workspace_id, one.id, purpose, visit.at)
            manner = queries.manner_of(connection, one.workspace_id, one.id)
        url = f"{visit.settings.url}{path}/{token}"
        if send(visit.site, mails.Reader(one.name, one.email, manner), one.team, url, visit.at):
            log.warning("a %s link could not be mailed", purpose)


@router.page("/sign-in/link/{token}", access="public")
def sign_in_link_page(visit: Visit) -> Response:
    """Shows the button; opening the link signs nobody in, so a mail scanner uses nothing up."""
    row = actions.link_of(visit.connection, visit.text("token"), ["sign_in"], visit.at)
    return visit.render("accounts/sign_in_link.html", {"person": row, "token": visit.text("token")})


@router.action("/sign-in/link/{token}", access="public")
def sign_in_by_link(visit: Visit) -> Response:
    """Spend the link for a session."""
    row = actions.use_link(visit.connection, visit.text("token"), ["sign_in"], visit.at)
    return _enter(visit, visit.connection, row)


def _enter(visit: Visit, connection: Any, row: Any, passes: Passes | None = None) -> Response:
    """A session; after a new password it begins with what lets programs in without it."""
    if visit.signed_in:
        sessions.end(connection, visit.signed_in)
    response = visit.redirect("/")
    value = sessions.start(connection, row.workspace_id, row.user_id, visit.at)
    sessions.set_cookie(visit.site, response, value)
    if passes:
        flash = Flash(passes.beside_new(had_password=row.has_password), link_url=passes.page)
        flashes.leave(visit.site, sessions.owner_of(value), response, flash)
    return response


@router.page("/reset/{token}", access="public")
def reset_page(visit: Visit) -> Response:
    """Choose a new password."""
    return _password_page(visit, "reset", visit.connection)


@router.action("/reset/{token}", access="public", own_transactions=True)
def reset(visit: Visit) -> Response:
    """Spend the link for a new password, and sign in."""
    return _choose_password(visit, "reset")


@router.page("/welcome/{token}", access="public")
def welcome_page(visit: Visit) -> Response:
    """Choose the first password."""
    return _password_page(visit, "invitation", visit.connection)


@router.action("/welcome/{token}", access="public", own_transactions=True)
def welcome(visit: Visit) -> Response:
    """Spend the invitation for a password, and sign in."""
    return _choose_password(visit, "invitation")


def _password_page(
    visit: Visit, purpose: str, connection: Any, errors: dict[str, str] | None = None
) -> Response:
    row = actions.link_of(connection, visit.text("token"), [purpose], visit.at)
    page = "reset" if row.has_password else _FIRST[purpose]
    title, lede, label = (_(words).format(team=row.team) for words in PAGES[page])
    lasting = passes_of(connection, row.workspace_id, row.user_id).will_still_work
    lede = " ".join(filter(None, (lede, lasting)))
    context = {"person": row, "title": title, "lede": lede, "label": label, "errors": errors or {}}
    return visit.render("accounts/choose_password.html", context, status=422 if errors else 200)


def _choose_password(visit: Visit, purpose: str) -> Response:
    form = forms.read(NewPassword, visit.form)
    with visit.database.read() as connection:
        if isinstance(form, forms.Errors):
            return _password_page(visit, purpose, connection, form.fields)
        actions.link_of(connection, visit.text("token"), [purpose], visit.at)
    password_hash = hashed(form.password)
    with visit.database.write() as connection:
        row = actions.use_link(connection, visit.text("token"), [purpose], visit.at)
        actions.set_password(connection, row.workspace_id, row.user_id, password_hash, visit.at)
        return _enter(visit, connection, row, passes_of(connection, row.workspace_id, row.user_id))
