"""What files had said before an import that is undone: by that, later ones are compared again."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from crm.imports.cell_changes import LISTS
from crm.imports.records import digest
from crm.imports.retold import said_before, said_of, said_while_in_log, written
from crm.imports.run import Run
from crm.imports.sheets import SHEETS
from crm.imports.sources import marks, parse_marks
from crm.imports.stored import cells_of
from crm.interactions.actions import Entry
from crm.storage.blocks import blocks
from crm.storage.tables import source_record

_OTHERWISE = (*LISTS, "deceased_on")
"""What a row says in part of what is here, or in other words."""


class PutBack(NamedTuple):
    """An interaction as it is again; ``changed`` as an import had left it, None where that had only taken it out of the
    log, or into it again: in the latter case it is out of it since ``taken_at``."""

    entry: Entry
    changed: Entry | None = None
    taken_at: datetime | None = None


def tell_as_before(run: Run, put_back: Mapping[int, PutBack]) -> None:
    """The same file brings the same changes again, and what people changed here is still told from them."""

    def then(row_id: int, content: str) -> str:
        said = said_of(content)
        return written(_then(said, put_back[row_id])) if "at" in said else ""

    _rewrite(run, "interaction", put_back, then)


def _then(said: Mapping[str, Any], one: PutBack) -> dict[str, Any]:
    if one.changed is None:
        return said_while_in_log(said, one.entry, one.taken_at)
    return said_before(said, one.changed, one.entry)


def tell_cells_as_before(
    run: Run, record: str, kind: str, stood: Mapping[int, Any], put_back: Mapping[int, Any]
) -> None:
    """The same of rows of files: cells that the import changed said what is here again, and what else they said is still
    told from what people changed here. ``stood`` is what the import had left of those that are ``put_back``."""

    def then(row_id: int, content: str) -> str:
        left, now = (_cells(kind, those[row_id]) for those in (stood, put_back))
        return _marks_before(content, left, now)

    _rewrite(run, record, put_back, then)


def _rewrite(run: Run, record: str, row_ids: Iterable[int], then: Callable[[int, str], str]) -> None:
    """What is kept of these rows, by what it was; a row may have come from several files."""
    table = source_record.c
    mine = (table.workspace_id == run.principal.workspace_id, table.record == record)
    for block in blocks(row_ids):
        kept = select(table.source_key, table.row_id, table.content_hash)
        for row in run.connection.execute(kept.where(*mine, table.row_id.in_(block))).all():
            this = source_record.update().where(*mine, table.source_key == row.source_key)
            run.connection.execute(this.values(content_hash=then(row.row_id, row.content_hash)))


def _cells(kind: str, record: Any) -> dict[str, str]:
    """All that a row may say of it, also when they died, for which there is no cell."""
    died = getattr(record, "deceased_on", None)
    return {**cells_of(kind, record, SHEETS[kind].fields), "deceased_on": died.isoformat() if died else ""}


def _marks_before(content: str, left: Mapping[str, str], now: Mapping[str, str]) -> str:
    last = parse_marks(content)
    told = {
        name: now[name]
        for name in last.keys() & now.keys()
        if left[name] != now[name] and (name in _OTHERWISE or last[name] == digest(left[name]))
    }
    return marks(told, content) if last else ""
