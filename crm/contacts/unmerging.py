"""A merge taken back: two records again, with what was changed since."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from crm.contacts.derived import reindex
from crm.contacts.may_change import require_editor, require_people
from crm.contacts.merging import refreshed
from crm.contacts.queries import person
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, NotFound
from crm.storage import journal
from crm.storage.blocks import blocks
from crm.storage.recount import recount_interactions
from crm.storage.tables import contact, import_trace, interaction_contact, merge


def undo_merge(connection: Connection, principal: Principal, merge_id: int, at: datetime) -> tuple[int, int]:
    """Two records again, however long ago; returns both ids. What was changed since stays with the record that stayed.

    Raises NotFound where there is no such merge, Conflict where the record was itself merged into another since.
    """
    require_editor(principal)
    own = (merge.c.workspace_id == principal.workspace_id, merge.c.id == merge_id)
    row = connection.execute(select(merge).where(*own).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    _require_survivor(connection, principal, row.contact_id)
    before = person(connection, principal, row.contact_id)
    journal.take_back(connection, [(name, old, new) for name, old, new in row.content["changes"]])
    _split_log(connection, principal, row)
    _go_on_from(connection, principal, (row.contact_id, row.gone_id), before.version)
    connection.execute(merge.delete().where(*own))
    reindex(
        connection, principal, [row.contact_id, row.gone_id]
    )  # their organisation may have another name now
    people = recount_interactions(connection, principal.workspace_id, row.content["shared"], 1)
    refreshed(connection, principal, people | {row.contact_id, row.gone_id}, at)
    return row.contact_id, row.gone_id


def _require_survivor(connection: Connection, principal: Principal, contact_id: int) -> None:
    try:
        require_people(connection, principal, [contact_id])
    except NotFound:
        later = select(merge.c.gone_name).where(
            merge.c.workspace_id == principal.workspace_id, merge.c.gone_id == contact_id
        )
        name = connection.execute(later).scalars().first()
        if name is None:
            raise Conflict(_("The person these two records became is no longer here.")) from None
        raise Conflict(
            _("{name} has since been merged with somebody else. Undo that merge first.").format(name=name)
        ) from None


def _go_on_from(connection: Connection, principal: Principal, ids: tuple[int, int], last: int) -> None:
    """Versions go on after the last of either record and never come again, so that a form opened before is not taken for
    one of now; what an import knows of the records as they were goes on with them."""
    mine = (contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(ids))
    traces = import_trace.c
    rows = connection.execute(select(contact.c.id, contact.c.version).where(*mine)).all()
    version = max(last, *(row.version for row in rows)) + 1
    for row in rows:
        known = (
            traces.workspace_id == principal.workspace_id,
            traces.record == "contact",
            traces.row_id == row.id,
            traces.after == str(row.version),
        )
        connection.execute(import_trace.update().where(*known).values(after=str(version)))
    connection.execute(contact.update().where(*mine).values(version=version))


def _split_log(connection: Connection, principal: Principal, row: Any) -> None:
    table = interaction_contact.c
    kept = (table.workspace_id == principal.workspace_id, table.contact_id == row.contact_id)
    for block in blocks(row.content["moved"]):
        connection.execute(
            interaction_contact.update()
            .where(*kept, table.interaction_id.in_(block))
            .values(contact_id=row.gone_id)
        )
    for block in blocks(row.content["shared"]):
        found = select(interaction_contact).where(*kept, table.interaction_id.in_(block))
        both = [{**one._mapping, "contact_id": row.gone_id} for one in connection.execute(found)]
        if both:
            connection.execute(interaction_contact.insert(), both)
