"""Brings a database to the newest schema; two processes at once are one migration.

Alembic is imported only by who migrates: a server that starts on the newest schema does without.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from crm.errors import Unavailable
from crm.storage.database import Database
from crm.storage.faults import plain_faults
from crm.storage.sqlite import driver

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 4_711_001
_SAYS = re.compile(r'^(revision|down_revision)\b[^=\n]*= *(?:"(\w+)"|None)$', re.MULTILINE)


def scripts() -> Path:
    """Where the migrations lie: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision this program knows as the newest: the one that none follows."""
    return _newest_in(scripts() / "versions")


@cache
def _newest_in(folder: Path) -> str:
    said: list[dict[str, str]] = [
        dict(_SAYS.findall(file.read_text(encoding="utf-8"))) for file in folder.glob("*.py")
    ]
    (head,) = {one["revision"] for one in said} - {one["down_revision"] for one in said}
    return head


def is_newest(database: Database) -> bool:
    """Whether the database answers and has the schema of this program."""
    with database.read() as connection:
        return revision_of(connection) == newest()


def migrate(database: Database) -> bool:
    """Create or upgrade the schema; true if something was done. Refuses a database of a newer version."""
    if is_newest(database):
        return False
    with plain_faults(), exclusive(database) as connection:
        revision = revision_of(connection)
        if revision == newest():
            return False
        _refuse_unknown(revision)
        upgrade(connection)
        check_references(connection)
    return True


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to a revision inside the connection's transaction."""
    from alembic import command

    command.upgrade(_config(connection), revision)


def revision_of(connection: Connection) -> str | None:
    """The schema that the database has; None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def is_new(database: Database) -> bool:
    """Whether the database has no schema yet."""
    with database.read() as connection:
        return revision_of(connection) is None


def is_newer(database: Database) -> bool:
    """Whether the database has a schema that only a later program knows."""
    with database.read() as connection:
        return not is_known(revision_of(connection))


def fault_of_schema(database: Database) -> tuple[str, str] | None:
    """What is wrong with the schema and what to do about it; None where it is the one this program needs."""
    if is_newest(database):
        return None
    if is_new(database):
        remedy = "Start `crm serve`; or, if yours is elsewhere, set CRM_DATA_DIR or CRM_DATABASE_URL."
        return "The database is empty: nothing has ever been stored in it.", remedy
    if is_newer(database):
        remedy = "Install that version or a later one, or restore an older backup."
        return "The database was made by a newer version of In Person.", remedy
    return "The database has an older schema than this program.", "Run `crm migrate`."


def is_known(revision: str | None) -> bool:
    """Whether this program knows a schema; none is known."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision is None or revision in known


def _refuse_unknown(revision: str | None) -> None:
    """Refuse a schema that this program does not know."""
    if not is_known(revision):
        raise Unavailable(
            f"The database is of a newer version of In Person (its schema is {revision}). "
            "Install that version or a later one, or restore an older backup."
        )


@contextmanager
def exclusive(database: Database) -> Iterator[Connection]:
    """One transaction that no other migration can enter, with SQLite's cascades asleep (batch mode rebuilds tables)."""
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another migration may take its time
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection
        return
    engine = create_engine(database.url, module=driver, poolclass=NullPool, connect_args={"timeout": 60})
    event.listen(engine, "connect", _without_cascades)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    with engine.begin() as connection:
        yield connection


def _without_cascades(connection, record) -> None:  # type: ignore[no-untyped-def]
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=OFF")


def check_references(connection: Connection) -> None:
    """Refuse a state in which a row refers to one that is not there (SQLite; PostgreSQL never allows it)."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise Unavailable(
                f"The migration would break references in {broken[0]}; nothing was changed. Restore a backup."
            )
