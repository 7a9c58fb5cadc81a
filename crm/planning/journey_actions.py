"""Writing down trips and days off, changing them, taking them away and bringing them back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table

from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.planning.covering import hand_over
from crm.planning.home import require_planner
from crm.planning.journey_forms import TimeOffForm, TripForm
from crm.storage.database import new_id
from crm.storage.tables import time_off, trip


def add_trip(connection: Connection, principal: Principal, form: TripForm, at: datetime) -> int:
    """The id of a new trip."""
    return _add(connection, principal, trip, form.model_dump(), at)


def refuse_trip(connection: Connection, principal: Principal, form: TripForm, at: datetime) -> int:
    """No trip on these days: it is written down as taken away, so that it is not offered again, and can be brought back."""
    trip_id = add_trip(connection, principal, form, at)
    remove_trip(connection, principal, trip_id, at)
    return trip_id


def add_time_off(connection: Connection, principal: Principal, form: TimeOffForm, at: datetime) -> int:
    """The id of new days off; Invalid where nobody can be the colleague who is to look after one's people."""
    values = form.model_dump()
    colleague_id = values.pop("cover_id", None)
    off_id = _add(connection, principal, time_off, values, at)
    if colleague_id is not None:
        hand_over(connection, principal, off_id, colleague_id)
    return off_id


def _add(
    connection: Connection, principal: Principal, table: Table, values: dict[str, Any], at: datetime
) -> int:
    row_id = new_id(connection)
    keys = {"workspace_id": principal.workspace_id, "id": row_id, "user_id": require_planner(principal)}
    connection.execute(table.insert(), {**values, **keys, "created_at": at})
    return row_id


def change_trip(connection: Connection, principal: Principal, trip_id: int, form: TripForm) -> None:
    """Another city, other days, more or less room."""
    _set(connection, principal, trip, trip_id, form.model_dump())


def set_room(connection: Connection, principal: Principal, trip_id: int, room: int) -> None:
    """So many may be met there in a week."""
    _set(connection, principal, trip, trip_id, {"room": room})


def remove_trip(connection: Connection, principal: Principal, trip_id: int, at: datetime) -> None:
    """It does not take place; Undo brings it back."""
    _set(connection, principal, trip, trip_id, {"removed_at": at})


def restore_trip(connection: Connection, principal: Principal, trip_id: int) -> None:
    """Bring a trip back that was taken away."""
    _set(connection, principal, trip, trip_id, {"removed_at": None})


def remove_time_off(connection: Connection, principal: Principal, off_id: int, at: datetime) -> None:
    """These days are worked after all; Undo brings them back."""
    _set(connection, principal, time_off, off_id, {"removed_at": at})


def restore_time_off(connection: Connection, principal: Principal, off_id: int) -> None:
    """Bring days off back that were taken away."""
    _set(connection, principal, time_off, off_id, {"removed_at": None})


def _set(
    connection: Connection, principal: Principal, table: Table, row_id: int, values: dict[str, Any]
) -> None:
    user_id = require_planner(principal)
    changed = connection.execute(
        table.update()
        .where(
            table.c.workspace_id == principal.workspace_id, table.c.id == row_id, table.c.user_id == user_id
        )
        .values(**values)
    )
    if changed.rowcount == 0:
        raise NotFound
