"""What lies in the place of a restored database: asked about, another program's kept, a damaged file set aside."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, inspect, select, text
from sqlalchemy.exc import OperationalError

from crm.care.backup import back_up
from crm.care.restore import restore
from crm.errors import Conflict, Unavailable
from crm.storage.database import Database
from crm.storage.migrate import migrate
from crm.storage.tables import contact
from tests.builders import NOW, World


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of a team with one contact."""
    database = Database(f"sqlite:///{tmp_path / 'saved' / 'in-person.sqlite3'}")
    migrate(database)
    World.create(database).contact("Marta Kowalczyk")
    back_up(database, tmp_path / "saved.backup", NOW)
    database.close()
    return tmp_path / "saved.backup"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database on SQLite of many pages, closed."""
    path = tmp_path / "in-person.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    world = World.create(database)
    for number in range(200):
        world.contact(f"Person {number}", notes="a long note " * 40)
    database.close()
    return path


@pytest.fixture
def others(database: Database) -> Iterator[Database]:
    """A database in which another program keeps a table."""
    with database.write() as connection:
        connection.execute(text("CREATE TABLE invoice (id integer)"))
        connection.execute(text("INSERT INTO invoice VALUES (7)"))
    yield database
    with database.write() as connection:
        connection.execute(text("DROP TABLE invoice"))


def people(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(contact)).scalar_one()


@pytest.mark.parametrize(
    ("revision", "age", "by"),
    [("0001", "an older", "`crm backup` brings"), ("of_tomorrow", "a newer", "with that version, then")],
)
def test_data_of_another_version_are_asked_about(
    world: World, saved: Path, revision: str, age: str, by: str
) -> None:
    for name in ("Ana Lima", "Łukasz O’Brien"):
        world.contact(name)
    with world.database.write() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    with pytest.raises(Conflict, match=rf"from {age} version of In Person.*{by}.*--yes"):
        restore(world.database, saved, NOW)
    assert people(world.database) == 2
    restore(world.database, saved, NOW, replace=True)
    assert people(world.database) == 1


def test_of_a_newer_version_the_tables_that_are_not_known_are_named(others: Database, saved: Path) -> None:
    migrate(others)
    World.create(others).contact("Ana Lima")
    with others.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    with pytest.raises(Conflict, match=r"newer version of In Person.*unknown to this one \(invoice\).*--yes"):
        restore(others, saved, NOW)
    assert people(others) == 1


def test_a_team_that_entered_nobody_yet_is_asked_about(world: World, saved: Path) -> None:
    world.user()
    with pytest.raises(Conflict, match=r"is not empty.*--yes"):
        restore(world.database, saved, NOW)


def test_a_database_in_which_nothing_was_kept_is_not_asked_about(world: World, saved: Path) -> None:
    restore(world.database, saved, NOW)
    assert people(world.database) == 1


@pytest.mark.parametrize("replace", [False, True])
def test_the_tables_of_another_program_stay(others: Database, saved: Path, replace: bool) -> None:
    with pytest.raises(Conflict, match=r"not In Person.s \(invoice\).*CRM_DATABASE_URL"):
        restore(others, saved, NOW, replace=replace)
    with others.read() as connection:
        assert connection.execute(text("SELECT id FROM invoice")).scalar_one() == 7


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_view_on_our_tables_is_told_before_they_go(world: World, saved: Path) -> None:
    world.contact("Ana Lima")
    with world.database.write() as connection:
        connection.execute(text("CREATE VIEW report AS SELECT id FROM contact"))
    try:
        with pytest.raises(Unavailable, match=r"Views or references.*Drop them first"):
            restore(world.database, saved, NOW, replace=True)
    finally:
        with world.database.write() as connection:
            connection.execute(text("DROP VIEW report"))
    restore(world.database, saved, NOW, replace=True)
    assert people(world.database) == 1


@pytest.mark.parametrize("replace", [False, True])
def test_the_whole_database_of_another_program_stays(tmp_path: Path, saved: Path, replace: bool) -> None:
    other = Database(f"sqlite:///{tmp_path / 'shop.sqlite3'}")
    names = ["alembic_version", "customer", "invoice", "product", "stock"]
    with other.write() as connection:
        for name in names:
            connection.execute(text(f"CREATE TABLE {name} (version_num text)"))
    with pytest.raises(Conflict, match=r"\(alembic_version, customer, invoice and 2 more\)"):
        restore(other, saved, NOW, replace=replace)
    with other.read() as connection:
        assert inspect(connection).get_table_names() == names


def tear(path: Path) -> None:
    """Pages in the middle are not what they were; the first, which says what the file is, is whole."""
    data = bytearray(path.read_bytes())
    half = len(data) // 8192 * 4096
    data[half : half + 12 * 4096] = b"\xa5" * (12 * 4096)
    path.write_bytes(data)


def behead(path: Path) -> None:
    """The first bytes are gone, by which SQLite knows its files."""
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def refused(path: Path, target: Path) -> Path:
    """In place of what a file system does with two paths."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("spoil", [tear, behead])
