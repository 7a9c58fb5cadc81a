"""Reading the portfolio: how everybody stands, as of any moment."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)

from crm.contacts.drafts import NOBODY
from crm.contacts.history import LastPersonal, last_personal, ribbons
from crm.domain.metrics import COUNTED, METRICS
from crm.domain.principal import Principal
from crm.domain.reasons import ASKED_BY_WHY_LISTED
from crm.domain.ribbon import Touch
from crm.domain.score import WEIGHTS
from crm.health.charts import MAPPED, YEAR, mapped
from crm.health.numbers import real, whole
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.metrics import kept
from crm.storage.presence import is_first_email, is_gone, is_present
from crm.storage.statements import built_once
from crm.storage.stored_metrics import NEVER, current, scope_of
from crm.storage.tables import contact, contact_email, contact_tag, organisation, user

PAGE = 25
"""The worst of them are what the page is for; *CSV* has everybody."""
MOST_MARKS = 100
"""More people than this are not drawn on one map: those with the lowest scores in each zone are."""
LOWEST = 8
"""So many of each zone wherever they stand. The rest had personal contact within the year: the plot has most room."""
TO_RECONSIDER = ("gone_quiet", "screen_only", "drifting")
_TOLD = ("contact_id", "kind", "tier", "owner_id", "zone", "score", "digital_share_365", *ASKED_BY_WHY_LISTED)
"""The metrics of which a row tells: to read all seventy takes three times as long."""
Sort: TypeAlias = Literal["score", "name", "personal", "share"]
"""Lowest score first (of equal ones the longest without personal contact), by name, longest without personal contact
first, most by screen first."""
By: TypeAlias = Literal["owner", "organisation"]


@dataclass(frozen=True)
class Standing:
    """How one contact stands. ``parts`` are points that add up to the score, all missing where there is none."""

    id: int
    name: str
    email: str | None
    kind: str
    tier: str
    score: int | None
    parts: Mapping[str, float | None]
    zone: str | None
    metrics: Mapping[str, int | float | None]


@dataclass(frozen=True)
class Filter:
    """Whose health. ``tier`` none is every tier that has a zone; ``owner`` 0 is nobody."""

    tier: str | None = "key"
    kind: str | None = None
    owner: int | None = None
    tag: str | None = None


@dataclass(frozen=True)
class Headcount:
    """How many people of one owner (or of one organisation) and kind are in one zone."""

    group_id: int | None
    group: str | None
    kind: str
    zone: str
    people: int


class Placed(NamedTuple):
    """What the map needs of one person. Clocks in days, missing if it never happened; the share is 0 to 1. Of equal scores the
    lowest ``silence`` comes first."""

    id: int
    name: str
    kind: str
    tier: str
    zone: str
    score: int
    days_since_personal: int | None
    digital_share: float | None
    open_asks: int
    open_promises: int
    days_to_renewal: int | None
    silence: int


@dataclass(frozen=True)
class Reconsidered:
    """One row of the people to reconsider; ``metrics`` are those of the moment that the row tells of."""

    id: int
    name: str
    kind: str
    tier: str
    organisation: str | None
    owner_id: int | None
    owner: str | None
    zone: str
    score: int
    metrics: Mapping[str, Any]
    last_personal: LastPersonal | None = None
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page of people, the cursor of the next (None on the last), and how many come after this page."""

    people: tuple[Reconsidered, ...]
    next: str | None
    remaining: int


def standings(connection: Connection, principal: Principal, at: datetime) -> list[Standing]:
    """Everybody listed at that moment but archived and deceased people; lowest score first, then name and id."""
    scope = scope_of(connection, principal, at)
    rows = connection.execute(_all_standings(kept(scope), principal.workspace_id), scope.parameters())
    found = [_standing(dict(row._mapping)) for row in rows]
    return sorted(found, key=lambda one: (one.score is None, one.score or 0, one.name, one.id))


@lru_cache(maxsize=32)
def _all_standings(relation: Subquery, workspace_id: int) -> Select[Any]:
    return (
        select(*relation.c, contact.c.name, contact_email.c.value.label("email"))
        .select_from(_joined(workspace_id, relation).outerjoin(contact_email, is_first_email()))
        .where(is_present())
    )


def _standing(row: Mapping[str, Any]) -> Standing:
    score = row["score"]
    return Standing(
        id=row["contact_id"],
        name=row["name"],
        email=row["email"],
        kind=row["kind"],
        tier=row["tier"],
        score=None if score is None else int(score),
        parts={name: real(row[f"part_{name}"]) for name in WEIGHTS},
        zone=row["zone"],
        metrics={name: whole(row[name]) if name in COUNTED else real(row[name]) for name in METRICS},
    )


