"""``crm restore``: a backup becomes the database, whole or not at all, and sends nothing until it is released."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, inspect, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from crm.care import archive
from crm.care.archive import Archive, Manifest
from crm.care.backup import LEFT_OUT, newest_change
from crm.errors import Conflict, Unavailable
from crm.storage.database import Database, set_last_id
from crm.storage.faults import Damaged, plain_faults
from crm.storage.migrate import check_references, exclusive, is_known, newest, revision_of, upgrade
from crm.storage.sqlite import BESIDE, is_whole
from crm.storage.tables import mail_hold, metadata, organisation, outbox, user
from crm.storage.tables.nudges import UNFINISHED

VERSION_TABLE = "alembic_version"
CORE = {VERSION_TABLE, "workspace", "user", "contact", "interaction"}
"""What every database of this program has, of whichever version."""
_BLOCK = 2_000


@dataclass(frozen=True)
class Restored:
    """What the database is now, and the name that a damaged file in its place has got."""

    manifest: Manifest
    set_aside: Path | None = None


def restore(database: Database, path: Path, at: datetime, *, replace: bool = False) -> Restored:
    """Replace what is in the database by the backup, in one transaction.

    Refuses damaged archives, those of a newer schema, and a database of another program; refuses to replace what is
    there unless ``replace``. In a database of a later version, tables of others cannot be told from its own, so they go
    too. A damaged file of SQLite is kept, and a new one takes its place.
    """
    with archive.opened(path) as found:
        if not is_known(found.manifest.revision):
            raise archive.newer(path, found.manifest.version)
        if not _is_damaged(database):
            _put_in(database, found, at, replace=replace)
            return Restored(found.manifest)
        if not replace:
            raise Conflict(
                f"{database.url.database} is damaged, or is not a database. If it is yours, stop the program and give --yes: "
                "a new file takes its place, and the damaged one is kept beside it."
            )
        return Restored(found.manifest, _in_its_place(database, found, at))


def _put_in(database: Database, found: Archive, at: datetime, *, replace: bool) -> None:
    with plain_faults(), exclusive(database) as connection:
        _refuse_foreign(connection)
        lost = None if replace else _would_be_lost(connection, found.manifest)
        if lost:
            raise Conflict(f"{lost} {_keep_it_by(revision_of(connection))}, then give --yes to go on.")
        _empty(connection)
        upgrade(connection, found.manifest.revision)
        _fill(connection, found)
        upgrade(connection)
        set_last_id(connection, found.manifest.last_id)
        check_references(connection)
        _hold_mail(connection, found.manifest, at)
    database.gather_statistics(*metadata.sorted_tables)


def _is_damaged(database: Database) -> bool:
    """Whether a file of SQLite cannot be read as a database, or not everywhere."""
    if not database.is_sqlite:
        return False
    try:
        with database.read() as connection:
            return not is_whole(connection)
    except Damaged:
        return True


def _in_its_place(database: Database, found: Archive, at: datetime) -> Path:
    """Restore into a new file, which takes the place of the damaged one once it is whole; the name that one has got."""
    assert database.url.database
    database.close()
    place = Path(database.url.database)
    fresh = place.with_name(f"{place.name}.restoring")
    kept = place.with_name(f"{place.name}.damaged-{at:%Y-%m-%d-%H%M%S}")
    try:
        _drop(fresh)
        new = Database(database.url.set(database=str(fresh)).render_as_string(hide_password=False))
        try:
            _put_in(new, found, at, replace=True)
        finally:
            new.close()
        _give_the_rights_of(place, fresh)
        _swap(fresh, place, kept)
    except OSError as fault:
        raise Unavailable(
            f"Nothing was restored: the files beside {place} cannot be changed ({fault.strerror})."
        ) from None
    finally:
        _drop(fresh)
    return kept


def _swap(fresh: Path, place: Path, kept: Path) -> None:
    """The new file takes the place of the old one, which goes to ``kept``. Where a step is refused, all is as it was.

    If the machine stops meanwhile, one of the two files is in the place (on a disk without hard links perhaps none), and the
    old one's log may be with ``kept``.
    """
    moved = []
    try:
        for end in BESIDE:  # a log that were left would be read into the new file
            with suppress(FileNotFoundError):
                Path(f"{place}{end}").rename(f"{kept}{end}")
                moved.append(end)
        _name_too(place, kept)
        fresh.replace(place)
    except OSError:
        if not place.exists():
            kept.rename(place)
        kept.unlink(missing_ok=True)
        for end in moved:
            Path(f"{kept}{end}").rename(f"{place}{end}")
        raise


def _name_too(place: Path, kept: Path) -> None:
    """A second name for the file, or where the disk knows none, that name in place of the first."""
    try:
        kept.hardlink_to(place)
    except OSError:
        place.rename(kept)


def _drop(path: Path) -> None:
    for end in ("", *BESIDE):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _give_the_rights_of(one: Path, other: Path) -> None:
    """Whoever runs the program may be another than who restores."""
    with suppress(OSError):
        shutil.copymode(one, other)
        os.chown(other, one.stat().st_uid, one.stat().st_gid)


def _refuse_foreign(connection: Connection) -> None:
    """What another program keeps is not ours to drop, whoever says yes.

    In a database of a later version only that can tell which tables are its own: ``_would_be_lost`` names the strange.
    """
    there = set(inspect(connection).get_table_names())
    if there >= CORE and not is_known(revision_of(connection)):
        return
    strange = _strange(there) if there >= CORE else sorted(there)
    if strange:
        raise Conflict(
            f"The database contains tables that are not In Person's ({_some(strange)}), so nothing was restored. "
            "Name an empty database in CRM_DATABASE_URL."
        )


def _strange(there: set[str]) -> list[str]:
    return sorted(there - {VERSION_TABLE, *metadata.tables})


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _would_be_lost(connection: Connection, manifest: Manifest) -> str | None:
    """A sentence about what a backup would replace; None where nothing was ever kept."""
    there = set(inspect(connection).get_table_names())
    if not there:
        return None
    revision = revision_of(connection)
    if revision != newest():
        age = "an older" if is_known(revision) else "a newer"
        strange = _strange(there)
        too = f", with tables unknown to this one ({_some(strange)})" if strange else ""
        return f"The database is from {age} version of In Person; what is in it would be replaced{too}."
    change = newest_change(connection)
    backed_up = datetime.fromisoformat(manifest.newest_change) if manifest.newest_change else None
    if change and (backed_up is None or change > backed_up):
        return (
            f"The database holds changes up to {change:%Y-%m-%d %H:%M} UTC, newer than this backup; "
            "they would be lost."
        )
    if change or any(connection.execute(select(table).limit(1)).first() for table in (user, organisation)):
        return "The database is not empty; what is in it would be replaced."
    return None


def _keep_it_by(revision: str | None) -> str:
    """What to do first with data that would be lost; a newer version's can be read by that version alone."""
    if not is_known(revision):
        return "Make a backup of it first with that version"
    too = "" if revision == newest() else " (`crm backup` brings it to this version)"
    return f"Make a backup of it first{too}"


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
    for name in {*told, *there.tables} - LEFT_OUT - {VERSION_TABLE}:
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
