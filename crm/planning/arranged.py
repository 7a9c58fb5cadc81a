"""What is logged ahead: the next that will happen with a contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.storage.participation import is_live
from crm.storage.tables import interaction_contact


@dataclass(frozen=True)
class Arranged:
    """A live interaction that is logged ahead: by which channel, and when it begins."""

    channel: str
    occurred_at: datetime


def next_arranged(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, Arranged]:
    """Contact → their next live interaction after ``at`` that counts; whoever has none is left out."""
    log = interaction_contact.c
    rows = connection.execute(
        select(log.contact_id, log.channel, log.occurred_at)
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id.in_(contact_ids),
            log.counts,
            log.occurred_at > at,
            is_live(log),
        )
        .order_by(log.occurred_at)
    )
    found: dict[int, Arranged] = {}
    for row in rows:
        found.setdefault(row.contact_id, Arranged(row.channel, row.occurred_at))
    return found
