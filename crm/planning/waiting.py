"""Who has a reason to be reached and found no place in a week's plan, and why."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    TableValuedAlias,
    Text,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)

from crm.domain.left_out import LeftOut, why_not
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.queries import Suggestee, is_plan_of, people
from crm.rules.queries import flags
from crm.storage.statements import built_once
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, plan, response


@dataclass(frozen=True)
class NotPlanned:
    """Somebody with a reason to be reached who is not in the plan, and the sentence why.

    ``flagged`` is the strongest sentence that speaks for them now; None where nothing does any more.
    """

    contact: Suggestee
    reason: str
    sentence: str
    flagged: str | None = None
    response_id: int | None = None


def not_planned(
    connection: Connection, principal: Principal, week: IsoWeek, at: datetime
) -> list[NotPlanned]:
    """Everybody flagged when the plan of that week was made who found no place in it, by name."""
    today = principal.own_day(at)
    left = _left_out(connection, principal, week)
    shown = people(connection, principal, [one.contact_id for one in left])
    muted = muted_people(connection, principal)
    flagged = _strongest(connection, principal, at, list(shown))
    found = [
        NotPlanned(
            shown[one.contact_id],
            one.reason,
            why_not(one, today),
            flagged.get(one.contact_id),
            muted.get(one.contact_id) if one.reason == "muted" else None,
        )
        for one in left
        if one.contact_id in shown
    ]
    return sorted(found, key=lambda one: (one.contact.name, one.contact.id))


def number_not_planned(connection: Connection, principal: Principal, week: IsoWeek) -> int:
    """How many those are; no rule is asked for it, and nobody is read."""
    own = (principal.workspace_id, principal.user_id, str(week))
    number: int = connection.execute(*_number(*own, dialect=connection.dialect.name)).scalar_one()
    return number


@built_once
def _number(whose: Any, user_id: Any, week: Any, *, dialect: str) -> Select[Any]:
    """Those left out who are still there, counted where they are: there may be thousands."""
    one, contact_id = _entries(dialect)
    ids = select(contact_id).select_from(plan).join(one, true()).where(is_plan_of(whose, user_id, week))
    return select(func.count()).where(contact.c.workspace_id == whose, contact.c.id.in_(ids))


def why_waiting(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> str:
    """Why this person had a reason to be reached and found no place in this week's plan of the user; else empty."""
    today = principal.own_day(at)
    own = (principal.workspace_id, principal.user_id, str(IsoWeek.of(today)), contact_id)
    found = connection.execute(*_entry(*own, dialect=connection.dialect.name)).scalar_one_or_none()
    if found is None:
        return ""
    one, why, day = json.loads(found) if isinstance(found, str) else found
    return why_not(LeftOut(one, why, day and date.fromisoformat(day)), today)


@built_once
def _entry(whose: Any, user_id: Any, week: Any, contact_id: Any, *, dialect: str) -> Select[Any]:
    one, who = _entries(dialect)
    return (
        select(one.c.value)
        .select_from(plan)
        .join(one, true())
        .where(is_plan_of(whose, user_id, week), who == contact_id)
    )


def _entries(dialect: str) -> tuple[TableValuedAlias, ColumnElement[int]]:
    """What a plan keeps of everybody left out, a row each, and whom it is about."""
    if dialect == "sqlite":
        one = func.json_each(plan.c.left_out).table_valued("value")
    else:
        one = func.json_array_elements(type_coerce(plan.c.left_out, Text).cast(JSON)).table_valued("value")
    return one, one.c.value.op("->>")(literal_column("0")).cast(BigInteger)


def _left_out(connection: Connection, principal: Principal, week: IsoWeek) -> list[LeftOut]:
    own = is_plan_of(principal.workspace_id, principal.user_id, str(week))
    stored = connection.execute(select(plan.c.left_out).where(own)).scalar_one_or_none()
    return [LeftOut(one, why, day and date.fromisoformat(day)) for one, why, day in stored or ()]


def _strongest(
    connection: Connection, principal: Principal, at: datetime, contact_ids: list[int]
) -> dict[int, str]:
    """Contact → the first sentence of its flags, which come strongest first; from the stored metrics."""
    relation = current(principal.workspace_id)
    found = flags(connection, principal, at, relation=relation, contact_ids=contact_ids)
    return {flag.contact.id: flag.sentence for flag in reversed(found)}


def muted_people(connection: Connection, principal: Principal) -> dict[int, int]:
    """Contact → the answer *not this person* that still holds."""
    rows = connection.execute(
        select(response.c.contact_id, response.c.id)
        .where(
            response.c.workspace_id == principal.workspace_id,
            response.c.user_id == principal.user_id,
            response.c.verb == "not_this_person",
            response.c.undone_at.is_(None),
        )
        .order_by(response.c.id)
    )
    return {row.contact_id: row.id for row in rows}
