"""``crm backup``: everything in one file, taken while people work."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, func, select
from sqlalchemy.types import TypeDecorator

from crm import __version__
from crm.care import archive
from crm.care.archive import Manifest, Writer
from crm.errors import Conflict, Invalid, Unavailable
from crm.storage.database import Database, last_id
from crm.storage.migrate import newest, revision_of
from crm.storage.sqlite import BESIDE
from crm.storage.tables import metadata
from crm.storage.types import from_micros

LEFT_OUT = {
    "address_change",
    "id_counter",
    "idempotency_key",
    "import_upload",
    "one_time_link",
    "scheduler_pulse",
    "session",
    "sign_in_failure",
}
"""What must not come back: open sessions and links, and what is only for the moment."""
PART = ".backup-"
_BLOCK = 2_000


def back_up(database: Database, path: Path, at: datetime) -> Manifest:
    """Write a consistent backup to ``path``, verified by reading it back; an older backup there is replaced at the end.

    Refuses to replace any other file. Raises Unavailable with a sentence if the file cannot be written; then nothing
    is left behind.
    """
    _refuse_other_files(database, path)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as file:
            part = Path(file.name)
    except OSError as fault:
        raise Unavailable(f"The backup cannot be written to {path.parent}: {fault.strerror}.") from None
    try:
        manifest = _write(database, part, at)
        archive.seal(part)
        _read_back(part)
        _refuse_to_lose(path, manifest)
        part.replace(path)
    except OSError as fault:
        raise Unavailable(
            f"The backup was not made: {fault.strerror or fault}. Nothing was left at {path}. "
            "Make room there, or name another place."
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _refuse_other_files(database: Database, path: Path) -> None:
    """What is no backup is not ours to replace, least of all what belongs to the database."""
    if database.is_sqlite:
        own = {Path(f"{database.url.database}{end}").resolve() for end in ("", *BESIDE)}
        if path.resolve() in own:
            raise Conflict(f"{path} belongs to the database. Name another file for the backup.")
    if os.path.isdir(path):  # noqa: PTH112
        raise Conflict(f"{path} is a folder. Name a file in it.")
    try:
        is_other = os.path.lexists(path) and not archive.is_one(path)
    except OSError as fault:
        raise Unavailable(
            f"{path} already exists and cannot be read ({fault.strerror}), so it was left alone. Name another file."
        ) from None
    if is_other:
        raise Conflict(f"{path} already exists and is not a backup, so it was left alone. Name another file.")


def _refuse_to_lose(path: Path, new: Manifest) -> None:
    """A backup with users is not replaced by one without: cron, which does not know the settings, has another database."""
    if has_users(new):
        return
    if holds_users(path):
        raise Conflict(
            f"No user is in this database, but there are users in the backup at {path}, so that stays. "
            "If yours is another database, set CRM_DATA_DIR or CRM_DATABASE_URL."
        )


def holds_users(path: Path) -> bool:
    """Whether a file is a whole backup that has users in it."""
    with suppress(Invalid, Unavailable), archive.opened(path) as found:
        return has_users(found.manifest)
    return False


def has_users(manifest: Manifest) -> bool:
    """Whether anybody could sign in to what was backed up."""
    users = manifest.tables.get("user")
    return users is not None and users.rows > 0


def _write(database: Database, path: Path, at: datetime) -> Manifest:
    with database.read() as connection, path.open("wb") as file:
        _refuse_another_schema(connection)
        writer = Writer(file)
        try:
            for table in metadata.sorted_tables:
                if table.name not in LEFT_OUT:
                    plain = plain_table(table)
                    writer.table(table.name, [column.name for column in plain.c], _rows(connection, plain))
            manifest = _manifest(connection, writer, at)
            writer.close(manifest)
        except OSError:
            writer.abandon()
            raise
    return manifest


def _refuse_another_schema(connection: Connection) -> None:
    """What this program does not know of the database would be missing, although the backup looked whole."""
    if revision_of(connection) != newest():
        raise Unavailable(
            "No backup was made: the database has the schema of another version of In Person. "
            "Stop this program, and use the version that is installed now."
        )


def _manifest(connection: Connection, writer: Writer, at: datetime) -> Manifest:
    change = newest_change(connection)
    return Manifest(
        archive.FORMAT,
        __version__,
        newest(),
        at.isoformat(),
        last_id(connection),
        change.isoformat() if change else None,
        writer.tables,
    )


def _rows(connection: Connection, table: Table) -> Iterator[Iterable[Any]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    yield from connection.execution_options(yield_per=_BLOCK).execute(ordered)


def plain_table(table: Table) -> Table:
    """The table with its columns as they are kept: instants and days as whole numbers, JSON as text."""
    columns: list[Column[Any]] = [
        Column(
            column.name,
            column.type.impl if isinstance(column.type, TypeDecorator) else column.type,
            primary_key=column.primary_key,
        )
        for column in table.columns
    ]
    return Table(table.name, MetaData(), *columns)


def newest_change(connection: Connection) -> datetime | None:
    """The newest moment at which a contact or an interaction was changed."""
    tables = [plain_table(metadata.tables[name]) for name in ("contact", "interaction")]
    found = [connection.execute(select(func.max(table.c.changed_at))).scalar() for table in tables]
    known = [moment for moment in found if moment is not None]
    return from_micros(max(known)) if known else None


def _read_back(path: Path) -> None:
    """Every row that was counted can be read again."""
    try:
        with archive.opened(path) as found:
            for name in found.manifest.tables:
                for _ in found.rows(name):
                    pass
    except Invalid:
        raise Unavailable(
            f"The backup was not made: what was written to {path.parent} reads back differently. Check that disk."
        ) from None
