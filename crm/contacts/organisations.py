"""Reading organisations: the list, and everything written down about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from crm.contacts.listing import PAGE
from crm.contacts.searching import search_words
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.presence import is_present
from crm.storage.tables import contact, contact_metrics, organisation, organisation_tag
from crm.storage.text import escape_like, fold


@dataclass(frozen=True)
class OrganisationListed:
    """One organisation as the list shows it. ``days_since_personal`` is the shortest of its people; None is never."""

    id: int
    name: str
    kind: str
    tier: str
    city: str | None
    people: int = 0
    days_since_any: int | None = None
    days_since_personal: int | None = None
    days_since_in_person: int | None = None


@dataclass(frozen=True)
class OrganisationPage:
    """A page of organisations, and the cursor of the next (None on the last)."""

    organisations: tuple[OrganisationListed, ...]
    next: str | None


@dataclass(frozen=True)
class Organisation:
    """Everything written down about one organisation."""

    id: int
    name: str
    kind: str
    tier: str
    domain: str | None
    city: str | None
    country: str | None
    notes: str | None
    archived_at: datetime | None
    version: int
    tags: tuple[str, ...] = ()


def organisations(
    connection: Connection,
    principal: Principal,
    text: str = "",
    after: str | None = None,
    *,
    archived: bool = False,
    limit: int = PAGE,
) -> OrganisationPage:
    """One page of organisations by name, with today's clocks of their people. Call with fresh stored metrics."""
    table = organisation.c
    order: list[ColumnElement[str] | ColumnElement[int]] = [table.folded_name, table.id]
    away = table.archived_at.is_not(None)
    statement = (
        select(organisation)
        .where(table.workspace_id == principal.workspace_id, away if archived else ~away)
        .where(*(table.search.like(f"%{escape_like(word)}%", escape="\\") for word in search_words(text)))
        .order_by(*order)
        .limit(limit + 1)
    )
    if after:
        statement = statement.where(beyond(order, read_cursor(after, (str, int))))
    found = connection.execute(statement).all()
    shown = found[:limit]
    following = write_cursor((shown[-1].folded_name, shown[-1].id)) if len(found) > limit else None
    clocks = _clocks(connection, principal, [row.id for row in shown])
    return OrganisationPage(
        tuple(
            OrganisationListed(
                row.id, row.name, row.kind, row.tier, row.city, *clocks.get(row.id, (0, None, None, None))
            )
            for row in shown
        ),
        following,
    )


def _clocks(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> dict[int, tuple[int, int | None, int | None, int | None]]:
    """How many people each has, and the shortest of their three clocks."""
    if not ids:
        return {}
    metrics = contact_metrics.c
    statement = (
        select(
            contact.c.organisation_id,
            func.count(),
            func.min(metrics.days_since_any),
            func.min(metrics.days_since_personal),
            func.min(metrics.days_since_in_person),
        )
        .select_from(
            contact.outerjoin(
                contact_metrics,
                (metrics.workspace_id == contact.c.workspace_id) & (metrics.contact_id == contact.c.id),
            )
        )
        .where(
            contact.c.workspace_id == principal.workspace_id,
            contact.c.organisation_id.in_(ids),
            is_present(),
        )
        .group_by(contact.c.organisation_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(statement)}


def one_organisation(connection: Connection, principal: Principal, organisation_id: int) -> Organisation:
    """Everything about one organisation of this workspace; NotFound for any other."""
    table = organisation.c
    row = connection.execute(
        select(organisation).where(table.workspace_id == principal.workspace_id, table.id == organisation_id)
    ).first()
    if row is None:
        raise NotFound
    tagged = organisation_tag.c
    tags = connection.execute(
        select(tagged.tag).where(
            tagged.workspace_id == principal.workspace_id, tagged.organisation_id == organisation_id
        )
    )
    return Organisation(
        row.id,
        row.name,
        row.kind,
        row.tier,
        row.domain,
        row.city,
        row.country,
        row.notes,
        row.archived_at,
        row.version,
        tuple(sorted(tags.scalars())),
    )


def names(connection: Connection, principal: Principal, limit: int = 500) -> list[str]:
    """Names to choose from while typing, by their letters."""
    table = organisation.c
    listed = select(table.name).where(
        table.workspace_id == principal.workspace_id, table.archived_at.is_(None)
    )
    found = connection.execute(listed.order_by(table.folded_name, table.id).limit(limit)).scalars()
    return sorted(found, key=fold)
