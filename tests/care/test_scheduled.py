"""One backup a day, the newest few kept, nothing else touched; and the doctor sees how it stands."""

import fcntl
import os
from datetime import timedelta
from pathlib import Path

import pytest

from crm import clock, jobs
from crm.care.archive import opened
from crm.care.doctor import examine
from crm.care.scheduled import back_up_daily, made
from crm.errors import Unavailable
from crm.settings import Settings
from tests.builders import NOW, World
from tests.nudges.test_heartbeat import wait_for
from tests.web.site import settings

# How PostgreSQL is read is tested with the backup itself; here it is about files.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


def test_the_doctor_says_how_the_backups_stand(world: World, tmp_path: Path) -> None:
    now, folder = clock.now(), tmp_path / "daily"
    chosen = Settings(data_dir=tmp_path, secret_key="k" * 40, backup_dir=str(folder))

    def said(values: Settings = chosen) -> list[tuple[str, str]]:
        found = examine(values, world.database, now)
        return [(one.state, one.sentence) for one in found if one.check == "backups"]

    assert said(chosen.model_copy(update={"backup_dir": ""})) == [
        ("note", "No backups are made automatically.")
    ]
    assert said() == [("note", f"There is no daily backup in {folder} yet.")]
    back_up_daily(world.database, folder, 9, now - timedelta(days=5))
    assert [state for state, _ in said()] == ["wrong"]
    newest = back_up_daily(world.database, folder, 9, now)
    assert newest is not None
    assert [state for state, _ in said()] == ["good", "note"]
    newest.write_bytes(newest.read_bytes()[:-100])
    assert "damaged" in said()[0][1]
    assert said()[0][0] == "wrong"
    below_a_file = chosen.model_copy(update={"backup_dir": str(newest / "daily")})
    assert said(below_a_file) == [
        ("wrong", f"No backup can be made: {newest / 'daily'} cannot be written to.")
    ]
