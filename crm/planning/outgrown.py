"""What binds a plan as it was made, and when one that nothing binds yet has been outgrown by the people to look after."""

from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.queries import PlanView
from crm.storage.presence import is_present
from crm.storage.statements import built_once
from crm.storage.tables import contact, outbox, response, suggestion


def is_outgrown(
    connection: Connection, principal: Principal, plan: PlanView, *, mail_id: int | None = None
) -> bool:
    """Whether the plan should be made anew: it has room left, somebody of the user's was added, marked or changed since
    who is not in it, and nothing rests on it: no answer, no mail but the one that is being written (``mail_id``), and
    nobody in it was reached.
    """
    has_room = len(plan.suggestions) < plan.budget.total
    if plan.id is None or not has_room or any(one.acted_on for one in plan.suggestions):
        return False
    if is_used(connection, principal, plan.week, plan.id, mail_id=mail_id):
        return False
    newcomers = _newcomers(principal.workspace_id, principal.user_id, plan.id, plan.made_at)
    return connection.execute(*newcomers).first() is not None


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
        outbox.c.purpose == "nudge",
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


@built_once
def _newcomers(whose: Any, user_id: Any, plan_id: Any, made_at: Any) -> Select[Any]:
    """Whom the user looks after, changed since then and not suggested."""
    suggested = select(suggestion.c.contact_id).where(
        suggestion.c.workspace_id == whose, suggestion.c.plan_id == plan_id
    )
    found = select(contact.c.id).where(
        contact.c.workspace_id == whose,
        contact.c.owner_id == user_id,
        contact.c.tier != "none",
        is_present(),
        contact.c.changed_at > made_at,
        contact.c.id.not_in(suggested),
    )
    return found.limit(1)
