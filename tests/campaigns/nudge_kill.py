"""R2, the long form: ``python -m tests.campaigns.nudge_kill --kills 1000``. Exit status 1 if a promise was broken.

Workers are killed at random moments of their life, in rounds on fresh SQLite files. Prints how many mails ended in
each state; the share of *unknown* ones is the width of the window in which nobody can know.
"""

import argparse
import random
import signal
import sys
import tempfile
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from crm.storage.database import Database
from crm.storage.migrate import migrate
from tests.builders import World
from tests.nudges.mailroom import check, mail_server, nursery, send_signal, team

KILLS_A_ROUND = 100
LIFE_SECONDS = 0.5


def round_of(kills: int, chance: random.Random, variant: str) -> tuple[int, Counter[str]]:
    """One round: how many kills hit a living worker, and how the mails ended."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'in-person.sqlite3'}"
        database = Database(url)
        migrate(database)
        users = team(World.create(database), 6 * kills)
        hits = 0
        with mail_server() as (port, ledger), nursery(url, port, variant) as bears:
            for attempt in range(kills):
                pid = bears.bear(timedelta(minutes=4 * attempt))
                timer = threading.Timer(chance.uniform(0, LIFE_SECONDS), send_signal, (pid, signal.SIGKILL))
                timer.start()
                hits += bears.ended()[1] == -signal.SIGKILL
                timer.cancel()
            bears.bear(timedelta(minutes=4 * kills))
            bears.ended(600)
            ended = check(database, ledger, users)
        database.close()
    return hits, ended


def main() -> int:
    """Run rounds until so many kills have been made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--variant", default="", help="a broken build of tests/nudges/worker.py, which must fail"
    )
    asked = parser.parse_args()
    chance, made, hits, ended = random.Random(asked.seed), 0, 0, Counter[str]()
    while made < asked.kills:
        size = min(KILLS_A_ROUND, asked.kills - made)
        try:
            hit, states = round_of(size, chance, asked.variant)
        except AssertionError as broken:
            sys.stdout.write(f"BROKEN after {made} kills: {broken}\n")
            return 1
        made, hits, ended = made + size, hits + hit, ended + states
        sys.stdout.write(f"{made} kills, {hits} of them hit; {dict(ended)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
