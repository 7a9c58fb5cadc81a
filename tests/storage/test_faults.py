"""Faults of the database, told in a sentence."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crm.errors import Unavailable
from crm.storage.database import Database
from crm.storage.faults import plain_faults
from crm.storage.migrate import migrate
from crm.storage.tables import workspace
from tests.builders import World
from tests.postgresql import execute


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_who_wait_for_each_other_one_is_told_to_try_again(database: Database) -> None:
    both_hold_one = threading.Barrier(2)
    one, other = (World.create(database, name).workspace_id for name in ("Our team", "Another team"))

    def rename(first: int, second: int) -> str:
        try:
            with database.write() as connection:
                connection.execute(workspace.update().where(workspace.c.id == first).values(time_zone="UTC"))
                both_hold_one.wait(10)
                connection.execute(workspace.update().where(workspace.c.id == second).values(time_zone="UTC"))
        except Unavailable as refusal:
            return refusal.sentence
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(rename, (one, other), (other, one)))
    assert said == [
        "Somebody changed the same thing at the same moment, so nothing was saved. Try again.",
        "done",
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("failed to resolve host 'nohost': [Errno -2] Name or service not known", "No server has the name"),
        ('connection failed: FATAL:  database "x" does not exist', "has no database of the name"),
        ('connection failed: FATAL:  role "x" does not exist', "does not know the user"),
        (
            'connection failed: FATAL:  password authentication failed for user "x"',
            "refuses the user or password",
        ),
        ("connection failed: server does not support SSL, but SSL was required", "does not speak TLS"),
        ('connection is bad: invalid sslmode value: "x"', "an option after its ?"),
        ('invalid connection option "x"', "an option after its ?"),
        ("connection is bad: connection to server on socket failed: No such file", "cannot be reached"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "does not let this machine in"),
        ("connection failed: FATAL:  sorry, too many clients already", "no more connections"),
        ("permission denied for schema public", "may not make or read tables"),
        ("must be owner of table contact", "Make that user their owner"),
        ("cannot alter type of a column used by a view or rule", "Drop them first"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_in_a_sentence(
    said: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault = psycopg.OperationalError(said)
    with pytest.raises(Unavailable, match=words) as refused, plain_faults():
        raise OperationalError("connect", None, fault)
    assert caplog.messages == [refused.value.sentence]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_whose_letters_are_not_enough_is_refused(database: Database) -> None:
    server = database.url.render_as_string(hide_password=False)
    plain = server.replace("postgresql+psycopg", "postgresql")
    execute(plain, "CREATE DATABASE latin_letters ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    other = Database(database.url.set(database="latin_letters").render_as_string(hide_password=False))
    try:
        with pytest.raises(Unavailable, match=r"as LATIN1.*ENCODING 'UTF8'"):
            migrate(other)
    finally:
        other.close()
        execute(plain, "DROP DATABASE latin_letters")


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'data' / 'new.sqlite3'}")
    migrate(database)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE anything (one INTEGER)"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    database.close()
    assert modes == dict.fromkeys(("new.sqlite3", "new.sqlite3-wal", "new.sqlite3-shm"), 0o600)
