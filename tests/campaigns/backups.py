"""R7: backups under write load restore whole, damaged ones are refused, and a restored one sends nothing until released.

Each round backs up a database that somebody goes on writing to, spoils a copy, restores copy and original elsewhere, and
lets a process that sends work there, with a mail server that takes everything.
"""

import contextlib
import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from crm.care import restore as restoring
from crm.care.backup import back_up
from crm.care.restore import restore
from crm.errors import Refusal
from crm.nudges.due import put_due
from crm.nudges.holds import release
from crm.storage.database import Database
from crm.storage.migrate import migrate
from crm.storage.tables import interaction, interaction_contact
from tests.builders import NOW, World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.nudges.mailroom import Ledger, mail_server, postman, team
from tests.web.test_access import everything

MAILS = 2


class Office:
    """A database in which somebody logs calls with two people until it closes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.world = World.create(database)
        self.people = [self.world.contact(name) for name in ("Marta Kowalczyk", "Łukasz O’Brien")]
        team(self.world, MAILS)
        put_due(database, "example.org", NOW)
        self._closed = threading.Event()

    @contextmanager
    def open(self) -> Iterator[None]:
        writer = threading.Thread(target=self._write)
        writer.start()
        try:
            yield
        finally:
            self._closed.set()
            writer.join()

    def _write(self) -> None:
        while not self._closed.wait(0.01):
            self.world.log("phone", 1, *self.people)

    def logged(self) -> int:
        return counted(self.database)[0]


def counted(database: Database) -> tuple[int, int]:
    """How many interactions, and how many took part in one."""
    with database.read() as connection:
        tables = (interaction, interaction_contact)
        found = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]
    return found[0], found[1]


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """Cut short, or with one bit changed."""
    place = chance.randrange(len(data))
    if chance.random() < 0.5:
        return data[:place]
    changed = bytearray(data)
    changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def round_of(
    office: Office, elsewhere: Database, folder: Path, ledger: Ledger, port: int, chance: random.Random
) -> None:
    """One backup and what becomes of it. Raises AssertionError where the promise broke."""
    path, other = folder / "all.backup", folder / "spoiled.backup"
    earliest = office.logged()
    back_up(office.database, path, NOW)
    latest = office.logged()
    other.write_bytes(spoiled(path.read_bytes(), chance))
    before = everything(elsewhere)
    with contextlib.suppress(Refusal):
        restore(elsewhere, other, NOW, replace=True)
        raise AssertionError("a damaged backup was restored")
    assert everything(elsewhere) == before, "a damaged backup changed something"
    restore(elsewhere, path, NOW, replace=True)
    logged, took_part = counted(elsewhere)
    assert earliest <= logged <= latest, f"{logged} came back, and it was between {earliest} and {latest}"
    assert took_part == 2 * logged, f"{logged} were logged, and {took_part} took part in them"
    sent = len(ledger.taken)
    postman(elsewhere, NOW, port=port, timeout=20).work()
    assert len(ledger.taken) == sent, "a restored backup sent mail"
    with elsewhere.write() as connection:
        release(connection, NOW)
    postman(elsewhere, NOW, port=port, timeout=20).work()
    assert len(ledger.taken) == sent + MAILS, "what was released was not sent"


def rounds(source: Database, number: int, chance: random.Random) -> Iterator[int]:
    """So many rounds on one office; says after each how many there were."""
    with tempfile.TemporaryDirectory(prefix="crm-backups-") as name, mail_server() as (port, ledger):
        folder, office = Path(name), Office(source)
        elsewhere = Database(f"sqlite:///{folder / 'elsewhere.sqlite3'}")
        migrate(elsewhere)
        with contextlib.closing(elsewhere), office.open():
            for made in range(1, number + 1):
                round_of(office, elsewhere, folder, ledger, port, chance)
                yield made


@contextmanager
def broken(variant: str) -> Iterator[None]:
    """A build whose restored mail is simply due again."""
    kept = restoring._hold_mail
    if variant == "holds nothing":
        restoring._hold_mail = lambda *_: None
    try:
        yield
    finally:
        restoring._hold_mail = kept


def run(asked: Asked) -> Iterator[str]:
    with (
        databases(asked.backend) as fresh,
        broken(asked.variant),
        contextlib.closing(Database(fresh())) as source,
    ):
        for made in rounds(source, asked.times, asked.chance):
            if made % 20 == 0:
                yield f"{made} backups restored whole, {made} damaged ones refused"


CAMPAIGN = Campaign(
    "R7",
    "Backups under write load come back whole, damaged ones are refused, restored ones send nothing",
    "backups",
    200,
    run,
    ("holds nothing",),
)
