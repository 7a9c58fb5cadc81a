"""The hold on all mail after an old backup was restored: what waited in it may have been sent long ago."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, true

from crm.domain.language import N_
from crm.nudges.outbox import STALE_AFTER, move
from crm.storage.tables import mail_hold, outbox, workspace

TOO_OLD = N_("It was held back until it was more than a day late.")


@dataclass(frozen=True)
class Hold:
    """Nothing is sent from this database since ``held_at``, for this reason; ``waiting`` mails are held back.

    ``shared``: several workspaces live in this database, and the hold is all of theirs.
    """

    held_at: datetime
    reason: str
    waiting: int
    shared: bool


@dataclass(frozen=True)
class Released:
    """What became of the mails that were held back."""

    due: int
    skipped: int


def hold(connection: Connection, workspace_id: int | None = None) -> Hold | None:
    """The hold, if there is one. With ``workspace_id`` only that workspace's waiting mails are counted."""
    row = connection.execute(
        select(mail_hold)
        .where(mail_hold.c.released_at.is_(None))
        .order_by(mail_hold.c.held_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    here = true() if workspace_id is None else outbox.c.workspace_id == workspace_id
    waiting = connection.execute(
        select(func.count()).select_from(outbox).where(here, outbox.c.state == "held")
    ).scalar_one()
    workspaces = connection.execute(select(func.count()).select_from(workspace)).scalar_one()
    return Hold(row.held_at, row.reason, waiting, workspaces > 1)


def release(connection: Connection, at: datetime) -> Released:
    """End the hold: mails of the last day fall due, older ones are skipped."""
    connection.execute(mail_hold.update().where(mail_hold.c.released_at.is_(None)).values(released_at=at))
    held = outbox.c.state == "held"
    skipped = move(connection, held & (outbox.c.due_at <= at - STALE_AFTER), "skipped", TOO_OLD, at)
    return Released(move(connection, held, "due", None, at), skipped)
