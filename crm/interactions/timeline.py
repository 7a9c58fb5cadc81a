"""What happened with a person or an organisation, newest first: months, with digital chatter folded and personal moments whole.

Every function reads a bounded number of rows, however long the history is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    type_coerce,
)

from crm.domain.channels import Channel, by_key
from crm.domain.flag_facts import CHANNEL_NOUNS
from crm.domain.language import gettext as _
from crm.domain.manner import days_words, month_words
from crm.domain.principal import Principal
from crm.domain.spans import count, short_day
from crm.domain.vocabulary import within, word
from crm.interactions.happenings import Happening, Whose, among, happenings
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.open_matters import COURSES, is_open
from crm.storage.participation import is_personal
from crm.storage.statements import built_once
from crm.storage.tables import ask, interaction, interaction_contact, promise

PAGE = 20
EARLIER = 100
"""Whoever goes back in a log gets more of it at once."""
LISTED = 20


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
    def is_with_the_same(self) -> bool:
        """Whether one line of names is true of all of them."""
        return all(
            (one.people, one.others) == (self.first.people, self.first.others) for one in self.happenings
        )

    @property
    def words(self) -> str:
        """ "2 emails", "9 chats", "Visit"."""
        channel = self.first.channel
        name = word(channel.label).partition(" (")[0]
        nouns = CHANNEL_NOUNS.get(channel.key) or (within(name),)
        return count(len(self.happenings), *nouns) if len(self.happenings) > 1 else name

    def days(self, today: date) -> str:
        """ "12 Nov", "2 to 12 Nov"."""
        newest, oldest = self.happenings[0].day, self.happenings[-1].day
        if newest == oldest:
            return short_day(newest, today)
        return days_words(oldest, newest, year=newest.year != today.year, to=_(" to "))


@dataclass(frozen=True)
class Month:
    """A month with its lines."""

    first: date
    items: tuple[Item, ...]

    def words(self, today: date) -> str:
        """ "November", with the year where it is not this one."""
        return month_words(self.first, year=self.first.year != today.year)


@dataclass(frozen=True)
class Timeline:
    """A page of months, and the cursor of what is earlier (None at the beginning of the log)."""

    months: tuple[Month, ...]
    earlier: str | None


def timeline(
    connection: Connection,
    principal: Principal,
    whose: Whose,
    before: str | None = None,
    *,
    at: datetime,
    personal_only: bool = False,
    limit: int = PAGE,
) -> Timeline:
    """A page of the log of a person or an organisation; ``before`` is the ``earlier`` of the page before."""
    statement, values = _page(
        principal.workspace_id, whose.id, one=whose.is_one, personal_only=personal_only, most=limit + 1
    )
    if before:
        statement = statement.where(beyond(_place(), read_cursor(before, (int, int)), backwards=True))
    found = connection.execute(statement, values).all()
    shown = found[:limit]
    earlier = write_cursor((shown[-1].micros, shown[-1].id)) if len(found) > limit else None
    lines = happenings(connection, principal, whose, shown, at)
    return Timeline(months(lines, by_people=whose.contact_id is None), earlier)


def _place() -> list[ColumnElement[Any]]:
    log = interaction_contact.c
    return [type_coerce(log.occurred_at, BigInteger), log.interaction_id]


@built_once
def _page(whose: Any, who: Any, *, one: bool, personal_only: bool, most: int) -> Select[Any]:
    """The newest first, of one person or of everybody at an organisation."""
    log = interaction_contact.c
    at, place = _place()
    found = (
        select(interaction, at.label("micros"), place.label("place"))
        .select_from(
            interaction_contact.join(
                interaction,
                (interaction.c.workspace_id == log.workspace_id) & (interaction.c.id == log.interaction_id),
            )
        )
        .where(
            log.workspace_id == whose,
            among(log.contact_id, whose, who, one=one),
            interaction.c.deleted_at.is_(None),
            *([is_personal(log)] if personal_only else []),
        )
        .order_by(at.desc(), place.desc())
        .limit(most)
    )
    return found if one else found.distinct()


def months(found: Sequence[Happening], *, by_people: bool = False) -> tuple[Month, ...]:
    """By month, with chatter by one channel within a month folded to where its newest stands.

    ``by_people`` folds only what was with the same people.
    """
    by_month: dict[date, list[list[Happening]]] = {}
    folds: dict[Any, list[Happening]] = {}
    for one in found:
        first = one.day.replace(day=1)
        lines = by_month.setdefault(first, [])
        key = (first, one.channel.key, (one.people, one.others) if by_people else None)
        if one.folds and key in folds:
            folds[key].append(one)
            continue
        lines.append([one])
        if one.folds:
            folds[key] = lines[-1]
    return tuple(
        Month(first, tuple(Item(tuple(line)) for line in lines)) for first, lines in by_month.items()
    )


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
        _open(connection, principal, contact_id, ask, today),
        _open(connection, principal, contact_id, promise, today),
    )


def _open(
    connection: Connection, principal: Principal, contact_id: int, table: Table, today: date
) -> tuple[Matter, ...]:
    rows = connection.execute(*_open_in(principal.workspace_id, contact_id, today.toordinal(), table=table))
    return tuple(Matter(row.id, row.by, row.text, row.since, row.due) for row in rows)


@built_once
def _open_in(whose: Any, contact_id: Any, today: Any, *, table: Table) -> Select[Any]:
    columns, since = table.c, COURSES[table.name][0]
    by = columns.by if "by" in columns else literal("us")
    return (
        select(columns.id, by.label("by"), columns.text, columns[since].label("since"), columns.due)
        .where(columns.workspace_id == whose, columns.contact_id == contact_id, is_open(table, today))
        .order_by(columns.due.is_(null()), columns.due, columns.id)
        .limit(LISTED)
    )


class MonthCount(NamedTuple):
    """How often a channel counted in a month, which is named by its first day."""

    first: date
    channel: Channel
    number: int


def year_by_month(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    months: Sequence[date],
    at: datetime,
    ways: Sequence[Channel],
) -> list[MonthCount]:
    """What counted with one person in months in a row, given by their first days, by channel (of ``ways``, in their order)."""
    places = {one.key: place for place, one in enumerate(ways)}
    known = by_key(ways)
    earlier = datetime.combine(months[0] - timedelta(days=1), time(), UTC)  # than that day anywhere
    values = {"whose": principal.workspace_id, "who": contact_id, "earlier": earlier, "until": at}
    values |= {f"month_{place}": first.toordinal() for place, first in enumerate(months)}
    rows = connection.execute(_by_month(len(months)), values).all()
    found = [
        MonthCount(months[place], known.get(key) or Channel(key, key), number) for place, key, number in rows
    ]
    return sorted(
        found, key=lambda one: (one.first, places.get(one.channel.key, len(places)), one.channel.key)
    )


@cache
def _by_month(number: int) -> Select[Any]:
    """``earlier`` bounds the key, which days are not in."""
    log = interaction_contact.c
    day = type_coerce(log.day, Integer)
    firsts = [bindparam(f"month_{place}", type_=Integer()) for place in range(number)]
    month = case(*((day >= first, place) for place, first in reversed([*enumerate(firsts)]))).label("month")
    return (
        select(month, log.channel, func.count().label("number"))
        .where(
            log.workspace_id == bindparam("whose"),
            log.contact_id == bindparam("who"),
            log.counts,
            log.occurred_at >= bindparam("earlier"),
            log.occurred_at <= bindparam("until"),
            day >= firsts[0],
        )
        .group_by("month", log.channel)
    )
