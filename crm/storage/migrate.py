"""Brings a database to the newest schema; two processes at once are one migration."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.pool import NullPool

from crm.errors import Unavailable
from crm.storage.database import Database
from crm.storage.faults import plain_faults
from crm.storage.sqlite import driver

LOCK = 4_711_001


def scripts() -> Path:
    """Where the migrations lie: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision this program knows as the newest."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def is_newest(database: Database) -> bool:
    """Whether the database answers and has the schema of this program."""
    return _revision(database) == newest()


def migrate(database: Database) -> bool:
    """Create or upgrade the schema; true if something was done. Refuses a database of a newer version."""
    if is_newest(database):
        return False
    with plain_faults(), exclusive(database) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision == newest():
            return False
        refuse_unknown(revision)
        upgrade(connection)
        check_references(connection)
    return True


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to a revision inside the connection's transaction."""
    command.upgrade(_config(connection), revision)


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def refuse_unknown(revision: str | None) -> None:
    """Refuse a schema that this program does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
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
