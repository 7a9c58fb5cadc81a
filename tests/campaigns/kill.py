"""R1: servers are killed at random moments while people log and delete; a journal outside the product is compared.

The journal holds what was asked and what was answered. After each kill, before anything is started again: what was
answered is there, what was only asked is there wholly or not at all, and nothing is there twice.
"""

import contextlib
import http.client
import itertools
import math
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from crm import clock
from crm.storage.database import Database
from crm.storage.stored_metrics import refresh, refresh_stale, scope_of
from crm.storage.tables import ask, contact_metrics, interaction, interaction_contact, interaction_user
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.web.site import cookie

CLIENTS = 3
LIFE_SECONDS = 0.12
BORN_EARLY = 5
"""One kill in so many comes at any moment of a server's first steps; the others once it has answered somebody."""
KILLS_A_ROUND = 50
ROOT = Path(__file__).parents[2]


@dataclass
class Journal:
    """What the people at the browsers know."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    deleting: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    somebody_was_answered: threading.Event = field(default_factory=threading.Event)


class Office:
    """People who log with two contacts at a time, and now and then take out something older, until it closes."""

    def __init__(self, world: World, port: int, session: str, old: list[int]) -> None:
        self.journal = Journal()
        self.people = [world.contact(name) for name in ("Marta Kowalczyk", "Jonas Weber")]
        self._port, self._old, self._count = port, iter(old), itertools.count()
        self._cookie = session
        self._closed = threading.Event()
        self._clients = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def open(self) -> None:
        for client in self._clients:
            client.start()

    def close(self) -> None:
        self._closed.set()
        for client in self._clients:
            client.join()

    def _work(self) -> None:
        while not self._closed.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                while not self._closed.is_set():
                    self._once(connection)

    def _once(self, connection: http.client.HTTPConnection) -> None:
        journal = self.journal
        with journal.lock:
            number = next(self._count)
            gone = next(self._old, None) if number % 4 == 3 else None
            token = f"entry {number}"
            (journal.asked.append(token) if gone is None else journal.deleting.append(gone))
        if gone is None:
            self._post(connection, "/log", self._form(token))
        else:
            self._post(connection, f"/log/{gone}/delete", [])
        with journal.lock:
            (journal.answered.append(token) if gone is None else journal.deleted.append(gone))
        journal.somebody_was_answered.set()

    def _form(self, token: str) -> list[tuple[str, str]]:
        who = [("contact_ids", str(one)) for one in self.people]
        return [*who, ("channel", "phone"), ("summary", token), ("again", "3w")]

    def _post(self, connection: http.client.HTTPConnection, path: str, form: list[tuple[str, str]]) -> None:
        headers = {
            "Cookie": self._cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status


def compare(database: Database, journal: Journal, people: list[int]) -> None:
    """The journal against the database as a killed server left it."""
    with database.read() as connection:
        rows = connection.execute(
            select(interaction.c.id, interaction.c.summary).where(interaction.c.summary.like("entry %"))
        ).all()
        parts = Counter(connection.execute(select(interaction_contact.c.interaction_id)).scalars())
        users = Counter(connection.execute(select(interaction_user.c.interaction_id)).scalars())
        asks = connection.execute(select(func.count()).select_from(ask)).scalar_one()
        gone = set(
            connection.execute(
                select(interaction.c.id).where(interaction.c.deleted_at.is_not(None))
            ).scalars()
        )
        counted = set(
            connection.execute(
                select(interaction_contact.c.interaction_id).where(interaction_contact.c.counts)
            ).scalars()
        )
    found = Counter(row.summary for row in rows)
    lost = [token for token in journal.answered if token not in found]
    assert not lost, f"answered, and lost: {lost}"
    assert not found.keys() - set(journal.asked), "something is there that nobody asked for"
    assert set(found.values()) <= {1}, f"there twice: {found.most_common(1)}"
    half = [row.summary for row in rows if (parts[row.id], users[row.id]) != (len(people), 1)]
    assert not half, f"half-done: {half}"
    asks -= 1  # the nursery's own
    assert asks == len(rows), f"{len(rows)} were logged with an ask each, and there are {asks}"
    assert set(journal.deleted) <= gone <= set(journal.deleting), "what was deleted is not what was asked"
    assert not gone & counted, f"deleted, and counted: {gone & counted}"


def figures_agree(world: World, people: list[int]) -> None:
    """The stored metrics, as a page would read them, are those that are worked out anew."""
    at = clock.now()
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, at))
        kept = select(contact_metrics).order_by(contact_metrics.c.contact_id)
        before = connection.execute(kept).all()
        refresh(connection, scope_of(connection, world.principal, at, tuple(people)), tuple(people))
        pairs = zip(connection.execute(kept).all(), before, strict=True)
        assert all(all(map(_alike, *pair)) for pair in pairs), "stored metrics are not those of the log"


def _alike(here: Any, there: Any) -> bool:
    """Equal, or the same number but for its last digits: sums that are carried on were rounded more often."""
    if isinstance(here, float) and isinstance(there, float):
        return math.isclose(here, there, rel_tol=1e-9)
    return bool(here == there)


@dataclass
class Servers:
    """The process that bears them."""

    process: "subprocess.Popen[str]"

    def bear(self) -> int:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._said()

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert self._said() == pid

    def _said(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def nursery(url: str, session: str, somebody: int, variant: str) -> Iterator[tuple[Servers, int]]:
    """Servers to be born, and the port they will listen on; somebody is who the nursery itself logs with."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        command = [sys.executable, "-m", "tests.campaigns.kill_server", url, str(listener.fileno())]
        command += [session, str(somebody), variant]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
        )
        port = listener.getsockname()[1]
    with process:
        try:
            yield Servers(process), port
        finally:
            process.kill()


def round_of(database: Database, url: str, kills: int, chance: random.Random, variant: str = "") -> int:
    """One round on a fresh database: how many answers were given and kept. Raises AssertionError where one was not."""
    world = World.create(database)
    somebody = world.contact("Ana Lima")
    old = [world.log("email", 3 + number, somebody) for number in range(min(60, 2 * kills))]
    session = cookie(world, world.user())
    with nursery(url, session, somebody, variant) as (servers, port):
        office = Office(world, port, session, old)
        office.open()
        try:
            for number in range(kills):
                one_life(servers, office.journal, chance, early=number % BORN_EARLY == BORN_EARLY - 1)
                compare(database, office.journal, office.people)
        finally:
            office.close()
    compare(database, office.journal, office.people)
    figures_agree(world, [*office.people, somebody])
    return len(office.journal.answered) + len(office.journal.deleted)


def one_life(servers: Servers, journal: Journal, chance: random.Random, *, early: bool) -> None:
    journal.somebody_was_answered.clear()
    pid = servers.bear()
    if not early:
        assert journal.somebody_was_answered.wait(60), "the server answers nobody"
    time.sleep(chance.uniform(0, LIFE_SECONDS))
    servers.kill(pid)


def run(asked: Asked) -> Iterator[str]:
    made, answers = 0, 0
    with databases(asked.backend) as fresh:
        while made < asked.times:
            size = min(KILLS_A_ROUND, asked.times - made)
            url = fresh()
            with contextlib.closing(Database(url)) as database:
                answers += round_of(database, url, size, asked.chance, asked.variant)
            made += size
            yield f"{made} kills, {answers} answers, all of them kept"


CAMPAIGN = Campaign(
    "R1",
    "Nothing acknowledged is lost and nothing is half-done when servers are killed under load",
    "kills",
    1000,
    run,
    ("answers first", "in two steps"),
)
