"""Who may change people, and whom: checked before anything is written."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Forbidden, Invalid, NotFound
from crm.storage.blocks import blocks
from crm.storage.tables import contact, user


def require_editor(principal: Principal) -> None:
    """Viewers read; they change nothing."""
    if not principal.may_edit:
        raise Forbidden(
            _("You can read this workspace, but not change it. Ask an admin to make you a member.")
        )


def require_people(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> None:
    """All of these people are of this workspace; locks their rows where the database locks rows."""
    for block in blocks(contact_ids):
        theirs = select(contact.c.id).where(*these(principal, block)).order_by(contact.c.id).with_for_update()
        if len(connection.execute(theirs).all()) < len(block):
            raise NotFound


def require_users(
    connection: Connection, principal: Principal, user_ids: set[int | None], field: str = "owner"
) -> None:
    """All of these users are of this workspace, whether they may sign in or not; ``field`` is where they were named."""
    if not user_ids:
        return
    theirs = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.id.in_(user_ids))
    if len(connection.execute(theirs).all()) < len(user_ids):
        sentence = _("Choose somebody on your team.")
        raise Invalid(sentence, fields={field: sentence})


def these(principal: Principal, contact_ids: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """The condition for these people of this workspace."""
    return contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(contact_ids)
