"""Reading one person: who they are, and everything written down about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    and_,
    cast,
    literal,
    null,
    select,
    union_all,
)

from crm.contacts.drafts import Occasion, Way
from crm.domain.calling import called
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.storage.blocks import blocks
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
    merge,
    organisation,
    user,
)

_WAYS = {"email": contact_email, "phone": contact_phone, "address": contact_address}
MOST_MERGES = 50
"""So often somebody may have been merged into somebody who was merged."""


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
        """What they are called in a sentence."""
        return called(self.name, self.given_name)


def people_joined(*, by_metrics: bool = False) -> FromClause:
    """People, each with their metrics, organisation and owner where they have them.

    ``by_metrics``: SQLite, which begins with the left side of an outer join, is to follow an index of the metrics.
    """
    metrics = contact_metrics.c
    same = and_(metrics.workspace_id == contact.c.workspace_id, metrics.contact_id == contact.c.id)
    first, second = (contact_metrics, contact) if by_metrics else (contact, contact_metrics)
    return (
        first.outerjoin(second, same)
        .outerjoin(
            organisation,
            and_(
                organisation.c.workspace_id == contact.c.workspace_id,
                organisation.c.id == contact.c.organisation_id,
            ),
        )
        .outerjoin(user, and_(user.c.workspace_id == contact.c.workspace_id, user.c.id == contact.c.owner_id))
    )


def contact_named(connection: Connection, principal: Principal, contact_id: int) -> tuple[int, str]:
    """Id and name of one person of this workspace, or NotFound."""
    row = connection.execute(
        select(contact.c.id, contact.c.name).where(*_this(principal, contact_id))
    ).first()
    if row is None:
        raise NotFound
    return row.id, row.name


def days_of_death(
    connection: Connection, principal: Principal, contact_ids: Iterable[int]
) -> dict[int, date]:
    """Those of these people who died, with the day."""
    found: dict[int, date] = {}
    for block in blocks(contact_ids):
        these = (contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(block))
        died = select(contact.c.id, contact.c.deceased_on).where(*these, contact.c.deceased_on.is_not(None))
        found.update({row.id: row.deceased_on for row in connection.execute(died)})
    return found


def became(connection: Connection, principal: Principal, gone_id: int) -> int | None:
    """The person that the one of this id is part of since a merge; None if it was never merged."""
    this = gone_id
    for _ in range(MOST_MERGES):
        later = merge.c.workspace_id == principal.workspace_id, merge.c.gone_id == this
        found = connection.execute(select(merge.c.contact_id).where(*later)).scalars().first()
        if found is None:
            break
        this = found
    return None if this == gone_id else this


def people_now(connection: Connection, principal: Principal, ids: Iterable[int]) -> dict[int, int]:
    """By these ids, the people of now: themselves, or whom they became by merges; nothing for those who are gone."""
    wanted = list(ids)
    found = {one: one for one in _here(connection, principal, wanted)}
    later = {one: now for one in wanted if one not in found and (now := became(connection, principal, one))}
    there = set(_here(connection, principal, later.values()))
    return found | {one: now for one, now in later.items() if now in there}


def _here(connection: Connection, principal: Principal, ids: Iterable[int]) -> list[int]:
    found: list[int] = []
    for block in blocks(ids):
        these = contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(block)
        found += connection.execute(select(contact.c.id).where(*these)).scalars()
    return found


def with_email(connection: Connection, principal: Principal, email: str) -> list[int]:
    """The ids, rising, of the people of this workspace who have this email, whatever its case."""
    table = contact_email.c
    mine = (table.workspace_id == principal.workspace_id, table.folded == email.strip().casefold())
    return sorted(set(connection.execute(select(table.contact_id).where(*mine)).scalars()))


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
    ways = _ways(connection, principal, contact_id)
    return Person(
        **{name: getattr(row, name) for name in plain},
        emails=ways["email"],
        phones=ways["phone"],
        addresses=ways["address"],
        tags=tuple(sorted(one.value for one in ways["tag"])),
        dates=_dates(connection, principal, contact_id),
        metrics=metrics_of(connection, principal, contact_id),
    )


@built_once
def _person(whose: Any, contact_id: Any) -> Select[Any]:
    return (
        select(contact, organisation.c.name.label("organisation"), user.c.name.label("owner"))
        .select_from(people_joined())
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


def _ways(connection: Connection, principal: Principal, contact_id: int) -> dict[str, tuple[Way, ...]]:
    """Their ways by sort, and their tags as the values of ways."""
    rows = connection.execute(*_ways_of(principal.workspace_id, contact_id)).all()
    return {
        sort: tuple(Way(row.value, row.label) for row in rows if row.sort == sort) for sort in (*_WAYS, "tag")
    }


@built_once
def _ways_of(whose: Any, contact_id: Any) -> Select[Any]:
    """In one statement, the first of each sort first."""

    def those(sort: str, table: Any, value: Any, label: Any, position: Any) -> Select[Any]:
        columns = (value.label("value"), label.label("label"), position.label("position"))
        mine = (table.c.workspace_id == whose, table.c.contact_id == contact_id)
        return select(literal(sort).label("sort"), *columns).where(*mine)

    ways = [
        those(sort, table, table.c.value, table.c.label, table.c.position) for sort, table in _WAYS.items()
    ]
    tags = those("tag", contact_tag, contact_tag.c.tag, cast(null(), String), literal(0))
    found = union_all(*ways, tags).subquery()
    return select(found).order_by(found.c.position)


def _dates(connection: Connection, principal: Principal, contact_id: int) -> tuple[Occasion, ...]:
    rows = connection.execute(*_dated(principal.workspace_id, contact_id))
    return tuple(Occasion(row.kind, row.month, row.day, row.year, row.yearly, row.label) for row in rows)


@built_once
def _dated(whose: Any, contact_id: Any) -> Select[Any]:
    table = contact_date.c
    mine = (table.workspace_id == whose, table.contact_id == contact_id)
    return select(contact_date).where(*mine).order_by(table.leap_day, table.id)
