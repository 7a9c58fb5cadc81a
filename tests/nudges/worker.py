"""Workers on the outbox, as the product is and as broken builds; tests kill, stop and wake them."""

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


def work(url: str, port: int, ahead: timedelta, variant: str) -> None:
    """Send what is due, by a clock that is so far ahead of ours when it starts, and be gone."""
    break_it(variant)
    started = clock.now()

    def now() -> datetime:
        return NOW + ahead + (clock.now() - started)

    postman(Database(url), now, port=port, timeout=27).work()
