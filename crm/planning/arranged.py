"""What is logged ahead: the next that will happen with a contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from crm.domain.principal import Principal
from crm.storage.participation import is_live
from crm.storage.statements import built_once
from crm.storage.tables import interaction_contact


@dataclass(frozen=True)
class Arranged:
    """A live interaction in the log: by which channel, and when it begins."""

    channel: str
    occurred_at: datetime


def next_arranged(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, Arranged]:
    """Contact → their next live interaction after ``at`` that counts; whoever has none is left out."""
    if not contact_ids:
        return {}
    found: dict[int, Arranged] = {}
    for row in connection.execute(*_live_after(principal.workspace_id, list(contact_ids), at)):
        found.setdefault(row.contact_id, Arranged(row.channel, row.occurred_at))
    return found


@built_once
def _live_after(whose: Any, ids: Any, at: Any) -> Select[Any]:
    log = interaction_contact.c
    mine = (log.workspace_id == whose, log.contact_id.in_(ids), log.counts)
    return (
        select(log.contact_id, log.channel, log.occurred_at)
        .where(*mine, log.occurred_at > at, is_live(log))
        .order_by(log.occurred_at)
    )
