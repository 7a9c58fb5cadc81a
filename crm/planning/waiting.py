"""Who has a reason to be reached and found no place in a week's plan, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from crm.domain.left_out import LeftOut, why_not
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.queries import Suggestee, is_plan_of, people, week_at_hand
from crm.rules.queries import flags
from crm.storage.statements import built_once
from crm.storage.stored_metrics import current
from crm.storage.tables import left_out, plan, response


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
    connection: Connection,
    principal: Principal,
    week: IsoWeek,
    at: datetime,
    left: Sequence[LeftOut] | None = None,
) -> list[NotPlanned]:
    """Everybody flagged when the plan of that week was made who found no place in it, by name.

    ``left``: those whom a plan leaves out that is not stored.
    """
    today = principal.own_day(at)
    left = _left_out(connection, principal, week) if left is None else left
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
    number: int = connection.execute(*_number(*own)).scalar_one()
    return number


@built_once
def _number(whose: Any, user_id: Any, week: Any) -> Select[Any]:
    return _of_plan(func.count(), whose, user_id, week)


def why_waiting(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> str:
    """Why this person had a reason to be reached and found no place in this week's plan of the user; else empty."""
    today = principal.own_day(at)
    own = (
        principal.workspace_id,
        principal.user_id,
        str(week_at_hand(connection, principal, at)),
        contact_id,
    )
    found = connection.execute(*_entry(*own)).one_or_none()
    return "" if found is None else why_not(LeftOut(*found), today)


@built_once
def _entry(whose: Any, user_id: Any, week: Any, contact_id: Any) -> Select[Any]:
    return _of_plan(_ENTRY, whose, user_id, week).where(left_out.c.contact_id == contact_id)


def _left_out(connection: Connection, principal: Principal, week: IsoWeek) -> list[LeftOut]:
    asked = _of_plan(_ENTRY, principal.workspace_id, principal.user_id, str(week))
    return [LeftOut(*row) for row in connection.execute(asked)]


_ENTRY = (left_out.c.contact_id, left_out.c.reason, left_out.c.day)


def _of_plan(what: Any, whose: Any, user_id: Any, week: Any) -> Select[Any]:
    """What is asked of those who found no place in a user's plan of a week."""
    own = select(plan.c.id).where(is_plan_of(whose, user_id, week)).scalar_subquery()
    asked = what if isinstance(what, tuple) else (what,)
    return select(*asked).where(left_out.c.workspace_id == whose, left_out.c.plan_id == own)


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
