"""R2: workers that send are killed at random moments of their life, in rounds on fresh databases.

The share of *unknown* mails is the width of the window in which nobody can know.
"""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from crm.storage.database import Database
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.nudges.mailroom import check, mail_server, send_signal, team, workers

KILLS_A_ROUND = 100
LIFE_SECONDS = 0.5


def round_of(url: str, kills: int, chance: random.Random, variant: str) -> tuple[int, Counter[str]]:
    """One round: how many kills hit a living worker, and how the mails ended."""
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
            bears.ended(600)
            return hits, check(database, ledger, users)
    finally:
        database.close()


def run(asked: Asked) -> Iterator[str]:
    made, hits, ended = 0, 0, Counter[str]()
    with databases(asked.backend) as fresh:
        while made < asked.times:
            size = min(KILLS_A_ROUND, asked.times - made)
            hit, states = round_of(fresh(), size, asked.chance, asked.variant)
            made, hits, ended = made + size, hits + hit, ended + states
            yield f"{made} kills, {hits} of them hit; {dict(ended)}"


CAMPAIGN = Campaign(
    "R2",
    "No nudge is lost and none goes out twice under kill -9, except inside the hand-over window",
    "kills",
    1000,
    run,
    ("sends again", "loses"),
)