def test_a_damaged_file_is_set_aside_for_the_backup(
    file: Path, saved: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)
    damaged = file.read_bytes()
    database = Database(f"sqlite:///{file}")
    with pytest.raises(Conflict, match=r"is damaged.*--yes"):
        restore(database, saved, NOW)
    assert file.read_bytes() == damaged
    restored = restore(database, saved, NOW, replace=True)
    assert people(database) == 1
    database.close()
    kept = restored.set_aside
    assert kept == file.with_name(f"in-person.sqlite3.damaged-{NOW:%Y-%m-%d-%H%M%S}")
    assert kept.read_bytes() == damaged
    assert {path.name for path in file.parent.glob("in-person.sqlite3*")} == {file.name, kept.name}


def test_a_damaged_file_is_back_in_its_place_where_the_new_one_cannot_take_it(
    file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tear(file)
    damaged = file.read_bytes()

    database = Database(f"sqlite:///{file}")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refused)
        with pytest.raises(Unavailable, match="Nothing was restored"):
            restore(database, saved, NOW, replace=True)
    database.close()
    assert file.read_bytes() == damaged
    assert not [
        path for path in file.parent.iterdir() if ".damaged-" in path.name or ".restoring" in path.name
    ]


def test_a_machine_that_stops_meanwhile_leaves_a_file_in_its_place(
    file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tear(file)
    damaged = file.read_bytes()

    def stopped(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    database = Database(f"sqlite:///{file}")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopped)
        with pytest.raises(KeyboardInterrupt):
            restore(database, saved, NOW, replace=True)
    database.close()
    assert file.read_bytes() == damaged


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_disk_without_hard_links_is_restored_on_too(
    file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    tear(file)
    damaged = file.read_bytes()

    database = Database(f"sqlite:///{file}")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "hardlink_to", refused)
        if is_refused:
            patched.setattr(Path, "replace", refused)
            with pytest.raises(Unavailable, match="Nothing was restored"):
                restore(database, saved, NOW, replace=True)
            database.close()
            assert file.read_bytes() == damaged
            return
        kept = restore(database, saved, NOW, replace=True).set_aside
        assert people(database) == 1
    database.close()
    assert kept
    assert kept.read_bytes() == damaged


def test_a_damaged_file_stays_where_nothing_could_be_restored(
    file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tear(file)
    damaged = file.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crm.care.restore._fill", full)
    with pytest.raises(Unavailable, match=r"Nothing was restored.*No space left"):
        restore(Database(f"sqlite:///{file}"), saved, NOW, replace=True)
    assert file.read_bytes() == damaged
    assert not list(file.parent.glob("*restoring*"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_knows_at_once_how_much_was_restored(world: World, saved: Path) -> None:
    restore(world.database, saved, NOW, replace=True)
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'contact'")
    with world.database.read() as connection:
        assert connection.execute(known).scalar_one() == people(world.database) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_statistics_that_cannot_be_gathered_do_not_undo_a_restore(
    world: World, saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may fill the tables need not be allowed to analyze them, nor the server have the time."""
    refusing = world.database.engine
    event.listen(refusing, "before_cursor_execute", refuse_to_analyze)
    try:
        restore(world.database, saved, NOW, replace=True)
    finally:
        event.remove(refusing, "before_cursor_execute", refuse_to_analyze)
    assert people(world.database) == 1
    assert "statistics were not gathered" in caplog.text


def refuse_to_analyze(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if statement.startswith("ANALYZE"):
        raise OperationalError(statement, {}, Exception("canceling statement due to statement timeout"))
