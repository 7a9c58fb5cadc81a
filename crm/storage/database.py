"""The database: SQLite or PostgreSQL, read and write transactions, and the ids of new rows.

On SQLite a write transaction takes the write lock at its start (``BEGIN IMMEDIATE``) and one lock in the process keeps
writers in a queue; a read transaction never blocks and never writes. BEGIN is said here and not in an event of the
engine: with one listener SQLAlchemy asks for listeners of every sort at every statement.
"""

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from crm.errors import Unavailable
from crm.storage import sqlite
from crm.storage.faults import plain_faults

log = logging.getLogger(__name__)

THREADS = 5
"""Requests at work at the same moment: each keeps a connection with its pages and statements, some 4 MiB."""
LOCK_SECONDS = 10
"""How long a statement on PostgreSQL waits for somebody else's lock; a person is told then."""


class Database:
    """One database and its two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = sqlite.sqlite_engine(url, THREADS + 4) if self.is_sqlite else _postgresql_engine(url)
        self._reader = self.engine
        if not self.is_sqlite:
            self._reader = self.engine.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
        self._one_writer = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction on one consistent view of the data."""
        with plain_faults(), self._reader.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back if it raises."""
        if not self.is_sqlite:
            with plain_faults(), self.engine.begin() as connection:
                yield connection
            return
        with self._one_writer, plain_faults(), self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread of this process writes to SQLite meanwhile."""
        with self._one_writer:
            yield

    @contextmanager
    def served(self) -> Iterator[None]:
        """This process is a server on it; Unavailable where it bears only one and another is there."""
        with sqlite.served(self.engine) if self.is_sqlite else nullcontext():
            yield

    def gather_statistics(self, *tables: Table) -> None:
        """Let PostgreSQL know at once what a large change wrote; until its autovacuum came by it would read whole tables for
        a few rows. If it cannot, that is only logged: the change is saved. SQLite is told nothing (docs/performance.md)."""
        if self.is_sqlite:
            return
        names = ", ".join(self.engine.dialect.identifier_preparer.format_table(table) for table in tables)
        try:
            with self.write() as connection:
                connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {names}")
        except (Unavailable, SQLAlchemyError) as fault:
            log.warning("statistics were not gathered: %s", type(fault).__name__)

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


def _postgresql_engine(url: str) -> Engine:
    """Statements go to the server as they are, with ``$1``: psycopg would look for its own placeholders in each anew."""
    from psycopg import RawCursor

    engine = create_engine(
        url,
        pool_size=THREADS,
        max_overflow=4,
        pool_pre_ping=True,
        pool_use_lifo=True,  # as on SQLite
        paramstyle="numeric_dollar",
        connect_args={
            "connect_timeout": 10,
            "options": f"-c lock_timeout={LOCK_SECONDS}s",
            "cursor_factory": RawCursor,
        },
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, record: object) -> None:
    from psycopg import RawServerCursor

    letters = connection.info.parameter_status("server_encoding")
    if letters != "UTF8":
        raise Unavailable(
            f"The database keeps letters as {letters}, which has no room for every name. Create it anew with ENCODING 'UTF8'."
        )
    connection.server_cursor_factory = RawServerCursor
    connection.prepared_max = sqlite.STATEMENTS
    connection.prepare_threshold = 0  # at once and not at the sixth time: nearly all of them come again


def take_turns(connection: Connection, words: str) -> None:
    """Wait until no other transaction that said the same words is under way; whoever comes next waits for this one.

    For what is read before it is written where no row can be locked. On SQLite a write transaction is alone anyway.
    """
    if connection.dialect.name != "sqlite":
        number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def new_ids(connection: Connection, count: int = 1) -> list[int]:
    """Ids for ``count`` new rows, rising and unique across all tables.

    PostgreSQL takes them from a sequence; SQLite, which has one writer, from a counter row in the same transaction.
    """
    if count == 0:
        return []
    if connection.dialect.name == "sqlite":
        last = connection.execute(_COUNTED, {"count": count}).scalar_one()
        return list(range(last - count + 1, last + 1))
    return list(connection.execute(_DRAWN, {"count": count}).scalars())


_COUNTED = text("UPDATE id_counter SET last_id = last_id + :count RETURNING last_id")
_DRAWN = text("SELECT nextval('id_sequence') FROM generate_series(1, :count)")


def new_id(connection: Connection) -> int:
    """The id of one new row."""
    return new_ids(connection)[0]


def last_id(connection: Connection) -> int:
    """The newest id given out; 0 where none was."""
    if connection.dialect.name == "sqlite":
        return int(connection.execute(text("SELECT last_id FROM id_counter")).scalar_one())
    row = connection.execute(text("SELECT last_value, is_called FROM id_sequence")).one()
    return int(row.last_value) if row.is_called else 0


def set_last_id(connection: Connection, last: int) -> None:
    """Ids go on after ``last``."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("UPDATE id_counter SET last_id = :last"), {"last": last})
    elif last:
        connection.execute(text("SELECT setval('id_sequence', :last)"), {"last": last})
