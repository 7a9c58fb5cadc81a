"""``crm restore``: a backup becomes the database, whole or not at all, and sends nothing until it is released."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from crm.care import archive
from crm.care.archive import Archive, Manifest
from crm.care.backup import LEFT_OUT, newest_change
from crm.errors import Conflict
from crm.storage.database import Database, set_last_id
from crm.storage.faults import plain_faults
from crm.storage.migrate import check_references, exclusive, is_known, is_newest, upgrade
from crm.storage.tables import mail_hold, outbox
from crm.storage.tables.nudges import UNFINISHED

_BLOCK = 2_000


def restore(database: Database, path: Path, at: datetime, *, replace: bool = False) -> Manifest:
    """Replace what is in the database by the backup, in one transaction.

    Refuses damaged archives and those of a newer schema; refuses to replace existing data unless ``replace``.
    """
    with archive.opened(path) as found:
        if not is_known(found.manifest.revision):
            raise archive.newer(path, found.manifest.version)
        if not replace:
            _refuse_overwriting(database, found.manifest)
        with plain_faults(), exclusive(database) as connection:
            _empty(connection)
            upgrade(connection, found.manifest.revision)
            _fill(connection, found)
            upgrade(connection)
            set_last_id(connection, found.manifest.last_id)
            check_references(connection)
            _hold_mail(connection, found.manifest, at)
        return found.manifest


def _refuse_overwriting(database: Database, manifest: Manifest) -> None:
    if not is_newest(database):
        return
    with database.read() as connection:
        change = newest_change(connection)
    if change is None:
        return
    backed_up = datetime.fromisoformat(manifest.newest_change) if manifest.newest_change else None
    newer = backed_up is None or change > backed_up
    lost = (
        f"The database holds changes up to {change:%Y-%m-%d %H:%M} UTC, newer than this backup; they would be lost."
        if newer
        else "The database is not empty; what is in it would be replaced."
    )
    raise Conflict(f"{lost} Make a backup of it first, then give --yes to go on.")


def _empty(connection: Connection) -> None:
    """Drop everything, so that the schema can be built as the backup knew it."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SEQUENCE IF EXISTS id_sequence"))


def _fill(connection: Connection, found: Archive) -> None:
    there = MetaData()
    there.reflect(connection)
    _compare(there, found)
    for table in there.sorted_tables:
        if table.name in found.manifest.tables:
            try:
                _insert(connection, table, found.rows(table.name))
            except OperationalError:
                raise  # the machine's fault, not the archive's
            except (SQLAlchemyError, OverflowError):
                raise found.misfit(table.name) from None


def _compare(there: MetaData, found: Archive) -> None:
    """Refuse an archive whose tables or columns are not those of the schema it names."""
    told = found.manifest.tables
    for name in {*told, *there.tables} - LEFT_OUT - {"alembic_version"}:
        columns = there.tables[name].columns.keys() if name in there.tables else []
        if name not in told or sorted(told[name].columns) != sorted(columns):
            raise found.misfit(name)


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while block := list(islice(rows, _BLOCK)):
        connection.execute(table.insert(), block)


def _hold_mail(connection: Connection, manifest: Manifest, at: datetime) -> None:
    """What was waiting in the old outbox may have been sent long ago: an admin looks before anything goes out."""
    reason = f"Restored from a backup of {manifest.made_at[:16].replace('T', ' ')} UTC"
    connection.execute(mail_hold.insert(), {"held_at": at, "reason": reason})
    waiting = outbox.c.state.in_(UNFINISHED)
    connection.execute(
        outbox.update().where(waiting).values(state="held", reason=reason, claim_until=None, changed_at=at)
    )
