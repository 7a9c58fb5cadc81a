"""Interactions as a timeline shows them: who took part, and what was said, promised and heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    func,
    literal,
    select,
    union_all,
)

from crm.domain.channels import Channel, by_key
from crm.domain.heard import Heard
from crm.domain.principal import Principal
from crm.interactions.private_notes import may_read_note
from crm.interactions.queries import channels
from crm.storage.statements import built_once
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

    @property
    def is_one(self) -> bool:
        """Whether it is one person's."""
        return self.contact_id is not None

    @property
    def id(self) -> int | None:
        """The person's id, or the organisation's."""
        return self.contact_id if self.is_one else self.organisation_id


def among(column: ColumnElement[int], workspace_id: Any, who: Any, *, one: bool) -> ColumnElement[bool]:
    """Whether a column of contact ids holds the person, or somebody of the organisation."""
    if one:
        is_theirs: ColumnElement[bool] = column == who
        return is_theirs
    theirs = contact.c.organisation_id == who
    return column.in_(select(contact.c.id).where(contact.c.workspace_id == workspace_id, theirs))


def _is_named(column: ColumnElement[int], workspace_id: Any, who: Any, *, one: bool) -> ColumnElement[bool]:
    """Whom a line names: who else took part with the person, or who of the organisation did."""
    return column != who if one else among(column, workspace_id, who, one=one)


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
    named = _named(principal.workspace_id, whose.id, ids, one=whose.is_one)
    found: dict[int, tuple[tuple[str, ...], int]] = {}
    for row in connection.execute(*named) if ids else ():
        names = (*found.get(row.interaction_id, ((), 0))[0], row.name)
        found[row.interaction_id] = (names, row.everyone - len(names))
    return found


@built_once
def _named(whose: Any, who: Any, ids: Any, *, one: bool) -> Select[Any]:
    log = interaction_contact.c
    place = func.row_number().over(partition_by=log.interaction_id, order_by=log.contact_id)
    everyone = func.count().over(partition_by=log.interaction_id)
    those = (
        select(log.interaction_id, log.contact_id, place.label("place"), everyone.label("everyone"))
        .where(
            log.workspace_id == whose,
            log.interaction_id.in_(ids),
            _is_named(log.contact_id, whose, who, one=one),
        )
        .subquery()
    )
    return (
        select(those.c.interaction_id, those.c.everyone, contact.c.name)
        .join(contact, contact.c.id == those.c.contact_id)
        .where(contact.c.workspace_id == whose, those.c.place <= SHOWN_NAMES)
        .order_by(those.c.interaction_id, those.c.place)
    )


def _users(connection: Connection, principal: Principal, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if not ids:
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(*_of_us(principal.workspace_id, ids)):
        found[row.interaction_id] = (*found.get(row.interaction_id, ()), row.name)
    return found


@built_once
def _of_us(whose: Any, ids: Any) -> Select[Any]:
    table = interaction_user.c
    return (
        select(table.interaction_id, user.c.name)
        .join(user, (user.c.workspace_id == table.workspace_id) & (user.c.id == table.user_id))
        .where(table.workspace_id == whose, table.interaction_id.in_(ids))
        .order_by(table.interaction_id, user.c.name, user.c.id)
    )


def _heard(
    connection: Connection, principal: Principal, whose: Whose, ids: Sequence[int]
) -> dict[int, tuple[Heard, ...]]:
    """What was asked, promised, heard and received from them in each of these interactions."""
    if not ids:
        return {}
    rows = connection.execute(*_said(principal.workspace_id, whose.id, ids, one=whose.is_one))
    promises = {"us": "promise", "them": "their promise"}
    found: dict[int, tuple[Heard, ...]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        one = Heard(promises.get(row.sort, row.sort), row.text)
        found[row.interaction_id] = (*found.get(row.interaction_id, ()), one)
    return found


@built_once
def _said(whose: Any, who: Any, ids: Any, *, one: bool) -> CompoundSelect[Any]:
    sorts: dict[Any, ColumnElement[Any]] = {
        ask: literal("ask"),
        promise: promise.c.by,
        signal: signal.c.type,
        favour: literal("favour"),
    }
    return union_all(
        *(
            select(table.c.id, table.c.interaction_id, sort.label("sort"), table.c.text).where(
                table.c.workspace_id == whose,
                among(table.c.contact_id, whose, who, one=one),
                table.c.interaction_id.in_(ids),
            )
            for table, sort in sorts.items()
        )
    )
