"""The plan of a week that somebody asks for: that of the week at hand as it is kept, any other as it was or would be."""

from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import Connection

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.errors import Unavailable
from crm.planning.actions import make_or_join
from crm.planning.drafting import draft_plan
from crm.planning.joining import is_behind, joining
from crm.planning.queries import PlanView, drafted_view, plan_of, week_at_hand
from crm.storage.database import Database

MORNING = time(8)


def plan_for(
    database: Database, principal: Principal, week: IsoWeek | None, now: datetime, as_of: datetime | None
) -> PlanView:
    """That of the `week_at_hand`, which is meant unless ``week`` says which, is made now if it is missing, joined by whoever is
    new, and kept; other weeks and moments are only worked out."""
    at = now if as_of is None else as_of
    with database.read() as connection:
        at_hand = week_at_hand(connection, principal, at)
    if as_of is None and week in (None, at_hand):
        return _kept(database, principal, at_hand, now)
    return _worked_out(database, principal, week or at_hand, now, as_of)


def _kept(database: Database, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    """The plan of the week at hand: made now unless it is there, and joined by whoever is new since."""
    with database.read() as connection:
        stored = plan_of(connection, principal, week, at)
        has_more = is_behind(connection, principal, stored, at)
    if has_more:
        with database.write() as connection:
            make_or_join(connection, principal, week, at)
            stored = plan_of(connection, principal, week, at)
    if stored is None:
        raise Unavailable(_("The plan was removed while it was being read. Try again."))
    return stored


def _worked_out(
    database: Database, principal: Principal, week: IsoWeek, now: datetime, as_of: datetime | None
) -> PlanView:
    """The stored plan if there was one at that moment, else the one that would have been made; nothing is written.

    A week whose working days are over is worked out as of its Monday morning, unless ``as_of`` says when.
    """
    asked = now if as_of is None else as_of
    at = asked
    if as_of is None and week.is_over(principal.day_left(now)):
        at = local_instant(week.monday, MORNING, principal.user_zone)
    with database.read() as connection:
        stored = plan_of(connection, principal, week, asked)
        if stored is not None and stored.made_at is not None and stored.made_at <= asked:
            return stored
        return drafted(connection, principal, week, at)


def plan_as_it_stands(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    """The stored plan of a week with whoever would join it, else the one that would be made at ``at``; nothing is written."""
    stored = plan_of(connection, principal, week, at)
    if stored is None:
        return drafted(connection, principal, week, at)
    more = joining(connection, principal, stored, at)
    if more is None:
        return stored
    beside = drafted_view(connection, principal, more, at)
    return replace(stored, suggestions=(*stored.suggestions, *beside.suggestions))


def drafted(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> PlanView:
    """The plan that would be made at ``at``, shown as if it were stored; nothing is written."""
    return drafted_view(connection, principal, draft_plan(connection, principal, week, at), at)
