"""A process that bears workers on the outbox; tests kill, stop and wake them. See ``mailroom.Nursery``."""

import os
import select
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_

from crm import clock
from crm.nudges import outbox as mails
from crm.storage.database import Database
from crm.storage.tables import outbox
from tests.builders import NOW
from tests.nudges.mailroom import postman


def without_fence(database: Database, claim: mails.Claim, now: Callable[[], datetime]) -> None:
    """A broken build: whoever once claimed a mail may hand it over, however long it slept meanwhile."""


def sends_again(database: Database, at: datetime, *, only: ColumnElement[bool] | None = None) -> None:
    """A broken build: what was being handed over is simply tried again."""
    with database.write() as connection:
        mails.move(
            connection,
            and_(outbox.c.state == "handing_over", outbox.c.claim_until <= at),
            "retry",
            "broke off",
            at,
        )


def never_again(database: Database, at: datetime, *, only: ColumnElement[bool] | None = None) -> None:
    """A broken build: what a killed process had claimed is left lying."""
    with database.write() as connection:
        mails.move(connection, outbox.c.state == "claimed", "skipped", "left lying", at)


def break_it(variant: str) -> None:
    if variant == "no fence":
        mails.begin_handover = without_fence
    if variant == "sends again":
        mails.sweep = sends_again
    if variant == "loses":
        mails.sweep = never_again


def work(url: str, port: int, ahead: timedelta, started: datetime) -> None:
    database = Database(url)

    def now() -> datetime:
        return NOW + ahead + (clock.now() - started)

    postman(database, now, port=port, timeout=27).work()


def bear(url: str, port: int, ahead: timedelta, started: datetime) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(url, port, ahead, started)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return pid


def tell(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main() -> None:
    url, port, variant = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    break_it(variant)
    started = clock.now()
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.005)
        if ready:
            words = sys.stdin.readline().split()
            if not words:
                return
            pid = bear(url, port, timedelta(seconds=float(words[1])), started)
            children.add(pid)
            tell(f"born {pid}")
        for pid in list(children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                children.remove(pid)
                tell(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
