"""Imports before one that is undone: what it found as they left it is again as they left it, so that they can be undone too."""

from collections.abc import Mapping

from sqlalchemy import and_, select

from crm.imports.run import Run
from crm.storage.blocks import blocks
from crm.storage.tables import import_batch, import_trace, interaction, source_record


def lead_on(run: Run, record: str, found: Mapping[int, str], now: Mapping[int, str]) -> set[int]:
    """Traces of earlier imports that left these rows as the undone one ``found`` them tell of the state they have ``now``.

    Returns the rows of which there are such traces.
    """
    table, traced = import_trace.c, set[int]()
    own = (table.workspace_id == run.principal.workspace_id, table.record == record)
    for block in blocks(found):
        earlier = select(table.batch_id, table.row_id, table.after).where(
            *own, table.row_id.in_(block), table.batch_id != run.batch_id
        )
        for batch_id, row_id, after in run.connection.execute(earlier).all():
            if after == found[row_id]:
                traced.add(row_id)
                this = (*own, table.batch_id == batch_id, table.row_id == row_id)
                run.connection.execute(import_trace.update().where(*this).values(after=now[row_id]))
    return traced


def trace_made(run: Run, now: Mapping[int, str]) -> None:
    """Interactions that the undone import alone had touched are ``now`` as the import that made them left them."""
    source, batch, made = source_record.c, import_batch.c, interaction.c
    brought_by = and_(batch.workspace_id == source.workspace_id, batch.id == source.batch_id)
    same_row = and_(made.workspace_id == source.workspace_id, made.id == source.row_id)
    for block in blocks(now):
        brought = (
            select(source.batch_id, source.row_id)
            .join(import_batch, brought_by)
            .join(interaction, same_row)
            .where(
                source.workspace_id == run.principal.workspace_id,
                source.record == "interaction",
                source.row_id.in_(block),
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
        ]
        if rows:
            run.connection.execute(import_trace.insert(), rows)
