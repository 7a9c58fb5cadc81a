"""What an interaction leaves behind: asks, promises, signals, favours and dates, and the asks it settles."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from crm.contacts.actions import require_editor
from crm.contacts.drafts import Occasion
from crm.contacts.rows import date_values
from crm.domain.heard import DATES, Heard
from crm.domain.principal import Principal
from crm.interactions.actions import refresh_people
from crm.storage.database import new_id
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
        shared = {
            "workspace_id": principal.workspace_id,
            "id": new_id(connection),
            "contact_id": contact_id,
            "interaction_id": interaction_id,
            "author_id": principal.user_id,
            "text": one.text,
        }
        if one.sort == "ask":
            connection.execute(ask.insert(), {**shared, "due": one.due, "opened_on": day})
        elif one.sort in ("promise", "their promise"):
            by = "us" if one.sort == "promise" else "them"
            connection.execute(promise.insert(), {**shared, "by": by, "due": one.due, "made_on": day})
        elif one.sort in DATES:
            _keep_date(connection, principal, contact_id, one, day)
        elif one.sort == "favour":
            connection.execute(favour.insert(), {**shared, "received_on": day})
        else:
            connection.execute(signal.insert(), {**shared, "type": one.sort, "heard_on": day})
    if heard:
        refresh_people(connection, principal, [contact_id], at)


def _keep_date(connection: Connection, principal: Principal, contact_id: int, one: Heard, day: date) -> None:
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
        connection.execute(contact_date.insert(), {**this, **values, "id": new_id(connection)})


def close_asks(
    connection: Connection,
    principal: Principal,
    ask_ids: Sequence[int],
    contact_ids: Sequence[int],
    at: datetime,
) -> None:
    """These asks of these people were brought up; others' and closed ones are left as they are."""
    require_editor(principal)
    if not ask_ids or not contact_ids:
        return
    connection.execute(
        ask.update()
        .where(
            ask.c.workspace_id == principal.workspace_id,
            ask.c.id.in_(list(ask_ids)),
            ask.c.contact_id.in_(list(contact_ids)),
            ask.c.closed_on.is_(None),
        )
        .values(closed_on=at.astimezone(principal.zone).date())
    )
    refresh_people(connection, principal, contact_ids, at)
