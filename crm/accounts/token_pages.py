"""One's own tokens: keys by which programs act for a user."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from crm.accounts import tokens
from crm.accounts.proof import Proof, password_hash_of, proven, require_still
from crm.domain.language import gettext as _
from crm.errors import Conflict, Invalid
from crm.web import forms
from crm.web.forms import Errors
from crm.web.routing import Router, Visit

router = Router()


class TokenForm(Proof):
    """A new token; whoever may write may read. It outlasts a new password, so that a device left open makes none."""

    name: Annotated[str, Field(max_length=120)]
    scope: tokens.Scope = "read"


@router.page("/settings/tokens")
def tokens_page(visit: Visit) -> Response:
    """The tokens that hold, and the form for a new one."""
    return _page(visit)


@router.action("/settings/tokens", access="viewer", own_transactions=True)
def make_token(visit: Visit) -> Response:
    """Make a token, and show it this once."""
    form = forms.read(TokenForm, visit.form)
    if isinstance(form, Errors):
        return _page(visit, errors=form.fields)
    name = " ".join(form.name.split())
    if not name.isprintable():
        return _page(visit, errors={"name": _("This contains characters that cannot be shown.")})
    try:
        return _page(visit, made=_made(visit, form, name), name=name)
    except Conflict as refusal:
        return _page(visit, errors=refusal.fields)
    except Invalid as refusal:
        return _page(visit, errors={"name": refusal.sentence})


def _made(visit: Visit, form: TokenForm, name: str) -> str:
    known = proven(visit, form.current_password)
    with visit.database.write() as connection:
        require_still(connection, known)
        tokens.require_room(connection, visit.principal)
        return tokens.create_token(connection, visit.principal, visit.user.id, name, [form.scope], visit.at)


@router.page("/settings/tokens/{token_id}/revoke")
def ask_to_revoke(visit: Visit) -> Response:
    """The question before it ends."""
    token = tokens.own_token(visit.connection, visit.principal, visit.number("token_id"))
    return visit.render("accounts/token_revoke.html", {"token": token}, active="team")


@router.action("/settings/tokens/{token_id}/revoke", access="viewer")
def revoke_token(visit: Visit) -> Response:
    """End a token at once."""
    name = tokens.revoke_own(visit.connection, visit.principal, visit.number("token_id"), visit.at)
    return visit.redirect("/settings/tokens", _("{name} no longer works.").format(name=name[:60]))


def _page(
    visit: Visit, errors: dict[str, str] | None = None, made: str | None = None, name: str = ""
) -> Response:
    with visit.database.read() as connection:
        mine = tokens.own_tokens(connection, visit.principal)
        has_password = password_hash_of(connection, visit) is not None
    context = {
        "tokens": mine,
        "has_password": has_password,
        "typed": visit.form if errors else {},
        "errors": errors or {},
        "made": made,
        "name": name,
        "address": f"{visit.settings.url}/api/v1",
    }
    return visit.render("accounts/tokens.html", context, active="team", status=422 if errors else 200)
