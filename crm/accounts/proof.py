"""That it is oneself who sits at a device: asked before anything that a new password would not end."""

from typing import Annotated, NoReturn

from pydantic import StringConstraints
from sqlalchemy import Connection, select

from crm.accounts import sign_in
from crm.accounts.passwords import fits
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.errors import Conflict
from crm.storage.tables import user
from crm.web.forms import Form
from crm.web.routing import Visit

NOT_THEIRS = N_("That is not your current password.")


class Proof(Form):
    """The password, where one has one, says that it is oneself."""

    current_password: Annotated[str, StringConstraints(strip_whitespace=False)] = ""


def proven(visit: Visit, typed: str) -> sign_in.Known:
    """What is known of the visitor, whose password this is; Conflict at ``current_password`` where it is not theirs.

    Whoever has no password yet needs none. Tries are counted with those to sign in, since a device left open is a
    place to guess as well. Whoever writes then asks ``require_still``: a reset may come between.
    """
    with visit.database.read() as connection:
        kept = password_hash_of(connection, visit)
    known = sign_in.Known(visit.user.workspace_id, visit.user.id, kept)
    if kept is None:
        return known
    client = visit.request.client
    address = client.host if client else None
    attempt = sign_in.Attempt.of(visit.settings.key, visit.user.email, address, visit.at)
    with visit.database.write() as connection:
        admitted = sign_in.reserve(connection, attempt)
    if not admitted:
        _refuse(_(sign_in.WAIT))
    if not fits(typed, kept):
        _refuse(_(NOT_THEIRS))
    with visit.database.write() as connection:
        sign_in.forget(connection, attempt, known)
    return known


def require_still(connection: Connection, known: sign_in.Known) -> None:
    """Conflict where the password was replaced since it was ``proven``, or its user shut out; first of all that is written."""
    if not sign_in.still_holds(connection, known):
        _refuse(_(NOT_THEIRS))


def _refuse(sentence: str) -> NoReturn:
    raise Conflict(sentence, fields={"current_password": sentence})


def password_hash_of(connection: Connection, visit: Visit) -> str | None:
    """The visitor's, if they have a password."""
    mine = (user.c.workspace_id == visit.user.workspace_id, user.c.id == visit.user.id)
    found: str | None = connection.execute(select(user.c.password_hash).where(*mine)).scalar_one()
    return found
