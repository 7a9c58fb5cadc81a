"""What a user connected of their own, a calendar or a mailbox, in turn: what is due, whose turn it is, and when again."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select

from crm.domain.principal import EDITORS, Principal
from crm.storage.database import Database
from crm.storage.tables import user, workspace

EVERY = timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=24)
"""Between tries of what cannot be read."""
Claim = TypeVar("Claim")


def of_user(table: Table, principal: Principal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What of a table is that user's alone."""
    return (table.c.workspace_id == principal.workspace_id, table.c.user_id == principal.user_id)


def number_due(connection: Connection, table: Table, at: datetime) -> int:
    """How many of them wait to be read, of whichever workspace."""
    due = select(func.count()).select_from(table).where(table.c.next_at <= at)
    return int(connection.execute(due).scalar_one())


def lease_next(
    database: Database, table: Table, at: datetime, until: datetime, principal: Principal | None = None
) -> tuple[Principal, Row[Any]] | None:
    """The one that has been due longest, or this user's, due or not, and whose it is; nobody else gets it before
    ``until``."""
    of = table.c
    oldest = (
        select(table, user.c.role, user.c.time_zone, workspace.c.time_zone.label("team_zone"))
        .join(user, and_(user.c.workspace_id == of.workspace_id, user.c.id == of.user_id))
        .join(workspace, workspace.c.id == of.workspace_id)
        .where(user.c.active, user.c.role.in_(EDITORS))
        .order_by(of.next_at, of.workspace_id, of.user_id)
        .limit(1)
    )
    oldest = oldest.where(*of_user(table, principal)) if principal else oldest.where(of.next_at <= at)
    with database.write() as connection:
        if not database.is_sqlite:
            oldest = oldest.with_for_update(skip_locked=True, of=table)
        row = connection.execute(oldest).one_or_none()
        if row is None:
            return None
        zones = (ZoneInfo(row.team_zone), ZoneInfo(row.time_zone))
        whose = Principal(row.workspace_id, row.user_id, row.role, *zones)
        connection.execute(table.update().where(*of_user(table, whose)).values(next_at=until))
    return whose, row


def wait_after(failures: int, *, lasting: bool) -> timedelta:
    """Until the next try: longer with each failure, longest where only a person mends it, and never for all at the same
    moment."""
    wait = LONGEST_WAIT if lasting else min(LONGEST_WAIT, EVERY * 2 ** min(failures, 8))
    return wait + wait * secrets.randbelow(1_000) / 6_000


def read_each(
    next_one: Callable[[], Claim | None], read: Callable[[Claim], object], going: Callable[[], bool]
) -> int:
    """Read one after the other until none is due, for as long as ``going``; how many were read."""
    number = 0
    while going() and (claim := next_one()) is not None:
        read(claim)
        number += 1
    return number
