"""The frame of the command line: exit statuses, one line for what went wrong, moments, workspaces, accounts."""

import errno
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.__main__ import main, run
from crm.accounts.passwords import fits
from crm.accounts.sign_in import FOR_ACCOUNT
from crm.care.findings import Finding
from crm.cli_support import desk, open_database, parse_moment
from crm.commands import care
from crm.errors import UsageError
from crm.storage.tables import user, workspace

PASSWORD = "an old lighthouse keeper"


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CRM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CRM_WORKSPACE", "Quillon")
    monkeypatch.setenv("CRM_TIME_ZONE", "Europe/Berlin")


def say(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(words))


def test_any_command_makes_the_database_and_the_first_workspace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    with desk() as at_desk:
        assert at_desk.workspace == "Quillon"
        assert at_desk.principal.zone == ZoneInfo("Europe/Berlin")


def test_a_user_is_added_with_a_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say(monkeypatch, PASSWORD + "\n")
    options = ["--name", "Nora Lindqvist", "--role", "admin", "--time-zone", "America/New_York"]
    assert run(["user", "add", "Nora@Quillon.example", *options, "--password-stdin"]) == 0
    assert "welcome" not in capsys.readouterr().out
    assert run(["user", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "email": "nora@quillon.example",
            "name": "Nora Lindqvist",
            "role": "admin",
            "time_zone": "America/New_York",
            "active": True,
        }
    ]
    with open_database() as (_, database), database.read() as connection:
        kept = connection.execute(user.select()).one()
    assert fits(PASSWORD, kept.password_hash)


