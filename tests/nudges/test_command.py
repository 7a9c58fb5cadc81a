"""``crm nudge``: what is due goes out or into files, once, from any number of processes."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from crm.__main__ import run
from crm.commands import nudge
from crm.nudges.sending import Outcome
from crm.storage.tables import mail_hold, outbox, outbox_event
from tests.builders import NOW, World
from tests.mail.servers import free_port
from tests.nudges.mailroom import mail_server, states, team
from tests.nursery import command

MONDAY = "2026-11-23T12:30+00:00"


@pytest.fixture
def crm(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run a command in this database: exit status, what it printed, what it complained of."""
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)
    monkeypatch.setenv("CRM_SECRET_KEY", "a key for tests only")

    def command(*arguments: str) -> tuple[int, Any, str]:
        status = run(["nudge", *arguments])
        printed = capsys.readouterr()
        said = json.loads(printed.out) if "--json" in arguments and printed.out else printed.out
        return status, said, printed.err

    return command


def test_files_in_place_of_mails(world: World, crm: Any, tmp_path: Path) -> None:
    users = team(world, 3)
    status, said, _ = crm("--eml-dir", str(tmp_path / "out"), "--as-of", MONDAY, "--json")
    assert status == 0
    assert [set(one) for one in said] == [{"user", "week", "state", "message_id", "reason"}] * 3
    assert {(one["week"], one["state"]) for one in said} == {("2026-W48", "sent")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"2026-W48-{one}.eml" for one in users}
    assert crm("--eml-dir", str(tmp_path / "out"), "--as-of", MONDAY, "--json")[:2] == (0, [])


def test_it_says_when_the_next_is_due_and_what_counts_as_sent_before_its_time(
    world: World, crm: Any, tmp_path: Path
) -> None:
    files = ("--eml-dir", str(tmp_path))
    assert crm(*files)[1] == "Nobody gets a weekly mail.\n"
    team(world, 1, nudge_minute=780)
    crm(*files, "--as-of", "2026-11-23T12:00Z")  # the week before is too late
    said = "Nobody's mail is due. The next is due 2026-11-23 13:00 UTC: --as-of 2026-11-23T13:00Z asks about then.\n"
    assert crm(*files, "--as-of", "2026-11-23T12:00Z")[1] == said
    warned = "These count as sent: they will not go out again when their time comes.\n"
    with time_machine.travel(NOW, tick=False):
        assert crm(*files, "--as-of", "2026-11-23T13:00Z")[2] == warned
        assert crm(*files, "--as-of", "2026-11-23T13:00Z")[2] == ""


def test_another_day_is_asked_about_the_people_there_are_now(world: World, crm: Any, tmp_path: Path) -> None:
    (one,) = team(world, 1, created_at=NOW + timedelta(days=365))
    _, said, _ = crm("--eml-dir", str(tmp_path), "--as-of", MONDAY, "--json")
    assert [(each["week"], each["state"]) for each in said] == [("2026-W48", "sent")]
    assert states(world.database) == {one: "sent"}


def test_another_time_finds_no_week_missed_in_which_its_user_wanted_no_mail(
    world: World, crm: Any, tmp_path: Path
) -> None:
    team(world, 1, nudge_since=NOW - timedelta(days=3))
    files = ("--eml-dir", str(tmp_path), "--json", "--as-of")
    weeks = [[one["week"] for one in crm(*files, day)[1]] for day in ("2026-11-02", "2026-11-16", MONDAY)]
    # Two weeks before they were here, W46 was missed as well as W47 was asked for; then W48 is the next.
    assert weeks == [["2026-W45"], ["2026-W46", "2026-W47"], ["2026-W48"]]
    with world.database.write() as connection:
        connection.execute(outbox_event.delete())
        connection.execute(outbox.delete().where(outbox.c.week > "2026-W45"))
    assert [one["week"] for one in crm(*files, MONDAY)[1]] == ["2026-W48"]


