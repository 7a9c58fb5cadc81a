"""The database: SQLite or PostgreSQL, read and write transactions, and the ids of new rows.

On SQLite a write transaction takes the write lock at its start (``BEGIN IMMEDIATE``) and one lock in the process keeps
writers in a queue; a read transaction never blocks and never writes.
"""

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError

from crm.errors import Unavailable, UsageError

try:
    from pysqlite3 import dbapi2 as sqlite_driver  # the newest SQLite as a wheel; see docs/decisions
except ImportError:  # no wheel for this platform: the interpreter's own SQLite
    sqlite_driver = sqlite3

BUSY_MILLISECONDS = 5000
THREADS = 8


class Database:
    """One database and its two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._reader = self.engine.execution_options(
            **({"crm_begin": "BEGIN"} if self.is_sqlite else {"postgresql_readonly": True})
        )
        self._writer = self.engine.execution_options(crm_begin="BEGIN IMMEDIATE")
        self._one_writer = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction on one consistent view of the data."""
        with plain_faults(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back if it raises."""
        if not self.is_sqlite:
            with plain_faults(), self._writer.begin() as connection:
                yield connection
            return
        with self._one_writer, plain_faults(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


@contextmanager
def plain_faults() -> Iterator[None]:
    """Faults of the machine under the database become a refusal with a sentence; mistakes of ours stay errors."""
    try:
        yield
    except (OperationalError, DatabaseError) as fault:
        sentence = _sentence(str(fault.orig).lower(), fault.connection_invalidated)
        if sentence is None:
            raise
        raise Unavailable(sentence) from fault


def _sentence(said: str, disconnected: bool) -> str | None:
    known = {
        "readonly database": "The database is read-only, so nothing was saved. Check the permissions of its file and folder.",
        "disk is full": "The disk is full, so nothing was saved. Free some space and try again.",
        "no space left": "The disk is full, so nothing was saved. Free some space and try again.",
        "database is locked": "The database is busy, so nothing was saved. Try again in a moment.",
        "disk i/o error": "The disk could not be read or written, so nothing was saved. Check the disk of the database.",
        "unable to open": "The database file cannot be opened. Check that its folder exists and may be written.",
        "malformed": "The database file is damaged. Stop the program and restore the last backup.",
        "not a database": "The database file is not a database. Check CRM_DATABASE_URL.",
        "read-only transaction": "The database only lets us read at the moment, so nothing was saved.",
        "connection refused": "The database server cannot be reached, so nothing was saved. Check that it runs.",
        "connection failed": "The database server cannot be reached, so nothing was saved. Check that it runs.",
    }
    found = next((sentence for words, sentence in known.items() if words in said), None)
    if found is None and disconnected:
        return "The connection to the database was lost, so nothing was saved. Try again in a moment."
    return found


def _postgresql_engine(url: str) -> Engine:
    return create_engine(url, pool_size=THREADS, max_overflow=4, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        _make_folder(Path(path).parent)
    engine = create_engine(
        url,
        module=sqlite_driver,
        pool_size=THREADS + 4,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"The folder {folder} for the database cannot be made: {fault.strerror}.") from None


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA cache_size=-32000")
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite_driver.OperationalError:
        pass  # a read-only file: reading still works, and the first write says why it cannot
    cursor.close()
    connection.create_function("floor", 1, None)  # SQLAlchemy's own fails on NULL; this brings SQLite's back
    for name, function, arguments in (("exp", math.exp, 1), ("ln", math.log, 1), ("pow", math.pow, 2), ("floor", math.floor, 1)):
        _ensure_function(connection, name, function, arguments)


def _ensure_function(connection: Any, name: str, function: Any, arguments: int) -> None:
    """SQLite builds without the mathematical functions get Python's."""
    try:
        connection.execute(f"SELECT {name}({', '.join('1' * arguments)})")
    except sqlite_driver.OperationalError:
        connection.create_function(
            name, arguments, lambda *values: None if None in values else function(*values), deterministic=True
        )


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("crm_begin", "BEGIN"))


def new_ids(connection: Connection, count: int = 1) -> list[int]:
    """Ids for ``count`` new rows, rising and unique across all tables.

    PostgreSQL takes them from a sequence; SQLite, which has one writer, from a counter row in the same transaction.
    """
    if count == 0:
        return []
    if connection.dialect.name == "sqlite":
        last = connection.execute(
            text("UPDATE id_counter SET last_id = last_id + :count RETURNING last_id"), {"count": count}
        ).scalar_one()
        return list(range(last - count + 1, last + 1))
    rows = connection.execute(text("SELECT nextval('id_sequence') FROM generate_series(1, :count)"), {"count": count})
    return list(rows.scalars())


def new_id(connection: Connection) -> int:
    """The id of one new row."""
    return new_ids(connection)[0]
