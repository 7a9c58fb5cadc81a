"""Interactions as a timeline shows them: who took part, and what was said, promised and heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, union_all

from crm.domain.channels import Channel, by_key
from crm.domain.heard import Heard
from crm.domain.principal import Principal
from crm.interactions.private_notes import may_read_note
from crm.interactions.queries import channels
from crm.storage.tables import (
    ask,
    contact,
    favour,
    interaction_contact,
    interaction_user,
    promise,
    signal,
    user,
)

SHOWN_NAMES = 3


@dataclass(frozen=True)
class Whose:
    """Whose log: one person's, or that of everybody at an organisation."""

    contact_id: int | None = None
    organisation_id: int | None = None

    def among(self, principal: Principal, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a column of contact ids holds one of them."""
        if self.contact_id is not None:
            return column == self.contact_id
        theirs = contact.c.organisation_id == self.organisation_id
        return column.in_(
            select(contact.c.id).where(contact.c.workspace_id == principal.workspace_id, theirs)
        )

    def named(self, principal: Principal, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Whom a line names: who else took part with the person, or who of the organisation did."""
        return column != self.contact_id if self.contact_id is not None else self.among(principal, column)


@dataclass(frozen=True)
class Happening:
    """One interaction as a person's timeline shows it. ``note`` is missing where it is private to somebody else."""

    id: int
    occurred_at: datetime
    day: date
    channel: Channel
    direction: str
    attempted: bool
    broadcast: bool
    ahead: bool
    summary: str | None
    note: str | None
    note_private: bool
    people: tuple[str, ...] = ()
    others: int = 0
    users: tuple[str, ...] = ()
    heard: tuple[Heard, ...] = ()

    @property
    def folds(self) -> bool:
        """Chatter: through a screen, not live, and nothing written down that a person should see at once."""
        plain = not (self.note or self.heard or self.attempted or self.broadcast or self.ahead)
        return plain and self.channel.digital and not self.channel.live


def happenings(
    connection: Connection, principal: Principal, whose: Whose, rows: Sequence[Row[Any]], at: datetime
) -> list[Happening]:
    """Rows of interactions with who else was there and what was heard: four statements for all of them."""
    ids = [row.id for row in rows]
    ways = by_key(channels(connection, principal))
    people = _people(connection, principal, whose, ids)
    users = _users(connection, principal, ids)
    heard = _heard(connection, principal, whose, ids)
    return [
        Happening(
            row.id,
            row.occurred_at,
            row.day,
            ways.get(row.channel) or Channel(row.channel, row.channel),
            row.direction,
            row.outcome == "attempted",
            row.broadcast,
            row.occurred_at > at,
            row.summary,
            row.note if may_read_note(principal, row) else None,
            row.note_private,
            *people.get(row.id, ((), 0)),
            users.get(row.id, ()),
            heard.get(row.id, ()),
        )
        for row in rows
    ]


def _people(
    connection: Connection, principal: Principal, whose: Whose, ids: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], int]]:
    """The first of those a line names, and how many more there are."""
    log = interaction_contact.c
    place = func.row_number().over(partition_by=log.interaction_id, order_by=log.contact_id)
    everyone = func.count().over(partition_by=log.interaction_id)
    those = (
        select(log.interaction_id, log.contact_id, place.label("place"), everyone.label("everyone"))
        .where(
            log.workspace_id == principal.workspace_id,
            log.interaction_id.in_(ids),
            whose.named(principal, log.contact_id),
        )
        .subquery()
    )
    named = (
        select(those.c.interaction_id, those.c.everyone, contact.c.name)
        .join(contact, contact.c.id == those.c.contact_id)
        .where(contact.c.workspace_id == principal.workspace_id, those.c.place <= SHOWN_NAMES)
        .order_by(those.c.interaction_id, those.c.place)
    )
    found: dict[int, tuple[tuple[str, ...], int]] = {}
    for row in connection.execute(named) if ids else ():
        names = (*found.get(row.interaction_id, ((), 0))[0], row.name)
        found[row.interaction_id] = (names, row.everyone - len(names))
    return found


def _users(connection: Connection, principal: Principal, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if not ids:
        return {}
    table = interaction_user.c
    named = (
        select(table.interaction_id, user.c.name)
        .join(user, (user.c.workspace_id == table.workspace_id) & (user.c.id == table.user_id))
        .where(table.workspace_id == principal.workspace_id, table.interaction_id.in_(ids))
        .order_by(table.interaction_id, user.c.name, user.c.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(named):
        found[row.interaction_id] = (*found.get(row.interaction_id, ()), row.name)
    return found


def _heard(
    connection: Connection, principal: Principal, whose: Whose, ids: Sequence[int]
) -> dict[int, tuple[Heard, ...]]:
    """What was asked, promised, heard and received from them in each of these interactions."""
    if not ids:
        return {}
    sorts: dict[Any, ColumnElement[Any]] = {
        ask: literal("ask"),
        promise: promise.c.by,
        signal: signal.c.type,
        favour: literal("favour"),
    }
    parts = [
        select(table.c.id, table.c.interaction_id, sort.label("sort"), table.c.text).where(
            table.c.workspace_id == principal.workspace_id,
            whose.among(principal, table.c.contact_id),
            table.c.interaction_id.in_(ids),
        )
        for table, sort in sorts.items()
    ]
    promises = {"us": "promise", "them": "their promise"}
    found: dict[int, tuple[Heard, ...]] = {}
    for row in sorted(connection.execute(union_all(*parts)), key=lambda row: row.id):
        one = Heard(promises.get(row.sort, row.sort), row.text)
        found[row.interaction_id] = (*found.get(row.interaction_id, ()), one)
    return found
