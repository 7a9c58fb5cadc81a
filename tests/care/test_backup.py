"""A backup taken while people work comes back whole, on either database; a damaged one is refused."""

import gc
import random
import resource
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from crm.care import archive, backup
from crm.care.archive import opened
from crm.care.backup import LEFT_OUT, back_up, plain_table
from crm.care.restore import restore
from crm.errors import Conflict, Invalid, Unavailable
from crm.storage.database import Database, new_id
from crm.storage.migrate import migrate
from crm.storage.tables import interaction, interaction_contact, mail_hold, metadata, outbox
from tests.builders import NOW, World


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table a backup keeps, as it lies in the database."""
    found = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in LEFT_OUT | {"mail_hold"}:
                plain = plain_table(table)
                rows = connection.execute(select(plain).order_by(*plain.primary_key.columns))
                found[table.name] = [tuple(row) for row in rows]
    return found


def busy(world: World) -> list[int]:
    people = [world.contact(name) for name in ("Marta Kowalczyk", "Łukasz O’Brien", "林 美玲")]
    for days in range(1, 40, 3):
        world.log("email", days, *people, summary="Rollout; “quoted”, \n and a second line")
    world.log("lunch", 50, people[0], note="Wants fewer calls.", note_private=True)
    return people


@pytest.fixture
def elsewhere(tmp_path: Path) -> Database:
    """An empty SQLite database of another place."""
    database = Database(f"sqlite:///{tmp_path / 'elsewhere' / 'other.sqlite3'}")
    migrate(database)
    return database


def test_a_backup_of_either_database_restores_whole_into_another(
    world: World, elsewhere: Database, tmp_path: Path
) -> None:
    busy(world)
    back_up(world.database, tmp_path / "all.backup", NOW)
    restore(elsewhere, tmp_path / "all.backup", NOW, replace=True)
    assert contents(elsewhere) == contents(world.database)
    with elsewhere.write() as there, world.database.write() as here:
        assert new_id(there) == new_id(here)


def test_a_backup_of_sqlite_restores_into_either_database(
    database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    world = World.create(elsewhere)
    busy(world)
    before = contents(elsewhere)
    back_up(elsewhere, tmp_path / "all.backup", NOW)
    restore(database, tmp_path / "all.backup", NOW)
    assert contents(database) == before


def test_a_backup_under_writing_is_one_moment(world: World, elsewhere: Database, tmp_path: Path) -> None:
    people = busy(world)
    stop = threading.Event()
    faults: list[Exception] = []

    def write() -> None:
        while not stop.is_set():
            try:
                world.log("chat", 1, *people)
                stop.wait(0.005)
            except Exception as fault:
                faults.append(fault)
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            back_up(world.database, tmp_path / f"{number}.backup", NOW)
    finally:
        stop.set()
        writer.join()
    assert not faults
    for number in range(5):
        restore(elsewhere, tmp_path / f"{number}.backup", NOW, replace=True)
        with elsewhere.read() as connection:
            logged = connection.execute(select(func.count()).select_from(interaction)).scalar_one()
            took_part = connection.execute(select(func.count()).select_from(interaction_contact)).scalar_one()
        assert took_part == logged * 3 - 2  # all three each time, and one lunch with one


def test_any_changed_byte_and_any_cut_is_refused_and_changes_nothing(
    world: World, elsewhere: Database, tmp_path: Path
) -> None:
    busy(world)
    whole = tmp_path / "whole.backup"
    back_up(world.database, whole, NOW)
    data = whole.read_bytes()
    chance = random.Random(7)
    broken = tmp_path / "broken.backup"
    before = contents(elsewhere)
    places = [0, 5, len(data) - 1, len(data) - 70, *(chance.randrange(len(data)) for _ in range(60))]
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        broken.write_bytes(flipped)
        with pytest.raises(Invalid, match=r"damaged|not a backup"):
            restore(elsewhere, broken, NOW, replace=True)
    for length in (0, 1, 100, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:length])
        with pytest.raises(Invalid, match=r"damaged|not a backup"):
            restore(elsewhere, broken, NOW, replace=True)
    assert contents(elsewhere) == before


def test_a_file_that_is_not_there_or_not_ours_is_said_so(elsewhere: Database, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="There is no file"):
        restore(elsewhere, tmp_path / "nowhere.backup", NOW)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG" + b"x" * 500)
    with pytest.raises(Invalid, match="not a backup of In Person"):
        restore(elsewhere, tmp_path / "picture.png", NOW)


def test_restoring_over_data_asks_first_and_says_what_would_be_lost(world: World, tmp_path: Path) -> None:
    people = busy(world)
    back_up(world.database, tmp_path / "old.backup", NOW)
    world.now = NOW + timedelta(hours=1)
    world.log("phone", None, people[0], occurred_at=NOW)
    before = contents(world.database)
    with pytest.raises(Conflict, match="newer than this backup"):
        restore(world.database, tmp_path / "old.backup", NOW)
    assert contents(world.database) == before
    restore(world.database, tmp_path / "old.backup", NOW, replace=True)
    assert contents(world.database) != before


def test_a_newer_schema_is_refused(
    elsewhere: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="the schema of another version"):  # as if it were whole
        back_up(elsewhere, tmp_path / "newer.backup", NOW)
    monkeypatch.setattr(backup, "newest", lambda: "9999")
    back_up(elsewhere, tmp_path / "newer.backup", NOW)
    with pytest.raises(Invalid, match=r"newer\.backup was made by a newer version of In Person"):
        restore(elsewhere, tmp_path / "newer.backup", NOW, replace=True)


def test_what_waited_to_be_sent_is_held_after_a_restore(
    world: World, elsewhere: Database, tmp_path: Path
) -> None:
    alice = world.user()
    row = {
        "workspace_id": world.workspace_id,
        "user_id": alice.user_id,
        "purpose": "nudge",
        "message_id": "<a@b>",
        "to_address": "alice@team.example",
        "due_at": NOW,
        "changed_at": NOW,
        "fence": 0,
        "attempts": 0,
    }
    states = ("due", "claimed", "handing_over", "retry", "sent", "failed")
    with world.database.write() as connection:
        for week, state in enumerate(states, start=10):
            values = {**row, "id": new_id(connection), "week": f"2026-W{week}", "state": state}
            connection.execute(outbox.insert(), values)
    back_up(world.database, tmp_path / "all.backup", NOW)
    restore(elsewhere, tmp_path / "all.backup", NOW, replace=True)
    with elsewhere.read() as connection:
        after = connection.execute(select(outbox.c.state).order_by(outbox.c.week)).scalars().all()
        holds = connection.execute(select(mail_hold)).all()
    assert after == ["held", "held", "held", "held", "sent", "failed"]
    assert len(holds) == 1
    assert holds[0].released_at is None


def test_a_folder_that_cannot_be_written_leaves_nothing(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        back_up(world.database, tmp_path / "no" / "such" / "folder" / "x.backup", NOW)


def test_what_is_no_backup_is_not_replaced(world: World, tmp_path: Path) -> None:
    busy(world)
    kept = tmp_path / "letter.odt"
    kept.write_bytes(b"PK\x03\x04" + b"x" * 500)
    for path, words in (
        (kept, "is not a backup, so it was left alone"),
        (tmp_path, "is a folder"),
        (Path("/dev/null"), "left alone"),
    ):
        with pytest.raises(Conflict, match=words):
            back_up(world.database, path, NOW)
    assert kept.read_bytes() == b"PK\x03\x04" + b"x" * 500
    (tmp_path / "made.backup").touch()
    for _ in range(2):  # an empty file, and a backup that is there
        back_up(world.database, tmp_path / "made.backup", NOW)
    cut = (tmp_path / "made.backup").read_bytes()[:2000]
    (tmp_path / "made.backup").write_bytes(cut)
    back_up(world.database, tmp_path / "made.backup", NOW)
    with opened(tmp_path / "made.backup") as found:
        assert found.manifest.tables["contact"].rows == 3


def test_a_backup_with_users_is_not_replaced_by_one_without(
    world: World, elsewhere: Database, tmp_path: Path
) -> None:
    world.user()
    weekly = tmp_path / "weekly.backup"
    back_up(elsewhere, weekly, NOW)  # nobody is in either: replaced like any other
    back_up(elsewhere, weekly, NOW)
    back_up(world.database, weekly, NOW)
    whole = weekly.read_bytes()
    with pytest.raises(Conflict, match=r"so that stays.*CRM_DATA_DIR"):
        back_up(elsewhere, weekly, NOW)
    assert weekly.read_bytes() == whole
    weekly.write_bytes(whole[:2000])
    back_up(elsewhere, weekly, NOW)
    assert {path.name for path in tmp_path.glob("*backup*")} == {weekly.name}


def test_the_database_is_not_replaced_by_its_backup(elsewhere: Database, tmp_path: Path) -> None:
    assert elsewhere.url.database
    place = Path(elsewhere.url.database)
    World.create(elsewhere).contact()
    (tmp_path / "beside").symlink_to(place)
    for path in (place, Path(f"{place}-wal"), Path(f"{place}-journal"), tmp_path / "beside"):
        with pytest.raises(Conflict, match="belongs to the database"):
            back_up(elsewhere, path, NOW)
    assert len(contents(elsewhere)["contact"]) == 1


def test_a_disk_that_fills_meanwhile_is_said_and_nothing_is_left(world: World, tmp_path: Path) -> None:
    busy(world)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, hard))
    try:
        with pytest.raises(Unavailable, match=r"The backup was not made: File too large\."):
            back_up(world.database, tmp_path / "all.backup", NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    gc.collect()  # what was left open complains now
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]


def test_a_disk_that_keeps_other_bytes_is_told_as_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-200])

    monkeypatch.setattr(archive, "seal", spoil)
    with pytest.raises(
        Unavailable, match=f"was not made: what was written to {tmp_path} reads back differently"
    ):
        back_up(world.database, tmp_path / "all.backup", NOW)
    assert not list(tmp_path.glob("*backup*"))


def test_the_archive_keeps_no_sessions(world: World, tmp_path: Path) -> None:
    back_up(world.database, tmp_path / "all.backup", NOW)
    with opened(tmp_path / "all.backup") as found:
        assert not LEFT_OUT & set(found.manifest.tables)


def test_a_file_that_cannot_be_read_is_named_and_stays(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "of-another-user.backup"
    path.write_bytes(b"theirs")

    def refused(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(archive, "is_one", refused)
    with pytest.raises(Unavailable, match=r"of-another-user\.backup .*Permission denied.*Name another file"):
        back_up(world.database, path, NOW)
    assert path.read_bytes() == b"theirs"
