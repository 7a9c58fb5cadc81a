"""What the user's own calendar says about a week. It is that user's alone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from crm.domain.diary import Interval
from crm.domain.own_calendar import is_taken
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.storage.statements import built_once
from crm.storage.tables import busy, own_calendar


def has_calendar(connection: Connection, principal: Principal) -> bool:
    """Whether the user's own calendar is connected; without one, moments are proposals."""
    return connection.execute(*_calendar_of(principal.workspace_id, principal.user_id)).first() is not None


@built_once
def _calendar_of(whose: Any, user_id: Any) -> Select[Any]:
    calendar = own_calendar.c
    return select(calendar.host).where(calendar.workspace_id == whose, calendar.user_id == user_id)


def busy_by_calendar(connection: Connection, principal: Principal, week: IsoWeek) -> list[Interval]:
    """When the user is busy in and around that week, in order, as their calendar was read last; none without one."""
    return busy_around(connection, principal, week.monday, week.sunday)


def busy_around(connection: Connection, principal: Principal, first: date, last: date) -> list[Interval]:
    """The same for other days, and a day to either side of them."""
    day = timedelta(days=1)
    begins = local_instant(first - day, time(), principal.user_zone)
    ends = local_instant(last + 2 * day, time(), principal.user_zone)
    rows = connection.execute(
        select(busy.c.starts_at, busy.c.ends_at)
        .where(
            busy.c.workspace_id == principal.workspace_id,
            busy.c.user_id == principal.user_id,
            busy.c.starts_at < ends,
            busy.c.ends_at > begins,
        )
        .order_by(busy.c.starts_at)
    )
    return [Interval(row.starts_at, row.ends_at) for row in rows]


def taken_now(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], at: datetime
) -> frozenset[int]:
    """The ids of suggestions of one plan whose moment is still ahead and was taken in the calendar since."""
    ahead = [row for row in rows if row.slot_at is not None and row.slot_at > at]
    if not ahead:
        return frozenset()
    taken = busy_by_calendar(connection, principal, IsoWeek.of(ahead[0].monday))
    return frozenset(row.id for row in ahead if is_taken(row.slot_at, row.slot_minutes or 0, taken))