def test_a_date_is_everybodys_day_wherever_they_are(world: World, crm: Any, tmp_path: Path) -> None:
    zones = ("Pacific/Kiritimati", "Pacific/Auckland", "UTC", "America/Los_Angeles", "Etc/GMT+12")
    east = {team(world, 1, time_zone=zone, nudge_minute=0)[0]: zone for zone in zones}
    (sunday,) = team(world, 1, time_zone="Pacific/Auckland", nudge_weekday=6, nudge_minute=480)
    files = ("--eml-dir", str(tmp_path), "--json", "--as-of")
    # The day that ends at 2026-11-23T24:00Z began 38 hours before on Kiritimati: one of a time is late, one of the date not.
    assert crm(*files, "2026-11-23T23:59")[1][0]["state"] == "skipped"
    with world.database.write() as connection:
        connection.execute(outbox_event.delete())
        connection.execute(outbox.delete())
    crm(*files, "2026-11-23")
    assert states(world.database) == dict.fromkeys(east, "sent") | {sunday: "skipped"}
    assert crm(*files, "2026-11-23")[1] == []


def test_one_user_only(world: World, crm: Any, tmp_path: Path) -> None:
    one, _ = team(world, 2)
    _, said, _ = crm(
        "--user", f"user{one}@team.example", "--eml-dir", str(tmp_path), "--as-of", MONDAY, "--json"
    )
    assert [each["user"] for each in said] == [f"user{one}@team.example"]
    assert states(world.database) == {one: "sent"}
    assert crm("--user", "nobody@team.example", "--eml-dir", str(tmp_path))[0] == 1


def test_by_the_mail_server(world: World, crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    team(world, 2)
    with mail_server() as (port, ledger):
        monkeypatch.setenv("CRM_SMTP_URL", f"smtp://127.0.0.1:{port}")
        assert crm("--as-of", MONDAY)[0] == 0
    assert len(ledger.taken) == 2


def test_a_refused_connection_is_one_sentence_and_exit_1(
    world: World, crm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    team(world, 1)
    monkeypatch.setenv("CRM_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    status, said, complaint = crm("--as-of", MONDAY, "--json")
    assert (status, said[0]["state"]) == (1, "retry")
    assert complaint.count("\n") == 1
    assert "refused the connection" in complaint


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["failed"], "The mail to 0 is in the state failed. no"),
        (["retry", "failed"], "It will be tried again. There is another mail: 1 failed."),
        (["failed", "retry", "unknown", "retry"], "There are other mails: 2 retry and 1 unknown."),
    ],
)
def test_mails_that_did_not_arrive_are_counted_by_their_state(states: list[str], said: str) -> None:
    outcomes = [Outcome(str(number), "2026-W48", state, "<a@b>", "no") for number, state in enumerate(states)]
    assert nudge._sentence(outcomes).endswith(said)


def test_without_a_mail_server_nothing_is_claimed(world: World, crm: Any) -> None:
    team(world, 1)
    status, _, complaint = crm("--as-of", MONDAY)
    assert status == 1
    assert "CRM_SMTP_URL" in complaint
    assert states(world.database) == {}


def test_held_mail_waits_for_release(world: World, crm: Any, tmp_path: Path) -> None:
    (one,) = team(world, 1)
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from a backup"})
    status, said, complaint = crm("--eml-dir", str(tmp_path / "out"), "--as-of", MONDAY, "--json")
    assert (status, said[0]["state"]) == (1, "held")
    assert "--release" in complaint
    assert list((tmp_path / "out").iterdir()) == []
    # Released in the present, far from the moment of this test's mail, only what is a day old at most is due.
    assert crm("--release")[0] == 0
    assert states(world.database)[one] in ("due", "skipped")


def test_several_processes_at_once_write_one_file_each(
    world: World, database_url: str, tmp_path: Path
) -> None:
    users = team(world, 12)
    words = ["nudge", "--eml-dir", str(tmp_path / "out"), "--as-of", MONDAY, "--json"]
    environment = {**os.environ, "CRM_DATABASE_URL": database_url, "CRM_SECRET_KEY": "k" * 20}
    told = [tmp_path / f"{number}.json" for number in range(3)]
    running = [command(environment, words, path) for path in told]
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * 3
    said = [one for path in told for one in json.loads(path.read_text())]
    assert len(said) == len({one["user"] for one in said}) == len(users)
    with world.database.read() as connection:
        kept = set(connection.execute(select(outbox.c.message_id)).scalars())
    assert {one["message_id"] for one in said} == kept
    assert len(list((tmp_path / "out").iterdir())) == len(users)
