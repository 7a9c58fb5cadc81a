"""The whole log, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, select, type_coerce

from crm.domain.principal import Principal
from crm.interactions.queries import Logged, Person, logged_as, person_of
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.tables import contact, interaction, interaction_contact, interaction_user

PAGE = 50


@dataclass(frozen=True)
class WantedEntries:
    """Which entries: with one contact, by one channel, from a moment on, before a moment."""

    contact: int | None = None
    channel: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class LogPage:
    """A page of the log, and the cursor of what is earlier (None at its beginning)."""

    entries: tuple[Logged, ...]
    next: str | None


def entries(
    connection: Connection,
    principal: Principal,
    wanted: WantedEntries,
    after: str | None = None,
    limit: int = PAGE,
) -> LogPage:
    """A page of the log: three statements, however long it is. Deleted entries are not in it."""
    place: list[ColumnElement[Any]]
    statement, place = _of_contact(principal, wanted) if wanted.contact else _of_all(principal)
    statement = statement.where(interaction.c.deleted_at.is_(None), *_conditions(wanted))
    statement = statement.order_by(*(column.desc() for column in place)).limit(limit + 1)
    if after:
        statement = statement.where(beyond(place, read_cursor(after, (int, int)), backwards=True))
    found = connection.execute(statement.add_columns(place[0].label("micros"))).all()
    shown = found[:limit]
    people, users = _took_part(connection, principal, [row.id for row in shown])
    return LogPage(
        tuple(logged_as(principal, row, people.get(row.id, ()), users.get(row.id, ())) for row in shown),
        write_cursor((shown[-1].micros, shown[-1].id)) if len(found) > limit else None,
    )


def _of_all(principal: Principal) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    table = interaction.c
    mine = select(interaction).where(table.workspace_id == principal.workspace_id)
    return mine, [type_coerce(table.occurred_at, BigInteger), table.id]


def _of_contact(principal: Principal, wanted: WantedEntries) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """By the index of the contact's own log."""
    log = interaction_contact.c
    same = (interaction.c.workspace_id == log.workspace_id) & (interaction.c.id == log.interaction_id)
    theirs = (
        select(interaction)
        .select_from(interaction_contact.join(interaction, same))
        .where(log.workspace_id == principal.workspace_id, log.contact_id == wanted.contact)
    )
    return theirs, [type_coerce(log.occurred_at, BigInteger), log.interaction_id]


def _conditions(wanted: WantedEntries) -> list[ColumnElement[bool]]:
    table = interaction.c
    found = []
    if wanted.channel is not None:
        found.append(table.channel == wanted.channel)
    if wanted.since is not None:
        found.append(table.occurred_at >= wanted.since)
    if wanted.before is not None:
        found.append(table.occurred_at < wanted.before)
    return found


def _took_part(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> tuple[dict[int, tuple[Person, ...]], dict[int, tuple[int, ...]]]:
    """Contacts and users of these entries."""
    log, users = interaction_contact.c, interaction_user.c
    same = (contact.c.workspace_id == log.workspace_id) & (contact.c.id == log.contact_id)
    theirs: Select[Any] = (
        select(log.interaction_id, contact.c.id, contact.c.name, contact.c.given_name)
        .join(contact, same)
        .where(log.workspace_id == principal.workspace_id, log.interaction_id.in_(ids))
        .order_by(log.interaction_id, contact.c.id)
    )
    ours: Select[Any] = (
        select(users.interaction_id, users.user_id)
        .where(users.workspace_id == principal.workspace_id, users.interaction_id.in_(ids))
        .order_by(users.interaction_id, users.user_id)
    )
    people: dict[int, tuple[Person, ...]] = {}
    for row in connection.execute(theirs):
        people[row.interaction_id] = (*people.get(row.interaction_id, ()), person_of(row))
    by: dict[int, tuple[int, ...]] = {}
    for one in connection.execute(ours):
        by[one.interaction_id] = (*by.get(one.interaction_id, ()), one.user_id)
    return people, by
