"""The plan of a week that somebody asks for: this week's as it is kept, any other as it was or would be."""

from datetime import datetime, time

from sqlalchemy import Connection

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.errors import Unavailable
from crm.planning.actions import make_or_renew
from crm.planning.drafting import draft_plan
from crm.planning.outgrown import is_outgrown
from crm.planning.queries import PlanView, drafted_view, plan_of
from crm.storage.database import Database

MORNING = time(8)


def plan_for(
    database: Database, principal: Principal, week: IsoWeek | None, now: datetime, as_of: datetime | None
) -> PlanView:
    """The present week's plan is kept as it is first made; other weeks and moments are only worked out."""
    at = now if as_of is None else as_of
    chosen = week or week_of(at, principal)
    if as_of is None and chosen == week_of(now, principal):
        return _kept(database, principal, chosen, now)
    return _worked_out(database, principal, chosen, now, as_of)


def week_of(at: datetime, principal: Principal) -> IsoWeek:
    """The week in which the user is at that moment."""
    return IsoWeek.of(principal.own_day(at))


def _kept(database: Database, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    """The plan of the present week: made now unless it is there, and made anew where it is outgrown."""
    with database.read() as connection:
        stored = plan_of(connection, principal, week, at)
        outgrown = stored is not None and is_outgrown(connection, principal, stored)
    if stored is None or outgrown:
        with database.write() as connection:
            make_or_renew(connection, principal, week, at)
            stored = plan_of(connection, principal, week, at)
    if stored is None:
        raise Unavailable(_("The plan was removed while it was being read. Try again."))
    return stored


def _worked_out(
    database: Database, principal: Principal, week: IsoWeek, now: datetime, as_of: datetime | None
) -> PlanView:
    """The stored plan if there was one at that moment, else the one that would have been made; nothing is written.

    A week gone by is worked out as of its Monday morning, unless ``as_of`` says when.
    """
    asked = now if as_of is None else as_of
    at = asked
    if as_of is None and week < week_of(now, principal):
        at = local_instant(week.monday, MORNING, principal.user_zone)
    with database.read() as connection:
        stored = plan_of(connection, principal, week, asked)
        if stored is not None and stored.made_at is not None and stored.made_at <= asked:
            return stored
        return _drafted(connection, principal, week, at)


def plan_as_it_stands(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    """The stored plan of a week unless it is outgrown, else the one that would be made at ``at``; nothing is written."""
    stored = plan_of(connection, principal, week, at)
    if stored is not None and not is_outgrown(connection, principal, stored):
        return stored
    return _drafted(connection, principal, week, at)


def _drafted(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    return drafted_view(connection, principal, draft_plan(connection, principal, week, at), at)
