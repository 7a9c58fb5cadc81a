"""Reports of imports without one person: whatever an import said of them goes, with what else it said of the same row."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.blanking import Marks
from crm.domain.file_places import row_of
from crm.domain.folding import fold
from crm.domain.principal import Principal
from crm.storage.tables import import_batch

_PLACES: dict[str, int | str] = {
    "changes": 0,
    "birthdays": 1,
    "skipped": "where",
    "uncertain": "where",
    "errors": "where",
}
"""Where the items of these lists say which row of which file they are about."""


def take_out_of_reports(
    connection: Connection, principal: Principal, marks: Marks, names: Collection[str]
) -> int:
    """Drop what tells of the person, by these marks or under exactly one of these names; returns how many reports changed."""
    mine = import_batch.c.workspace_id == principal.workspace_id
    called, changed = {fold(name) for name in names}, 0
    found = select(import_batch.c.id, import_batch.c.report).where(mine, import_batch.c.report.is_not(None))
    for row in connection.execute(found).all():
        files = [_without(said, marks, called) for said in row.report or ()]
        if files != row.report:
            changed += 1
            these = import_batch.update().where(mine, import_batch.c.id == row.id)
            connection.execute(these.values(report=files))
    return changed


def _without(said: dict[str, Any], marks: Marks, called: Collection[str]) -> dict[str, Any]:
    """What was said of one file; of columns each shows a cell of the first row, so that all go with one."""
    lists = {name: items for name, items in said.items() if isinstance(items, list)}
    telling = {name: [item for item in items if _tells(item, marks, called)] for name, items in lists.items()}
    rows = {_place(name, item) for name, items in telling.items() for item in items} - {
        None,
        said.get("file"),
    }
    left = {
        name: [item for item in items if item not in telling[name] and _place(name, item) not in rows]
        for name, items in lists.items()
    }
    if telling.get("columns"):
        left["columns"] = []
    return {**said, **left}


def _tells(item: Any, marks: Marks, called: Collection[str]) -> bool:
    return marks.blank(item) != item or any(fold(text) in called for text in _texts(item))


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif isinstance(item, dict | list):
        for one in item.values() if isinstance(item, dict) else item:
            yield from _texts(one)


def _place(name: str, item: Any) -> str | None:
    return row_of(str(item[_PLACES[name]])) if name in _PLACES else None
