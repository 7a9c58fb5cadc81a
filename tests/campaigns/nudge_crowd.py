"""R3: eight processes with live clocks on one database, 200 users due in the same second: one nudge each.

In each round one process is stopped in the middle of a delivery until its claim is taken over, and then wakes.
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from crm import clock
from crm.storage.database import Database
from crm.storage.tables import outbox, user
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.nudges.mailroom import Ledger, check, mail_server, send_signal, team, workers

PROCESSES, USERS = 8, 200
PATIENCE_SECONDS = 900


class Stopping(Ledger):
    """A mail server that stops the process that names the n-th recipient, before anything is handed over."""

    def __init__(self, database: Database, which: int) -> None:
        super().__init__()
        self.database, self.left = database, which
        self.pid = 0
        self.stopped = threading.Event()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.left -= 1
        if self.left == 0:
            self.pid = int(claimed_by(self.database, address).split(":")[1])
            send_signal(self.pid, signal.SIGSTOP)
            self.stopped.set()
        return await super().handle_RCPT(server, session, envelope, address, options)


def claimed_by(database: Database, address: str) -> str:
    with database.read() as connection:
        found = connection.execute(
            select(outbox.c.claimed_by)
            .join(user, (user.c.workspace_id == outbox.c.workspace_id) & (user.c.id == outbox.c.user_id))
            .where(user.c.email == address)
        )
        return str(found.scalar_one())


def counted(database: Database) -> Counter[str]:
    with database.read() as connection:
        rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
        return Counter({row.state: int(row[1]) for row in rows})


def until(what: Callable[[Counter[str]], bool], complaint: str, database: Database) -> None:
    """Wait for it; whoever waits in vain is told how the mails stand."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not what(standing := counted(database)):
        assert time.monotonic() < ends, f"{complaint}: {dict(standing)}; {unsettled(database)}"
        time.sleep(0.2)


def unsettled(database: Database) -> list[tuple[object, ...]]:
    """A few of the mails that are not sent, with who holds them and why."""
    mail = outbox.c
    with database.read() as connection:
        asked = select(mail.state, mail.claimed_by, mail.claim_until, mail.attempts, mail.reason)
        return [tuple(row) for row in connection.execute(asked.where(mail.state != "sent").limit(5))]


def round_of(url: str, chance: random.Random, variant: str, size: tuple[int, int]) -> Counter[str]:
    """One round of so many processes and users; returns how the mails ended."""
    processes, number = size
    database = Database(url)
    users = team(World.create(database), number)
    ledger = Stopping(database, chance.randrange(1, number // 2))
    try:
        with mail_server(ledger) as (port, _), workers(url, port, variant) as bears:
            started = clock.now() + timedelta(seconds=2)
            for _ in range(processes):
                bears.tick(started)
            assert ledger.stopped.wait(PATIENCE_SECONDS), "nobody came to the recipient"
            until(
                lambda mails: set(mails) <= {"sent", "claimed", "retry"}, "the crowd did not get on", database
            )
            until(lambda mails: mails["claimed"] <= 1, "more than the stopped one holds a claim", database)
            bears.bear(timedelta(minutes=5))
            assert bears.ended(PATIENCE_SECONDS)[1] == 0
            until(lambda mails: set(mails) == {"sent"}, "not all were sent after the lease", database)
            send_signal(ledger.pid, signal.SIGCONT)
            bears.end_all()
            return check(database, ledger, users)
    finally:
        database.close()


def run(asked: Asked) -> Iterator[str]:
    ended = Counter[str]()
    with databases(asked.backend) as fresh:
        for number in range(1, asked.times + 1):
            begun = time.monotonic()
            ended += round_of(fresh(), asked.chance, asked.variant, (PROCESSES, USERS))
            seconds = time.monotonic() - begun
            yield f"{number} rounds, as many stopped and woken; {dict(ended)}; the last in {seconds:.0f} s"


CAMPAIGN = Campaign(
    "R3",
    "Eight processes with live clocks send one nudge each to 200 users due in the same second",
    "rounds",
    50,
    run,
    ("no fence",),
)
