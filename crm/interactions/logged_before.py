"""What somebody is about to save and has saved a moment ago, in other words or in none: said, and never refused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from crm.domain.principal import Principal
from crm.interactions.drafts import wall
from crm.interactions.once import is_written
from crm.interactions.queries import contact_ids_of
from crm.storage.statements import built_once
from crm.storage.tables import interaction, interaction_contact

LOOKED_THROUGH = 50
A_DAY = timedelta(days=1)
LATELY = timedelta(hours=1)
"""Longer ago, the same is more likely to have happened again."""


@dataclass(frozen=True)
class Saying:
    """What is about to be saved; ``at`` is missing where only the day is said."""

    contact_ids: Collection[int]
    channel: str
    direction: str
    outcome: str
    day: date
    at: time | None
    summary: str | None


@dataclass(frozen=True)
class Before:
    """An entry that is there already, and when it came; ``is_own``: the user wrote it, no file or mailbox brought it."""

    id: int
    saved_at: datetime
    is_own: bool = True


def logged_before(
    connection: Connection, principal: Principal, saying: Saying, at: datetime
) -> Before | None:
    """The same, saved for this user within the last hour. Where both say something else in a line, it is another."""
    people = set(saying.contact_ids)
    if not people:
        return None
    asked = (principal.workspace_id, principal.user_id, at - LATELY, min(people))
    midnight = datetime.combine(saying.day, time(), UTC)
    around = (midnight - A_DAY, midnight + 2 * A_DAY)  # the day in every zone
    how = (saying.channel, saying.direction, saying.outcome)
    for row in connection.execute(*_lately(*asked, *around, *how)):
        if row.summary and saying.summary and row.summary != saying.summary:
            continue
        day, minute = wall(row.occurred_at, principal)
        is_then = day == saying.day and saying.at in (None, minute)
        if is_then and people == set(contact_ids_of(connection, principal, row.id)):
            return Before(row.id, row.created_at, is_written(row.source_id))
    return None


@built_once
def _lately(
    whose: Any, author: Any, since: Any, somebody: Any, first: Any, last: Any, how: Any, who: Any, came: Any
) -> Select[Any]:
    """What was saved lately of this sort with one of the people, in the order of that person's log: to sort by the ids of
    entries, SQLite would walk through everybody's."""
    entry, took_part = interaction.c, interaction_contact.c
    return (
        select(entry.id, entry.occurred_at, entry.created_at, entry.summary, entry.source_id)
        .join(interaction_contact, took_part.interaction_id == entry.id)
        .where(
            took_part.workspace_id == whose,
            took_part.contact_id == somebody,
            took_part.occurred_at.between(first, last),
            entry.workspace_id == took_part.workspace_id,
            entry.author_id == author,
            entry.created_at > since,
            entry.deleted_at.is_(None),
            entry.channel == how,
            entry.direction == who,
            entry.outcome == came,
        )
        .order_by(took_part.occurred_at.desc(), took_part.interaction_id.desc())
        .limit(LOOKED_THROUGH)
    )


def saved_as(connection: Connection, principal: Principal, interaction_id: int) -> Before:
    """What was saved under a key that comes again."""
    mine = (interaction.c.workspace_id == principal.workspace_id, interaction.c.id == interaction_id)
    saved_at = connection.execute(select(interaction.c.created_at).where(*mine)).scalar_one()
    return Before(interaction_id, saved_at)
