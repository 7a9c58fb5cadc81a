"""When people were in touch: their last personal interaction, and the ribbon of their past year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Integer,
    Select,
    bindparam,
    case,
    func,
    select,
    type_coerce,
)

from crm.domain.principal import Principal
from crm.domain.ribbon import WEEKS, Touch
from crm.storage.participation import counted, is_personal, newest
from crm.storage.tables import interaction_contact


@dataclass(frozen=True)
class LastPersonal:
    """The last personal interaction: by which channel, on which day, in the workspace's calendar."""

    channel: str
    day: date


def last_personal(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, LastPersonal]:
    """The last personal interaction of each of these people who had one."""
    if not ids:
        return {}
    rows = newest(connection, principal.workspace_id, ids, at, is_personal)
    return {row.contact_id: LastPersonal(row.channel, row.day) for row in rows}


def ribbons(
    connection: Connection, principal: Principal, ids: Sequence[int], at: datetime
) -> dict[int, tuple[Touch, ...]]:
    """The past 52 weeks of each of these people: digital and personal contacts by week, week 51 ending today."""
    if not ids:
        return {}
    first = principal.team_day(at) - timedelta(days=7 * WEEKS - 1)
    values = {"whose": principal.workspace_id, "ids": list(ids), "until": at, "first": first.toordinal()}
    found: dict[int, list[Touch]] = {}
    for contact_id, place, everything, by_person in connection.execute(_ribbons(), values):
        touch = Touch(int(place), int(everything) - int(by_person), int(by_person))
        found.setdefault(contact_id, []).append(touch)
    return {contact_id: tuple(touches) for contact_id, touches in found.items()}


@cache
def _ribbons() -> Select[Any]:
    """Built once, since building it costs more than running it."""
    log = interaction_contact.c
    whose, until = bindparam("whose", type_=BigInteger()), bindparam("until", type_=log.occurred_at.type)
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    first = bindparam("first", type_=Integer())
    day = type_coerce(log.day, Integer)
    week = day.op("-")(first).op("/")(7).label("week")
    personal = func.sum(case((is_personal(log), 1), else_=0))
    return (
        select(log.contact_id, week, func.count().label("all"), personal.label("personal"))
        .where(*counted(whose, ids, until, log), day >= first)
        .group_by(log.contact_id, "week")
        .order_by(log.contact_id, "week")
    )
