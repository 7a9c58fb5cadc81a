"""The wheel carries what lies outside the package, and serves from where it was unpacked."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

from crm import __version__
from tests.house.places import ROOT, files

OWN_FILES = """
import pathlib, crm
assert pathlib.Path(crm.__file__).is_relative_to(pathlib.Path.cwd()), crm.__file__
from crm.templating import templates_dir
assert templates_dir().is_relative_to(pathlib.Path.cwd()), templates_dir()
"""

FIRST_ADMIN = {
    "team": "Lighthouse",
    "time_zone": "Europe/Berlin",
    "name": "Ada",
    "email": "ada@team.example",
    "password": "an old lighthouse keeper",
}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    with ZipFile(built) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def carried(folder: str) -> set[str]:
    """The files of a folder of this repository, by their path below it."""
    below = [path.relative_to(ROOT / folder) for path in files() if ROOT / folder in path.parents]
    return {path.as_posix() for path in below}


@pytest.mark.parametrize(
    ("here", "there"), [("crm", "crm"), ("templates", "crm/_templates"), ("migrations", "crm/_migrations")]
)
def test_it_carries(unpacked: Path, here: str, there: str) -> None:
    assert carried(here)
    missing = {name for name in carried(here) if not (unpacked / there / name).is_file()}
    assert missing == set()


def test_it_carries_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"crm", f"in_person-{__version__}.dist-info"}


def alone(unpacked: Path, **settings: object) -> dict[str, str]:
    """The environment of Python on the unpacked wheel alone, far from the checkout."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    return {**own, "PYTHONPATH": str(unpacked), **{name: str(value) for name, value in settings.items()}}


def test_it_finds_its_own_templates(unpacked: Path) -> None:
    command = [sys.executable, "-c", OWN_FILES]
    found = subprocess.run(
        command, cwd=unpacked, env=alone(unpacked), capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr


def form(**fields: str) -> tuple[bytes, bytes]:
    """A POST of the set-up form in two halves: the second is kept back while the request is in progress."""
    body = urlencode(fields).encode()
    lines = (
        "POST /setup HTTP/1.1",
        "Host: x",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body[:20], body[20:]


def test_asked_to_stop_it_answers_what_was_begun_and_is_gone_within_ten_seconds(
    unpacked: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = alone(unpacked, CRM_DATA_DIR=tmp_path, CRM_PORT=port)
    command = [sys.executable, "-u", "-m", "crm", "serve"]
    with subprocess.Popen(command, cwd=unpacked, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = [server.stdout.readline(), server.stdout.readline()]
            token = said[1].strip().partition("token=")[2]
            first, second = form(token=token, **FIRST_ADMIN)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
                visitor.sendall(first)
                wait_until_it_reads(port)
                server.send_signal(signal.SIGTERM)
                wait_until_it_takes_no_more(port)
                visitor.sendall(second)
                answer = visitor.makefile("rb").read().decode()
            assert server.wait(10) == 0
        finally:
            server.kill()
    assert answer.startswith("HTTP/1.1 303"), answer[:500]
    (file,) = tmp_path.glob("*.sqlite3")
    with closing(sqlite3.connect(file)) as kept:
        assert kept.execute("SELECT email FROM user").fetchall() == [("ada@team.example",)]


def wait_until_it_reads(port: int) -> None:
    """The server answers somebody who came later, so it has begun with whoever came before."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as other:
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in other.makefile("rb").read()


def wait_until_it_takes_no_more(port: int) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("the server goes on taking requests")
