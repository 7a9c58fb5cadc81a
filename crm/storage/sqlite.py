"""SQLite as this house uses it: the newest driver at hand, and what every connection is told."""

import fcntl
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from crm.errors import Unavailable, UsageError

driver: Any = sqlite3
with suppress(ImportError):  # no wheel for this platform: the interpreter's own SQLite serves
    import pysqlite3.dbapi2

    driver = pysqlite3.dbapi2  # the newest SQLite, as a wheel

SAFE = (3, 51, 3)
"""Older ones can damage a WAL where two processes write and checkpoint at the same moment: there one process alone
checkpoints, the server, and a second server is refused."""
BUSY_MILLISECONDS = 5000
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file, under its name and one of these ends."""
STATEMENTS = 500
"""A connection keeps so many statements prepared: more than the pages have. Once the driver's store is full, it keeps what
was used most often and prepares whatever came later anew each time."""


def sqlite_engine(url: str, connections: int) -> Engine:
    """An engine whose connections keep the rules of this house: WAL, durable commits, foreign keys; BEGIN is left to us."""
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
    path = make_url(url).database
    if path and path != ":memory:":
        event.listen(engine, "do_connect", lambda *_: _make(Path(path)))
    event.listen(engine, "connect", _prepare)
    if not is_safe():
        event.listen(engine, "connect", _leave_checkpoints)
    return engine


def is_safe() -> bool:
    """Whether several processes may serve one file."""
    return bool(driver.sqlite_version_info >= SAFE)


@contextmanager
def served(engine: Engine) -> Iterator[None]:
    """This process is the server of the file; Unavailable where another is one and SQLite does not bear two."""
    if is_safe():
        yield
        return
    path = Path(f"{engine.url.database}-server")
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(
                f"Another `crm serve` runs on this database, and SQLite {driver.sqlite_version} bears only one. "
                f"Stop it, install the package pysqlite3 if there is one for this machine, or use PostgreSQL."
            ) from None
        event.remove(engine, "connect", _leave_checkpoints)
        engine.dispose()
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a")
    except OSError as fault:
        raise Unavailable(
            f"{path} cannot be written: {fault.strerror}. Give it to the user who runs crm."
        ) from None


def _leave_checkpoints(connection: Any, record: object) -> None:
    """To the server; and without one, to whoever closes the file last."""
    connection.execute("PRAGMA wal_autocheckpoint=0")


def _make(path: Path) -> None:
    _make_folder(path.parent)
    _make_private(path)


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


def is_whole(connection: Connection) -> bool:
    """Whether SQLite finds no fault in the file; the first one ends the search."""
    return bool(connection.execute(text("PRAGMA quick_check(1)")).scalar_one() == "ok")
