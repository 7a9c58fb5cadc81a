"""Workers on the outbox, as the product is and as broken builds; tests kill, stop and wake them."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_

from crm import clock, jobs
from crm.nudges import outbox as mails
from crm.storage.database import Database
from crm.storage.tables import outbox
from tests.builders import NOW
from tests.nudges.mailroom import postman
from tests.web.site import settings


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


def work(url: str, port: int, ahead: timedelta, variant: str) -> None:
    """Send what is due, by a clock that is so far ahead of ours when it starts, and be gone."""
    break_it(variant)
    started = clock.now()

    def now() -> datetime:
        return NOW + ahead + (clock.now() - started)

    postman(Database(url), now, port=port, timeout=27).work()


def tick(url: str, port: int, due: datetime, variant: str) -> None:
    """The clock of a serving process, ticking each second, until it is asked to end. It shows NOW when ours shows ``due``."""
    break_it(variant)
    ours, ahead = clock.now, NOW - due
    clock.now = lambda: ours() + ahead
    jobs.SEND_EVERY = timedelta(seconds=1)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    database = Database(url)
    running = jobs.start(database, settings(smtp_url=f"smtp://127.0.0.1:{port}?starttls=never"))
    # A process that wakes from a stop may get the signal in another thread, which would not wake this one.
    while not ending.wait(0.2):
        pass
    running.stop()
