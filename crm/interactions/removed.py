"""Matters that were taken away or changed, kept whole so that they can be put back as they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, NotFound
from crm.storage.database import new_id
from crm.storage.tables import contact, contact_date, metadata, removed_matter
from crm.storage.types import Day

CHANGED_TO = "changed_to"
"""Beside the columns of a row that was changed and not taken away: the stamp of what it became."""

CHANGED_AGAIN = ""
"""The stamp in what is left of an earlier change: no row ever bears it."""

SETTLED_BY = "settled_by"
Settlers = tuple[tuple[int, str], ...]
"""The interactions that settled a matter, each with its mark of that (``crm.interactions.left_behind``)."""


@dataclass(frozen=True)
class Back:
    """What was put back, and about whom it is; ``was_changed`` where it had not been away."""

    table: Table
    row_id: int
    contact_id: int
    was_changed: bool = False
    settled_by: Settlers = ()


def take_away(connection: Connection, principal: Principal, table: Table, row: Row[Any], at: datetime) -> int:
    """Move a row of ``table`` to those taken away; returns the id under which ``put_back`` finds it."""
    removed_id = _kept(connection, principal, table, row, at, packed(row._mapping))
    connection.execute(table.delete().where(*_this(principal, table, row.id)))
    if table is contact_date:
        dates_changed(connection, principal, row.contact_id, at)
    return removed_id


def keep_before(
    connection: Connection,
    principal: Principal,
    table: Table,
    row: Row[Any],
    at: datetime,
    settled_by: Settlers = (),
) -> int | None:
    """Keep a row as it was before it was changed just now; returns the id under which ``put_back`` finds it.

    None where it is as it was. Of an earlier change only that there was one is kept, so that its Undo can say why not.
    """
    mine = _this(principal, table, row.id)
    now = connection.execute(select(table).where(*mine)).one()
    if now == row:
        return None
    earlier = removed_matter.c
    rows = connection.execute(
        select(earlier.id, earlier.content).where(
            earlier.workspace_id == principal.workspace_id,
            earlier.contact_id == row.contact_id,
            earlier.record == table.name,
        )
    )
    kept = {one.id: one.content for one in rows if CHANGED_TO in one.content}
    old = [one for one, said in kept.items() if said["id"] == row.id and said[CHANGED_TO] != CHANGED_AGAIN]
    connection.execute(
        removed_matter.update()
        .where(earlier.workspace_id == principal.workspace_id, earlier.id.in_(old))
        .values(content={"id": row.id, CHANGED_TO: CHANGED_AGAIN})
    )
    beside = {CHANGED_TO: stamp(now), SETTLED_BY: settled_by}
    return _kept(connection, principal, table, row, at, {**packed(row._mapping), **beside})


def _kept(
    connection: Connection,
    principal: Principal,
    table: Table,
    row: Row[Any],
    at: datetime,
    content: dict[str, Any],
) -> int:
    removed_id = new_id(connection)
    connection.execute(
        removed_matter.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": removed_id,
            "contact_id": row.contact_id,
            "record": table.name,
            "content": content,
            "removed_by": principal.user_id,
            "removed_at": at,
        },
    )
    return removed_id


def put_back(connection: Connection, principal: Principal, removed_id: int, at: datetime) -> Back:
    """Write a row down again as it was.

    NotFound where there is none (any more), Conflict where the row is back by another way, or was changed again.
    """
    mine = _this(principal, removed_matter, removed_id)
    row = connection.execute(select(removed_matter).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    table = metadata.tables[row.record]
    row_id, changed_to = int(row.content["id"]), row.content.get(CHANGED_TO)
    this = _this(principal, table, row_id)
    there = connection.execute(select(table).where(*this).with_for_update()).one_or_none()
    if changed_to is None and there is not None:
        raise Conflict(_("That has already been restored."))
    if changed_to is not None and (there is None or stamp(there) != changed_to):
        raise Conflict(_("That has been changed again since, so it cannot be undone."))
    contact_id = int(row.contact_id if there is None else there.contact_id)  # people are merged
    days = {column.name for column in table.c if isinstance(column.type, Day)}
    values = {
        name: date.fromisoformat(value) if name in days and value is not None else value
        for name, value in row.content.items()
        if name in table.c
    }
    if there is None:
        connection.execute(table.insert(), values)
    else:
        values["contact_id"] = contact_id
        connection.execute(table.update().where(*this).values(values))
    connection.execute(removed_matter.delete().where(*mine))
    if table is contact_date:
        dates_changed(connection, principal, contact_id, at)
    settled_by = tuple((one, mark) for one, mark in row.content.get(SETTLED_BY, ()))
    return Back(table, row_id, contact_id, there is not None, settled_by)


def dates_changed(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> None:
    """A form about the person that still shows other dates is not to overwrite these."""
    mine = _this(principal, contact, contact_id)
    connection.execute(contact.update().where(*mine).values(version=contact.c.version + 1, changed_at=at))


def packed(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A row by column name, days as ISO text."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def stamp(row: Row[Any]) -> str:
    """What a row says, whoever it is about: people are merged."""
    said = {name: value for name, value in packed(row._mapping).items() if name != "contact_id"}
    return sha256(repr(sorted(said.items())).encode()).hexdigest()


def _this(principal: Principal, table: Table, row_id: int) -> tuple[Any, ...]:
    return table.c.workspace_id == principal.workspace_id, table.c.id == row_id
