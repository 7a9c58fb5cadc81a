"""An entry that carries a key is logged once, however often it is sent.

The key is the entry's ``source_id`` and stays for good, also while it is out of the log: a device may send again after
weeks what was saved and taken back meanwhile.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, select

from crm.domain.heard import DATE_KINDS
from crm.domain.principal import Principal
from crm.domain.told import DUE_SORTS
from crm.interactions.actions import Entry
from crm.interactions.drafts import wall
from crm.interactions.queries import Logged, heard_in, logged
from crm.interactions.reading import Sent
from crm.storage.statements import built_once
from crm.storage.tables import contact_date, interaction, user

_PREFIX = "once:"


def once_key(once: str) -> str:
    """The ``source_id`` of an entry with this key."""
    return f"{_PREFIX}{once}"


def is_written(source_id: str | None) -> bool:
    """Whether a person wrote the entry, and it was not brought from elsewhere under a key of its own."""
    return source_id is None or source_id.startswith(_PREFIX)


def already(
    connection: Connection, principal: Principal, once: str | None, *, taken_out: bool = False
) -> int | None:
    """The id of what was logged with this key, in the log or, with ``taken_out``, out of it again.

    Of two requests of one user at once, the second waits here until the first is done.
    """
    if once is None:
        return None
    if connection.dialect.name != "sqlite":  # where one writes at a time
        me = (user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
        connection.execute(select(user.c.id).where(*me).with_for_update())
    statement = _with_key(principal.workspace_id, principal.user_id, once_key(once), taken_out=taken_out)
    found: int | None = connection.execute(*statement).scalar()
    return found


@built_once
def _with_key(workspace_id: Any, user_id: Any, key: Any, *, taken_out: bool) -> Select[Any]:
    table = interaction.c
    known = select(table.id).where(
        table.workspace_id == workspace_id, table.source_id == key, table.author_id == user_id
    )
    return known if taken_out else known.where(table.deleted_at.is_(None))


def is_same(connection: Connection, principal: Principal, interaction_id: int, sent: Sent) -> bool:
    """Whether the form says what is in the log: the same people, when and how, in the same words, and nothing more
    that was heard."""
    there = logged(connection, principal, interaction_id)
    names = {person.name for person in there.people}
    return (
        _said(there) == _said(sent.entry)
        and _when(there, principal, sent) == _when(sent.entry, principal, sent)
        and names == {*(person.name for person in sent.people), *sent.newcomers}
        and not _new_in(connection, principal, there, sent)
    )


def _said(one: Logged | Entry) -> tuple[object, ...]:
    return one.channel, one.direction, one.outcome, one.summary, one.note, one.note_private


def _when(one: Logged | Entry, principal: Principal, sent: Sent) -> object:
    """As the form says it: the minute, or the day alone."""
    day, minute = wall(one.occurred_at, principal)
    return day if sent.form.time_of_day is None else (day, minute)


def _new_in(connection: Connection, principal: Principal, there: Logged, sent: Sent) -> set[object]:
    """What the form has to tell that is not kept with the entry, or as a day to remember of whoever was there."""
    told = {
        replace(one, due=one.due if one.sort in DUE_SORTS else None)
        for one in sent.heard
        if one.sort not in DATE_KINDS
    }
    days = {
        (one.sort, one.due.month, one.due.day) for one in sent.heard if one.sort in DATE_KINDS and one.due
    }
    return {
        *(told - set(heard_in(connection, principal, there.id))),
        *(days - _days_of(connection, principal, there)),
    }


def _days_of(connection: Connection, principal: Principal, there: Logged) -> set[tuple[str, int, int]]:
    table, ids = contact_date.c, [person.id for person in there.people]
    known = select(table.kind, table.month, table.day).where(
        table.workspace_id == principal.workspace_id, table.contact_id.in_(ids)
    )
    return {(row.kind, row.month, row.day) for row in connection.execute(known)}
