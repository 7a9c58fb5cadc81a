"""R2: processes that send are killed at every moment around sending; no mail is lost, none goes out twice."""

import itertools
import random

import pytest

from tests.builders import World
from tests.nudges.mailroom import check, kill_around, mail_server, team, workers

KILLS = 20
PHASES = ("mail", "rcpt", "data", "noted")


def phases(seed: int) -> "itertools.chain[str]":
    order = random.Random(seed)
    return itertools.chain.from_iterable(order.sample(PHASES, len(PHASES)) for _ in itertools.count())


def test_killed_at_every_moment_nothing_is_lost_and_nothing_goes_out_twice(
    world: World, database_url: str
) -> None:
    users = team(world, KILLS + 10)
    with mail_server() as (port, ledger), workers(database_url, port) as bears:
        hits = kill_around(bears, ledger, phases(7), KILLS)
        ended = check(world.database, ledger, users)
    assert hits == KILLS
    # Killed after the final dot, and only then, a mail is in doubt.
    assert 1 <= ended["unknown"] <= KILLS // 2


@pytest.mark.parametrize(("variant", "complaint"), [("sends again", "twice|two mails"), ("loses", "lost")])
def test_a_broken_build_fails_this_test(
    world: World, database_url: str, variant: str, complaint: str
) -> None:
    if not world.database.is_sqlite:
        pytest.skip("the teeth are the same on every database")
    users = team(world, 8)
    with mail_server() as (port, ledger), workers(database_url, port, variant) as bears:
        kill_around(bears, ledger, itertools.cycle(PHASES[-1:] + PHASES[:1]), 3)
        with pytest.raises(AssertionError, match=complaint):
            check(world.database, ledger, users)
