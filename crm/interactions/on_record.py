"""What of the meetings in people's calendars they write down themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select

from crm.domain.on_record import Recorded
from crm.domain.principal import Principal
from crm.storage.statements import built_once
from crm.storage.tables import interaction, interaction_user, source_record

CALENDAR = "ical:"
LOOKED_BACK_DAYS = 365


def meetings_on_record(connection: Connection, principal: Principal, at: datetime) -> Mapping[int, Recorded]:
    """By user, the calendar meetings of the year before ``at``, and those of them that somebody logged by hand as well.

    A meeting that a calendar brought carries its key as ``source_id``; one that was here already, or came by a file of
    its own as well, does not.
    """
    since = at - timedelta(days=LOOKED_BACK_DAYS)
    rows = connection.execute(*_meetings(principal.workspace_id, since, at))
    return {row.user_id: Recorded(row.meetings, int(row.logged)) for row in rows}


@built_once
def _meetings(whose: Any, since: Any, until: Any) -> Select[Any]:
    keys, log, who = source_record.c, interaction.c, interaction_user.c
    by_hand = or_(log.source_id.is_(None), log.source_id != keys.source_key)
    return (
        select(
            who.user_id, func.count().label("meetings"), func.sum(case((by_hand, 1), else_=0)).label("logged")
        )
        .select_from(source_record)
        .join(interaction, (log.workspace_id == keys.workspace_id) & (log.id == keys.row_id))
        .join(interaction_user, (who.workspace_id == log.workspace_id) & (who.interaction_id == log.id))
        .where(
            keys.workspace_id == whose,
            keys.record == "interaction",
            keys.source_key.between(CALENDAR, f"{CALENDAR}\U0010ffff"),
            log.deleted_at.is_(None),
            log.occurred_at.between(since, until),
        )
        .group_by(who.user_id)
    )


def forgetful_users(connection: Connection, principal: Principal, at: datetime) -> frozenset[int]:
    """Whoever logs fewer than half of their meetings: what is not on record may well have happened."""
    found = meetings_on_record(connection, principal, at)
    return frozenset(user for user, recorded in found.items() if recorded.is_doubtful)
