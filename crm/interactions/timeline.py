"""What happened with one person, newest first: months, with digital chatter folded and personal moments whole.

Every function reads a bounded number of rows, however long the history is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from crm.domain.channels import Channel, by_key
from crm.domain.heard import Heard
from crm.domain.principal import Principal
from crm.domain.spans import count, short_day
from crm.interactions.queries import channels
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.participation import is_personal
from crm.storage.tables import (
    ask,
    contact,
    favour,
    interaction,
    interaction_contact,
    interaction_user,
    promise,
    signal,
    user,
)

PAGE = 40
SHOWN_NAMES = 3
LISTED = 20


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


@dataclass(frozen=True)
class Item:
    """One line of a month: a moment, or several by the same digital channel folded into one."""

    happenings: tuple[Happening, ...]

    @property
    def first(self) -> Happening:
        """The newest of them."""
        return self.happenings[0]

    @property
    def summary(self) -> str | None:
        """What the newest with any words says."""
        return next((one.summary for one in self.happenings if one.summary), None)

    @property
    def words(self) -> str:
        """ "2 emails", "9 chats", "Visit"."""
        noun = self.first.channel.label.partition(" (")[0]
        return count(len(self.happenings), noun.lower()) if len(self.happenings) > 1 else noun

    def days(self, today: date) -> str:
        """ "12 Nov", "2 to 12 Nov"."""
        newest, oldest = self.happenings[0].day, self.happenings[-1].day
        if newest == oldest:
            return short_day(newest, today)
        return f"{oldest.day} to {short_day(newest, today)}"


@dataclass(frozen=True)
class Month:
    """A month with its lines."""

    first: date
    items: tuple[Item, ...]

    def words(self, today: date) -> str:
        """ "November", with the year where it is not this one."""
        return f"{self.first:%B}" if self.first.year == today.year else f"{self.first:%B} {self.first.year}"


@dataclass(frozen=True)
class Timeline:
    """A page of months, and the cursor of what is earlier (None at the beginning of the log)."""

    months: tuple[Month, ...]
    earlier: str | None


def timeline(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    before: str | None = None,
    *,
    at: datetime,
    personal_only: bool = False,
    limit: int = PAGE,
) -> Timeline:
    """A page of one person's timeline; ``before`` is the ``earlier`` of the page before."""
    log = interaction_contact.c
    place: list[ColumnElement[Any]] = [type_coerce(log.occurred_at, BigInteger), log.interaction_id]
    statement = (
        _of(principal, contact_id)
        .add_columns(place[0].label("micros"))
        .order_by(place[0].desc(), place[1].desc())
        .limit(limit + 1)
    )
    if personal_only:
        statement = statement.where(is_personal(interaction_contact.c))
    if before:
        statement = statement.where(beyond(place, read_cursor(before, (int, int)), backwards=True))
    found = connection.execute(statement).all()
    shown = found[:limit]
    earlier = write_cursor((shown[-1].micros, shown[-1].id)) if len(found) > limit else None
    return Timeline(months(happenings(connection, principal, contact_id, shown, at)), earlier)


def _of(principal: Principal, contact_id: int) -> Select[Any]:
    log = interaction_contact.c
    return (
        select(interaction)
        .select_from(
            interaction_contact.join(
                interaction,
                (interaction.c.workspace_id == log.workspace_id) & (interaction.c.id == log.interaction_id),
            )
        )
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id == contact_id,
            interaction.c.deleted_at.is_(None),
        )
    )


def happenings(
    connection: Connection, principal: Principal, contact_id: int, rows: Sequence[Row[Any]], at: datetime
) -> list[Happening]:
    """Rows of interactions with who else was there and what was heard: four statements for all of them."""
    ids = [row.id for row in rows]
    ways = by_key(channels(connection, principal))
    people = _others(connection, principal, contact_id, ids)
    users = _users(connection, principal, ids)
    heard = _heard(connection, principal, contact_id, ids)
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
            row.note if may_read(principal, row) else None,
            row.note_private,
            *people.get(row.id, ((), 0)),
            users.get(row.id, ()),
            heard.get(row.id, ()),
        )
        for row in rows
    ]


