"""Reading people: the list with its filters, suggestions while typing, and everything about one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from crm.contacts.drafts import NOBODY, Occasion, Way
from crm.domain.principal import Principal
from crm.domain.ribbon import WEEKS, Touch
from crm.errors import NotFound
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.participation import counted, is_personal, newest
from crm.storage.presence import is_present
from crm.storage.statements import built_once
from crm.storage.stored_metrics import current
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_metrics,
    contact_phone,
    contact_tag,
    interaction_contact,
    organisation,
    user,
)
from crm.storage.text import escape_like, fold

Sort: TypeAlias = Literal["personal", "name", "score"]
PAGE = 50
MOST_WORDS = 10
_NEVER = 10_000_000
"""More days than any calendar has: never, as a clock."""


@dataclass(frozen=True)
class Filter:
    """Which people, in which order. ``owner`` 0 is nobody."""

    text: str = ""
    kind: str | None = None
    tier: str | None = None
    zone: str | None = None
    owner: int | None = None
    tag: str | None = None
    organisation: int | None = None
    archived: bool = False
    sort: Sort = "personal"


@dataclass(frozen=True)
class LastPersonal:
    """The last personal interaction: by which channel, on which day, in the workspace's calendar."""

    channel: str
    day: date


@dataclass(frozen=True)
class Listed:
    """One person as lists show them. Days are elapsed days as of today; None is never."""

    id: int
    name: str
    title: str | None
    organisation_id: int | None
    organisation: str | None
    kind: str
    tier: str
    city: str | None
    owner_id: int | None
    owner: str | None
    zone: str | None
    score: int | None
    days_since_any: int | None
    days_since_personal: int | None
    last_personal: LastPersonal | None = None
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page of people, and the cursor of the next (None on the last)."""

    people: tuple[Listed, ...]
    next: str | None


@dataclass(frozen=True)
class Counts:
    """How many people a filter finds: all, key, tier none, and by zone."""

    total: int = 0
    key: int = 0
    none: int = 0
    zones: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """Everything written down about one person, and today's metrics by name."""

    id: int
    version: int
    name: str
    given_name: str | None
    family_name: str | None
    title: str | None
    organisation_id: int | None
    organisation: str | None
    owner_id: int | None
    owner: str | None
    kind: str
    tier: str
    city: str | None
    country: str | None
    time_zone: str | None
    notes: str | None
    target_any: int | None
    target_personal: int | None
    target_in_person: int | None
    created_on: date
    changed_at: datetime
    archived_at: datetime | None
    deceased_on: date | None
    emails: tuple[Way, ...]
    phones: tuple[Way, ...]
    addresses: tuple[Way, ...]
    tags: tuple[str, ...]
    dates: tuple[Occasion, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """What they are called in a sentence: the given name where it is known, else the first word."""
        return self.given_name or self.name.split()[0]


# The list


def people(
    connection: Connection,
    principal: Principal,
    wanted: Filter,
    after: str | None = None,
    *,
    at: datetime,
    limit: int = PAGE,
) -> Page:
    """One page of people. Call with fresh stored metrics (``refresh_stale``).

    ``after`` is the ``next`` of the page before. Three statements, however many people there are.
    """
    order = _order(wanted.sort)
    statement = (
        _listed(principal, *order)
        .where(*_conditions(principal, wanted), *_zone_condition(wanted))
        .order_by(*order)
        .limit(limit + 1)
    )
    if after:
        kinds = [int if isinstance(one.type, Integer) else str for one in order]
        statement = statement.where(beyond(order, read_cursor(after, kinds)))
    found = connection.execute(statement).all()
    shown = found[:limit]
    following = write_cursor(shown[-1][-len(order) :]) if len(found) > limit else None
    return Page(with_history(connection, principal, [_row(one) for one in shown], at), following)


def counts(connection: Connection, principal: Principal, wanted: Filter) -> Counts:
    """How many people the filter finds whatever their zone, and how many of each."""
    listed = _listed_from()
    statement = (
        select(contact_metrics.c.zone, contact.c.tier, func.count().label("people"))
        .select_from(listed)
        .where(*_conditions(principal, wanted))
        .group_by(contact_metrics.c.zone, contact.c.tier)
    )
    total, zones, tiers = 0, dict[str, int](), dict[str, int]()
    for zone, tier, number in connection.execute(statement):
        total += number
        tiers[tier] = tiers.get(tier, 0) + number
        if zone is not None:
            zones[zone] = zones.get(zone, 0) + number
    return Counts(total, tiers.get("key", 0), tiers.get("none", 0), zones)


def kinds(connection: Connection, principal: Principal) -> list[str]:
    """The kinds in use beyond those that are always offered, by their letters."""
    return sorted(connection.execute(*_used(principal.workspace_id, column=contact.c.kind)).scalars())


def tags(connection: Connection, principal: Principal) -> list[str]:
    """The tags in use, by their letters."""
    found = connection.execute(*_used(principal.workspace_id, column=contact_tag.c.tag))
    return sorted(found.scalars(), key=fold)


@built_once
def _used(whose: Any, *, column: Any) -> Select[Any]:
    return select(column).distinct().where(column.table.c.workspace_id == whose)


def owners(connection: Connection, principal: Principal, also: int | None = None) -> list[tuple[int, str]]:
    """Active users by name: who may look after somebody; and ``also`` who does, though they have left."""
    return [(row.id, row.name) for row in connection.execute(*_owners(principal.workspace_id, also))]


@built_once
def _owners(whose: Any, also: Any) -> Select[Any]:
    table = user.c
    able = or_(table.active, table.id == also)
    return (
        select(table.id, table.name).where(table.workspace_id == whose, able).order_by(table.name, table.id)
    )


def _listed_from() -> FromClause:
    metrics = contact_metrics.c
    return (
        contact.outerjoin(
            contact_metrics,
            and_(metrics.workspace_id == contact.c.workspace_id, metrics.contact_id == contact.c.id),
        )
        .outerjoin(
            organisation,
            and_(
                organisation.c.workspace_id == contact.c.workspace_id,
                organisation.c.id == contact.c.organisation_id,
            ),
        )
        .outerjoin(user, and_(user.c.workspace_id == contact.c.workspace_id, user.c.id == contact.c.owner_id))
    )


def _listed(principal: Principal, *extra: ColumnElement[Any]) -> Select[Any]:
    columns = [
        contact.c.id,
        contact.c.name,
        contact.c.title,
        contact.c.organisation_id,
        organisation.c.name.label("organisation"),
        contact.c.kind,
        contact.c.tier,
        contact.c.city,
        contact.c.owner_id,
        user.c.name.label("owner"),
        contact_metrics.c.zone,
        contact_metrics.c.score,
        contact_metrics.c.days_since_any,
        contact_metrics.c.days_since_personal,
    ]
    keys = [column.label(f"key_{number}") for number, column in enumerate(extra)]
    return select(*columns, *keys).select_from(_listed_from())


def _row(row: Row[Any]) -> Listed:
    names = [name for name in Listed.__dataclass_fields__ if name not in ("last_personal", "touches")]
    return Listed(**{name: getattr(row, name) for name in names})


def _order(sort: Sort) -> list[ColumnElement[Any]]:
    """What a list is sorted by, all of it rising; the id makes every place unlike any other."""
    name: list[ColumnElement[Any]] = [contact.c.folded_name, contact.c.id]
    metrics = contact_metrics.c
    if sort == "name":
        return name
    if sort == "score":
        return [case((metrics.score.is_(None), 1), else_=0), func.coalesce(metrics.score, 0), *name]
    silence = case(
        (metrics.days_since_any.is_(None), -(_NEVER - 1)),
        else_=-func.coalesce(metrics.days_since_personal, _NEVER),
    )
    return [case((contact.c.tier == "none", 1), else_=0), silence, *name]


def _conditions(principal: Principal, wanted: Filter) -> list[ColumnElement[bool]]:
    """Every condition but the zone's, so that the zones can be counted."""
    table = contact.c
    found = [table.workspace_id == principal.workspace_id, ~is_present() if wanted.archived else is_present()]
    found += [matches(word) for word in search_words(wanted.text)]
    if wanted.kind:
        found.append(table.kind == wanted.kind)
    if wanted.tier:
        found.append(table.tier == wanted.tier)
    if wanted.owner is not None:
        found.append(table.owner_id.is_(None) if wanted.owner == NOBODY else table.owner_id == wanted.owner)
    if wanted.organisation is not None:
        found.append(table.organisation_id == wanted.organisation)
    if wanted.tag:
        tagged = select(contact_tag.c.contact_id).where(
            contact_tag.c.workspace_id == principal.workspace_id, contact_tag.c.tag == wanted.tag
        )
        found.append(table.id.in_(tagged))
    return found


def _zone_condition(wanted: Filter) -> list[ColumnElement[bool]]:
    return [contact_metrics.c.zone == wanted.zone] if wanted.zone else []


def search_words(text: str) -> list[str]:
    """The folded words of a search; all of them must be found."""
    return fold(text.replace("\x00", " ")).split()[:MOST_WORDS]


def matches(word: str) -> ColumnElement[bool]:
    """People whose search column holds a folded word anywhere."""
    return _holds(_anywhere(word))


def _holds(pattern: Any) -> ColumnElement[bool]:
    return contact.c.search.like(pattern, escape="\\")


def _anywhere(word: str) -> str:
    return f"%{escape_like(word)}%"


# What the list draws


def with_history(
    connection: Connection, principal: Principal, listed: Sequence[Listed], at: datetime
) -> tuple[Listed, ...]:
    """The same people with their last personal interaction and their ribbon: two statements for all of them."""
    ids = [one.id for one in listed]
    personal = last_personal(connection, principal, ids, at)
    touches = ribbons(connection, principal, ids, at)
    return tuple(
        replace(one, last_personal=personal.get(one.id), touches=touches.get(one.id, ())) for one in listed
    )


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


# While typing


@dataclass(frozen=True)
class Suggested:
    """One person offered while typing; ``detail`` tells two of the same name apart."""

    id: int
    name: str
    detail: str


def suggest(
    connection: Connection, principal: Principal, text: str, at: datetime, limit: int = 8
) -> list[Suggested]:
    """People whose name, organisation, city, tag or email holds the words; those lately in contact first."""
    words, today = search_words(text), principal.team_day(at)
    statement, values = _suggested(
        principal.workspace_id, f"{escape_like(' '.join(words))}%", limit=limit, words=len(words)
    )
    values |= {f"word_{place}": _anywhere(word) for place, word in enumerate(words)}
    return [
        Suggested(row.id, row.name, _detail(row.organisation, row.days_since_live, row.days_since_any, today))
        for row in connection.execute(statement, values)
    ]


@built_once
def _suggested(whose: Any, begins: Any, *, limit: int, words: int) -> Select[Any]:
    """The words are ``word_0`` and so on."""
    metrics = contact_metrics.c
    begun = case((contact.c.folded_name.like(begins, escape="\\"), 0), else_=1)
    holds = [_holds(bindparam(f"word_{place}")) for place in range(words)]
    return (
        select(
            contact.c.id,
            contact.c.name,
            organisation.c.name.label("organisation"),
            metrics.days_since_live,
            metrics.days_since_any,
        )
        .select_from(_listed_from())
        .where(contact.c.workspace_id == whose, is_present(), *holds)
        .order_by(
            *([begun] if words else []),
            func.coalesce(metrics.days_since_any, _NEVER),
            contact.c.folded_name,
            contact.c.id,
        )
        .limit(limit)
    )


def _detail(organisation_name: str | None, live: int | None, any_sort: int | None, today: date) -> str:
    """ "Fernhill Foods · last spoke in June"."""
    return " · ".join(filter(None, (organisation_name, _spoke(live, any_sort, today))))


def _spoke(live: int | None, any_sort: int | None, today: date) -> str:
    if live is None:
        return "nothing logged yet" if any_sort is None else "not spoken yet"
    if live < 2:
        return f"last spoke {'yesterday' if live else 'today'}"
    day = today - timedelta(days=live)
    if live < 14:
        return f"last spoke {live} days ago"
    return f"last spoke in {day:%B}" if live < 330 else f"last spoke in {day:%B} {day.year}"


# One person


def contact_named(connection: Connection, principal: Principal, contact_id: int) -> tuple[int, str]:
    """Id and name of one person of this workspace, or NotFound."""
    row = connection.execute(
        select(contact.c.id, contact.c.name).where(*_this(principal, contact_id))
    ).first()
    if row is None:
        raise NotFound
    return row.id, row.name


def person(connection: Connection, principal: Principal, contact_id: int) -> Person:
    """Everything about one person of this workspace; NotFound for anybody else."""
    row = connection.execute(*_person(principal.workspace_id, contact_id)).first()
    if row is None:
        raise NotFound
    plain = (
        *("id", "version", "name", "given_name", "family_name", "title", "organisation_id", "organisation"),
        *("owner_id", "owner", "kind", "tier", "city", "country", "time_zone", "notes", "target_any"),
        *("target_personal", "target_in_person", "created_on", "changed_at", "archived_at", "deceased_on"),
    )
    return Person(
        **{name: getattr(row, name) for name in plain},
        emails=_ways(connection, principal, contact_email, contact_id),
        phones=_ways(connection, principal, contact_phone, contact_id),
        addresses=_ways(connection, principal, contact_address, contact_id),
        tags=_tags(connection, principal, contact_id),
        dates=_dates(connection, principal, contact_id),
        metrics=metrics_of(connection, principal, contact_id),
    )


@built_once
def _person(whose: Any, contact_id: Any) -> Select[Any]:
    return (
        select(contact, organisation.c.name.label("organisation"), user.c.name.label("owner"))
        .select_from(_listed_from())
        .where(contact.c.workspace_id == whose, contact.c.id == contact_id)
    )


def metrics_of(connection: Connection, principal: Principal, contact_id: int) -> dict[str, Any]:
    """Today's stored metrics of one person by name; empty for somebody who is not listed yet."""
    found = connection.execute(*_metrics(contact_id, workspace_id=principal.workspace_id))
    row = found.mappings().first()
    return dict(row) if row else {}


@built_once
def _metrics(contact_id: Any, *, workspace_id: int) -> Select[Any]:
    stored = current(workspace_id)
    return select(stored).where(stored.c.contact_id == contact_id)


def _this(principal: Principal, contact_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        contact.c.workspace_id == principal.workspace_id,
        contact.c.id == contact_id,
    )


def _ways(connection: Connection, principal: Principal, table: Any, contact_id: int) -> tuple[Way, ...]:
    rows = connection.execute(*_ways_in(principal.workspace_id, contact_id, table=table))
    return tuple(Way(row.value, row.label) for row in rows)


@built_once
def _ways_in(whose: Any, contact_id: Any, *, table: Any) -> Select[Any]:
    mine = (table.c.workspace_id == whose, table.c.contact_id == contact_id)
    return select(table.c.value, table.c.label).where(*mine).order_by(table.c.position)


def _tags(connection: Connection, principal: Principal, contact_id: int) -> tuple[str, ...]:
    return tuple(sorted(connection.execute(*_tagged(principal.workspace_id, contact_id)).scalars()))


@built_once
def _tagged(whose: Any, contact_id: Any) -> Select[Any]:
    table = contact_tag.c
    return select(table.tag).where(table.workspace_id == whose, table.contact_id == contact_id)


def _dates(connection: Connection, principal: Principal, contact_id: int) -> tuple[Occasion, ...]:
    rows = connection.execute(*_dated(principal.workspace_id, contact_id))
    return tuple(Occasion(row.kind, row.month, row.day, row.year, row.yearly, row.label) for row in rows)


@built_once
def _dated(whose: Any, contact_id: Any) -> Select[Any]:
    table = contact_date.c
    mine = (table.workspace_id == whose, table.contact_id == contact_id)
    return select(contact_date).where(*mine).order_by(table.leap_day, table.id)
