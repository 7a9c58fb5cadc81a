"""Answering "have you met since?": a meeting that was not on record, logged once for each suggestion it answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from crm.domain.principal import Principal
from crm.interactions.actions import Entry, delete_interaction, log_interaction, restore_interaction
from crm.planning.home import require_planner
from crm.planning.queries import own_suggestion
from crm.planning.states import ACTED_ON, states_of
from crm.storage.tables import interaction

CHANNEL = "meeting"


def met(connection: Connection, principal: Principal, suggestion_id: int, at: datetime) -> None:
    """Log a meeting at ``at``, however often it is said. Nobody acted on the suggestion, so this is no answer to it.

    Nothing is logged where the person was reached since by another way.
    """
    require_planner(principal)
    row = own_suggestion(connection, principal, suggestion_id)
    if states_of(connection, principal, [row], at)[row.id].state in ACTED_ON:
        return
    key = _key(suggestion_id, row.contact_id)
    known = _meeting(connection, principal, key)
    if known is not None:
        restore_interaction(connection, principal, known.id, at)
        return
    log_interaction(connection, principal, Entry(at, CHANNEL, (row.contact_id,), source_id=key), at)


def take_back(
    connection: Connection, principal: Principal, suggestion_id: int, contact_id: int, at: datetime
) -> None:
    """Take the meeting out of the log again; nothing where ``met`` logged none."""
    found = meeting_of(connection, principal, suggestion_id, contact_id)
    if found is not None:
        delete_interaction(connection, principal, found, at)


def meeting_of(
    connection: Connection, principal: Principal, suggestion_id: int, contact_id: int
) -> int | None:
    """The id of the interaction that ``met`` logged for this suggestion; None where it is not in the log."""
    found = _meeting(connection, principal, _key(suggestion_id, contact_id))
    return None if found is None or found.deleted_at is not None else int(found.id)


def _meeting(connection: Connection, principal: Principal, key: str) -> Row[Any, Any] | None:
    return connection.execute(
        select(interaction.c.id, interaction.c.deleted_at).where(
            interaction.c.workspace_id == principal.workspace_id,
            interaction.c.source_id == key,
        )
    ).one_or_none()


def _key(suggestion_id: int, contact_id: int) -> str:
    """A log that came from another installation may know the first number, not both."""
    return f"met:{suggestion_id}:{contact_id}"
