"""The doctor names what is wrong and what to do about it, and nothing else."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crm import clock
from crm.care import clocks, doctor
from crm.care.doctor import examine
from crm.care.findings import Check, Finding
from crm.domain.principal import Principal
from crm.errors import UsageError
from crm.imports.busy_fetch import Source
from crm.imports.own_calendars import connect
from crm.nudges.returns import stop
from crm.settings import Settings
from crm.storage.database import Database, new_id
from crm.storage.migrate import migrate
from crm.storage.tables import mail_hold, outbox, own_calendar, scheduler_pulse, user
from tests.builders import World
from tests.outgoing.imap_server import imap_server


@pytest.fixture(autouse=True)
def the_present() -> None:
    """The real one, since PostgreSQL's own clock is asked too."""


@pytest.fixture(autouse=True)
def no_hardware_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The machine under the tests may have any; they bring their own."""
    monkeypatch.setattr(clocks, "HARDWARE", tmp_path / "since_epoch")
    return tmp_path / "since_epoch"


@pytest.fixture
def now() -> datetime:
    """The present."""
    return clock.now()


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(data_dir=tmp_path, secret_key="k" * 40, **values)


def wrong(found: list[Finding]) -> dict[str, str]:
    assert all(finding.remedy for finding in found if finding.state == "wrong")
    return {finding.check: finding.sentence for finding in found if finding.state == "wrong"}


ASKED = {*doctor.OF_THE_SETTINGS, *doctor.OF_THE_DATABASE, *doctor.OF_THE_DATA}


def pulse(world: World, now: datetime, ago: timedelta) -> None:
    with world.database.write() as connection:
        row = {"process": "one", "started_at": now - ago, "seen_at": now - ago}
        connection.execute(scheduler_pulse.insert(), row)


def test_a_healthy_installation_has_nothing_wrong(world: World, tmp_path: Path, now: datetime) -> None:
    pulse(world, now, timedelta(seconds=20))
    found = examine(settings(tmp_path), world.database, now)
    assert wrong(found) == {}
    assert {finding.check for finding in found} == ASKED


def test_a_database_without_tables_is_told_to_migrate(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "fresh.sqlite3"
    path.touch()
    database = Database(f"sqlite:///{path}")
    assert "is empty" in wrong(examine(settings(tmp_path), database, now))["schema"]


def test_where_there_is_no_database_none_is_made(tmp_path: Path, now: datetime) -> None:
    """Made by root, it would shut out the service."""
    path = tmp_path / "to be" / "fresh.sqlite3"
    said = wrong(examine(settings(tmp_path), Database(f"sqlite:///{path}"), now))
    assert said["database"] == f"There is no database at {path} yet."
    assert not path.parent.exists()


def test_a_database_of_a_newer_version_is_not_sent_to_migrate(tmp_path: Path, now: datetime) -> None:
    database = Database(f"sqlite:///{tmp_path / 'newer.sqlite3'}")
    migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    (found,) = (one for one in examine(settings(tmp_path), database, now) if one.check == "schema")
    assert found.sentence == "The database was made by a newer version of In Person."
    assert "migrate" not in (found.remedy or "")


def test_a_clock_two_days_behind_the_log_is_noticed(world: World, tmp_path: Path, now: datetime) -> None:
    world.now = now
    world.log("email", 1, world.contact())
    assert "clock" in wrong(examine(settings(tmp_path), world.database, now - timedelta(days=2)))


def test_a_clock_two_days_ahead_of_the_hardware_clock_is_noticed(
    world: World, tmp_path: Path, now: datetime, no_hardware_clock: Path
) -> None:
    no_hardware_clock.write_text(f"{int((now - timedelta(days=2)).timestamp())}\n")
    assert "hardware clock" in wrong(examine(settings(tmp_path), world.database, now))["clock"]
    no_hardware_clock.write_text(f"{int((now + timedelta(hours=12)).timestamp())}\n")
    assert "clock" not in wrong(examine(settings(tmp_path), world.database, now))


def test_a_clock_that_no_time_service_keeps_is_a_note(
    world: World, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kept, state in ((True, "good"), (False, "note")):
        monkeypatch.setattr(clocks, "is_kept", lambda kept=kept: kept)
        found = examine(settings(tmp_path), world.database, now)
        assert [one.state for one in found if one.check == "clock"] == [state]


def test_a_mail_server_that_is_not_there_is_noticed(world: World, tmp_path: Path, now: datetime) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = examine(settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{port}"), world.database, now)
    assert "refused the connection" in wrong(found)["mail"]


def keep_mail(world: World, alice: Principal, now: datetime, **more: Any) -> None:
    row = {
        "workspace_id": world.workspace_id,
        "user_id": alice.user_id,
        "purpose": "nudge",
        "week": "2026-W47",
        "message_id": "<a@b>",
        "to_address": "alice@team.example",
        "due_at": now,
        "changed_at": now,
    }
    with world.database.write() as connection:
        connection.execute(outbox.insert(), {**row, **more, "id": new_id(connection)})


def test_held_and_failed_mail_and_a_silent_scheduler_are_noticed(
    world: World, tmp_path: Path, now: datetime
) -> None:
    alice = world.user()
    pulse(world, now, timedelta(hours=3))
    keep_mail(world, alice, now, state="failed")
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": now, "reason": "Restored from a backup"})
    found = examine(settings(tmp_path), world.database, now)
    assert set(wrong(found)) == {"outbox", "scheduler"}
    assert any("1 mail(s)" in finding.sentence for finding in found)


def test_mail_that_waits_for_another_try_and_a_server_that_was_stopped_are_notes(
    world: World, tmp_path: Path, now: datetime
) -> None:
    keep_mail(world, world.user(), now, state="retry", next_try_at=now + timedelta(minutes=5))
    found = examine(settings(tmp_path), world.database, now)
    notes = {one.check: one.sentence for one in found if one.state == "note"}
    assert notes["outbox"].startswith("1 mail(s) could not be handed over yet; the next try is at ")
    assert notes["scheduler"] == "No scheduler is running on this database."
    assert not wrong(found)


def test_an_unknown_time_zone_is_noticed(world: World, tmp_path: Path, now: datetime) -> None:
    alice = world.user()
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.id == alice.user_id).values(time_zone="Mars/Olympus"))
    assert "Mars/Olympus" in wrong(examine(settings(tmp_path), world.database, now))["time zones"]


def test_calendars_that_were_not_read_for_a_day_are_noticed(
    world: World, tmp_path: Path, now: datetime
) -> None:
    pulse(world, now, timedelta(seconds=20))

    def connected(name: str, state: str, days_ago: float) -> None:
        by = world.user(name)
        moment = now - timedelta(days=days_ago)
        with world.database.write() as connection:
            connect(connection, by, b"key", Source("ics", "https://secret.example/"), moment)
            mine = own_calendar.c.user_id == by.user_id
            connection.execute(own_calendar.update().where(mine).values(state=state, read_at=moment))

    connected("Alice Meyer", "slow", 2)
    found = examine(settings(tmp_path), world.database, now)
    assert wrong(found)["calendars"] == "1 of 1 calendars have not been read for a day (slow: 1)."
    connected("Bob Stone", "good", 0.5)
    found = examine(settings(tmp_path), world.database, now)
    assert wrong(found) == {}
    (told,) = [one for one in found if one.check == "calendars"]
    assert (told.state, "1 of 2" in told.sentence) == ("note", True)
    assert "secret" not in told.sentence


def test_a_full_disk_and_a_network_file_system_are_noticed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(doctor, "_file_system", lambda path: "nfs4")
    found = wrong(examine(settings(tmp_path), world.database, now))
    assert "disk" in found
    if world.database.is_sqlite:
        assert "network file system" in found["database"]


def test_links_to_nowhere_and_a_key_others_may_read_are_noticed(
    world: World, tmp_path: Path, now: datetime
) -> None:
    key = tmp_path / "secret_key"
    key.write_text("x" * 40)
    key.chmod(0o644)
    chosen = Settings(data_dir=tmp_path, host="0.0.0.0")
    sentences = [f.sentence for f in examine(chosen, world.database, now) if f.state == "wrong"]
    assert any("links lead to http://127.0.0.1" in sentence for sentence in sentences)
    assert any("Other users can read" in sentence for sentence in sentences)
    key.write_text("")
    found = [f for f in examine(Settings(data_dir=tmp_path), world.database, now) if f.state == "wrong"]
    sentences = [f.sentence for f in found]
    assert all(f.remedy for f in found)
    assert any("has 0 of at least 32 characters" in sentence for sentence in sentences)


def test_passwords_in_the_clear_are_noticed_without_a_base_url_too(
    world: World, tmp_path: Path, now: datetime
) -> None:
    found = examine(settings(tmp_path, host="192.168.1.5"), world.database, now)
    assert any("passwords travel unencrypted" in one.sentence for one in found)
    found = examine(settings(tmp_path), world.database, now)
    assert not any("travel unencrypted" in one.sentence for one in found)


def test_a_place_that_cannot_be_looked_at_is_a_finding_of_its_own(
    world: World, tmp_path: Path, now: datetime
) -> None:
    """A name that is too long is refused to every user, root too, as a closed folder is to others."""
    place = tmp_path / ("x" * 300)
    chosen = settings(tmp_path, backup_dir=str(place))
    (told,) = [
        one for one in doctor._asked("disk", looks_at(place), chosen, world.database, now) if one.remedy
    ]
    assert told.state == "wrong"
    assert told.sentence == f"This could not be checked: {place}: File name too long."
    assert {one.check for one in examine(chosen, world.database, now)} >= {
        *doctor.OF_THE_SETTINGS,
        *doctor.OF_THE_DATABASE,
    }


def looks_at(place: Path) -> Check:
    def check(*_: object) -> Iterator[Finding]:
        yield Finding("disk", "good", "There is room.")
        place.stat()

    return check


def test_a_question_that_breaks_is_told_without_its_words_and_the_others_go_on(
    world: World, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
        raise ValueError("Marta Kowalczyk")

    monkeypatch.setitem(doctor.OF_THE_DATABASE, "backups", broken)
    found = examine(settings(tmp_path), world.database, now)
    assert wrong(found) == {"backups": "This could not be checked: ValueError."}
    assert {finding.check for finding in found} == ASKED


def test_of_two_file_systems_on_one_point_the_later_one_counts() -> None:
    mounts = (
        "/dev/vda1 / ext4 rw 0 0\n"
        "systemd-1 /srv/crm autofs rw 0 0\n"
        "/dev/vdb1 /srv ext4 rw 0 0\n"
        "nas:/crm /srv/crm nfs4 rw 0 0\n"
        "nas:/x /srv/with\\040space nfs4 rw 0 0\n"
    )
    assert doctor.mounted(Path("/srv/crm/in-person.sqlite3"), mounts) == "nfs4"
    assert doctor.mounted(Path("/srv/with space/in-person.sqlite3"), mounts) == "nfs4"
    assert doctor.mounted(Path("/srv/other/in-person.sqlite3"), mounts) == "ext4"


def test_a_damaged_file_is_a_finding_that_says_how_to_restore(tmp_path: Path, now: datetime) -> None:
    database = Database(f"sqlite:///{tmp_path / 'torn.sqlite3'}")
    migrate(database)
    database.close()
    data = bytearray((tmp_path / "torn.sqlite3").read_bytes())
    half = len(data) // 8192 * 4096
    data[half : half + 40 * 4096] = b"\xa5" * (40 * 4096)
    (tmp_path / "torn.sqlite3").write_bytes(data)
    (found,) = [
        one
        for one in examine(settings(tmp_path), database, now)
        if one.check == "database" and one.state == "wrong"
    ]
    database.close()
    assert "crm restore FILE --yes" in f"{found.sentence} {found.remedy}"


def test_a_setting_that_nothing_reads_is_noticed(
    world: World, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SMTPURL", "smtp://mail.example.org")
    found = [one for one in examine(settings(tmp_path), world.database, now) if one.check == "settings"]
    assert [(one.state, "Is CRM_SMTP_URL meant?" in one.sentence) for one in found] == [("note", True)]


def test_a_secret_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()  # not even root reads a folder
    with pytest.raises(UsageError, match="cannot be read"):
        assert Settings(data_dir=tmp_path).key


def test_the_mailbox_and_the_addresses_that_take_no_mail(world: World, tmp_path: Path, now: datetime) -> None:
    alice = world.user()
    with imap_server() as server:
        found = examine(settings(tmp_path, imap_url=server.url()), world.database, now)
        assert {one.check: one.state for one in found}["inbox"] == "note"
        assert "without encryption" in {one.check: one.sentence for one in found}["inbox"]
        gone = examine(settings(tmp_path, imap_url=server.url(folder="Gone")), world.database, now)
    assert "no folder with that name" in wrong(gone)["inbox"]
    with world.database.write() as connection:
        stop(connection, alice.workspace_id, "alice@team.example", "550 no", "example.org", now)
    assert "1 address(es)" in wrong(examine(settings(tmp_path), world.database, now))["addresses"]
