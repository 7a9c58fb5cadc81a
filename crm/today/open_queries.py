"""What is open with people: asks, promises both ways, and dates ahead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, func, or_, select

from crm.domain.places.whereabouts import whereabouts
from crm.domain.principal import Principal
from crm.domain.yearly import next_return
from crm.storage.open_matters import COURSES, in_order, is_open
from crm.storage.presence import is_present
from crm.storage.tables import ask, contact, contact_date, promise

LISTED = 100
"""Of each sort; the earliest due are shown."""
DATES_AHEAD_DAYS = 90
WHERE = (contact.c.city, contact.c.country, contact.c.time_zone)


@dataclass(frozen=True)
class Open:
    """One open ask or promise; ``by`` is *us* or *them*."""

    id: int
    contact_id: int
    name: str
    text: str
    by: str
    since: date
    due: date | None


@dataclass(frozen=True)
class Coming:
    """A date ahead, with the day it falls on, the days until then, and the country (two letters) of whose it is."""

    id: int
    contact_id: int
    name: str
    kind: str
    label: str | None
    day: date
    days: int
    country: str | None


@dataclass(frozen=True)
class OpenMatters:
    """The first of each sort, the earliest due first, and how many there are."""

    asks: tuple[Open, ...]
    ask_number: int
    promises: tuple[Open, ...]
    promise_number: int
    dates: tuple[Coming, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is open at all."""
        return not (self.asks or self.promises or self.dates)


@dataclass(frozen=True)
class Among:
    """With whom: everybody, the user's own people (whom they own, or about whom they wrote it down), an organisation's."""

    mine: bool = False
    organisation_id: int | None = None


def everything_open(connection: Connection, principal: Principal, today: date, among: Among) -> OpenMatters:
    """What is open today with them."""
    asks, ask_number = _open(connection, principal, ask, today, among)
    promises, promise_number = _open(connection, principal, promise, today, among)
    return OpenMatters(
        asks, ask_number, promises, promise_number, _coming(connection, principal, today, among)
    )


def _about(principal: Principal, table: Any, among: Among, *columns: Any) -> Select[Any]:
    same = and_(contact.c.workspace_id == table.c.workspace_id, contact.c.id == table.c.contact_id)
    found = (
        select(*columns)
        .select_from(table)
        .join(contact, same)
        .where(
            table.c.workspace_id == principal.workspace_id,
            is_present(),
        )
    )
    if among.organisation_id is not None:
        found = found.where(contact.c.organisation_id == among.organisation_id)
    if not among.mine:
        return found
    theirs = contact.c.owner_id == principal.user_id
    if "author_id" in table.c:
        theirs = or_(theirs, table.c.author_id == principal.user_id)
    return found.where(theirs)


def _open(
    connection: Connection,
    principal: Principal,
    table: Table,
    today: date,
    among: Among,
) -> tuple[tuple[Open, ...], int]:
    still, since = is_open(table, today), COURSES[table.name][0]
    number = connection.execute(_about(principal, table, among, func.count()).where(still)).scalar_one()
    rows = connection.execute(
        _about(principal, table, among, *table.c, contact.c.name)
        .where(still)
        .order_by(*in_order(table))
        .limit(LISTED)
    )
    return tuple(_one(row, since) for row in rows), number


def _one(row: Row[Any], since: str) -> Open:
    by = getattr(row, "by", "us")
    return Open(row.id, row.contact_id, row.name, row.text, by, getattr(row, since), row.due)


def _coming(connection: Connection, principal: Principal, today: date, among: Among) -> tuple[Coming, ...]:
    last = today + timedelta(days=DATES_AHEAD_DAYS)
    months = {(today.month - 1 + step) % 12 + 1 for step in range(5)}
    rows = connection.execute(
        _about(principal, contact_date, among, *contact_date.c, contact.c.name, *WHERE).where(
            contact.c.tier != "none",
            contact_date.c.month.in_(months),
            or_(contact_date.c.yearly, contact_date.c.on_day >= today),
        )
    )
    return tuple(sorted(_ahead(rows, today, last), key=lambda one: (one.day, one.name, one.id))[:LISTED])


def _ahead(rows: Any, today: date, last: date) -> Iterator[Coming]:
    for row in rows:
        day = next_return(row.month, row.day, row.on_day, row.yearly, today)
        if day is not None and day <= last:
            country = whereabouts(row.city, row.country, row.time_zone).country
            days = (day - today).days
            yield Coming(row.id, row.contact_id, row.name, row.kind, row.label, day, days, country)
