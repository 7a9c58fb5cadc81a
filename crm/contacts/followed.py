"""What follows for people's zones and scores from a change to them, in words."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from crm.contacts.derived import refresh_metrics
from crm.contacts.may_change import require_people
from crm.domain.principal import Principal
from crm.domain.zone_moves import Standing, standing_sentence, upshot, upshot_sentence
from crm.storage.recount import standings


def for_many(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    at: datetime,
    change: Callable[[], None],
) -> str:
    """Make a change that keeps these people's metrics right, and say who is in another zone by it."""
    these = (connection, principal.workspace_id, contact_ids)
    require_people(connection, principal, contact_ids)
    refresh_metrics(connection, principal, contact_ids, at)
    stood = standings(*these)
    change()
    return upshot_sentence(upshot(stood, standings(*these)))


def for_one(
    connection: Connection, principal: Principal, contact_id: int, at: datetime, change: Callable[[], None]
) -> str:
    """Make a change to one person, and say what became of zone and score; nothing where both stay."""
    these = (connection, principal.workspace_id, [contact_id])
    require_people(connection, principal, [contact_id])
    refresh_metrics(connection, principal, [contact_id], at)
    stood = standings(*these)
    change()
    nobody = Standing()
    return standing_sentence(stood.get(contact_id, nobody), standings(*these).get(contact_id, nobody))
