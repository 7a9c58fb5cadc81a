"""R3: many processes with live clocks on one database; and one that is stopped, loses its claim and wakes."""

import re
import signal
import threading
from datetime import timedelta

import pytest

from tests.builders import World
from tests.nudges.mailroom import Ledger, check, mail_server, send_signal, states, team, workers

PROCESSES, USERS = 4, 60


def test_a_crowd_of_processes_sends_one_mail_each(world: World, database_url: str) -> None:
    users = team(world, USERS)
    with mail_server() as (port, ledger), workers(database_url, port) as bears:
        for _ in range(PROCESSES):
            bears.bear()
        assert [bears.ended(60)[1] for _ in range(PROCESSES)] == [0] * PROCESSES
        # Where so many write at once that the database stays busy, a mail is tried again after a minute.
        bears.bear(timedelta(minutes=2))
        assert bears.ended(60)[1] == 0
        ended = check(world.database, ledger, users)
    assert ended == {"sent": USERS}


class StopsOne:
    """Stops the first worker that comes to its recipient, before anything is handed over."""

    def __init__(self, ledger: Ledger) -> None:
        self.pid = 0
        self.known = threading.Event()
        self.stopped = threading.Event()
        ledger.at = self.see

    def see(self, phase: str) -> None:
        if phase == "rcpt" and not self.stopped.is_set():
            self.known.wait(10)
            send_signal(self.pid, signal.SIGSTOP)
            self.stopped.set()


def stop_and_wake(world: World, database_url: str, variant: str) -> tuple[Ledger, list[int]]:
    users = team(world, 3)
    with mail_server() as (port, ledger), workers(database_url, port, variant) as bears:
        one = StopsOne(ledger)
        one.pid = bears.bear()
        one.known.set()
        assert one.stopped.wait(20)
        bears.bear(timedelta(minutes=4))
        assert bears.ended()[1] == 0
        assert set(states(world.database).values()) == {"sent"}
        send_signal(one.pid, signal.SIGCONT)
        assert bears.ended() == (one.pid, 0)
    return ledger, users


def test_who_wakes_after_losing_the_claim_sends_nothing(world: World, database_url: str) -> None:
    ledger, users = stop_and_wake(world, database_url, "")
    assert check(world.database, ledger, users) == {"sent": 3}


def test_without_the_fence_this_test_fails(world: World, database_url: str) -> None:
    if not world.database.is_sqlite:
        pytest.skip("the teeth are the same on every database")
    ledger, users = stop_and_wake(world, database_url, "no fence")
    with pytest.raises(AssertionError, match=re.compile("twice|two mails")):
        check(world.database, ledger, users)
