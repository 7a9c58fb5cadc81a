"""A connection keeps the statements of all the pages prepared: to prepare a long one takes ten times what running it does."""

from pathlib import Path

from crm.storage.database import Database

BEFORE = 300
"""More different statements than a round of all the pages runs."""


def test_what_is_asked_after_many_other_statements_is_prepared_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.sqlite3")
    prepared: list[object] = []

    def notice(*what: object) -> int:
        prepared.append(what)
        return 0

    with database.read() as connection:
        for number in range(BEFORE):
            for _ in range(2):
                connection.exec_driver_sql(f"SELECT {number} AS before_{number}")
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.set_authorizer(notice)
        for _ in range(3):
            connection.exec_driver_sql("SELECT 1 AS later")
            connection.exec_driver_sql("SELECT 2 AS last")
        assert len(prepared) == 2
    database.close()


def test_who_comes_next_is_given_the_connection_that_was_used_last(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.sqlite3")
    with database.read() as one, database.read():
        used_last = one.connection.driver_connection
    with database.read() as next_one:
        assert next_one.connection.driver_connection is used_last
    database.close()
