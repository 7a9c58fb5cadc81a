"""The product as its users run it: its own commands, and its own server on a free port."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.browser.at_a_moment import THEN, become
from tests.nursery import NURSERY

ROOT = Path(__file__).resolve().parents[2]
MONDAY = "2026-11-23T09:00:00+00:00"
PASSWORD = "an old lighthouse keeper"
STARTS_WITHIN = 60


@dataclass(frozen=True)
class Product:
    """One installation in a folder of its own."""

    folder: Path
    moment: str = MONDAY

    def environment(self, **more: str) -> dict[str, str]:
        """No setting of the person who runs the tests reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
        own = {"CRM_DATA_DIR": str(self.folder), "CRM_SCHEDULER": "off", "PYTHONPATH": str(ROOT)}
        return {**kept, **own, **more}

    def command(self, *arguments: str) -> list[str]:
        """How to run one of its commands at its moment."""
        return [sys.executable, "-m", "tests.browser.at_a_moment", self.moment, *arguments]

    def run(self, *commands: Sequence[str], typed: str = "") -> str:
        """Run commands one after the other; returns what they printed."""
        words = [word for command in commands for word in (*command, THEN)]
        done = subprocess.run(
            self.command(*words),
            env=self.environment(),
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout


def add_user(email: str, name: str, role: str) -> Sequence[str]:
    """The command that adds somebody whose password is typed."""
    return ("user", "add", email, "--name", name, "--role", role, "--password-stdin")


@dataclass(frozen=True)
class Served:
    """A running server: where it is, and the address for setting up its first admin, if it printed one."""

    url: str
    setup: str | None


@contextmanager
def served(product: Product, **settings: str) -> Iterator[Served]:
    """Serve until the end of the block, with more settings if need be. The log stands in ``server.log`` beside the data."""
    port = _free_port()
    out = product.folder / "server.log"
    environment = product.environment(CRM_PORT=str(port), **settings)
    process = NURSERY.Process(
        target=become, args=(environment, str(out), product.moment, ["serve"]), daemon=True
    )
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, out)
        found = re.search(r"\S+/setup\?token=\S+", out.read_text())
        yield Served(url, found[0] if found else None)
    finally:
        process.kill()  # how it stops when asked is the subject of other tests
        process.join(20)


def _wait(process: BaseProcess, url: str, out: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        assert process.is_alive(), out.read_text()
        try:
            with urllib.request.urlopen(f"{url}/readyz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"The server did not answer within {STARTS_WITHIN} seconds:\n{out.read_text()}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
