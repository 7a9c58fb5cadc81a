"""Real databases for every test: SQLite, and PostgreSQL from a wheel or from ``CRM_TEST_DATABASE_URL``."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event

from crm.accounts import passwords
from crm.storage.database import Database
from crm.storage.migrate import migrate
from tests import portal
from tests.builders import NOW, World
from tests.databases import BACKENDS, by_turns
from tests.postgresql import Spare, execute, running
from tests.thorough import TIMES

# A busy machine is no counterexample. The short form tries the same few examples each time; new ones, and more of them,
# are for the long form.
settings.register_profile("house", deadline=None, derandomize=TIMES == 1, max_examples=50 * TIMES)
settings.load_profile("house")


_in_earnest = passwords._hasher
passwords._hasher = cache(lambda: PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
"""Hashing is slow on purpose, and most tests are about something else."""


@pytest.fixture
def hasher_in_earnest() -> PasswordHash:
    """What hashes passwords outside of tests."""
    return _in_earnest()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what it is not the turn of."""
    kept, left = by_turns(items)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def loops() -> Iterator[None]:
    """Whatever loop the tests started ends with them."""
    yield
    portal.opened.close()


@pytest.fixture(autouse=True)
def the_present() -> Iterator[None]:
    """Every test begins at the same Monday noon, whatever day it is; a process it starts lives in the real present."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated empty SQLite file; tests copy it."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.engine.raw_connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server whose databases tests may create; never the one configured for real use."""
    with running() as server:
        if not os.environ.get("CRM_TEST_DATABASE_URL"):
            _hurry(server)
        yield server


@pytest.fixture(scope="session")
def postgresql_spare(postgresql_server: str) -> Iterator[Spare]:
    """The PostgreSQL database that tests use in turn."""
    spare = Spare(postgresql_server)
    yield spare
    spare.drop()


def _hurry_sqlite(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _hurry(server: str) -> None:
    """A test's data need not survive a power cut."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        execute(server, f"ALTER SYSTEM SET {name} = off")
    execute(server, "SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def opened() -> Iterator[dict[str, Database]]:
    """Databases by their address: the statements that SQLAlchemy has compiled for one are kept for the next test, and
    so are connections to PostgreSQL, which each begin with an empty memory of the tables."""
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        database.close()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a fresh migrated database, on each backend in turn."""
    if request.param == "postgresql":
        spare: Spare = request.getfixturevalue("postgresql_spare")
        return spare.address
    path = tmp_path_factory.getbasetemp() / "in-person.sqlite3"
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str, opened: dict[str, Database]) -> Iterator[Database]:
    """A fresh migrated database, on each backend in turn."""
    if database_url not in opened:
        opened[database_url] = Database(database_url)
        if opened[database_url].is_sqlite:
            event.listen(opened[database_url].engine, "connect", _hurry_sqlite)
    database = opened[database_url]
    yield database
    if database.is_sqlite:
        database.close()


@pytest.fixture
def world(database: Database) -> World:
    """An empty workspace with builders; see ``tests/cast.py`` for people with names."""
    return World.create(database)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate of localhost that nobody trusts by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so there is no certificate to test with")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    )
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server on this machine encrypts with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients trust that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))


@pytest.fixture
def statements(database: Database) -> Callable[[Callable[[], Any]], int]:
    """How many statements a function sends to the database."""

    def number(what: Callable[[], Any]) -> int:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            sent.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            what()
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len(sent)

    return number