# The page. ``relation`` is the metrics it shows: the stored ones of today, or those of a past day.


def headcounts(
    connection: Connection, principal: Principal, relation: Subquery, wanted: Filter, by: By = "owner"
) -> list[Headcount]:
    """How many people there are by owner (or organisation), kind and zone."""
    if by == "owner" and relation is current(principal.workspace_id):
        return _by_owner(connection, principal, relation, wanted)
    statement = _built(_headcounts, principal, relation, wanted, by)
    return [Headcount(*row) for row in connection.execute(statement)]


def _by_owner(
    connection: Connection, principal: Principal, relation: Subquery, wanted: Filter
) -> list[Headcount]:
    """Counted along an index, less the few who are gone: to join everybody takes long."""
    everybody = connection.execute(_built(_stored_by_owner, principal, relation, wanted)).all()
    gone = connection.execute(_built(_gone_by_owner, principal, relation, wanted)).all()
    people: Counter[tuple[int | None, str, str]] = Counter()
    for owner_id, kind, zone, number in everybody:
        people[owner_id, kind, zone] += number
    for owner_id, kind, zone in gone:
        people[owner_id, kind, zone] -= 1
    names = {row.id: row.name for row in connection.execute(*_names(principal.workspace_id))}
    return [
        Headcount(owner_id, None if owner_id is None else names[owner_id], kind, zone, number)
        for (owner_id, kind, zone), number in people.items()
        if number
    ]


@built_once
def _names(whose: Any) -> Select[Any]:
    return select(user.c.id, user.c.name).where(user.c.workspace_id == whose)


def _stored_by_owner(workspace_id: int, relation: Subquery, wanted: Filter) -> Select[Any]:
    """By tier too, in the order of their index: there is nothing to sort then."""
    which = relation.c.owner_id, relation.c.kind, relation.c.zone
    counted = select(*which, func.count()).where(*_chosen(workspace_id, relation, wanted))
    return counted.group_by(relation.c.tier, relation.c.zone, relation.c.kind, relation.c.owner_id)


def _gone_by_owner(workspace_id: int, relation: Subquery, wanted: Filter) -> Select[Any]:
    """One by one. In a CASE the conditions offer SQLite no other index to begin with than that of the gone."""
    among = case((and_(*_chosen(workspace_id, relation, wanted)), 1), else_=0) == 1
    return (
        select(relation.c.owner_id, relation.c.kind, relation.c.zone)
        .select_from(contact.outerjoin(relation, _same(workspace_id, relation)))
        .where(contact.c.workspace_id == workspace_id, is_gone(), among)
    )


def _headcounts(workspace_id: int, relation: Subquery, wanted: Filter, by: By) -> Select[Any]:
    groups, key = (user, relation.c.owner_id) if by == "owner" else (organisation, contact.c.organisation_id)
    which: list[ColumnElement[Any]] = [key.label("group_id"), relation.c.kind, relation.c.zone]
    counted = (
        select(*which, func.count().label("people"))
        .select_from(relation.join(contact, _same(workspace_id, relation)))
        .where(is_present(), *_chosen(workspace_id, relation, wanted))
        .group_by(*which)
        .subquery()
    )
    named = and_(groups.c.workspace_id == workspace_id, groups.c.id == counted.c.group_id)
    columns = (counted.c.group_id, groups.c.name, counted.c.kind, counted.c.zone, counted.c.people)
    return select(*columns).select_from(counted.outerjoin(groups, named))


def placed(
    connection: Connection,
    principal: Principal,
    relation: Subquery,
    wanted: Filter,
    zones: Mapping[str, int],
) -> list[Placed]:
    """The people of the map, lowest score first: all who are in one of ``zones``, or those with the lowest scores of each."""
    if mapped(zones) <= MOST_MARKS:
        return [Placed(*row) for row in connection.execute(_built(_placed, principal, relation, wanted))]
    of_zone = _built(_of_zone, principal, relation, wanted, False)
    within_a_year = _built(_of_zone, principal, relation, wanted, True)
    found: list[Placed] = []
    for zone, room in shares({zone: zones[zone] for zone in MAPPED}, MOST_MARKS).items():
        lowest = connection.execute(of_zone, {"in_zone": zone, "first": min(LOWEST, room)}).all()
        others = connection.execute(within_a_year, {"in_zone": zone, "first": room}).all()
        found += list(dict.fromkeys(Placed(*row) for row in (*lowest, *others)))[:room]
    return sorted(found, key=lambda one: (one.score, one.silence, one.id))


