"""A user's trips and days off. They are that user's alone: nobody else's are there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from crm.domain.manner import days_words
from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.principal import Principal
from crm.domain.spans import long_day, short_day
from crm.domain.weeks import IsoWeek
from crm.errors import NotFound
from crm.storage.statements import built_once
from crm.storage.tables import time_off, trip

LISTED = 100


@dataclass(frozen=True)
class Stretch:
    """Days in a row, both ends included."""

    id: int
    first_day: date
    last_day: date

    @property
    def days(self) -> tuple[date, ...]:
        """Each of them."""
        number = (self.last_day - self.first_day).days + 1
        return tuple(self.first_day + timedelta(days=count) for count in range(number))

    def days_in(self, week: IsoWeek) -> tuple[date, ...]:
        """Those of them that are in a week."""
        return tuple(day for day in self.days if day in week)

    def words(self, today: date) -> str:
        """ "1–4 December", "30 Nov – 4 Dec", "1 December"."""
        first, last = self.first_day, self.last_day
        if first == last:
            return long_day(first, today)
        if (first.year, first.month) == (last.year, last.month):
            return days_words(first, last, year=last.year != today.year, to="–", long=True)
        return f"{short_day(first, today)} – {short_day(last, today)}"


@dataclass(frozen=True)
class Trip(Stretch):
    """A stay in another city; ``room`` is how much in person its week may hold at least."""

    city: str
    country: str | None
    room: int

    @property
    def place(self) -> Whereabouts:
        """Where that is, as far as it is known."""
        return whereabouts(self.city, self.country)


def trips_between(connection: Connection, principal: Principal, first: date, last: date) -> list[Trip]:
    """The user's trips that touch these days, both ends included, in their order."""
    own = (principal.workspace_id, principal.user_id)
    return [_trip(row) for row in connection.execute(*_between(*own, first, last, table=trip))]


def time_off_between(connection: Connection, principal: Principal, first: date, last: date) -> list[Stretch]:
    """The same of the user's time off."""
    own = (principal.workspace_id, principal.user_id)
    return [_off(row) for row in connection.execute(*_between(*own, first, last, table=time_off))]


@built_once
def _between(whose: Any, user_id: Any, first: Any, last: Any, *, table: Table) -> Select[Any]:
    columns = table.c
    return (
        select(table)
        .where(columns.workspace_id == whose, columns.user_id == user_id, columns.removed_at.is_(None))
        .where(columns.first_day <= last, columns.last_day >= first)
        .order_by(columns.first_day, columns.id)
    )


def trips(connection: Connection, principal: Principal, since: date) -> list[Trip]:
    """The user's trips that are not over by that day, the next first."""
    return [_trip(row) for row in _ahead(connection, principal, trip, since)]


def time_off_ahead(connection: Connection, principal: Principal, since: date) -> list[Stretch]:
    """The user's days off that are not over by that day, the next first."""
    return [_off(row) for row in _ahead(connection, principal, time_off, since)]


def _ahead(connection: Connection, principal: Principal, table: Table, since: date) -> Iterable[Row[Any]]:
    return connection.execute(
        _own(table, principal)
        .where(table.c.last_day >= since)
        .order_by(table.c.first_day, table.c.id)
        .limit(LISTED)
    )


def own_trip(connection: Connection, principal: Principal, trip_id: int) -> Trip:
    """One of the user's trips; NotFound for anybody else's and for one taken away."""
    row = connection.execute(_own(trip, principal).where(trip.c.id == trip_id)).one_or_none()
    if row is None:
        raise NotFound
    return _trip(row)


def _own(table: Table, principal: Principal) -> Any:
    return select(table).where(
        table.c.workspace_id == principal.workspace_id,
        table.c.user_id == principal.user_id,
        table.c.removed_at.is_(None),
    )


def _trip(row: Row[Any]) -> Trip:
    return Trip(row.id, row.first_day, row.last_day, row.city, row.country, row.room)


def _off(row: Row[Any]) -> Stretch:
    return Stretch(row.id, row.first_day, row.last_day)
