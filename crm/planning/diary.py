"""What the user's own calendar says about a week. It is that user's alone."""

from datetime import time, timedelta

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.domain.slots import Interval
from crm.domain.weeks import IsoWeek, local_instant
from crm.storage.tables import busy


def busy_by_calendar(connection: Connection, principal: Principal, week: IsoWeek) -> list[Interval]:
    """When the user is busy in and around that week, in order, as their calendar was read last; none without one."""
    day = timedelta(days=1)
    begins = local_instant(week.monday - day, time(), principal.user_zone)
    ends = local_instant(week.sunday + 2 * day, time(), principal.user_zone)
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
