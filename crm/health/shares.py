"""The share of key people with personal contact in the last 90 days, over time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from crm.domain.principal import Principal
from crm.storage.participation import is_personal
from crm.storage.presence import is_present
from crm.storage.tables import contact, interaction_contact

DAYS = 90


@dataclass(frozen=True)
class Share:
    """At the end of ``day``, in the workspace's zone: how many key people were known, and ``reached`` in 90 days."""

    day: date
    reached: int
    people: int


def personal_shares(
    connection: Connection,
    principal: Principal,
    days: Sequence[date],
    at: datetime,
    owner_id: int | None = None,
) -> list[Share]:
    """The share on each of these days, from what is logged by ``at``. Who is key, and whose, is as of today.

    People archived or deceased by today are left out of the past as well, so that the line does not move with them.
    """
    whose = [contact.c.workspace_id == principal.workspace_id, contact.c.tier == "key", is_present()]
    if owner_id is not None:
        whose.append(contact.c.owner_id == owner_id)
    known = _known_since(connection, principal, whose, at)
    touched = _touched(connection, principal, whose, min(days) - timedelta(days=DAYS), at)
    return [_share(day, known, touched) for day in days]


def _share(day: date, known: dict[int, date], touched: dict[int, list[date]]) -> Share:
    people = [one for one, since in known.items() if since <= day]
    reached = sum(_within(touched.get(one, []), day) for one in people)
    return Share(day, reached, len(people))


def _within(touched: Sequence[date], day: date) -> bool:
    """Whether the last of these days by ``day`` lies in the 90 days that end with it."""
    place = bisect_right(touched, day)
    return place > 0 and touched[place - 1] > day - timedelta(days=DAYS)


def _known_since(
    connection: Connection, principal: Principal, whose: Sequence[ColumnElement[bool]], at: datetime
) -> dict[int, date]:
    """Since when each of them was known: created, or first in contact, whichever was earlier."""
    log = interaction_contact.c
    first = (
        select(func.min(log.day))
        .where(log.workspace_id == principal.workspace_id, log.contact_id == contact.c.id)
        .where(log.counts, log.occurred_at <= at)
        .scalar_subquery()
    )
    rows = connection.execute(select(contact.c.id, contact.c.created_on, first.label("first")).where(*whose))
    return {row.id: min(row.created_on, row.first or row.created_on) for row in rows}


def _touched(
    connection: Connection,
    principal: Principal,
    whose: Sequence[ColumnElement[bool]],
    since: date,
    at: datetime,
) -> dict[int, list[date]]:
    """The days after ``since`` on which each of them was reached personally, in order."""
    log: Any = interaction_contact.c
    same = (log.workspace_id == contact.c.workspace_id) & (log.contact_id == contact.c.id)
    rows = connection.execute(
        select(log.contact_id, log.day)
        .select_from(contact.join(interaction_contact, same))
        .where(*whose, log.counts, log.occurred_at <= at, log.day > since, is_personal(log))
        .order_by(log.contact_id, log.day)
        .distinct()
    )
    found: dict[int, list[date]] = {}
    for contact_id, day in rows:
        found.setdefault(contact_id, []).append(day)
    return found
