"""Whose week it is: where the user lives and works, and what they take on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from crm.domain.budgets import FULL_WEEK, GROUPS, LARGEST_BUDGET, LEAST_DAYS, Budget, in_all
from crm.domain.language import gettext as _
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.principal import Principal
from crm.domain.spans import count
from crm.domain.weeks import IsoWeek, local_instant
from crm.domain.working_hours import OFFICE_HOURS, public_holidays
from crm.errors import Forbidden, NotFound
from crm.planning.journeys import Trip, time_off_between, trips_between
from crm.storage.participation import is_in_person, with_user
from crm.storage.statements import built_once
from crm.storage.tables import interaction_contact, user


@dataclass(frozen=True)
class Home:
    """Where the user lives and works, and what they take on in a week."""

    place: Whereabouts
    budget: Budget
    trips: tuple[Trip, ...] = ()
    days_off: frozenset[date] = frozenset()

    def there(self, place: Whereabouts) -> frozenset[date]:
        """The days of trips that bring the user into reach of a place."""
        return frozenset(day for trip in self.trips if trip.place.near(place) for day in trip.days)

    def on_trips(self, act: str, place: Whereabouts) -> frozenset[date]:
        """The days of trips on which an act with somebody who lives there takes place; none where it needs no trip."""
        if GROUPS[act] != "in_person" or self.place.near(place):
            return frozenset()
        return self.there(place)

    def clock(self, week: IsoWeek, zone: tzinfo) -> tzinfo:
        """By which clock the user lives: their own ``zone``, or that of a trip that takes up every working day."""
        days = frozenset(self.working_days(week))
        abroad = (trip.place for trip in self.trips if days and days <= frozenset(trip.days))
        return next((place.zone_or(zone) for place in abroad), zone)

    def clock_of(self, act: str, place: Whereabouts, week: IsoWeek, zone: tzinfo) -> tzinfo:
        """By whose clock its moment is said: that of the place to which a trip leads, else the user's."""
        return place.zone_or(zone) if self.on_trips(act, place) else self.clock(week, zone)

    def meets(self, place: Whereabouts) -> bool:
        """Whether somebody who lives there can be met, at home or on a trip."""
        return self.place.near(place) or bool(self.there(place))

    def meets_on(self, place: Whereabouts, days: Collection[date]) -> bool:
        """The same on any of these days; where none is left, on any day at all."""
        if not days:
            return self.meets(place)
        there, is_near = self.there(place), self.place.near(place)
        return any(day in there or (is_near and day not in self.away) for day in days)

    @cached_property
    def away(self) -> frozenset[date]:
        """The days of trips that are out of reach of home."""
        return frozenset(day for trip in self.trips if not trip.place.near(self.place) for day in trip.days)

    def not_worked(self, week: IsoWeek) -> frozenset[date]:
        """Public holidays at home, and days off."""
        return holidays_in(self.place.country, week) | self.days_off

    def working_days(self, week: IsoWeek) -> list[date]:
        """The days of the week on which the user works, at home or on a trip."""
        off = self.not_worked(week)
        return [day for day in week.days if day.weekday() in OFFICE_HOURS.weekdays and day not in off]

    def days_left(self, week: IsoWeek, today: date) -> list[date]:
        """Those of them that are not over."""
        return [day for day in self.working_days(week) if day >= today]

    def is_worked(self, week: IsoWeek) -> bool:
        """Whether anything can be planned for the week at all."""
        return len(self.working_days(week)) >= LEAST_DAYS

    def lightness(self, week: IsoWeek, name: str, planned_for: int | None = None) -> str:
        """ "Next week has four days of work, so less is planned for it." Empty for a usual week.

        ``planned_for``: how many days of work it had when its plan was made, which stays as it was.
        """
        days = len(self.working_days(week))
        work = count(days, "day", "days", words=True)
        if planned_for is not None and planned_for != days:
            then = count(planned_for, "day", "days", words=True)
            said = _("{week} now has {days} of work. It had {then} when it was planned, and the plan stays.")
            return said.format(week=name, days=work, then=then)
        if days >= FULL_WEEK:
            return ""
        if days >= LEAST_DAYS:
            return _("{week} has {days} of work, so less is planned for it.").format(week=name, days=work)
        return _("{week} has {days} of work, so nothing is planned for it.").format(week=name, days=work)


