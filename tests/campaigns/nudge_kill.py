"""R2: workers that send are killed at random moments of their life, in rounds on fresh databases.

The window in which nobody can know is from the note that a mail is handed over to the one that the server has it; how
wide it was is measured on every mail that went out.
"""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from crm.storage.database import Database
from crm.storage.tables import outbox_event
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.nudges.mailroom import check, mail_server, send_signal, team, workers

KILLS_A_ROUND = 100
LIFE_SECONDS = 0.5


def widths(database: Database) -> list[float]:
    """Milliseconds between the note of the hand-over and that of the answer, for every mail that was sent."""
    both = outbox_event.c.state.in_(("handing_over", "sent"))
    with database.read() as connection:
        rows = connection.execute(
            select(func.min(outbox_event.c.at), func.max(outbox_event.c.at))
            .where(both)
            .group_by(outbox_event.c.workspace_id, outbox_event.c.outbox_id)
            .having(func.count() == 2)
        )
        return [(answered - begun).total_seconds() * 1000 for begun, answered in rows]


def round_of(
    url: str, kills: int, chance: random.Random, variant: str
) -> tuple[int, Counter[str], list[float]]:
    """One round: how many kills hit a living worker, how the mails ended, and how wide the window was."""
    database = Database(url)
    users = team(World.create(database), 6 * kills)
    hits = 0
    try:
        with mail_server() as (port, ledger), workers(url, port, variant) as bears:
            for attempt in range(kills):
                pid = bears.bear(timedelta(minutes=4 * attempt))
                timer = threading.Timer(chance.uniform(0, LIFE_SECONDS), send_signal, (pid, signal.SIGKILL))
                timer.start()
                hits += bears.ended()[1] == -signal.SIGKILL
                timer.cancel()
            bears.bear(timedelta(minutes=4 * kills))
            bears.ended(3600)
            return hits, check(database, ledger, users), widths(database)
    finally:
        database.close()


def run(asked: Asked) -> Iterator[str]:
    made, hits, ended, wide = 0, 0, Counter[str](), list[float]()
    with databases(asked.backend) as fresh:
        while made < asked.times:
            size = min(KILLS_A_ROUND, asked.times - made)
            hit, states, new = round_of(fresh(), size, asked.chance, asked.variant)
            made, hits, ended, wide = made + size, hits + hit, ended + states, [*wide, *new]
            middle, far = (sorted(wide)[int(len(wide) * share)] for share in (0.5, 0.99))
            window = f"the window was {middle:.1f} ms wide, for one in a hundred more than {far:.0f}"
            yield f"{made} kills, {hits} of them hit; {dict(ended)}; {window}"


CAMPAIGN = Campaign(
    "R2",
    "No nudge is lost and none goes out twice under kill -9, except inside the hand-over window",
    "kills",
    1000,
    run,
    ("sends again", "loses"),
)
