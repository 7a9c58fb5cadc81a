"""The team: who belongs to it, and how somebody joins or leaves."""

from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from crm.accounts import actions, mails, queries
from crm.accounts.forms import Invitation, RoleChange
from crm.accounts.stopped import why_stopped
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import Conflict, Invalid
from crm.web import forms
from crm.web.routing import Router, Visit

router = Router()

NOW = {
    "admin": N_("{name} is now an admin."),
    "member": N_("{name} is now a member."),
    "viewer": N_("{name} is now a viewer."),
}


@router.page("/team")
def team(visit: Visit) -> Response:
    """Everybody with their role; admins can change it."""
    return _page(visit, visit.connection)


def _page(
    visit: Visit,
    connection: Connection,
    typed: Any = None,
    errors: dict[str, str] | None = None,
    link: str | None = None,
    said: str = "",
) -> Response:
    context = {
        "people": queries.members(connection, visit.principal),
        "typed": typed or {},
        "errors": errors or {},
        "link": link,
        "said": said,
    }
    return visit.render("accounts/team.html", context, active="team", status=422 if errors else 200)


@router.action("/team/invite", access="admin", own_transactions=True)
def invite(visit: Visit) -> Response:
    """Add somebody and mail the invitation; where no mail goes out, show the link to hand over."""
    form = forms.read(Invitation, visit.form)
    if isinstance(form, forms.Errors):
        with visit.database.read() as connection:
            return _page(visit, connection, form.typed, form.fields)
    try:
        with visit.database.write() as connection:
            person = actions.NewUser(form.email, form.name, form.role, str(visit.principal.zone))
            user_id = actions.add_user(connection, visit.principal, person, visit.at)
            url = _link(visit, connection, user_id)
    except Conflict as refusal:
        with visit.database.read() as connection:
            return _page(visit, connection, visit.form, refusal.fields)
    return _deliver(visit, user_id, form.name, form.email, url)


@router.action("/team/{user_id}/link", access="admin", own_transactions=True)
def new_link(visit: Visit) -> Response:
    """A new invitation for somebody who lost theirs or their password; it lets them choose a password."""
    with visit.database.write() as connection:
        one = queries.member(connection, visit.principal, visit.number("user_id"))
        if not one.active:
            raise Invalid(_("{name} is deactivated. Let them in again first.").format(name=one.name))
        url = _link(visit, connection, one.id)
    return _deliver(visit, one.id, one.name, one.email, url)


def _link(visit: Visit, connection: Connection, user_id: int) -> str:
    token = actions.make_link(connection, visit.principal.workspace_id, user_id, "invitation", visit.at)
    return f"{visit.settings.url}/welcome/{token}"


def _deliver(visit: Visit, user_id: int, name: str, email: str, url: str) -> Response:
    if visit.settings.smtp_url:
        user = visit.user
        with visit.database.read() as connection:
            stopped = why_stopped(connection, user.workspace_id, email)
            reader = mails.Reader(name, email, queries.manner_of(connection, user.workspace_id, user_id))
        wrong = stopped or mails.send_invitation(visit.site, reader, user.name, user.workspace, url, visit.at)
        if wrong is None:
            return visit.redirect(
                "/team", message=_("The invitation is on its way to {email}.").format(email=email)
            )
        said = _("The mail to {email} could not be sent. {wrong} Give this link to {name} yourself.")
        said = said.format(email=email, wrong=wrong, name=name)
    else:
        said = _(
            "Mail is not set up, so give this link to {name} yourself. It works for {span} and is "
            "shown only once."
        ).format(name=name, span=actions.valid_words("invitation"))
    with visit.database.read() as connection:
        return _page(visit, connection, link=url, said=said)


@router.action("/team/{user_id}/role", access="admin")
def change_role(visit: Visit) -> Response:
    """Give somebody another role; the address of Undo carries the one before."""
    form = forms.read(RoleChange, visit.sent)
    if isinstance(form, forms.Errors):
        raise Invalid(_("Choose a role: admin, member or viewer."), fields=form.fields)
    one = queries.member(visit.connection, visit.principal, visit.number("user_id"))
    actions.change_user(visit.connection, visit.principal, one.id, visit.at, role=form.role)
    said = _(NOW[form.role]).format(name=one.name)
    return visit.redirect("/team", said, f"/team/{one.id}/role?role={one.role}")


@router.action("/team/{user_id}/deactivate", access="admin")
def deactivate(visit: Visit) -> Response:
    """Shut somebody out at once."""
    one = queries.member(visit.connection, visit.principal, visit.number("user_id"))
    ended = actions.deactivate(visit.connection, visit.principal, one.id, visit.at)
    said = _("{name} can no longer sign in.").format(name=one.name)
    said = " ".join(filter(None, (said, ended.ended)))
    return visit.redirect("/team", message=said, undo=f"/team/{one.id}/activate")


@router.action("/team/{user_id}/activate", access="admin")
def activate(visit: Visit) -> Response:
    """Let somebody in again."""
    one = queries.member(visit.connection, visit.principal, visit.number("user_id"))
    actions.activate(visit.connection, visit.principal, one.id, visit.at)
    return visit.redirect("/team", message=_("{name} can sign in again.").format(name=one.name))
