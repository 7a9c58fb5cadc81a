"""Matters that were taken away, kept whole so that they can be put back as they were."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, NotFound
from crm.storage.database import new_id
from crm.storage.tables import contact, contact_date, metadata, removed_matter
from crm.storage.types import Day


def take_away(connection: Connection, principal: Principal, table: Table, row: Row[Any], at: datetime) -> int:
    """Move a row of ``table`` to those taken away; returns the id under which ``put_back`` finds it."""
    removed_id = new_id(connection)
    connection.execute(
        removed_matter.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": removed_id,
            "contact_id": row.contact_id,
            "record": table.name,
            "content": packed(row._mapping),
            "removed_by": principal.user_id,
            "removed_at": at,
        },
    )
    connection.execute(table.delete().where(*_this(principal, table, row.id)))
    if table is contact_date:
        dates_changed(connection, principal, row.contact_id, at)
    return removed_id


def put_back(
    connection: Connection, principal: Principal, removed_id: int, at: datetime
) -> tuple[Table, int]:
    """Write a row down again as it was; returns its table and whom it is about. NotFound where there is none (any
    more), Conflict where the row is back by another way."""
    mine = _this(principal, removed_matter, removed_id)
    row = connection.execute(select(removed_matter).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    table = metadata.tables[row.record]
    if connection.execute(select(table.c.id).where(*_this(principal, table, row.content["id"]))).first():
        raise Conflict(_("That is back already."))
    days = {column.name for column in table.c if isinstance(column.type, Day)}
    values = {
        name: date.fromisoformat(value) if name in days and value is not None else value
        for name, value in row.content.items()
        if name in table.c
    }
    connection.execute(table.insert(), values)
    connection.execute(removed_matter.delete().where(*mine))
    if table is contact_date:
        dates_changed(connection, principal, row.contact_id, at)
    return table, int(row.contact_id)


def dates_changed(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> None:
    """A form about the person that still shows other dates is not to overwrite these."""
    mine = _this(principal, contact, contact_id)
    connection.execute(contact.update().where(*mine).values(version=contact.c.version + 1, changed_at=at))


def packed(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A row by column name, days as ISO text."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _this(principal: Principal, table: Table, row_id: int) -> tuple[Any, ...]:
    return table.c.workspace_id == principal.workspace_id, table.c.id == row_id
