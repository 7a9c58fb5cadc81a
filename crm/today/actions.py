"""What the first run keeps."""

from datetime import datetime

from sqlalchemy import Connection

from crm.contacts.many import set_owner, set_tier
from crm.domain.budgets import in_all
from crm.domain.principal import Principal
from crm.domain.targets import TIERS
from crm.planning.home import require_planner
from crm.storage.tables import user
from crm.today.queries import standing_of


def mark_people(
    connection: Connection, principal: Principal, tiers: dict[int, str], at: datetime, *, finished: bool
) -> None:
    """Give people their tiers; whoever is given one is looked after by this user.

    ``finished``: also whoever had that tier already and nobody's care, since a week holds one's own people alone.
    Only the user's own people and those of nobody; others are left as they are.
    """
    user_id = require_planner(principal)
    known = standing_of(connection, principal, list(tiers))
    changed = {one: tier for one, tier in tiers.items() if one in known and known[one].tier != tier}
    for tier in TIERS:
        ids = [one for one, wanted in changed.items() if wanted == tier]
        if ids:
            set_tier(connection, principal, ids, tier, at)
    taken = {one for one, standing in known.items() if finished and standing.is_nobodys}
    kept = [one for one in (*changed, *taken.difference(changed)) if tiers[one] != "none"]
    if kept:
        set_owner(connection, principal, kept, user_id, at)


def set_budget(
    connection: Connection, principal: Principal, call: int, in_person: int, by_hand: int, *, finished: bool
) -> None:
    """How much fits into this user's weeks; ``finished``: the first run is over."""
    values = {
        "budget_call": call,
        "budget_in_person": in_person,
        "budget_by_hand": by_hand,
        "budget_total": in_all(call, in_person, by_hand),
    }
    if finished:
        values["first_run_done"] = True
    connection.execute(
        user.update()
        .where(user.c.workspace_id == principal.workspace_id, user.c.id == require_planner(principal))
        .values(**values)
    )
