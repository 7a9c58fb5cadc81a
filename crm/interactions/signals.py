"""What people told us: signals counted by month, theme and account, and listed one by one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, select

from crm.domain.channels import by_key
from crm.domain.heard import SIGNAL_TYPES
from crm.domain.principal import Principal
from crm.interactions.queries import channels
from crm.storage.frame import whole_day
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.presence import is_first_email
from crm.storage.tables import contact, contact_email, interaction, organisation, signal, user
from crm.storage.text import fold
from crm.storage.types import Day

PAGE = 50
ACCOUNTS = 4
"""Accounts with a column of their own."""
THEMES = 40
TELLERS = 8
MONTHS = 12
FEATURED = ("pain point", "competitor")
NO_THEME = ""


@dataclass(frozen=True)
class Wanted:
    """Which signals: of these types, since a day, with a theme (``""``: with none), of one account or one person.

    ``kind`` is that of whoever said it, ``heard_by`` the user who wrote it down; each of ``words`` is in what they said
    or in its theme, as people are found by their names: capitals and accents make no difference. ``ids`` are those that
    ``with_words`` found.
    """

    types: tuple[str, ...] = FEATURED
    since: date | None = None
    theme: str | None = None
    organisation: int | None = None
    contact: int | None = None
    kind: str | None = None
    heard_by: int | None = None
    words: tuple[str, ...] = ()
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Told:
    """One signal with who said it, where, by which channel and who of us heard it."""

    id: int
    type: str
    text: str
    theme: str | None
    day: date
    contact_id: int
    name: str
    email: str | None
    organisation_id: int | None
    organisation: str | None
    channel: str | None
    heard_by: str | None


@dataclass(frozen=True)
class Line:
    """One theme of one type: how often by account (in the order of ``Summary.accounts``), by all others, and when last."""

    type: str
    theme: str
    by_account: tuple[int, ...]
    others: int
    total: int
    last: date


@dataclass(frozen=True)
class Teller:
    """Somebody who told us things: how many, and when last."""

    contact_id: int
    name: str
    organisation: str | None
    number: int
    last: date


@dataclass(frozen=True)
class MonthCount:
    """One month, with how often each type was heard."""

    first: date
    counts: Counter[str]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Summary:
    """Signals counted. ``accounts`` are the most frequent ones as (id, name); ``other_accounts`` is how many more there are."""

    total: int
    account_number: int
    people: int
    personally: int
    by_screen: int
    months: tuple[MonthCount, ...]
    accounts: tuple[tuple[int, str], ...]
    other_accounts: int
    lines: tuple[Line, ...]
    more_lines: int


@dataclass(frozen=True)
class ToldPage:
    """A page of signals, newest first, and the cursor of the next (None on the last)."""

    told: tuple[Told, ...]
    next: str | None


def _about(principal: Principal, wanted: Wanted, *columns: Any) -> Select[Any]:
    """Signals of the workspace that are wanted, joined to whom they are about."""
    table = signal.c
    same = and_(contact.c.workspace_id == table.workspace_id, contact.c.id == table.contact_id)
    found = (
        select(*columns)
        .select_from(signal)
        .join(contact, same)
        .where(table.workspace_id == principal.workspace_id, table.type.in_(wanted.types))
    )
    if wanted.since:
        found = found.where(table.heard_on >= wanted.since)
    if wanted.theme is not None:
        found = found.where(
            table.theme.is_(None) if wanted.theme == NO_THEME else table.theme == wanted.theme
        )
    if wanted.organisation is not None:
        found = found.where(contact.c.organisation_id == wanted.organisation)
    if wanted.contact is not None:
        found = found.where(table.contact_id == wanted.contact)
    if wanted.kind is not None:
        found = found.where(contact.c.kind == wanted.kind)
    if wanted.heard_by is not None:
        found = found.where(table.author_id == wanted.heard_by)
    if wanted.ids is not None:
        # As numbers in the statement: a database takes only so many parameters.
        found = found.where(table.id.in_(bindparam("ids", wanted.ids, expanding=True, literal_execute=True)))
    return found


def with_words(connection: Connection, principal: Principal, wanted: Wanted) -> Wanted:
    """The same with the ids of those that have the words: looked for once for all that is said of them."""
    if not wanted.words or wanted.ids is not None:
        return wanted
    folded = [fold(word) for word in wanted.words]
    anywhere = _about(
        principal, replace(wanted, types=SIGNAL_TYPES), signal.c.id, signal.c.text, signal.c.theme
    )
    ids = []
    for row in connection.execute(anywhere):
        said = (fold(row.text), fold(row.theme or ""))
        if all(any(word in one for one in said) for word in folded):
            ids.append(row.id)
    return replace(wanted, ids=tuple(ids))


def is_any(connection: Connection, principal: Principal) -> bool:
    """Whether anybody ever told us anything."""
    found = _about(principal, Wanted(SIGNAL_TYPES), signal.c.id).limit(1)
    return connection.execute(found).first() is not None


def type_counts(connection: Connection, principal: Principal, wanted: Wanted) -> dict[str, int]:
    """How many of each type there are, whatever types are wanted."""
    every = replace(with_words(connection, principal, wanted), types=SIGNAL_TYPES)
    rows = connection.execute(
        _about(principal, every, signal.c.type, func.count().label("number")).group_by(signal.c.type)
    )
    found = dict.fromkeys(SIGNAL_TYPES, 0)
    return found | {row.type: row.number for row in rows}


def summary(connection: Connection, principal: Principal, wanted: Wanted, today: date) -> Summary:
    """The wanted signals counted by month, by how they were heard, and by theme and account."""
    wanted = with_words(connection, principal, wanted)
    cells = _cells(connection, principal, wanted)
    by_account: Counter[int] = Counter()
    for row in cells:
        if row.organisation_id is not None:
            by_account[row.organisation_id] += row.number
    leading = [one for one, _ in sorted(by_account.items(), key=lambda item: (-item[1], item[0]))[:ACCOUNTS]]
    lines = _lines(cells, leading)
    personally, by_screen = _how(connection, principal, wanted)
    people = connection.execute(
        _about(principal, wanted, func.count(signal.c.contact_id.distinct()))
    ).scalar_one()
    return Summary(
        sum(row.number for row in cells),
        len(by_account),
        people,
        personally,
        by_screen,
        _months(connection, principal, wanted, today),
        tuple((one, name) for one, name in _names(connection, principal, leading)),
        len(by_account) - len(leading),
        tuple(lines[:THEMES]),
        max(0, len(lines) - THEMES),
    )


def _cells(connection: Connection, principal: Principal, wanted: Wanted) -> Sequence[Row[Any]]:
    """Counts by type, theme and account, with the day each was last heard."""
    parts = (signal.c.type, signal.c.theme, contact.c.organisation_id)
    last = func.max(signal.c.heard_on, type_=Day).label("last")
    statement = _about(principal, wanted, *parts, func.count().label("number"), last).group_by(*parts)
    return connection.execute(statement).all()


def _lines(cells: Iterable[Row[Any]], leading: Sequence[int]) -> list[Line]:
    found: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in cells:
        found[row.type, row.theme or NO_THEME].append(row)
    lines = []
    for (kind, theme), rows in found.items():
        by_account = tuple(sum(row.number for row in rows if row.organisation_id == one) for one in leading)
        total = sum(row.number for row in rows)
        last = max(row.last for row in rows)
        lines.append(Line(kind, theme, by_account, total - sum(by_account), total, last))
    order = {kind: place for place, kind in enumerate(SIGNAL_TYPES)}
    return sorted(lines, key=lambda line: (not line.theme, order[line.type], -line.total, line.theme))


def _names(connection: Connection, principal: Principal, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    rows = connection.execute(
        select(organisation.c.id, organisation.c.name).where(
            organisation.c.workspace_id == principal.workspace_id, organisation.c.id.in_(ids)
        )
    )
    found = {row.id: row.name for row in rows}
    yield from ((one, found[one]) for one in ids)


def _months(
    connection: Connection, principal: Principal, wanted: Wanted, today: date
) -> tuple[MonthCount, ...]:
    """The last twelve months, this one last."""
    firsts = last_months(today)
    rows = connection.execute(
        _about(principal, wanted, signal.c.type, signal.c.heard_on, func.count().label("number"))
        .where(signal.c.heard_on >= firsts[0], signal.c.heard_on <= today)
        .group_by(signal.c.type, signal.c.heard_on)
    )
    counts: dict[date, Counter[str]] = {first: Counter() for first in firsts}
    for row in rows:
        counts[row.heard_on.replace(day=1)][row.type] += row.number
    return tuple(MonthCount(first, found) for first, found in counts.items())


def last_months(today: date) -> list[date]:
    """The first days of the last twelve months, this one last."""
    firsts = [today.replace(day=1)]
    while len(firsts) < MONTHS:
        year, month = firsts[0].year, firsts[0].month
        firsts.insert(0, date(year - (month == 1), month - 1 or 12, 1))
    return firsts


def _how(connection: Connection, principal: Principal, wanted: Wanted) -> tuple[int, int]:
    """How many were heard personally and how many through a screen; those without an interaction are neither."""
    same = and_(
        interaction.c.workspace_id == signal.c.workspace_id, interaction.c.id == signal.c.interaction_id
    )
    statement = _about(principal, wanted, interaction.c.channel, func.count().label("number"))
    rows = connection.execute(statement.join(interaction, same).group_by(interaction.c.channel))
    ways = by_key(channels(connection, principal))
    sums = Counter[bool]()
    for row in rows:
        if row.channel in ways:
            sums[ways[row.channel].digital] += row.number
    return sums[False], sums[True]


def told(
    connection: Connection,
    principal: Principal,
    wanted: Wanted,
    after: str | None = None,
    limit: int = PAGE,
) -> ToldPage:
    """A page of the wanted signals, newest first."""
    wanted = with_words(connection, principal, wanted)
    order: list[ColumnElement[Any]] = [whole_day(signal.c.heard_on), signal.c.id]
    statement = _whole(principal, wanted).order_by(*(column.desc() for column in order)).limit(limit + 1)
    if after:
        statement = statement.where(beyond(order, read_cursor(after, (int, int)), backwards=True))
    rows = connection.execute(statement).all()
    shown = [_told(row) for row in rows[:limit]]
    following = (
        write_cursor((shown[-1].day.toordinal(), shown[-1].id)) if len(rows) > limit and shown else None
    )
    return ToldPage(tuple(shown), following)


def everything_told(connection: Connection, principal: Principal, wanted: Wanted) -> Iterator[Told]:
    """All the wanted signals, oldest first, for a file."""
    wanted = with_words(connection, principal, wanted)
    for row in connection.execute(_whole(principal, wanted).order_by(signal.c.heard_on, signal.c.id)):
        yield _told(row)


def _whole(principal: Principal, wanted: Wanted) -> Select[Any]:
    account = and_(
        organisation.c.workspace_id == contact.c.workspace_id, organisation.c.id == contact.c.organisation_id
    )
    happened = and_(
        interaction.c.workspace_id == signal.c.workspace_id, interaction.c.id == signal.c.interaction_id
    )
    author = and_(user.c.workspace_id == signal.c.workspace_id, user.c.id == signal.c.author_id)
    columns = (
        *signal.c,
        contact.c.name,
        contact_email.c.value.label("email"),
        contact.c.organisation_id,
        organisation.c.name.label("organisation"),
        interaction.c.channel,
        user.c.name.label("heard_by"),
    )
    return (
        _about(principal, wanted, *columns)
        .outerjoin(contact_email, is_first_email())
        .outerjoin(organisation, account)
        .outerjoin(interaction, happened)
        .outerjoin(user, author)
    )


def _told(row: Row[Any]) -> Told:
    return Told(
        row.id,
        row.type,
        row.text,
        row.theme,
        row.heard_on,
        row.contact_id,
        row.name,
        row.email,
        row.organisation_id,
        row.organisation,
        row.channel,
        row.heard_by,
    )


def tellers(connection: Connection, principal: Principal, wanted: Wanted) -> list[Teller]:
    """Who told us the most of what is wanted, the most frequent first, then by name."""
    wanted = with_words(connection, principal, wanted)
    account = and_(
        organisation.c.workspace_id == contact.c.workspace_id, organisation.c.id == contact.c.organisation_id
    )
    whom = (contact.c.id, contact.c.name, contact.c.folded_name, organisation.c.name)
    number, last = func.count().label("number"), func.max(signal.c.heard_on, type_=Day).label("last")
    rows = connection.execute(
        _about(principal, wanted, *whom[:2], organisation.c.name.label("organisation"), number, last)
        .outerjoin(organisation, account)
        .group_by(*whom)
        .order_by(number.desc(), contact.c.folded_name, contact.c.id)
        .limit(TELLERS)
    )
    return [Teller(*row) for row in rows]


def listeners(connection: Connection, principal: Principal) -> list[tuple[int, str]]:
    """Users who ever wrote down what they heard, by name."""
    author = and_(user.c.workspace_id == signal.c.workspace_id, user.c.id == signal.c.author_id)
    statement = _about(principal, Wanted(SIGNAL_TYPES), user.c.id, user.c.name).join(user, author)
    return [(row.id, row.name) for row in connection.execute(statement.distinct().order_by(user.c.name))]


def accounts_heard(connection: Connection, principal: Principal, limit: int = 200) -> list[tuple[int, str]]:
    """Accounts anybody of whom told us anything, by name."""
    same = and_(
        organisation.c.workspace_id == contact.c.workspace_id, organisation.c.id == contact.c.organisation_id
    )
    statement = _about(
        principal, Wanted(SIGNAL_TYPES), organisation.c.id, organisation.c.name, organisation.c.folded_name
    )
    rows = connection.execute(
        statement.join(organisation, same)
        .distinct()
        .order_by(organisation.c.folded_name, organisation.c.id)
        .limit(limit)
    )
    return [(row.id, row.name) for row in rows]
