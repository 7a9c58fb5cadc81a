"""From which item of which source a row came, and what an import changed: the memory that makes imports idempotent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from crm.domain.principal import Principal
from crm.imports.bulk import insert_rows
from crm.imports.records import digest
from crm.storage.blocks import blocks
from crm.storage.tables import import_trace, source_record


class Source(NamedTuple):
    """The row an item became, and what the item said when it was last imported (``marks`` or a digest)."""

    row_id: int
    content: str


class Sources:
    """The source records of one workspace, read in blocks and written at the end of each file."""

    def __init__(self, connection: Connection, principal: Principal, batch_id: int) -> None:
        self._connection = connection
        self._workspace_id = principal.workspace_id
        self._batch_id = batch_id
        self._known: dict[tuple[str, str], Source] = {}
        self._new: set[tuple[str, str]] = set()
        self._changed: dict[tuple[str, str], bool] = {}
        self.written = 0

    def load(self, record: str, keys: Iterable[str]) -> None:
        """Read what is known about these items."""
        table = source_record.c
        for block in blocks(key for key in keys if (record, key) not in self._known):
            rows = self._connection.execute(
                select(table.source_key, table.row_id, table.content_hash).where(
                    table.workspace_id == self._workspace_id,
                    table.record == record,
                    table.source_key.in_(block),
                )
            )
            for key, row_id, content in rows:
                self._known[record, key] = Source(row_id, content)

    def get(self, record: str, key: str) -> Source | None:
        """What is known about one item; ``load`` comes first."""
        return self._known.get((record, key))

    def said_by_rows(self, record: str) -> dict[int, list[str]]:
        """What each row of a table said of each of our rows, as it was before this file; what came first stands last."""
        table = source_record.c
        mine = select(table.row_id, table.content_hash).where(
            table.workspace_id == self._workspace_id,
            table.record == record,
            table.source_key.startswith("row:"),
            table.content_hash != "",
        )
        found: dict[int, list[str]] = {}
        newest_first = mine.order_by(table.batch_id.desc(), table.source_key.desc())
        for row_id, content in self._connection.execute(newest_first):
            found.setdefault(row_id, []).append(content)
        return found

    def remember(self, record: str, key: str, row_id: int, content: str) -> None:
        """This item is that row, and says this now."""
        before = self._known.get((record, key))
        if before == (row_id, content):
            return
        self._known[record, key] = Source(row_id, content)
        if before is None:
            self._new.add((record, key))
        elif (record, key) not in self._new:
            moved = before.row_id != row_id or self._changed.get((record, key), False)
            self._changed[record, key] = moved

    def flush(self) -> None:
        """Write what is new; an item keeps the import that first brought its row."""
        insert_rows(self._connection, source_record, _COLUMNS, [self._row(*key) for key in self._new])
        table = source_record.c
        for (record, key), moved in self._changed.items():
            values: dict[str, Any] = dict(zip(_COLUMNS, self._row(record, key), strict=True))
            self._connection.execute(
                source_record.update()
                .where(
                    table.workspace_id == self._workspace_id,
                    table.record == record,
                    table.source_key == key,
                )
                .values(
                    row_id=values["row_id"],
                    content_hash=values["content_hash"],
                    **({"batch_id": self._batch_id} if moved else {}),
                )
            )
        self.written += len(self._new) + len(self._changed)
        self._new.clear()
        self._changed.clear()

    def _row(self, record: str, key: str) -> tuple[Any, ...]:
        source = self._known[record, key]
        return (self._workspace_id, record, key, source.row_id, source.content, self._batch_id, 1)


_COLUMNS = ("workspace_id", "record", "source_key", "row_id", "content_hash", "batch_id", "seen")


# What each cell said: an unchanged cell of a changed row leaves alone what people changed since.


def marks(cells: Mapping[str, str], before: str = "") -> str:
    """What the cells of a row said, with what earlier files said in columns that this one lacks."""
    kept = {**parse_marks(before), **{name: digest(cell) for name, cell in cells.items()}}
    return " ".join(f"{name}={mark}" for name, mark in sorted(kept.items()))


def parse_marks(content: str) -> dict[str, str]:
    """The digest of each cell by column."""
    return dict(pair.split("=", 1) for pair in content.split(" ") if "=" in pair)


def nearest(contents: Iterable[str], said: str) -> str:
    """Of what rows said, what agrees with this one in most cells, the first of equals; empty where there is none."""
    now = parse_marks(said).items()
    return max(contents, key=lambda one: len(now & parse_marks(one).items()), default="")


# What an import changed.

VERSION = "version"
"""Among the old values of a row: the state in which the import found it, as a stamp."""


class Traces:
    """Rows an import made (``before`` is None) or changed (their old values), each with its first state."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], dict[str, Any] | None] = {}

    def made(self, record: str, row_ids: Iterable[int]) -> None:
        """These rows are new."""
        for row_id in row_ids:
            self._before[record, row_id] = None

    def changed(self, record: str, row_id: int, before: dict[str, Any]) -> None:
        """This row had these values; what an earlier change of the same import kept stays."""
        earlier = self._before.get((record, row_id), {})
        if earlier is not None:
            self._before[record, row_id] = {**before, **earlier}

    def is_made(self, record: str, row_id: int) -> bool:
        """Whether this row is new with this import."""
        return self._before.get((record, row_id), {}) is None

    def ids(self) -> dict[str, list[int]]:
        """The rows by record."""
        found: dict[str, list[int]] = {}
        for record, row_id in self._before:
            found.setdefault(record, []).append(row_id)
        return found

    def write(
        self,
        connection: Connection,
        principal: Principal,
        batch_id: int,
        stamps: Mapping[tuple[str, int], str],
    ) -> None:
        """Keep them, each with the stamp of its state now."""
        rows = [
            {
                "workspace_id": principal.workspace_id,
                "batch_id": batch_id,
                "record": record,
                "row_id": row_id,
                "before": before,
                "after": stamps[record, row_id],
            }
            for (record, row_id), before in self._before.items()
            if (record, row_id) in stamps
        ]
        if rows:
            connection.execute(import_trace.insert(), rows)

    def __bool__(self) -> bool:
        return bool(self._before)


def stamp_of(row: Row[Any], extra: Sequence[Any] = ()) -> str:
    """A state of a row that counts no versions, to tell whether somebody changed it."""
    return digest(repr([*row, *extra]))