def shares(people: Mapping[str, int], room: int) -> dict[str, int]:
    """How many of each group have room: as many as of any other, and the others what a small group leaves."""
    found: dict[str, int] = {}
    for place, group in enumerate(sorted(people, key=lambda one: people[one])):
        found[group] = min(people[group], (room - sum(found.values())) // (len(people) - place))
    return found


def _of_zone(workspace_id: int, relation: Subquery, wanted: Filter, within_a_year: bool) -> Select[Any]:
    statement = _placed(workspace_id, relation, wanted).where(relation.c.zone == bindparam("in_zone"))
    if within_a_year:
        statement = statement.where(_days_silent(relation) < YEAR)
    return statement.limit(bindparam("first"))


def _days_silent(relation: Subquery) -> ColumnElement[int]:
    """Days since personal contact. Its sign hides an index from SQLite, which would else find people by it, then sort them."""
    return -_longest(relation)


def _placed(workspace_id: int, relation: Subquery, wanted: Filter) -> Select[Any]:
    metrics = relation.c
    columns = [
        metrics.contact_id,
        contact.c.name,
        metrics.kind,
        metrics.tier,
        metrics.zone,
        _score(relation).label("score"),
        metrics.days_since_personal,
        metrics.digital_share_365,
        metrics.open_asks,
        metrics.open_promises,
        metrics.days_to_renewal,
        _longest(relation).label("silence"),
    ]
    return (
        select(*columns)
        .select_from(_joined(workspace_id, relation))
        .where(is_present(), *_chosen(workspace_id, relation, wanted), metrics.score.is_not(None))
        .order_by(*_order(relation))
    )


def zones(
    connection: Connection, principal: Principal, relation: Subquery, wanted: Filter
) -> Sequence[Row[Any]]:
    """``contact_id``, ``name``, ``zone`` and ``score`` of everybody the page is about."""
    return connection.execute(_built(_zones, principal, relation, wanted)).all()


def _zones(workspace_id: int, relation: Subquery, wanted: Filter) -> Select[Any]:
    return (
        select(relation.c.contact_id, contact.c.name, relation.c.zone, _score(relation).label("score"))
        .select_from(_joined(workspace_id, relation))
        .where(is_present(), *_chosen(workspace_id, relation, wanted))
    )


def everybody(
    connection: Connection, principal: Principal, relation: Subquery, wanted: Filter, sort: Sort = "score"
) -> list[Row[Any]]:
    """Everybody the page is about, with a record or without, as rows of the metrics with names beside them."""
    names = [
        contact.c.name,
        contact_email.c.value.label("email"),
        organisation.c.name.label("organisation"),
        user.c.name.label("owner"),
    ]
    statement = (
        select(*relation.c, *names)
        .select_from(_joined(principal.workspace_id, relation).outerjoin(contact_email, is_first_email()))
        .where(is_present(), *_chosen(principal.workspace_id, relation, wanted))
        .order_by(
            relation.c.score.is_(None), *_order(relation, sort)[:-1], contact.c.folded_name, contact.c.id
        )
    )
    return list(connection.execute(statement))


def to_reconsider(
    connection: Connection,
    principal: Principal,
    relation: Subquery,
    wanted: Filter,
    after: str | None = None,
    *,
    at: datetime,
    sort: Sort = "score",
    limit: int = PAGE,
    total: int | None = None,
) -> Page:
    """People who are not in touch, in the order asked for; ``after`` is the ``next`` of the page before.

    ``total`` is how many they are, where that is known: the first page need not count them then.
    """
    statement = _built(_out_of_touch, principal, relation, wanted, sort, limit + 1)
    if after:
        statement = statement.where(beyond(_order(relation, sort), read_cursor(after, _KINDS[sort])))
    found = connection.execute(statement).all()
    shown = found[:limit]
    if len(found) <= limit:
        return Page(_with_history(connection, principal, shown, at), None, 0)
    following = write_cursor([getattr(shown[-1], f"key_{place}") for place in range(len(_KINDS[sort]))])
    if after or total is None:
        left = statement.with_only_columns(func.count()).order_by(None).limit(None)
        total = connection.execute(left).scalar_one()
    return Page(_with_history(connection, principal, shown, at), following, total - limit)


def _out_of_touch(
    workspace_id: int, relation: Subquery, wanted: Filter, sort: Sort, most: int
) -> Select[Any]:
    order = _order(relation, sort)
    keys = [column.label(f"key_{place}") for place, column in enumerate(order)]
    people = [
        contact.c.name,
        organisation.c.name.label("organisation"),
        user.c.name.label("owner"),
    ]
    return (
        select(*(relation.c[name] for name in _TOLD), *people, *keys)
        .select_from(_joined(workspace_id, relation))
        .where(is_present(), *_chosen(workspace_id, relation, wanted), relation.c.zone.in_(TO_RECONSIDER))
        .order_by(*order)
        .limit(most)
    )


def _with_history(
    connection: Connection, principal: Principal, rows: Any, at: datetime
) -> tuple[Reconsidered, ...]:
    """The rows with their last personal interaction and their ribbon: two statements for all of them."""
    ids = [row.contact_id for row in rows]
    personal = last_personal(connection, principal, ids, at)
    touches = ribbons(connection, principal, ids, at)
    return tuple(
        replace(
            _reconsidered(row),
            last_personal=personal.get(row.contact_id),
            touches=touches.get(row.contact_id, ()),
        )
        for row in rows
    )


def _reconsidered(row: Row[Any]) -> Reconsidered:
    return Reconsidered(
        row.contact_id,
        row.name,
        row.kind,
        row.tier,
        row.organisation,
        row.owner_id,
        row.owner,
        row.zone,
        int(row.score),
        dict(row._mapping),
    )


def _built(
    build: Callable[..., Select[Any]], principal: Principal, relation: Subquery, *shape: Any
) -> Select[Any]:
    """Built once over the metrics of today, since building it costs more than running it; past days are rare."""
    is_today = relation is current(principal.workspace_id)
    return (_once(build) if is_today else build)(principal.workspace_id, relation, *shape)


@cache
def _once(build: Callable[..., Select[Any]]) -> Callable[..., Select[Any]]:
    return lru_cache(maxsize=64)(build)


def _joined(workspace_id: int, relation: Subquery) -> FromClause:
    same = contact.c.workspace_id
    return (
        relation.join(contact, _same(workspace_id, relation))
        .outerjoin(
            organisation,
            and_(organisation.c.workspace_id == same, organisation.c.id == contact.c.organisation_id),
        )
        .outerjoin(user, and_(user.c.workspace_id == same, user.c.id == contact.c.owner_id))
    )


def _same(workspace_id: int, relation: Subquery) -> ColumnElement[bool]:
    return and_(contact.c.workspace_id == workspace_id, contact.c.id == relation.c.contact_id)


def _chosen(workspace_id: int, relation: Subquery, wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [relation.c.zone.is_not(None)]
    if wanted.tier:
        found.append(relation.c.tier == wanted.tier)
    if wanted.kind:
        found.append(relation.c.kind == wanted.kind)
    if wanted.owner is not None:
        mine = relation.c.owner_id
        found.append(mine.is_(None) if wanted.owner == NOBODY else mine == wanted.owner)
    if wanted.tag:
        tagged = select(contact_tag.c.contact_id).where(
            contact_tag.c.workspace_id == workspace_id, contact_tag.c.tag == wanted.tag
        )
        found.append(relation.c.contact_id.in_(tagged))
    return found


def _score(relation: Subquery) -> ColumnElement[int]:
    """A stored score is whole, and has an index; worked out on PostgreSQL, it comes as a real number."""
    score: ColumnElement[Any] = relation.c.score
    return score if isinstance(score.type, Integer) else cast(score, Integer)


_KINDS: Mapping[Sort, tuple[type, ...]] = {
    "score": (int, int, int),
    "name": (str, int),
    "personal": (int, str, int),
    "share": (int, str, int),
}
"""What the columns of each order hold, for the place in the list that an address names."""


def _order(relation: Subquery, sort: Sort = "score") -> list[ColumnElement[Any]]:
    """Every order goes up, so that one comparison finds what comes after."""
    if sort == "score":
        return [_score(relation), _longest(relation), relation.c.contact_id]
    share = func.coalesce(relation.c.digital_share_365, 0)
    first: Mapping[Sort, list[ColumnElement[Any]]] = {
        "name": [],
        "personal": [_longest(relation)],
        "share": [-cast(func.round(share * 1000), Integer)],
    }
    return [*first[sort], contact.c.folded_name, contact.c.id]


def _longest(relation: Subquery) -> ColumnElement[int]:
    """Rises from those who waited longest for personal contact, among people with a record: stored, it has an index."""
    if "silence" in relation.c:
        return relation.c.silence
    return -func.coalesce(relation.c.days_since_personal, NEVER)
