"""What machines had said of interactions before an import that is undone: by that, later files are compared again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from crm.imports.retold import said_before, said_of, said_while_in_log, written
from crm.imports.run import Run
from crm.interactions.actions import Entry
from crm.storage.blocks import blocks
from crm.storage.tables import source_record


class PutBack(NamedTuple):
    """An interaction as it is again; ``changed`` as an import had left it, None where that had only taken it out of the
    log, or into it again: in the latter case it is out of it since ``taken_at``."""

    entry: Entry
    changed: Entry | None = None
    taken_at: datetime | None = None


def tell_as_before(run: Run, put_back: Mapping[int, PutBack]) -> None:
    """The same file brings the same changes again, and what people changed here is still told from them."""
    table = source_record.c
    mine = (table.workspace_id == run.principal.workspace_id, table.record == "interaction")
    for block in blocks(put_back):
        kept = select(table.source_key, table.row_id, table.content_hash)
        for row in run.connection.execute(kept.where(*mine, table.row_id.in_(block))).all():
            said = said_of(row.content_hash)
            content = written(_then(said, put_back[row.row_id])) if "at" in said else ""
            this = source_record.update().where(*mine, table.source_key == row.source_key)
            run.connection.execute(this.values(content_hash=content))


def _then(said: Mapping[str, Any], one: PutBack) -> dict[str, Any]:
    if one.changed is None:
        return said_while_in_log(said, one.entry, one.taken_at)
    return said_before(said, one.changed, one.entry)
