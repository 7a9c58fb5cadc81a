"""R9: the disk is full, the file cannot be written, somebody holds the lock: a page that says so, and nothing is lost.

Each point is one fault at one action. While it lasts the action is refused with a sentence or done whole, pages are
read, and what is in the database is what was; once it is over the same action works, with nobody having done anything.
"""

import contextlib
import itertools
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, event, text

from crm.storage import faults as sentences
from crm.storage.database import Database
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.web.site import client
from tests.web.test_access import everything

SAYS = {
    "full": "The disk is full",
    "torn": "The disk could not be read or written",
    "read-only": "The database is read-only",
    "locked": "The database is busy",
}
HAVE_ROOM = ("full", "torn")
"""Faults that leave some room, in which a small action may be done whole."""
KINDS = {"sqlite": tuple(SAYS), "postgresql": ("read-only", "locked")}
LONG_NOTE = "a long note, " * 4_000


class Machine:
    """The database under orders: each connection is told all of them when it is next used."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._orders: dict[str, str] = {}
        self._turns = itertools.count()
        if database.is_sqlite:
            event.listen(database.engine, "checkout", self._tell)
        else:
            event.listen(database.engine, "begin", self._say)

    def _tell(self, connection: Any, record: object, proxy: object) -> None:
        """Before SQLite's BEGIN; each time in other words, since it knows again what it was told twice and does nothing."""
        for order in self._orders.values():
            connection.cursor().execute(f"{order} -- {next(self._turns)}")

    def _say(self, connection: Connection) -> None:
        for order in self._orders.values():
            connection.exec_driver_sql(order)

    @contextmanager
    def ordered(self, subject: str, order: str, end: str) -> Iterator[None]:
        self._orders[subject] = order
        try:
            yield
        finally:
            self._orders[subject] = end


@contextmanager
def full(machine: Machine, room: int) -> Iterator[None]:
    """No page more than so many: what SQLite says is what it says of a full disk."""
    with machine.database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limit, end = f"PRAGMA max_page_count = {pages + room}", "PRAGMA max_page_count = 4294967294"
    with machine.ordered("pages", limit, end):
        yield


@contextmanager
def torn(machine: Machine, room: int) -> Iterator[None]:
    """Files cannot grow beyond so much: the write-ahead log breaks off in the middle of a page."""
    assert machine.database.url.database
    log = Path(machine.database.url.database + "-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 700 * room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(machine: Machine, room: int) -> Iterator[None]:
    """Nothing may be written."""
    order, end = "SET TRANSACTION READ ONLY", "SELECT 1"
    if machine.database.is_sqlite:
        order, end = "PRAGMA query_only = ON", "PRAGMA query_only = OFF"
    with machine.ordered("writing", order, end):
        yield


@contextmanager
def locked(machine: Machine, room: int) -> Iterator[None]:
    """Somebody else is in the middle of something, and does not end."""
    database = machine.database
    order, end = "SET LOCAL lock_timeout = '30ms'", "SELECT 1"
    if database.is_sqlite:
        order, end = "PRAGMA busy_timeout = 30", "PRAGMA busy_timeout = 5000"
    with database.engine.begin() as holder:
        if database.is_sqlite:
            holder.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            holder.execute(text("LOCK TABLE interaction, contact IN EXCLUSIVE MODE"))
        with machine.ordered("patience", order, end):
            yield


Fault: TypeAlias = Callable[[Machine, int], contextlib.AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {"full": full, "torn": torn, "read-only": read_only, "locked": locked}


class Desk:
    """One person who does things, each of which changes something: four entries are removed one by one, then brought back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.machine = Machine(database)
        self.world = World.create(database)
        self.person = self.world.contact()
        old = [self.world.log("email", 3 + number, self.person) for number in range(4)]
        self.kept, self.removed = itertools.cycle(old), itertools.cycle(old)
        self.browser = client(self.world, self.world.user())
        self.browser._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
        self.number = 0

    def log(self) -> tuple[str, dict[str, str]]:
        self.number += 1
        form = {"contact_ids": str(self.person), "channel": "phone", "summary": f"entry {self.number}"}
        return "/log", {**form, "note": LONG_NOTE, "again": "3w"}

    def delete(self) -> tuple[str, dict[str, str]]:
        return f"/log/{next(self.kept)}/delete", {}

    def restore(self) -> tuple[str, dict[str, str]]:
        return f"/log/{next(self.removed)}/restore", {}

    def add(self) -> tuple[str, dict[str, str]]:
        self.number += 1
        return "/people/new", {"name": f"Person {self.number}", "tier": "key", "kind": "partner"}

    def act(self, action: tuple[str, dict[str, str]]) -> tuple[int, str]:
        answer = self.browser.post(action[0], data=action[1])
        return answer.status_code, answer.text

    def pages_are_read(self) -> None:
        for path in ("/people", f"/people/{self.person}", "/readyz"):
            status = self.browser.get(path).status_code
            assert status == 200, f"{path} answers {status}"


def said(page: str) -> str:
    """The sentence of an error page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())[:300]


def point(desk: Desk, kind: str, action: tuple[str, dict[str, str]], room: int) -> int:
    """One fault at one action: the status of its answer. Raises AssertionError where the promise broke."""
    desk.pages_are_read()  # which works out figures that are stale
    before = everything(desk.database)
    with FAULTS[kind](desk.machine, room):
        status, page = desk.act(action)
        desk.pages_are_read()
    case = f"{kind}, {action[0]}, room {room}: {status}"
    if status == 503:
        assert SAYS[kind] in page, f"{case}, and the page does not say why"
        assert everything(desk.database) == before, f"{case}, and something was changed"
        again, page = desk.act(action)
        assert again == 303, f"{case}, and {again} once it is over: {said(page)}"
    assert status == 503 or (status == 303 and kind in HAVE_ROOM), case
    assert everything(desk.database) != before, f"{case}, and nothing was done"
    return status


@contextmanager
def broken(variant: str) -> Iterator[None]:
    """Faults of the machine without their sentences."""
    kept = sentences._sentence
    if variant == "says nothing":
        sentences._sentence = lambda *_: None
    try:
        yield
    finally:
        sentences._sentence = kept


def run(asked: Asked) -> Iterator[str]:
    refused = 0
    with (
        databases(asked.backend) as fresh,
        broken(asked.variant),
        contextlib.closing(Database(fresh())) as database,
    ):
        desk = Desk(database)
        for number in range(asked.times):
            kind = KINDS[asked.backend][number % len(KINDS[asked.backend])]
            action = (desk.log, desk.delete, desk.restore, desk.add)[number // 4 % 4]()
            refused += point(desk, kind, action, asked.chance.randrange(12)) == 503
            if number % 20 == 19:
                yield f"{number + 1} points, {refused} refused with their sentence, the others done whole"


CAMPAIGN = Campaign(
    "R9",
    "A full disk, a read-only file and a locked database are said on the page, and pass",
    "points",
    40,
    run,
    ("says nothing",),
)
