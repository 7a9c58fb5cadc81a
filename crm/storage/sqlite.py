"""SQLite as this house uses it: the newest driver at hand, and what every connection is told."""

import math
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

from crm.errors import UsageError

driver: Any = sqlite3
with suppress(ImportError):  # no wheel for this platform: the interpreter's own SQLite serves
    import pysqlite3.dbapi2

    driver = pysqlite3.dbapi2  # the newest SQLite, as a wheel

BUSY_MILLISECONDS = 5000
STATEMENTS = 500
"""A connection keeps so many statements prepared: more than the pages have. Once the driver's store is full, it keeps what
was used most often and prepares whatever came later anew each time."""


def sqlite_engine(url: str, connections: int) -> Engine:
    """An engine whose connections keep the rules of this house: WAL, durable commits, foreign keys; BEGIN is left to us."""
    path = make_url(url).database
    if path and path != ":memory:":
        _make_folder(Path(path).parent)
        _make_private(Path(path))
    engine = create_engine(
        url,
        module=driver,
        pool_size=connections,
        max_overflow=0,
        pool_use_lifo=True,  # the connection used last has its pages and statements at hand
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_MILLISECONDS / 1000,
            "cached_statements": STATEMENTS,
        },
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"The folder {folder} for the database cannot be made: {fault.strerror}.") from None


def _make_private(path: Path) -> None:
    """A new database is for its owner alone, its log as well, which SQLite gives the rights of the file."""
    with suppress(OSError):  # one that is there stays as it is; where none can be made, opening it says why
        path.touch(mode=0o600, exist_ok=False)


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA cache_size=-32000")
    with suppress(driver.OperationalError):  # a read-only file still reads; its first write says why not
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
    connection.create_function("floor", 1, None)  # SQLAlchemy's own fails on NULL; this brings SQLite's back
    for name, function, arguments in (
        ("exp", math.exp, 1),
        ("ln", math.log, 1),
        ("pow", math.pow, 2),
        ("floor", math.floor, 1),
    ):
        _ensure_function(connection, name, function, arguments)


def _ensure_function(connection: Any, name: str, function: Any, arguments: int) -> None:
    """SQLite builds without the mathematical functions get Python's."""
    try:
        connection.execute(f"SELECT {name}({', '.join('1' * arguments)})")
    except driver.OperationalError:
        connection.create_function(
            name, arguments, lambda *values: None if None in values else function(*values), deterministic=True
        )
