"""The room of a trip: how many may be met, and a week that is planned already taking them in."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from crm.domain.budgets import GROUPS, Budget
from crm.domain.manner import written_for
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning.actions import add_suggestions, stored_budget, swap
from crm.planning.drafting import Draft
from crm.planning.journey_actions import set_room
from crm.planning.journeys import Trip, own_trip
from crm.planning.near import own_near
from crm.planning.queries import is_plan_of
from crm.planning.reach import more_on_trip
from crm.storage.tables import left_out, plan, suggestion


def make_room(connection: Connection, principal: Principal, trip_id: int, room: int, at: datetime) -> int:
    """So many may be met on the trip. Its weeks that are planned already take in whom the trip brings; returns how many.

    A week without a plan takes them in by itself, when it is planned.
    """
    set_room(connection, principal, trip_id, room)
    trip = own_trip(connection, principal, trip_id)
    _hold_plans(connection, principal, trip)
    own = list(own_near(connection, principal, trip))
    with written_for(principal.manner):
        found = more_on_trip(connection, principal, trip, own, at)
    for draft in found:
        _take_in(connection, principal, draft, at)
    return sum(len(draft.suggestions) for draft in found)


def _hold_plans(connection: Connection, principal: Principal, trip: Trip) -> None:
    """Nobody joins the plans of the trip's weeks between the look at who is missing in them and what is added."""
    weeks = {str(IsoWeek.of(day)) for day in trip.days}
    mine = (plan.c.workspace_id == principal.workspace_id, plan.c.user_id == principal.user_id)
    held = select(plan.c.id).where(*mine, plan.c.week.in_(weeks)).order_by(plan.c.monday)
    connection.execute(held.with_for_update()).all()


def _take_in(connection: Connection, principal: Principal, draft: Draft, at: datetime) -> None:
    """New people behind those of the plan; who waits in it with another act is met instead, which can be undone."""
    if not draft.suggestions:
        return
    own = is_plan_of(principal.workspace_id, principal.user_id, str(draft.week))
    row = connection.execute(select(plan.c.id, plan.c.budget).where(own)).one()
    asked = select(suggestion.c.id, suggestion.c.contact_id, suggestion.c.act).where(
        suggestion.c.workspace_id == principal.workspace_id, suggestion.c.plan_id == row.id
    )
    standing = connection.execute(asked).all()
    there = {one.contact_id: one.id for one in standing}
    new = tuple(one for one in draft.suggestions if one.contact_id not in there)
    add_suggestions(connection, principal, row.id, replace(draft, suggestions=new), at)
    for one in draft.suggestions:
        if one.contact_id in there:
            swap(connection, principal, there[one.contact_id], one.act, at)
    meetings = sum(GROUPS[one.act] == "in_person" for one in standing) + len(draft.suggestions)
    connection.execute(
        plan.update()
        .where(plan.c.workspace_id == principal.workspace_id, plan.c.id == row.id)
        .values(budget=stored_budget(Budget(**row.budget).with_room_for(meetings)))
    )
    found_place = left_out.c.contact_id.in_([one.contact_id for one in new])
    mine = (left_out.c.workspace_id == principal.workspace_id, left_out.c.plan_id == row.id)
    connection.execute(left_out.delete().where(*mine, found_place))
