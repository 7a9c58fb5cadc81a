"""The hold on all mail after an old backup was restored: what waited in it may have been sent long ago."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.nudges.outbox import STALE_AFTER, move
from crm.storage.tables import mail_hold, outbox

TOO_OLD = "It was held back until it was more than a day late. The week's page has the plan."


@dataclass(frozen=True)
class Hold:
    """Nothing is sent from this database since ``held_at``, for this reason; ``waiting`` mails are held back."""

    held_at: datetime
    reason: str
    waiting: int


@dataclass(frozen=True)
class Released:
    """What became of the mails that were held back."""

    due: int
    skipped: int


def hold(connection: Connection) -> Hold | None:
    """The hold, if there is one."""
    row = connection.execute(
        select(mail_hold)
        .where(mail_hold.c.released_at.is_(None))
        .order_by(mail_hold.c.held_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    waiting = connection.execute(
        select(func.count()).select_from(outbox).where(outbox.c.state == "held")
    ).scalar_one()
    return Hold(row.held_at, row.reason, waiting)


def release(connection: Connection, at: datetime) -> Released:
    """End the hold: mails of the last day fall due, older ones are skipped."""
    connection.execute(mail_hold.update().where(mail_hold.c.released_at.is_(None)).values(released_at=at))
    held = outbox.c.state == "held"
    skipped = move(connection, held & (outbox.c.due_at <= at - STALE_AFTER), "skipped", TOO_OLD, at)
    return Released(move(connection, held, "due", None, at), skipped)
