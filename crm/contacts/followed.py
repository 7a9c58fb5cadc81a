"""What follows for people's zones and scores from a change to them, in words."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from crm.contacts.derived import refresh_metrics
from crm.contacts.may_change import require_people
from crm.contacts.queries import metrics_of
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
    require_people(connection, principal, [contact_id])
    refresh_metrics(connection, principal, [contact_id], at)
    stood = _standing(connection, principal, contact_id)
    change()
    return standing_sentence(stood, _standing(connection, principal, contact_id))


def _standing(connection: Connection, principal: Principal, contact_id: int) -> Standing:
    """As their page shows it, also of somebody put away."""
    metrics = metrics_of(connection, principal, contact_id)
    return Standing(metrics.get("zone"), metrics.get("score"))
