"""What is derived from people and stored: the search column and today's metrics."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, bindparam, select

from crm.contacts import rows
from crm.contacts.may_change import these
from crm.domain.principal import Principal
from crm.storage.blocks import blocks
from crm.storage.stored_metrics import refresh, scope_of
from crm.storage.tables import contact, contact_email, contact_tag, organisation


def refresh_metrics(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> None:
    """Bring the stored metrics of these people up to date."""
    ids = tuple(dict.fromkeys(contact_ids))
    if ids:
        refresh(connection, scope_of(connection, principal, at, ids), ids)


def reindex(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> None:
    """Write the search column of these people anew."""
    for block in blocks(contact_ids):
        tags = _grouped(connection, principal, contact_tag.c.tag, contact_tag.c.tag, block)
        emails = _grouped(connection, principal, contact_email.c.value, contact_email.c.position, block)
        joined = contact.outerjoin(
            organisation,
            (organisation.c.workspace_id == contact.c.workspace_id)
            & (organisation.c.id == contact.c.organisation_id),
        )
        people = select(
            contact.c.id, contact.c.name, contact.c.city, organisation.c.name.label("at")
        ).select_from(joined)
        texts = [
            {
                "this": row.id,
                "words": rows.search_text(
                    row.name, row.at, row.city, sorted(tags.get(row.id, ())), emails.get(row.id, ())
                ),
            }
            for row in connection.execute(people.where(*these(principal, block)))
        ]
        own = (contact.c.workspace_id == principal.workspace_id, contact.c.id == bindparam("this"))
        if texts:
            connection.execute(contact.update().where(*own).values(search=bindparam("words")), texts)


def _grouped(
    connection: Connection, principal: Principal, column: Column[str], order: Column[Any], ids: list[int]
) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    table = column.table
    mine = select(table.c.contact_id, column.label("word")).where(
        table.c.workspace_id == principal.workspace_id, table.c.contact_id.in_(ids)
    )
    for row in connection.execute(mine.order_by(table.c.contact_id, order)):
        found.setdefault(row.contact_id, []).append(row.word)
    return found