def may_read(principal: Principal, row: Row[Any]) -> bool:
    """A private note is its author's alone."""
    return not row.note_private or (principal.user_id is not None and row.author_id == principal.user_id)


def months(found: Sequence[Happening]) -> tuple[Month, ...]:
    """By month, with chatter by one channel within a month folded to where its newest stands."""
    by_month: dict[date, list[list[Happening]]] = {}
    folds: dict[tuple[date, str], list[Happening]] = {}
    for one in found:
        first = one.day.replace(day=1)
        lines = by_month.setdefault(first, [])
        key = (first, one.channel.key)
        if one.folds and key in folds:
            folds[key].append(one)
            continue
        lines.append([one])
        if one.folds:
            folds[key] = lines[-1]
    return tuple(
        Month(first, tuple(Item(tuple(line)) for line in lines)) for first, lines in by_month.items()
    )


def _others(
    connection: Connection, principal: Principal, contact_id: int, ids: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], int]]:
    """The first names of who else took part, and how many more did."""
    log = interaction_contact.c
    place = func.row_number().over(partition_by=log.interaction_id, order_by=log.contact_id)
    everyone = func.count().over(partition_by=log.interaction_id)
    those = (
        select(log.interaction_id, log.contact_id, place.label("place"), everyone.label("everyone"))
        .where(
            log.workspace_id == principal.workspace_id,
            log.interaction_id.in_(ids),
            log.contact_id != contact_id,
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
    connection: Connection, principal: Principal, contact_id: int, ids: Sequence[int]
) -> dict[int, tuple[Heard, ...]]:
    """What was asked, promised, heard and received from this person in each of these interactions."""
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
            table.c.contact_id == contact_id,
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


# Beside the timeline


@dataclass(frozen=True)
class Matter:
    """An open ask or promise: ``by`` is *us* or *them* (an ask is ours)."""

    id: int
    by: str
    text: str
    since: date
    due: date | None


@dataclass(frozen=True)
class Matters:
    """What is open with a person, the earliest due first."""

    asks: tuple[Matter, ...] = field(default=())
    promises: tuple[Matter, ...] = field(default=())


def open_matters(connection: Connection, principal: Principal, contact_id: int, today: date) -> Matters:
    """Asks and promises of one person that are open today."""
    return Matters(
        _open(connection, principal, contact_id, ask, "opened_on", "closed_on", today),
        _open(connection, principal, contact_id, promise, "made_on", "kept_on", today),
    )


def _open(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    table: Any,
    since: str,
    until: str,
    today: date,
) -> tuple[Matter, ...]:
    columns = table.c
    by = columns.by if "by" in columns else literal("us")
    still = columns[until].is_(None) | (columns[until] > today)
    rows = connection.execute(
        select(columns.id, by.label("by"), columns.text, columns[since].label("since"), columns.due)
        .where(
            columns.workspace_id == principal.workspace_id,
            columns.contact_id == contact_id,
            columns[since] <= today,
            still,
        )
        .order_by(columns.due.is_(null()), columns.due, columns.id)
        .limit(LISTED)
    )
    return tuple(Matter(row.id, row.by, row.text, row.since, row.due) for row in rows)


@dataclass(frozen=True)
class DayCount:
    """How often a channel counted on a day."""

    day: date
    channel: Channel
    number: int


def year_by_day(
    connection: Connection, principal: Principal, contact_id: int, since: date, at: datetime
) -> list[DayCount]:
    """What counted with one person since a day, by day and channel: at most one row each."""
    log = interaction_contact.c
    ways = by_key(channels(connection, principal))
    rows = connection.execute(
        select(log.day, log.channel, func.count().label("number"))
        .where(
            log.workspace_id == principal.workspace_id,
            log.contact_id == contact_id,
            log.counts,
            log.occurred_at <= at,
            log.day >= since,
        )
        .group_by(log.day, log.channel)
        .order_by(log.day, log.channel)
    )
    return [
        DayCount(row.day, ways.get(row.channel) or Channel(row.channel, row.channel), row.number)
        for row in rows
    ]
