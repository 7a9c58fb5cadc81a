"""``crm import`` and ``crm export`` as programs: exit status, JSON, sentences, and being killed at any moment."""

import io
import json
import os
import random
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from crm.__main__ import run
from crm.storage.database import Database
from crm.storage.tables import contact, interaction
from tests.builders import World
from tests.imports.files import CONTACTS, EVERYTHING, count, exported
from tests.imports.test_applying import BROUGHT
from tests.nursery import command

ROOT = Path(__file__).parents[2]
ROWS = 1_500
KILLS = 10
IMPORTED_WITHIN = 1.5
"""Seconds from the start of the command to its end, at least."""


def environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return {**kept, "CRM_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def crm(url: str, *arguments: object) -> Ended:
    """The product's own command, in this process: starting one takes longer than most of what it does."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment(url), clear=True),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        status = run([str(argument) for argument in arguments])
    return Ended(status, stdout.getvalue(), stderr.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    for name, text in EVERYTHING.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def world_of(database: Database) -> World:
    from crm.accounts.queries import workspaces

    with database.read() as connection:
        (row,) = workspaces(connection)
    return World(database, row.id, ZoneInfo(row.time_zone))


def test_import_dry_run_and_export_say_what_they_do(database_url: str, folder: Path) -> None:
    files = sorted(folder.iterdir())
    dry, first, again = (
        crm(database_url, "import", *files, "--json", *more) for more in (["--dry-run"], [], [])
    )
    assert [one.returncode for one in (dry, first, again)] == [0, 0, 0], first.stderr
    assert json.loads(dry.stdout) == json.loads(first.stdout)
    reports = {report["file"]: report for report in json.loads(first.stdout)}
    keys = ["file", "kind", "new", "changed", "unchanged", "skipped", "uncertain", "errors"]
    assert all(list(report) == keys for report in reports.values())
    assert sum(report["new"]["contacts"] for report in reports.values()) == BROUGHT["contacts"]
    assert reports["interactions.csv"]["kind"] == "interactions"
    assert all(sum(report["new"].values()) == 0 for report in json.loads(again.stdout))
    out = folder.parent / "out"
    assert crm(database_url, "export", out).returncode == 0
    assert {path.name for path in out.iterdir()} == {
        *EVERYTHING,
        "rules.toml",
        "contacts.vcf",
        "calendar.ics",
    }
    brought_back = crm(database_url, "import", *sorted(out.iterdir()), "--json")
    assert brought_back.returncode == 0, brought_back.stderr
    assert all(
        sum(one["new"].values()) + sum(one["changed"].values()) == 0
        for one in json.loads(brought_back.stdout)
    )


BAD = {
    "missing column": (b"occurred_at,contacts\n2026-11-01,Ana\n", "There is no column channel"),
    "bad date": (b"occurred_at,channel,contacts\n31.12.2026,email,Ana\n", "line 2, column occurred_at"),
    "unknown channel": (b"occurred_at,channel,contacts\n2026-11-01,pigeon,Ana\n", "not a channel here"),
    "a cell of 2 MB": (b"name,email,notes\nAna,," + b"x" * 2_000_000 + b"\n", "100,000 characters"),
    "Latin-1": ("name\nJosé\n".encode("latin-1"), "Latin-1"),
    "cut in the middle": (CONTACTS.encode()[:-40] + b'"', "line"),
    "another program's": (b"colour,size\nred,1\n", "name"),
    "empty": (b"", "This file is empty."),
    "a picture": (b"\x89PNG\r\n\x1a\n", "picture"),
    "a directory of nothing": (b"name\n\x00\n", "zero byte"),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_read_is_said_in_a_line_that_helps(tmp_path: Path, bad: str) -> None:
    data, words = BAD[bad]
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    result = crm(url, "import", path)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("crm: bad.csv")
    assert words in lines[0]


def test_a_file_that_is_not_there_is_named(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    result = crm(url, "import", folder / "contacts.csv", tmp_path / "nothing.csv")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "nothing.csv" in result.stderr
    assert crm(url, "import", tmp_path).returncode == 1
    assert crm(url, "import").returncode == 2


def test_a_file_in_which_nothing_could_be_read_is_a_failure(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    cards = tmp_path / "nameless.vcf"
    cards.write_text("BEGIN:VCARD\nVERSION:4.0\nTEL:1\nEND:VCARD\n" * 2)
    result = crm(url, "import", cards)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1), result.stderr
    assert result.stderr.startswith("crm: nameless.vcf card 1 (line 1): nothing here could be read.")
    assert crm(url, "import", folder / "contacts.csv", cards).returncode == 0


def test_one_wrong_row_among_several_files_is_said_in_one_line(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("occurred_at,channel,contacts\n2026-02-30,email,x@y.example\n")
    result = crm(url, "import", folder / "contacts.csv", wrong)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1), result.stderr
    assert "wrong.csv line 2" in result.stderr
    assert "Nothing was imported from files given together" in result.stderr


def test_several_errors_are_listed_and_said_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(
        "occurred_at,channel,contacts\n2026-02-30,email,x@y.example\n2026-02-03,fax,x@y.example\n"
    )
    result = crm(url, "import", wrong)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1), result.stderr
    assert result.stderr.endswith("1 more is listed.\n")
    assert "wrong.csv line 2" in result.stdout
    assert "wrong.csv line 3" in result.stdout


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "contacts.csv"
    os.mkfifo(pipe)
    result = crm(f"sqlite:///{tmp_path / 'crm.sqlite3'}", "import", pipe)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1), result.stderr
    assert "is a pipe or a device" in result.stderr


def test_killed_anywhere_and_imported_again_each_row_is_there_once(database_url: str, tmp_path: Path) -> None:
    people = tmp_path / "contacts.csv"
    people.write_text("name,email\n" + "".join(f"P {n},p{n}@x.example\n" for n in range(200)))
    log = tmp_path / "interactions.csv"
    lines = (f"2026-{1 + n % 9:02d}-01T10:00:00Z,email,p{n % 220}@x.example\n" for n in range(ROWS))
    log.write_text("occurred_at,channel,contacts\n" + "".join(lines))
    cards = tmp_path / "people.vcf"
    cards.write_text("".join(f"BEGIN:VCARD\nVERSION:4.0\nFN:C {n}\nEND:VCARD\n" for n in range(100)))
    crm(database_url, "migrate")
    words = ["import", *map(str, (people, log, cards))]
    chance = random.Random(6)
    for number in range(KILLS):
        process = command(environment(database_url), words, tmp_path / "said")
        process.join(IMPORTED_WITHIN * (number + chance.random()) / KILLS)
        process.kill()
        process.join()
    for _ in range(2):
        result = crm(database_url, "import", people, log, cards)
        assert result.returncode == 0, result.stderr
    database = Database(database_url)
    try:
        world = world_of(database)
        assert (count(world, interaction), count(world, contact)) == (ROWS, 320)
        assert len(exported(world)["interactions.csv"].splitlines()) == ROWS + 1
    finally:
        database.close()


CHAT = "12/10/2026, 09:15 - Alice Berg: Hello\n12/11/2026, 09:16 - Marta K.: Hello Alice\n"
EVENT = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20261001T100000Z\n"
    "DTSTART:20261001T100000Z\nSUMMARY:Lunch\nEND:VEVENT\nEND:VCALENDAR\n"
)


def test_a_calendar_beside_a_damaged_card_is_imported_and_nothing_else_is_said(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    (tmp_path / "good.ics").write_text(EVENT)
    (tmp_path / "bad.vcf").write_text("no card")
    result = crm(url, "import", tmp_path / "good.ics", tmp_path / "bad.vcf")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1), result.stderr
    assert "Nothing was imported from" not in result.stderr


def test_questions_of_chats_are_listed_beside_an_error_and_said_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    chats = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for chat in chats:
        chat.write_text(CHAT)
    (tmp_path / "bad.vcf").write_text("no card")
    asked = crm(url, "import", *chats)
    assert (asked.returncode, len(asked.stderr.splitlines())) == (1, 1), asked.stderr
    assert "more are listed" in asked.stderr or "more is listed" in asked.stderr
    beside = crm(url, "import", *chats, tmp_path / "bad.vcf")
    listed = [line for line in beside.stdout.splitlines() if line.startswith(("  one.txt", "  two.txt"))]
    assert len(listed) >= 2, beside.stdout


def test_a_trial_knows_whom_a_name_means_and_forgets_it(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    assert crm(url, "import", folder / "contacts.csv").returncode == 0
    email = "marta@fernhill.example"
    chat = tmp_path / "one.txt"
    chat.write_text(CHAT)
    said = ("--mine", "Alice Berg", "--dates", "day", "--json")
    who = ("--who", f"Marta K.={email}")
    wrong = crm(url, "import", chat, *said, "--who", "Marta K.=nobody@x.example", "--dry-run")
    assert (wrong.returncode, "Nobody here" in wrong.stderr) == (1, True), wrong.stderr
    dry = crm(url, "import", chat, *said, *who, "--dry-run")
    without = crm(url, "import", chat, *said, "--dry-run")
    first = crm(url, "import", chat, *said, *who)
    assert json.loads(dry.stdout) == json.loads(first.stdout) != json.loads(without.stdout), first.stderr


@pytest.mark.parametrize(
    "options", [("--map", "Firma=nonsense"), ("--mine", "a@"), ("--who", "Marta")], ids=lambda one: one[0]
)
def test_an_option_that_is_malformed_is_wrong_usage(
    tmp_path: Path, folder: Path, options: tuple[str, str]
) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    result = crm(url, "import", folder / "contacts.csv", *options)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr


def test_a_folder_of_an_earlier_export_takes_no_other_one(tmp_path: Path, folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    assert crm(url, "import", folder / "contacts.csv").returncode == 0
    out = tmp_path / "out"
    for _ in range(2):
        assert crm(url, "export", out).returncode == 0
    before = sorted(one.name for one in out.iterdir())
    refused = crm(url, "export", out, "--contact", "marta@fernhill.example")
    for one in ("organisations.csv", "rules.toml"):
        assert one in refused.stderr
    assert (refused.returncode, sorted(one.name for one in out.iterdir())) == (1, before)
    assert "channels.csv" not in before
    (out / "channels.csv").write_text("key")
    again = crm(url, "export", out)
    assert (again.returncode, "channels.csv" in again.stderr) == (1, True)


def test_erasing_for_a_trial_and_cleaning_do_not_go_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.sqlite3'}"
    assert crm(url, "erase", "--clean", "--dry-run").returncode == 2
