"""One backup a day, the newest few kept, nothing else touched; and the doctor sees how it stands."""

import fcntl
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm import clock, jobs
from crm.care.archive import opened
from crm.care.doctor import examine
from crm.care.scheduled import back_up_daily, made
from crm.errors import Unavailable
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.migrate import migrate
from tests.builders import NOW, World
from tests.nudges.test_heartbeat import wait_for
from tests.web.site import settings
from tests.web.test_metrics import here, samples

# How PostgreSQL is read is tested with the backup itself; here it is about files.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def now() -> datetime:
    """The present, by which the doctor and the figures go."""
    return clock.now()


def said(database: Database, folder: Path, now: datetime) -> list[tuple[str, str]]:
    """What the doctor says of the backups."""
    chosen = Settings(data_dir=folder.parent, secret_key="k" * 40, backup_dir=str(folder))
    found = examine(chosen, database, now)
    return [(one.state, one.sentence) for one in found if one.check == "backups"]


def seconds(database: Database, folder: Path) -> float:
    """The figure by which a monitor sees their age."""
    return samples(here(database, backup_dir=str(folder)).get("/metrics").text)["crm_backup_seconds"]


def test_one_a_day_and_the_newest_are_kept(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for day in range(5):
        at = NOW + timedelta(days=day)
        assert back_up_daily(world.database, folder, 3, at) is not None
        assert back_up_daily(world.database, folder, 3, at + timedelta(hours=1)) is None
        (folder / "mine.backup").write_text("not ours")
    days = [NOW.date() + timedelta(days=day) for day in (2, 3, 4)]
    assert list(made(folder)) == days
    assert (folder / "mine.backup").exists()
    with opened(made(folder)[days[-1]]) as found:
        assert found.manifest.tables["workspace"].rows == 1


def test_a_folder_another_process_works_in_is_left_to_it(world: World, tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert back_up_daily(world.database, tmp_path, 3, NOW) is None
    assert back_up_daily(world.database, tmp_path, 3, NOW) is not None


def test_what_a_killed_process_left_is_swept_and_what_is_being_written_is_not(
    world: World, tmp_path: Path
) -> None:
    for name, hours in ((".backup-old", 30), (".backup-new", 1)):
        (tmp_path / name).write_text("half")
        moment = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(tmp_path / name, (moment, moment))
    back_up_daily(world.database, tmp_path, 3, NOW)
    assert sorted(path.name for path in tmp_path.glob(".backup-*")) == [".backup-new"]


def test_a_database_that_lost_its_users_costs_no_backup_that_has_them(
    world: World, tmp_path: Path, now: datetime
) -> None:
    world.user()
    back_up_daily(world.database, tmp_path, 1, now - timedelta(days=1))
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    migrate(empty)
    for _ in range(2):  # the day's backup is made, and said again at each tick
        with pytest.raises(Unavailable, match=r"contains no users.*, but .* does.*CRM_DATABASE_URL"):
            back_up_daily(empty, tmp_path, 1, now)
    with pytest.raises(Unavailable, match="contains no users"):  # told from the first, however many are kept
        back_up_daily(empty, tmp_path, 9, now + timedelta(days=1))
    assert len(made(tmp_path)) == 3
    assert "contains no users, but" in dict(said(empty, tmp_path, now))["wrong"]
    back_up_daily(world.database, tmp_path, 1, now + timedelta(days=2))
    assert list(made(tmp_path)) == [now.date() + timedelta(days=2)]
    empty.close()


def test_a_database_that_never_had_users_keeps_as_many_as_any(world: World, tmp_path: Path) -> None:
    for day in range(4):
        back_up_daily(world.database, tmp_path, 2, NOW + timedelta(days=day))
    assert len(made(tmp_path)) == 2


def test_a_backup_made_while_the_clock_was_ahead_counts_for_nothing(
    world: World, tmp_path: Path, now: datetime
) -> None:
    ahead = back_up_daily(world.database, tmp_path, 1, now + timedelta(days=90))
    assert ahead is not None
    moment = (now + timedelta(days=90)).timestamp()
    os.utime(ahead, (moment, moment))
    for days in (1, 0):
        path = back_up_daily(world.database, tmp_path, 1, now - timedelta(days=days))
    assert path is not None
    assert set(made(tmp_path).values()) == {path, ahead}
    assert [state for state, _ in said(world.database, tmp_path, now)] == ["note", "good", "note"]
    assert str(ahead) in said(world.database, tmp_path, now)[0][1]
    assert seconds(world.database, tmp_path) == path.stat().st_mtime
    assert [state for state, _ in said(world.database, tmp_path, now + timedelta(days=9))][:2] == [
        "note",
        "wrong",
    ]


def test_where_backups_are_wanted_and_none_was_made_an_alarm_can_ring(
    world: World, tmp_path: Path, now: datetime
) -> None:
    assert seconds(world.database, tmp_path / "daily") == 0
    world.user(created_at=now - timedelta(days=1))
    assert [state for state, _ in said(world.database, tmp_path / "daily", now)] == ["note"]
    world.user("Ben Okafor", created_at=now - timedelta(days=3))
    assert [state for state, _ in said(world.database, tmp_path / "daily", now)] == ["wrong"]


def test_a_day_that_there_is_not_is_none_of_ours(world: World, tmp_path: Path, now: datetime) -> None:
    (tmp_path / "in-person-2026-02-30.backup").write_text("copied by hand")
    path = back_up_daily(world.database, tmp_path, 1, now)
    assert path is not None
    assert list(made(tmp_path).values()) == [path]
    assert "good" in dict(said(world.database, tmp_path, now))
    assert seconds(world.database, tmp_path) == path.stat().st_mtime


def test_an_old_file_that_cannot_be_removed_is_named_at_every_tick(world: World, tmp_path: Path) -> None:
    stuck = tmp_path / f"in-person-{NOW.date() - timedelta(days=9)}.backup"
    stuck.mkdir()  # what unlink refuses, to root too
    back_up_daily(world.database, tmp_path, 9, NOW - timedelta(days=1))
    for _ in range(2):
        with pytest.raises(Unavailable, match=re.escape(str(stuck))):
            back_up_daily(world.database, tmp_path, 1, NOW)
    assert list(made(tmp_path).values()) == [stuck, tmp_path / f"in-person-{NOW.date()}.backup"]


def test_a_file_that_is_done_while_the_folder_is_swept_costs_no_backup(world: World, tmp_path: Path) -> None:
    (tmp_path / ".backup-done").symlink_to(tmp_path / "renamed")  # listed, and not there when it is asked
    assert back_up_daily(world.database, tmp_path, 1, NOW) is not None


def test_a_backup_that_fails_costs_no_older_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up_daily(world.database, tmp_path, 1, NOW)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crm.care.archive.seal", full)
    with pytest.raises(Unavailable, match="No space left"):
        back_up_daily(world.database, tmp_path, 1, NOW + timedelta(days=1))
    assert list(made(tmp_path)) == [NOW.date()]


def test_the_scheduler_makes_it(world: World, tmp_path: Path) -> None:
    running = jobs.start(world.database, settings(backup_dir=str(tmp_path / "daily")))
    try:
        wait_for(lambda: made(tmp_path / "daily"))
    finally:
        running.stop()


def test_the_doctor_says_how_the_backups_stand(world: World, tmp_path: Path, now: datetime) -> None:
    folder = tmp_path / "daily"
    chosen = Settings(data_dir=tmp_path, secret_key="k" * 40, backup_dir="")
    assert "No backups are made automatically." in {
        one.sentence for one in examine(chosen, world.database, now)
    }
    assert said(world.database, folder, now) == [("note", f"There is no daily backup in {folder} yet.")]
    back_up_daily(world.database, folder, 9, now - timedelta(days=5))
    assert [state for state, _ in said(world.database, folder, now)] == ["wrong"]
    newest = back_up_daily(world.database, folder, 9, now)
    assert newest is not None
    assert [state for state, _ in said(world.database, folder, now)] == ["good", "note"]
    newest.write_bytes(newest.read_bytes()[:-100])
    (state, words), *_ = said(world.database, folder, now)
    assert state == "wrong"
    assert "damaged" in words
    assert said(world.database, newest / "daily", now) == [
        ("wrong", f"No backup can be made: {newest / 'daily'} cannot be written to.")
    ]
