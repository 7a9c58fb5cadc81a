"""What an interaction leaves behind: asks, promises, signals, favours and dates, and the asks it settles."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from crm.contacts.drafts import Occasion
from crm.contacts.may_change import require_editor
from crm.contacts.rows import date_values
from crm.domain.heard import DATE_KINDS, Heard
from crm.domain.principal import Principal
from crm.interactions.actions import refresh_people
from crm.interactions.left_behind import settled, wrote
from crm.interactions.removed import dates_changed
from crm.storage.database import new_id
from crm.storage.open_matters import is_open
from crm.storage.stored_metrics import LOG_UNCHANGED
from crm.storage.tables import ask, contact_date, favour, promise, signal


def keep_heard(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    interaction_id: int,
    heard: Sequence[Heard],
    day: date,
    at: datetime,
) -> None:
    """Write down what was heard from one person on a day; their metrics follow."""
    require_editor(principal)
    for one in heard:
        shared: dict[str, Any] = {
            "workspace_id": principal.workspace_id,
            "id": new_id(connection),
            "contact_id": contact_id,
            "interaction_id": interaction_id,
            "author_id": principal.user_id,
            "text": one.text,
        }
        if one.sort in DATE_KINDS:
            _keep_date(connection, principal, contact_id, interaction_id, one, day, at)
            continue
        table, own = _table_and_own(one, day)
        connection.execute(table.insert(), {**shared, **own})
        wrote(connection, principal, interaction_id, table, shared["id"])
    if heard:
        refresh_people(connection, principal, [contact_id], at, changed_on=LOG_UNCHANGED)


def _keep_date(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    interaction_id: int,
    one: Heard,
    day: date,
    at: datetime,
) -> None:
    """A day to remember, unless it is known: each year the same, but a renewal or other day ahead just that once.

    This year's day tells when a birthday or anniversary is, and nothing of the year it began.
    """
    assert one.due is not None
    once = one.sort in ("renewal", "other") and one.due >= day
    year = one.due.year if once or one.due.year < day.year else None
    values = date_values(Occasion(one.sort, one.due.month, one.due.day, year, not once, one.text or None))
    table, this = contact_date.c, {"workspace_id": principal.workspace_id, "contact_id": contact_id}
    same = [table[name] == value for name, value in this.items()]
    same += [table[name] == values[name] for name in ("kind", "month", "day")]
    if connection.execute(select(table.id).where(*same).limit(1)).first() is None:
        row_id = new_id(connection)
        connection.execute(contact_date.insert(), {**this, **values, "id": row_id})
        wrote(connection, principal, interaction_id, contact_date, row_id)
        dates_changed(connection, principal, contact_id, at)


def _table_and_own(one: Heard, day: date) -> tuple[Table, dict[str, Any]]:
    if one.sort == "ask":
        return ask, {"due": one.due, "opened_on": day}
    if one.sort in ("promise", "their promise"):
        return promise, {"by": "us" if one.sort == "promise" else "them", "due": one.due, "made_on": day}
    if one.sort == "favour":
        return favour, {"received_on": day}
    return signal, {"type": one.sort, "heard_on": day}


def close_asks(
    connection: Connection,
    principal: Principal,
    ask_ids: Sequence[int],
    contact_ids: Sequence[int],
    interaction_id: int,
    at: datetime,
) -> None:
    """These asks of these people were brought up in the interaction; others' and closed ones are left as they are."""
    require_editor(principal)
    if not ask_ids or not contact_ids:
        return
    today = principal.team_day(at)
    closed = connection.execute(
        ask.update()
        .where(*_open_asks(principal, ask_ids, contact_ids, today))
        .values(closed_on=today)
        .returning(ask.c.id)
    )
    settled(connection, principal, interaction_id, list(closed.scalars()), today)
    refresh_people(connection, principal, contact_ids, at, changed_on=LOG_UNCHANGED)


def any_open(
    connection: Connection,
    principal: Principal,
    ask_ids: Sequence[int],
    contact_ids: Sequence[int],
    at: datetime,
) -> bool:
    """Whether any of these asks of these people is open."""
    theirs = _open_asks(principal, ask_ids, contact_ids, principal.team_day(at))
    return bool(ask_ids) and connection.execute(select(ask.c.id).where(*theirs).limit(1)).first() is not None


def _open_asks(
    principal: Principal, ask_ids: Sequence[int], contact_ids: Sequence[int], today: date
) -> tuple[ColumnElement[bool], ...]:
    return (
        ask.c.workspace_id == principal.workspace_id,
        ask.c.id.in_(list(ask_ids)),
        ask.c.contact_id.in_(list(contact_ids)),
        is_open(ask, today),
    )