def test_without_a_password_there_is_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "add", "theo@quillon.example", "--name", "Theo", "--role", "viewer"]) == 0
    assert "http://127.0.0.1:8000/welcome/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["bogus"], 2, "No such command"),
        (["user", "add", "x@y.example"], 2, "--name"),
        (["user", "add", "x@y.example", "--name", "X", "--role", "king"], 2, "'king' is not one of"),
        (["user", "add", "nonsense", "--name", "X"], 2, "Enter an address like"),
        (["user", "add", "x@y.example", "--name", "X", "--time-zone", "Mars/X"], 2, "Choose a time zone"),
        (["user", "add", "x@y.example", "--name", " "], 2, "1 to 120 characters"),
        (["user", "add", "x@y.example", "--name", "X", "--password-stdin"], 1, "at least 12 characters"),
        (["user", "list", "--workspace", "Nowhere"], 2, "No workspace is called Nowhere"),
        (["user", "edit", "x@y.example"], 2, "Nothing to change"),
        (["user", "deactivate", "x@y.example"], 1, "Nobody here has the address"),
        (["token", "revoke", "bridge"], 1, "no token called bridge"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    arguments: list[str],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    say(monkeypatch, "short\n")
    assert run(arguments) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert "Value error" not in printed.err


def test_a_password_from_a_closed_input_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["user", "add", "x@y.example", "--name", "X", "--password-stdin"]) == 1
    assert capsys.readouterr().err == "crm: Standard input is closed, so no password can be read.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRM_TIME_ZONE", "Mars/X"),
        ("CRM_PORT", "99999"),
        ("CRM_DATABASE_URL", "mysql://x"),
        ("CRM_DATABASE_URL", "postgresql://u:secret@127.0.0.1:port/x"),
        ("CRM_BASE_URL", "x"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert run(["user", "list"]) == 2
    printed = capsys.readouterr()
    assert name in printed.err
    assert "secret" not in printed.err
    assert printed.err.count("\n") == 1


def test_letters_the_terminal_has_not_are_escapes_in_words_and_in_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say(monkeypatch, PASSWORD)
    assert (
        run(["user", "add", "x@y.example", "--name", "Minh Đặng é", "--role", "member", "--password-stdin"])
        == 0
    )
    for arguments in (["user", "list"], ["user", "list", "--json"]):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "argv", ["crm", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        terminal.flush()
        said = terminal.buffer.getvalue().decode("latin-1")
        assert "\\u0110" in said
    assert json.loads(said)[0]["name"] == "Minh Đặng é"


def test_a_full_disk_under_the_output_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(care, "examine", full)
    assert run(["doctor"]) == 1
    assert (
        capsys.readouterr().err == "crm: Not everything could be written or read: No space left on device.\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CRM_IMAP_URL", "imaps://me:s3cret@", "it names no host"),
        ("CRM_SMTP_URL", "me:s3cret@mail.example.org", "it must begin with smtp://"),
        ("CRM_MAIL_FROM", "s3cret", "names no address"),
        ("CRM_DKIM_KEY", "s3cret", "no private key"),
    ],
)
def test_a_wrong_setting_of_mail_stops_the_server_without_its_password(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRM_SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv(name, value)
    assert run(["serve"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"crm: {name}")
    assert words in said
    assert "s3cret" not in said


def test_a_backup_of_a_database_without_users_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where cron does not know the settings."""
    assert run(["backup", str(tmp_path / "empty.backup")]) == 0
    said = capsys.readouterr()
    assert "was read back in full" in said.out
    assert said.err.startswith("crm: It contains no users.")


def test_what_doctor_finds_wrong_is_a_line_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        care, "examine", lambda *_: [Finding("disk", "wrong", "It is full.", "Free some space.")] * 2
    )
    assert run(["doctor"]) == 1
    assert capsys.readouterr().err == "crm: disk: It is full. Free some space. 1 more is listed.\n"


def test_several_workspaces_need_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    with open_database() as (_, database), database.write() as connection:
        row = {
            "id": 999,
            "name": "Second",
            "time_zone": "UTC",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        connection.execute(workspace.insert(), row)
    assert run(["user", "list"]) == 2
    assert "several workspaces (Quillon, Second)" in capsys.readouterr().err
    assert run(["user", "add", "x@y.example", "--name", "X", "--workspace", "Second"]) == 0
    assert run(["user", "list", "--json", "--workspace", "Quillon"]) == 0
    assert capsys.readouterr().out.endswith("[]\n")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", "2026-11-23T22:59:59.999999+00:00"),
        ("2026-06-01", "2026-06-01T21:59:59.999999+00:00"),
        ("2026-11-23T12:30", "2026-11-23T11:30:00+00:00"),
        ("2026-11-23T12:30:00-05:00", "2026-11-23T17:30:00+00:00"),
        ("2026-11-23T12:30Z", "2026-11-23T12:30:00+00:00"),
        ("20261123", "2026-11-23T23:59:59.999999+01:00"),
    ],
)
def test_as_of_is_the_end_of_a_day_or_a_time(text: str, moment: str) -> None:
    assert parse_moment(text, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "20261123T", "2026-W48", "9999-12-31", "0001-01-01", "23.11.2026"]
)
def test_other_words_are_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="--as-of takes a date"):
        parse_moment(text, ZoneInfo("Europe/Berlin"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_serve_answers_shows_the_set_up_link_and_ends_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    monkeypatch.setenv("CRM_PORT", str(port))
    command = [sys.executable, "-m", "crm", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == f"In Person is at http://127.0.0.1:{port}\n"
            link = server.stdout.readline().rpartition(" ")[2].strip()
            assert link.startswith(f"http://127.0.0.1:{port}/setup?token=")
            answers(link)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                assert json.load(answer) == {"ready": True, "reason": None}
            assert run(["serve"]) == 1
            assert f"Port {port} on 127.0.0.1 is in use." in capsys.readouterr().err
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0
        finally:
            server.kill()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), 2),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), 1),
        (PermissionError(errno.EACCES, "Permission denied"), 2),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), 1),
    ],
)
def test_a_place_to_listen_that_cannot_be_had_is_a_wrong_setting_unless_it_may_pass(
    fault: OSError, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert run(["serve"]) == status
    assert "See CRM_HOST and CRM_PORT." in capsys.readouterr().err


@pytest.mark.parametrize(("proxies", "status"), [("127.0.0.1", 422), ("10.9.9.9", 429)])
def test_who_guesses_is_told_by_a_proxy_that_is_named_and_by_no_other(
    proxies: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("CRM_PORT", str(port))
    monkeypatch.setenv("CRM_PROXIES", proxies)
    with subprocess.Popen(
        [sys.executable, "-m", "crm", "serve"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            answers(server.stdout.readline().rpartition(" ")[2].strip())
            told = [guess(port, f"198.51.100.{number}") for number in range(FOR_ACCOUNT + 1)]
        finally:
            server.kill()
    assert told == [422] * FOR_ACCOUNT + [status]


def guess(port: int, comes_from: str) -> int:
    """The status of a wrong password that a proxy passes on."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/sign-in",
        b"email=nora@quillon.example&password=wrong",
        {"X-Forwarded-For": comes_from},
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def answers(link: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(link) as answer:
                assert "Set up In Person" in answer.read().decode()
                return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")
