"""What an interaction left behind: matters written down in it and asks it settled. They go and come back with it.

What somebody changed since has a life of its own and stays as it is.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from crm.domain.principal import Principal
from crm.interactions.removed import put_back, stamp, take_away
from crm.storage.tables import ask, left_behind, metadata, removed_matter

WRITTEN, SETTLED = "written", "settled"


def wrote(
    connection: Connection, principal: Principal, interaction_id: int, table: Table, row_id: int
) -> None:
    """This row of ``table`` was written down with the interaction."""
    row = _row(connection, principal, table, row_id)
    if row is not None:
        _remember(connection, principal, interaction_id, WRITTEN, table, [(row_id, stamp(row))])


def settled(
    connection: Connection, principal: Principal, interaction_id: int, ask_ids: Sequence[int], day: date
) -> None:
    """These asks were settled with the interaction, as of that day."""
    marks = [(row_id, day.isoformat()) for row_id in ask_ids]
    _remember(connection, principal, interaction_id, SETTLED, ask, marks)


def decided_anew(connection: Connection, principal: Principal, settling: Table, row_id: int) -> None:
    """Somebody said whether this row of ``settling`` is open; no interaction speaks for that any more."""
    table = left_behind.c
    connection.execute(
        left_behind.delete().where(
            table.workspace_id == principal.workspace_id,
            table.record == settling.name,
            table.row_id == row_id,
            table.what == SETTLED,
        )
    )


def take_along(
    connection: Connection, principal: Principal, interaction_id: int, at: datetime
) -> tuple[int, set[int]]:
    """With a deleted interaction: take away what it wrote down, open what it settled.

    Returns how many that were, and the ids of the contacts whose metrics changed.
    """
    marks = _marks(connection, principal, interaction_id)
    about: list[int] = []
    for mark in sorted(marks, key=lambda one: one.what != SETTLED):
        table = metadata.tables[mark.record]
        row = _row(connection, principal, table, mark.row_id)
        if row is None:
            continue
        if mark.what == SETTLED and row.closed_on == date.fromisoformat(mark.stamp):
            _set_closed(connection, principal, row.id, None)
        elif mark.what == WRITTEN and stamp(row) == mark.stamp:
            removed_id = take_away(connection, principal, table, row, at)
            connection.execute(
                left_behind.update().where(*_this(principal, mark)).values(removed_id=removed_id)
            )
        else:
            continue
        about.append(row.contact_id)
    return len(about), set(about)


def bring_along(connection: Connection, principal: Principal, interaction_id: int, at: datetime) -> set[int]:
    """With a restored interaction: what it took along is as it was before; returns the ids of the contacts concerned."""
    about = set()
    for mark in sorted(_marks(connection, principal, interaction_id), key=lambda one: one.what == SETTLED):
        if mark.what == SETTLED:
            row = _row(connection, principal, ask, mark.row_id)
            if row is not None and row.closed_on is None:
                _set_closed(connection, principal, row.id, date.fromisoformat(mark.stamp))
                about.add(row.contact_id)
        elif mark.removed_id and _row(connection, principal, removed_matter, mark.removed_id):
            about.add(put_back(connection, principal, mark.removed_id, at).contact_id)
    return about


def _marks(connection: Connection, principal: Principal, interaction_id: int) -> Sequence[Row[Any]]:
    table = left_behind.c
    return connection.execute(
        select(left_behind).where(
            table.workspace_id == principal.workspace_id, table.interaction_id == interaction_id
        )
    ).all()


def _remember(
    connection: Connection,
    principal: Principal,
    interaction_id: int,
    what: str,
    table: Table,
    marks: Sequence[tuple[int, str]],
) -> None:
    shared = {"workspace_id": principal.workspace_id, "interaction_id": interaction_id, "what": what}
    rows = [{**shared, "record": table.name, "row_id": row_id, "stamp": stamp} for row_id, stamp in marks]
    if rows:
        connection.execute(left_behind.insert(), rows)


def _row(connection: Connection, principal: Principal, table: Table, row_id: int) -> Row[Any] | None:
    mine = table.c.workspace_id == principal.workspace_id, table.c.id == row_id
    return connection.execute(select(table).where(*mine).with_for_update()).one_or_none()


def _set_closed(connection: Connection, principal: Principal, ask_id: int, day: date | None) -> None:
    mine = ask.c.workspace_id == principal.workspace_id, ask.c.id == ask_id
    connection.execute(ask.update().where(*mine).values(closed_on=day))


def _this(principal: Principal, mark: Row[Any]) -> tuple[Any, ...]:
    table = left_behind.c
    return (
        table.workspace_id == principal.workspace_id,
        table.interaction_id == mark.interaction_id,
        table.what == mark.what,
        table.record == mark.record,
        table.row_id == mark.row_id,
    )
