"""Stays in other cities that the user's own calendar holds, offered as trips and never written down by themselves."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row, and_, exists, select

from crm.domain.places.whereabouts import Whereabouts, whereabouts
from crm.domain.principal import Principal
from crm.planning.home import home_of
from crm.planning.journeys import Stretch
from crm.storage.tables import calendar_stay, trip

OFFERED = 5
_LOOKED_AT = 50


@dataclass(frozen=True)
class Stay(Stretch):
    """Days in a city, by the calendar; ``id`` is nought, for nothing is written down yet."""

    city: str
    country: str

    @property
    def place(self) -> Whereabouts:
        """Where that is."""
        return whereabouts(self.city, self.country)


def offered(connection: Connection, principal: Principal, today: date) -> list[Stay]:
    """Stays that are not over, out of reach of home, and not on the days of a trip, taken away or not."""
    stay = calendar_stay.c
    a_trip_then = exists().where(
        and_(
            trip.c.workspace_id == stay.workspace_id,
            trip.c.user_id == stay.user_id,
            trip.c.first_day <= stay.last_day,
            trip.c.last_day >= stay.first_day,
        )
    )
    rows = connection.execute(
        select(calendar_stay)
        .where(
            stay.workspace_id == principal.workspace_id,
            stay.user_id == principal.user_id,
            stay.last_day >= today,
            ~a_trip_then,
        )
        .order_by(stay.first_day, stay.city)
        .limit(_LOOKED_AT)
    ).all()
    home = home_of(connection, principal).place if rows else None
    found = [_stay(row) for row in rows]
    return [one for one in found if home is None or not home.near(one.place)][:OFFERED]


def _stay(row: Row[tuple[object, ...]]) -> Stay:
    return Stay(0, row.first_day, row.last_day, row.city, row.country)