def require_planner(principal: Principal) -> int:
    """The user's id; Forbidden for viewers and for the command line, who have no plan."""
    if principal.user_id is None or not principal.may_edit:
        raise Forbidden(_("Only members and admins have a plan. Ask an admin to make you a member."))
    return principal.user_id


def home_of(connection: Connection, principal: Principal) -> Home:
    """The user's place and usual budget, whatever the week."""
    return _usual(_user(connection, principal))


def _usual(row: Row[Any]) -> Home:
    amounts = (row.budget_call, row.budget_in_person, row.budget_by_hand)
    return Home(whereabouts(row.city, row.country), Budget(*amounts, min(row.budget_total, in_all(*amounts))))


def home_in(connection: Connection, principal: Principal, week: IsoWeek, at: datetime) -> Home:
    """As `home_of`, with the trips and days off of that week and the room that is left in it."""
    return homes_in(connection, principal, (week,), at)[0]


def homes_in(
    connection: Connection, principal: Principal, weeks: Sequence[IsoWeek], at: datetime
) -> list[Home]:
    """The same of weeks that follow each other; the user, their trips and days off are read once for all of them."""
    person, days = _user(connection, principal), (weeks[0].monday, weeks[-1].sunday)
    trips = trips_between(connection, principal, *days)
    off = time_off_between(connection, principal, *days)
    found = []
    for week in weeks:
        home = replace(
            _usual(person),
            trips=tuple(one for one in trips if one.days_in(week)),
            days_off=frozenset(day for one in off for day in one.days_in(week)),
        )
        most = person.budget_in_person_quarter
        found.append(replace(home, budget=_room_in(connection, principal, home, most, week, at)))
    return found


def _room_in(
    connection: Connection, principal: Principal, home: Home, most: int | None, week: IsoWeek, at: datetime
) -> Budget:
    """What is left of the usual budget in that week; ``most`` is what the user meets in person in a quarter."""
    budget = home.budget.in_a_week_of(len(home.working_days(week)))
    if home.is_worked(week):
        budget = budget.with_room_for(max((trip.room for trip in home.trips), default=0))
    if most is None:
        return budget
    met = met_this_quarter(connection, principal, week.monday, at)
    return replace(budget, in_person_quarter_left=min(LARGEST_BUDGET, max(0, most - met)))


def _user(connection: Connection, principal: Principal) -> Row[Any]:
    row = connection.execute(*_this_user(principal.workspace_id, principal.user_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


@built_once
def _this_user(whose: Any, user_id: Any) -> Select[Any]:
    columns = user.c
    budget = [
        columns[f"budget_{one}"] for one in ("call", "in_person", "by_hand", "total", "in_person_quarter")
    ]
    return select(columns.city, columns.country, *budget).where(
        columns.workspace_id == whose, columns.id == user_id
    )


def met_this_quarter(connection: Connection, principal: Principal, day: date, at: datetime) -> int:
    """How often the user met somebody in person in the quarter of that day, as far as it is logged by ``at``."""
    begins = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    log = interaction_contact.c
    since = local_instant(begins, time(), principal.user_zone)
    asked = select(func.count(log.interaction_id.distinct()))
    number: int = connection.execute(
        with_user(asked, (principal.workspace_id, principal.user_id), since, at).where(
            log.counts, is_in_person(log)
        )
    ).scalar_one()
    return number


def holidays_in(country: str | None, week: IsoWeek) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) around that week; none where the country is not known."""
    if not country:
        return frozenset()
    years = {week.monday.year, (week.monday + timedelta(days=28)).year}
    return frozenset().union(*(public_holidays(country, year) for year in sorted(years)))
