"""The next weekly mail of one user: for which week it is, and when it comes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from crm.accounts.schedules import next_week_of, schedule_of
from crm.domain.language import ngettext
from crm.domain.principal import Principal
from crm.domain.spans import day_phrase
from crm.domain.weeks import IsoWeek
from crm.planning.home import home_in

MOST_IDLE = 26
"""After so many weeks without work in a row, none further ahead is looked at."""


@dataclass(frozen=True)
class Ahead:
    """The mail of ``week``. ``idle``: weeks before it whose mail is still to come too, and for which nothing can be planned."""

    week: IsoWeek
    due_at: datetime
    idle: tuple[IsoWeek, ...] = ()

    def why_later(self, principal: Principal, at: datetime) -> str:
        """What keeps it from coming in the first of these weeks; empty where nothing does."""
        if not self.idle:
            return ""
        said = ngettext(
            "Nothing can be planned for the week of {day}, as it has too few working days: you will "
            "get a mail then only if you promised something.",
            "Nothing can be planned for the {n} weeks from {day} on, as they have too few working "
            "days: you will get a mail then only if you promised something.",
            len(self.idle),
        )
        return said.format(day=day_phrase(self.idle[0].monday, principal.own_day(at)), n=len(self.idle))


def next_mail(connection: Connection, principal: Principal, row: Any, at: datetime) -> Ahead:
    """The next one of a user with a plan, whose `user_row` this is, whether or not they have it switched on.

    In a week off it comes only to whoever also wants to hear that nothing is due.
    """
    schedule = schedule_of(row._mapping)
    first = week = next_week_of(connection, principal, row, at)
    idle: list[IsoWeek] = []
    while not row.nudge_when_empty and not home_in(connection, principal, week, at).is_worked(week):
        if len(idle) == MOST_IDLE:
            return Ahead(first, schedule.due_at(first))
        idle.append(week)
        week = week.next()
    return Ahead(week, schedule.due_at(week), tuple(idle))
