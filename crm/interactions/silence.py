"""Whether a user's own log has fallen silent: then what the rules say of their people is less sure, and said so."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.spans import long_day
from crm.storage.statements import built_once
from crm.storage.tables import interaction, interaction_user

SILENT_DAYS = 21
LOOKED_BACK_DAYS = 200
"""Nothing of theirs for longer: the log is kept by others or in another place, and there is no silence to tell of."""


def silent_since(connection: Connection, principal: Principal, at: datetime) -> date | None:
    """The user's day of the newest interaction they logged or took part in, if 21 days or more have passed since.

    None while the log goes on, what is logged ahead included; and where nothing of theirs is found at all, since
    then it did not fall silent.
    """
    since = at - timedelta(days=LOOKED_BACK_DAYS)
    own = (principal.workspace_id, principal.user_id)
    newest = connection.execute(*_newest(*own, since, at)).scalar_one_or_none()
    if newest is None:
        return None
    day: date = principal.own_day(newest)
    today = principal.own_day(at)
    return day if (today - day).days >= SILENT_DAYS else None


@built_once
def _newest(whose: Any, user_id: Any, since: Any, at: Any) -> Select[Any]:
    log, took_part = interaction.c, interaction_user.c
    with_them = select(took_part.user_id).where(
        took_part.workspace_id == log.workspace_id,
        took_part.interaction_id == log.id,
        took_part.user_id == user_id,
    )
    return (
        select(log.occurred_at)
        .where(
            log.workspace_id == whose,
            log.deleted_at.is_(None),
            log.occurred_at > since,
            or_(log.occurred_at <= at, log.created_at <= at),
            or_(log.author_id == user_id, with_them.exists()),
        )
        .order_by(log.occurred_at.desc())
        .limit(1)
    )


def caution(connection: Connection, principal: Principal, at: datetime) -> str:
    """ "You have logged nothing since 2 November, so these may be less reliable." Empty while the user's log goes on."""
    day = silent_since(connection, principal, at)
    if day is None:
        return ""
    since = long_day(day, principal.own_day(at))
    return _("You have logged nothing since {day}, so these may be less reliable.").format(day=since)
