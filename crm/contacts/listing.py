"""The list of people: its filters and their choices, its order and its pages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    case,
    func,
    or_,
    select,
)

from crm.contacts.drafts import NOBODY
from crm.contacts.history import LastPersonal, last_personal, ribbons
from crm.contacts.queries import people_joined
from crm.contacts.searching import matches, search_words
from crm.domain.principal import Principal
from crm.domain.ribbon import Touch
from crm.domain.score import ZONES
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.presence import is_gone, is_present
from crm.storage.statements import built_once
from crm.storage.tables import contact, contact_metrics, contact_tag, organisation, user
from crm.storage.text import fold

Sort: TypeAlias = Literal["personal", "name", "score"]
PAGE = 50
ZONED = (None, *ZONES)
TOLD_TIERS = ("key", "none")
"""The tiers whose people are counted beside the list."""


@dataclass(frozen=True)
class Filter:
    """Which people, in which order. ``owner`` 0 is nobody; ``city`` comes with its ``spellings``."""

    text: str = ""
    kind: str | None = None
    tier: str | None = None
    zone: str | None = None
    owner: int | None = None
    tag: str | None = None
    organisation: int | None = None
    archived: bool = False
    sort: Sort = "personal"
    city: str | None = None
    cities: tuple[str, ...] = ()


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
    by_metrics = wanted.sort == "personal"
    whose = (contact_metrics if by_metrics else contact).c.workspace_id
    statement = (
        _listed(*order)
        .select_from(people_joined(by_metrics=by_metrics))
        .where(
            whose == principal.workspace_id,
            *_conditions(principal, wanted),
            *_zone_condition(wanted),
        )
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
    if replace(wanted, zone=None, sort=Filter.sort) == Filter():
        return _everybody(connection, principal)
    zones, tiers = Counter[str | None](), Counter[str | None]()
    for zone, tier, number in connection.execute(_joined_counts(principal, *_conditions(principal, wanted))):
        zones[zone] += number
        tiers[tier] += number
    return _counts(zones, tiers)


def _everybody(connection: Connection, principal: Principal) -> Counts:
    """Counted along two indexes, less the few who are gone: to join everybody takes long."""
    stored = connection.execute(*_stored_counts(principal.workspace_id)).one()
    zones = Counter[str | None]({zone: stored[place] for place, zone in enumerate(ZONED)})
    tiers = Counter[str | None]({tier: stored[len(ZONED) + place] for place, tier in enumerate(TOLD_TIERS)})
    for zone, tier, number in connection.execute(_joined_counts(principal, is_gone())):
        zones[zone] -= number
        tiers[tier] -= number
    return _counts(zones, tiers)


def _counts(zones: Counter[str | None], tiers: Counter[str | None]) -> Counts:
    by_zone = {zone: number for zone, number in zones.items() if zone is not None and number}
    return Counts(zones.total(), tiers["key"], tiers["none"], by_zone)


@built_once
def _stored_counts(whose: Any) -> Select[Any]:
    """A number for each of ZONED and TOLD_TIERS: one by one they take half as long as in groups."""
    metrics = contact_metrics.c
    each = [metrics.zone.is_(None) if zone is None else metrics.zone == zone for zone in ZONED]
    each += [metrics.tier == tier for tier in TOLD_TIERS]
    number = select(func.count()).where(metrics.workspace_id == whose)
    return select(*(number.where(one).scalar_subquery() for one in each))


def _joined_counts(principal: Principal, *conditions: ColumnElement[bool]) -> Select[Any]:
    by = (contact_metrics.c.zone, contact_metrics.c.tier)
    mine = contact.c.workspace_id == principal.workspace_id
    return select(*by, func.count()).select_from(people_joined()).where(mine, *conditions).group_by(*by)


def kinds(connection: Connection, principal: Principal) -> list[str]:
    """The kinds in use beyond those that are always offered, by their letters."""
    return sorted(connection.execute(*_used(principal.workspace_id, column=contact.c.kind)).scalars())


def tags(connection: Connection, principal: Principal) -> list[str]:
    """The tags in use, by their letters."""
    found = connection.execute(*_used(principal.workspace_id, column=contact_tag.c.tag))
    return sorted(found.scalars(), key=fold)


def owners(connection: Connection, principal: Principal, also: int | None = None) -> list[tuple[int, str]]:
    """Active users by name: who may look after somebody; and ``also`` who does, though they have left."""
    return [(row.id, row.name) for row in connection.execute(*_owners(principal.workspace_id, also))]


def spellings(connection: Connection, principal: Principal, city: str | None) -> tuple[str, ...]:
    """The city as people here have it: "koln" is written "Köln", and no database folds that alike. Nothing for none."""
    if not city:
        return ()
    asked = select(contact.c.city).where(contact.c.workspace_id == principal.workspace_id).distinct()
    meant = fold(city)
    return tuple(one for one in connection.execute(asked).scalars() if one and fold(one) == meant)


@built_once
def _used(whose: Any, *, column: Any) -> Select[Any]:
    """Each by a look for the next one in an index: DISTINCT reads a row for everybody."""
    least = select(func.min(column).label("word")).where(column.table.c.workspace_id == whose)
    used = least.cte("used", recursive=True)
    following = least.where(column > used.c.word).scalar_subquery()
    used = used.union_all(select(following).where(used.c.word.is_not(None)))
    return select(used.c.word).where(used.c.word.is_not(None))


@built_once
def _owners(whose: Any, also: Any) -> Select[Any]:
    table = user.c
    able = or_(table.active, table.id == also)
    return (
        select(table.id, table.name).where(table.workspace_id == whose, able).order_by(table.name, table.id)
    )


def _listed(*extra: ColumnElement[Any]) -> Select[Any]:
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
    return select(*columns, *keys)


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
    return [metrics.silence, *name]


def _conditions(principal: Principal, wanted: Filter) -> list[ColumnElement[bool]]:
    """Every condition but the zone's, so that the zones can be counted."""
    table = contact.c
    found = [is_gone() if wanted.archived else is_present()]
    if words := search_words(wanted.text):
        found.append(matches(principal.workspace_id, words))
    if wanted.kind:
        found.append(table.kind == wanted.kind)
    if wanted.tier:
        found.append(table.tier == wanted.tier)
    if wanted.owner is not None:
        found.append(table.owner_id.is_(None) if wanted.owner == NOBODY else table.owner_id == wanted.owner)
    if wanted.organisation is not None:
        found.append(table.organisation_id == wanted.organisation)
    if wanted.city:
        found.append(table.city.in_(wanted.cities))
    if wanted.tag:
        tagged = select(contact_tag.c.contact_id).where(
            contact_tag.c.workspace_id == principal.workspace_id, contact_tag.c.tag == wanted.tag
        )
        found.append(table.id.in_(tagged))
    return found


def _zone_condition(wanted: Filter) -> list[ColumnElement[bool]]:
    return [contact_metrics.c.zone == wanted.zone] if wanted.zone else []


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
