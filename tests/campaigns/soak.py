"""R10: a server that is used for an hour needs no more memory, threads, file handles and WAL in its last third than before.

People look at every page and log; each minute it is noted what the process holds. The first third is for warming up.
"""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from crm.storage.database import Database
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.campaigns.kill import ROOT
from tests.campaigns.soak_server import BROKEN
from tests.mail.servers import free_port
from tests.web.site import cookie

CLIENTS = 3
PEOPLE = 40
MINUTE_SECONDS = 60
PAUSE_SECONDS = 0.1
PAGES = ("/", "/health", "/people", "/rules", "/log", "/people/suggest?q=Person%201", "/team", "/import")
A_GIFT = {"mebibytes": 6.0, "threads": 1.0, "handles": 3.0, "wal_mebibytes": 4.0}
"""How much more the last third may need than the middle one: a heap is never quite still."""


@dataclass(frozen=True)
class Held:
    """What a process holds at a moment."""

    mebibytes: float
    threads: float
    handles: float
    wal_mebibytes: float

    def __str__(self) -> str:
        return (
            f"{self.mebibytes:.0f} MiB, {self.threads:.0f} threads, {self.handles:.0f} handles,"
            f" a WAL of {self.wal_mebibytes:.1f} MiB"
        )


def held(pid: int, database: Database) -> Held:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    told = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    wal = Path(f"{database.url.database}-wal")
    return Held(
        int(told["VmRSS"][0]) / 1024,
        int(told["Threads"][0]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        wal.stat().st_size / 2**20 if database.is_sqlite and wal.exists() else 0,
    )


class Unredirected(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Person(threading.Thread):
    """Somebody who looks at every page in turn and logs, until told to stop."""

    def __init__(self, port: int, session: str, contact_ids: list[int]) -> None:
        super().__init__(daemon=True)
        self.answers = 0
        self.stopping = threading.Event()
        self.fault: Exception | None = None
        self._address, self._ids = f"http://127.0.0.1:{port}", contact_ids
        self._headers = {"Cookie": session, "Sec-Fetch-Site": "same-origin"}
        self._opener = build_opener(Unredirected)

    def run(self) -> None:
        try:
            for number in itertools.count():
                if self.stopping.is_set():
                    return
                one = self._ids[number % len(self._ids)]
                for path in (*PAGES, f"/people/{one}"):
                    assert self._ask(path) == 200, path
                form = {"contact_ids": str(one), "channel": "phone", "summary": f"call {number}"}
                assert self._ask("/log", urlencode(form).encode()) == 303
        except Exception as fault:
            self.fault = fault

    def _ask(self, path: str, form: bytes | None = None) -> int:
        self.answers += 1
        time.sleep(PAUSE_SECONDS)
        try:
            with self._opener.open(Request(self._address + path, form, self._headers), timeout=60) as answer:
                answer.read()
                return int(answer.status)
        except HTTPError as refused:
            return refused.code


@contextlib.contextmanager
def server(url: str, variant: str) -> Iterator[tuple[int, int]]:
    """A server with its scheduler on: its pid and its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="crm-soak-", ignore_cleanup_errors=True) as folder:
        own = {"CRM_DATABASE_URL": url, "CRM_PORT": str(port), "CRM_DATA_DIR": folder}
        environment = {**os.environ, **own, "CRM_BASE_URL": f"http://127.0.0.1:{port}"}
        command = [sys.executable, "-m", "tests.campaigns.soak_server", variant]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet) as process:
            try:
                listening(port)
                yield process.pid, port
            finally:
                process.terminate()


def listening(port: int) -> None:
    """Returns once somebody listens there."""
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start within a minute")


def judge(taken: list[Held]) -> None:
    """AssertionError where the last third needs more than the middle one."""
    third = len(taken) // 3
    names = [field.name for field in fields(Held)]
    middle, last = (
        dict(zip(names, map(median, zip(*map(astuple, part), strict=True)), strict=True))
        for part in (taken[third : 2 * third], taken[-third:])
    )
    grown = [
        f"{name}: {middle[name]:.1f}, then {last[name]:.1f}"
        for name in names
        if last[name] > middle[name] + A_GIFT[name]
    ]
    assert not grown, f"it grows: {'; '.join(grown)}"


def run(asked: Asked) -> Iterator[str]:
    assert asked.times >= 3, "three thirds take three minutes"
    with databases(asked.backend) as fresh:
        url = fresh()
        database = Database(url)
        yield from hour(asked, url, database)
        database.close()


def hour(asked: Asked, url: str, database: Database) -> Iterator[str]:
    world = World.create(database)
    ids = [world.contact(f"Person {number}") for number in range(PEOPLE)]
    for one, _ in itertools.product(ids, range(10)):
        world.log("email", asked.chance.randrange(400), one)
    session = cookie(world, world.user())
    taken: list[Held] = []
    with server(url, asked.variant) as (pid, port), people(port, session, ids) as clients:
        for minute in range(asked.times):
            time.sleep(MINUTE_SECONDS)
            assert not [one.fault for one in clients if one.fault], [one.fault for one in clients]
            taken.append(held(pid, database))
            if minute % 5 == 4:
                answers = sum(one.answers for one in clients)
                yield f"after {minute + 1} minutes and {answers} answers: {taken[-1]}"
    judge(taken)


@contextlib.contextmanager
def people(port: int, session: str, ids: list[int]) -> Iterator[list[Person]]:
    clients = [Person(port, session, ids[number::CLIENTS]) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    try:
        yield clients
    finally:
        for one in clients:
            one.stopping.set()
        for one in clients:
            one.join()


CAMPAIGN = Campaign(
    "R10",
    "A server that is used for long holds no more memory, threads, files and WAL than before",
    "minutes",
    60,
    run,
    tuple(BROKEN),
)
