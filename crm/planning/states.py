"""How a suggestion stands at a moment: the newest answer to it, else whether its contact was reached anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select

from crm.domain.principal import Principal
from crm.planning.contacted import Reached, reached_since, was_contacted
from crm.storage.statements import built_once
from crm.storage.tables import interaction, response

STATES = ("planned", "done", "contacted", "snoozed", "skipped", "not_this_person")
ACTED_ON = ("done", "contacted")

_STATE_OF = {
    "done": "done",
    "snooze": "snoozed",
    "skip": "skipped",
    "not_this_person": "not_this_person",
}


@dataclass(frozen=True)
class State:
    """How one suggestion stands; see `Suggested`."""

    state: str = "planned"
    day: date | None = None
    response_id: int | None = None
    interaction_id: int | None = None
    channel: str | None = None
    """By which what answered it was done."""


def states_of(
    connection: Connection, principal: Principal, rows: Sequence[Row[Any]], at: datetime
) -> dict[int, State]:
    """How these suggestions (whole rows) stand at ``at``: the newest answer, else whether they were contacted anyway."""
    answers = answers_to(connection, principal, [row.id for row in rows], at)
    reached = reached_since(connection, principal, rows, at)
    return {
        row.id: _state(row, answers.get(row.id), reached.get(row.contact_id, ()), principal, at)
        for row in rows
    }


def answers_to(
    connection: Connection, principal: Principal, suggestion_ids: Sequence[int], at: datetime
) -> dict[int, Row[Any]]:
    """The newest answer to each suggestion that was not undone; ``occurred_at`` is when what it logged happened."""
    rows = connection.execute(*_answers(principal.workspace_id, list(suggestion_ids), at))
    return {row.suggestion_id: row for row in rows}


def held_at(at: Any) -> ColumnElement[bool]:
    """That an answer was given by that moment, and not undone by then."""
    answer = response.c
    return and_(answer.made_at <= at, answer.undone_at.is_(None) | (answer.undone_at > at))


@built_once
def _answers(whose: Any, ids: Any, at: Any) -> Select[Any]:
    columns = response.c
    logged = and_(
        interaction.c.workspace_id == columns.workspace_id, interaction.c.id == columns.interaction_id
    )
    return (
        select(response, interaction.c.occurred_at, interaction.c.channel)
        .outerjoin(interaction, logged)
        .where(
            columns.workspace_id == whose,
            columns.suggestion_id.in_(ids),
            columns.verb.in_(_STATE_OF),
            held_at(at),
        )
        .order_by(columns.made_at, columns.id)
    )


def _state(
    row: Row[Any],
    answer: Row[Any] | None,
    reached: Sequence[Reached],
    principal: Principal,
    at: datetime,
) -> State:
    today = principal.own_day(at)
    came_back = answer is not None and answer.verb == "snooze" and answer.until_day <= today
    if answer is not None and not came_back:
        on = principal.own_day(answer.occurred_at or answer.made_at)
        day = answer.until_day if answer.verb == "snooze" else on
        return State(_STATE_OF[answer.verb], day, answer.id, answer.interaction_id, answer.channel)
    touch = was_contacted(row, reached, principal)
    return State("contacted", touch.day, None, touch.interaction_id, touch.channel) if touch else State()
