"""Imports before one that is undone: what it found as they left it is again as they left it, so that they can be undone too."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, select

from crm.imports.run import Run
from crm.storage.tables import import_batch, import_trace, interaction, source_record


def lead_on(run: Run, record: str, found: Mapping[int, str], now: Mapping[int, str]) -> set[int]:
    """Traces of earlier imports that left these rows as the undone one ``found`` them tell of the state they have ``now``.

    Returns the rows of which there are such traces.
    """
    table, traced = import_trace.c, set[int]()
    own = (table.workspace_id == run.principal.workspace_id, table.record == record)
    others = select(table.batch_id, table.row_id, table.after).where(
        *own, table.batch_id != run.batch_id, table.row_id.in_(_its_rows(run, record))
    )
    for batch_id, row_id, after in run.connection.execute(others).all():
        if after == found.get(row_id):
            traced.add(row_id)
            this = (*own, table.batch_id == batch_id, table.row_id == row_id)
            run.connection.execute(import_trace.update().where(*this).values(after=now[row_id]))
    return traced


def trace_made(run: Run, now: Mapping[int, str]) -> None:
    """Interactions that the undone import alone had touched are ``now`` as the import that made them left them."""
    source, batch, made = source_record.c, import_batch.c, interaction.c
    brought = (
        select(source.batch_id, source.row_id)
        .join(import_batch, and_(batch.workspace_id == source.workspace_id, batch.id == source.batch_id))
        .join(interaction, and_(made.workspace_id == source.workspace_id, made.id == source.row_id))
        .where(
            source.workspace_id == run.principal.workspace_id,
            source.record == "interaction",
            source.row_id.in_(_its_rows(run, "interaction")),
            source.batch_id != run.batch_id,
            made.created_at == batch.applied_at,
        )
    )
    rows = [
        {
            "workspace_id": run.principal.workspace_id,
            "batch_id": batch_id,
            "record": "interaction",
            "row_id": row_id,
            "before": None,
            "after": now[row_id],
        }
        for batch_id, row_id in run.connection.execute(brought.distinct()).all()
        if row_id in now
    ]
    if rows:
        run.connection.execute(import_trace.insert(), rows)


def _its_rows(run: Run, record: str) -> Select[Any]:
    """The rows that the undone import touched: asked for as a whole, since nothing finds traces by row."""
    own = import_trace.alias().c
    return select(own.row_id).where(
        own.workspace_id == run.principal.workspace_id,
        own.batch_id == run.batch_id,
        own.record == record,
    )
