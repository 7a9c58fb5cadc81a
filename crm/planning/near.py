"""Who lives near the city of a trip, the user's own people and those of colleagues, and what is arranged on its days."""

from collections.abc import Sequence
from datetime import UTC, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.principal import Principal
from crm.domain.targets import TIERS, TIERS_WITH_TARGETS
from crm.domain.weeks import local_instant
from crm.planning.arranged import Arranged
from crm.planning.home import home_of
from crm.planning.journeys import Trip
from crm.storage.participation import is_in_person, is_live, with_user
from crm.storage.presence import is_present
from crm.storage.stored_metrics import current
from crm.storage.tables import contact, interaction_contact

PLACE = (contact.c.city, contact.c.country, contact.c.time_zone)
"""What `_place_of` is read from."""
OTHERS_SHOWN = 12
"""How many of the colleagues' people a trip shows; those of the highest tier come first."""


def own_near(connection: Connection, principal: Principal, trip: Trip) -> dict[int, str]:
    """The user's own people near the trip's city, with their zones."""
    standing = current(principal.workspace_id)
    rows: Any = connection.execute(
        select(contact.c.id, *PLACE, standing.c.zone)
        .outerjoin(standing, standing.c.contact_id == contact.c.id)
        .where(*_listed(principal), contact.c.owner_id == principal.user_id)
    )
    return {row.id: row.zone or "no_record" for row in rows if _is_near(trip, row)}


def others_near(connection: Connection, principal: Principal, trip: Trip) -> list[int]:
    """Those near it whom somebody else looks after, or nobody; the highest tier comes first."""
    theirs = (
        *_listed(principal),
        or_(contact.c.owner_id.is_(None), contact.c.owner_id != principal.user_id),
    )
    places = connection.execute(select(*PLACE).where(*theirs).distinct())
    cities = {row.city for row in places if _is_near(trip, row)}
    rows = connection.execute(
        select(contact.c.id, contact.c.tier, contact.c.folded_name, *PLACE).where(
            *theirs, contact.c.city.in_(cities)
        )
    )
    found = [row for row in rows if _is_near(trip, row)]
    found.sort(key=lambda row: (TIERS.index(row.tier), row.folded_name, row.id))
    return [row.id for row in found]


def _listed(principal: Principal) -> tuple[Any, ...]:
    return (
        contact.c.workspace_id == principal.workspace_id,
        contact.c.tier.in_(TIERS_WITH_TARGETS),
        contact.c.city.is_not(None),
        is_present(),
    )


def _is_near(trip: Trip, row: Any) -> bool:
    return trip.place.near(_place_of(row))


def _place_of(row: Any) -> Whereabouts:
    return whereabouts(row.city, row.country, row.time_zone)


def arranged_on(
    connection: Connection, principal: Principal, trip: Trip, own: Sequence[int], zone: tzinfo
) -> dict[int, Arranged]:
    """Contact → what is logged live on the days of the trip, ahead or already over: with the user's ``own`` people
    there, and in person with whomever else the user meets.
    """
    log = interaction_contact.c
    asked = select(log.contact_id, log.occurred_at, log.channel)
    with_own = _on_days(asked, trip).where(
        log.workspace_id == principal.workspace_id, log.contact_id.in_(own)
    )
    rows = [*connection.execute(with_own), *_met_by(connection, principal, trip)]
    return {
        row.contact_id: Arranged(row.channel, row.occurred_at)
        for row in sorted(rows, key=lambda row: row.occurred_at)
        if row.occurred_at.astimezone(zone).date() in trip.days
    }


def _met_by(connection: Connection, principal: Principal, trip: Trip) -> list[Row[Any]]:
    """Whom the user meets in person, whoever looks after them; at home only where the trip leads there."""
    log = interaction_contact.c
    since = local_instant(trip.first_day - timedelta(days=1), time(), UTC)
    until = local_instant(trip.last_day + timedelta(days=2), time(), UTC)
    met = with_user(
        select(log.contact_id, log.occurred_at, log.channel, *PLACE),
        (principal.workspace_id, principal.user_id),
        since,
        until,
    )
    them = (contact.c.workspace_id == log.workspace_id) & (contact.c.id == log.contact_id)
    rows = connection.execute(_on_days(met.join(contact, them), trip).where(is_in_person(log), is_present()))
    home = home_of(connection, principal).place
    return [row for row in rows if _is_near(trip, row) or not home.near(_place_of(row))]


def _on_days(asked: Select[Any], trip: Trip) -> Select[Any]:
    log, day = interaction_contact.c, timedelta(days=1)
    around = log.day.between(trip.first_day - day, trip.last_day + day)
    return asked.where(log.counts, around, is_live(log))
