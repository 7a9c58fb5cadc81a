"""SQLite before 3.51.3 bears one process that serves a file; a newer one any number."""

from pathlib import Path

import pytest
from sqlalchemy import text

from crm.errors import Unavailable
from crm.storage import sqlite
from crm.storage.database import Database


def checkpoints_after(database: Database) -> int:
    """Pages of the log after which a connection tidies up; 0: never."""
    with database.read() as connection:
        return int(connection.execute(text("PRAGMA wal_autocheckpoint")).scalar_one())


def test_an_old_sqlite_has_one_server_which_alone_tidies_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SAFE", (99,))
    one, other = (Database(f"sqlite:///{tmp_path / 'old.sqlite3'}") for _ in range(2))
    assert checkpoints_after(one) == 0
    with one.served():
        assert checkpoints_after(one) > 0
        with pytest.raises(Unavailable, match="Another `crm serve` runs on this database"), other.served():
            pass
        assert checkpoints_after(other) == 0
    with other.served():
        pass


def test_a_new_sqlite_has_any_number_of_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "SAFE", (3,))
    one, other = (Database(f"sqlite:///{tmp_path / 'new.sqlite3'}") for _ in range(2))
    with one.served(), other.served():
        assert checkpoints_after(one) > 0
    assert [path.name for path in tmp_path.iterdir() if "server" in path.name] == []
