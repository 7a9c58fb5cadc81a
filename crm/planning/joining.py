"""Who joins a plan that was made before they were brought in, and what binds a plan as it was made."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from crm.accounts.schedules import WEEKLY_MAIL
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.drafting import Draft, draft_beside
from crm.planning.queries import PlanView
from crm.storage.presence import is_kept_by
from crm.storage.statements import built_once
from crm.storage.tables import contact, interaction_contact, left_out, outbox, response, suggestion


def joining(
    connection: Connection, principal: Principal, plan: PlanView, at: datetime, *, mail_id: int | None = None
) -> Draft | None:
    """What the plan would hold beside what stands in it: those of the user's people who were brought in, marked or changed
    since it was made, as far as it has room.

    None where there is nothing to write down: nobody new has a reason to be reached, the working days of its week are over,
    or something rests on the plan: an answer, a mail but the one that is being written (``mail_id``), or that somebody in it
    was reached.
    """
    has_room = len(plan.suggestions) < plan.budget.total
    if plan.id is None or not has_room or plan.week.is_over(principal.day_left(at)):
        return None
    if any(one.acted_on for one in plan.suggestions):
        return None
    new = _newcomers(connection, principal, plan, at)
    if not new or is_used(connection, principal, plan.week, plan.id, mail_id=mail_id):
        return None
    draft = draft_beside(connection, principal, plan.week, plan.budget, at, new)
    return draft if draft.suggestions or draft.left_out else None


def is_behind(
    connection: Connection,
    principal: Principal,
    plan: PlanView | None,
    at: datetime,
    *,
    mail_id: int | None = None,
) -> bool:
    """Whether there is something to write down of the week's plan: it is missing, or somebody is `joining` it."""
    return plan is None or joining(connection, principal, plan, at, mail_id=mail_id) is not None


def is_used(
    connection: Connection, principal: Principal, week: IsoWeek, plan_id: int, *, mail_id: int | None = None
) -> bool:
    """Whether something in the plan was answered, or a mail other than ``mail_id`` has carried it or is about to."""
    whose = principal.workspace_id
    same = and_(
        suggestion.c.workspace_id == response.c.workspace_id, suggestion.c.id == response.c.suggestion_id
    )
    answered = select(response.c.id).join(suggestion, same).where(suggestion.c.plan_id == plan_id)
    mailed = select(outbox.c.id).where(
        outbox.c.user_id == principal.user_id,
        outbox.c.purpose == WEEKLY_MAIL,
        outbox.c.week == str(week),
        outbox.c.state.not_in(("nothing_due", "skipped")),
        outbox.c.id != (mail_id or 0),
    )
    asked = select(
        or_(
            answered.where(response.c.workspace_id == whose).exists(),
            mailed.where(outbox.c.workspace_id == whose).exists(),
        )
    )
    return bool(connection.execute(asked).scalar_one())


def _newcomers(connection: Connection, principal: Principal, plan: PlanView, at: datetime) -> Sequence[int]:
    asked = _changed_since(principal.workspace_id, principal.user_id, plan.id, plan.made_at, at)
    return connection.execute(*asked).scalars().all()


@built_once
def _changed_since(whose: Any, user_id: Any, plan_id: Any, made_at: Any, at: Any) -> Select[Any]:
    """Whom the user looks after, changed since then, of whom the plan says nothing yet; whoever was reached since needs no
    place in it."""
    suggested = select(suggestion.c.contact_id).where(
        suggestion.c.workspace_id == whose, suggestion.c.plan_id == plan_id
    )
    without_place = select(left_out.c.contact_id).where(
        left_out.c.workspace_id == whose, left_out.c.plan_id == plan_id
    )
    log = interaction_contact.c
    reached = select(log.contact_id).where(
        log.workspace_id == whose,
        log.contact_id == contact.c.id,
        log.counts,
        log.occurred_at > made_at,
        log.occurred_at <= at,
    )
    return select(contact.c.id).where(
        contact.c.workspace_id == whose,
        is_kept_by(user_id),
        contact.c.changed_at > made_at,
        contact.c.id.not_in(suggested),
        contact.c.id.not_in(without_place),
        ~reached.exists(),
    )
