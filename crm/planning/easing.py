"""Whoever lets their plans lie for weeks is offered half, until they act again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from crm.domain.budgets import QUIET_WEEKS, Budget
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.home import Home
from crm.planning.states import held_at, states_of
from crm.storage.tables import response, suggestion

LOOKED_BACK_WEEKS = 12
EASED = N_(
    "Half as many as usual, since the last four weeks’ suggestions were left untouched. "
    "Answer one, and next week is back to full size."
)


def eased_home(connection: Connection, principal: Principal, home: Home, week: IsoWeek, at: datetime) -> Home:
    """The user's home with the budget that this week's plan offers: half after four weeks in which nothing was answered.

    Weeks without suggestions are no weeks that were ignored, and are passed over.
    """
    rows = _lately(connection, principal, week, at)
    if len({row.monday for row in rows}) < QUIET_WEEKS or _answered(connection, principal, rows, at):
        return home
    states = states_of(connection, principal, rows, at)
    if any(one.state != "planned" for one in states.values()):
        return home
    return replace(home, budget=home.budget.eased())


def easing(budget: Budget) -> str:
    """What a plan of half the budget says of itself; empty for a whole one."""
    return _(EASED) if budget.is_eased else ""


def _lately(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> list[Row[Any]]:
    """The suggestions of the last four weeks that had any."""
    since = week.monday - timedelta(weeks=LOOKED_BACK_WEEKS)
    rows = connection.execute(
        select(suggestion).where(
            suggestion.c.workspace_id == principal.workspace_id,
            suggestion.c.user_id == principal.user_id,
            suggestion.c.monday.between(since, week.monday - timedelta(days=1)),
            suggestion.c.made_at <= at,
        )
    ).all()
    latest = sorted({row.monday for row in rows}, reverse=True)[:QUIET_WEEKS]
    return [row for row in rows if row.monday in latest]


def _answered(connection: Connection, principal: Principal, rows: Sequence[Row[Any]], at: datetime) -> bool:
    """Whether anything at all was answered to them, a swap or a snooze that has ended included."""
    found = select(response.c.id).where(
        response.c.workspace_id == principal.workspace_id,
        response.c.suggestion_id.in_([row.id for row in rows]),
        held_at(at),
    )
    return connection.execute(found.limit(1)).first() is not None
