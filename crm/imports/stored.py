"""People and organisations as they are stored, in the form in which files speak about them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from crm.contacts import rows
from crm.contacts.drafts import NewContact, NewOrganisation, Occasion, Way
from crm.contacts.rows import checked
from crm.domain.principal import Principal
from crm.imports.records import CONTACTS, ContactRecord, OrganisationRecord, PostalAddress, Record
from crm.imports.sheets import SHEETS
from crm.storage.blocks import blocks
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
    organisation,
    organisation_tag,
    user,
)

CONTACT_FIELDS = SHEETS[CONTACTS].fields
NOBODY_WORD = "nobody"
"""In the columns for users: nobody, where an empty cell would mean somebody."""


def cells_of(kind: str, record: Record, fields: Sequence[str] | frozenset[str]) -> dict[str, str]:
    """The cells that an export would write for these fields of the record."""
    found = {}
    for column in SHEETS[kind].columns:
        if column.field in fields:
            found[column.field] = column.write(getattr(record, column.field)) if column.says(record) else ""
    return found


# People.


def contact_records(
    connection: Connection, principal: Principal, ids: Sequence[int] | None = None
) -> dict[int, ContactRecord]:
    """These people, or all of them, in the order in which they were written down."""
    if ids is None:
        mine = select(contact.c.id).where(contact.c.workspace_id == principal.workspace_id)
        ids = list(connection.execute(mine.order_by(contact.c.id)).scalars())
    found: dict[int, ContactRecord] = {}
    for block in blocks(ids):
        found.update(_contacts(connection, principal, block))
    return found


def _contacts(connection: Connection, principal: Principal, ids: list[int]) -> dict[int, ContactRecord]:
    emails, phones, addresses, tags = (
        _grouped(connection, principal, table, ids)
        for table in (contact_email, contact_phone, contact_address, contact_tag)
    )
    birthdays = plain_birthdays(connection, principal, ids)
    found = {}
    for row in _people(connection, principal, ids):
        born = birthdays.get(row.id)
        found[row.id] = ContactRecord(
            name=row.name,
            given_name=row.given_name,
            family_name=row.family_name,
            emails=tuple(way.value for way in emails.get(row.id, ())),
            phones=tuple(way.value for way in phones.get(row.id, ())),
            organisation=row.organisation,
            title=row.title,
            kind=row.kind,
            tier=row.tier,
            owner=row.owner,
            tags=tuple(way.tag for way in tags.get(row.id, ())),
            city=row.city,
            country=row.country,
            time_zone=row.time_zone,
            addresses=tuple(PostalAddress(way.value, way.label) for way in addresses.get(row.id, ())),
            birthday=written_day(born) if born else None,
            created_on=row.created_on,
            notes=row.notes,
            deceased_on=row.deceased_on,
            target_any=row.target_any,
            target_personal=row.target_personal,
            target_in_person=row.target_in_person,
            archived_at=row.archived_at,
            labels=_labels(*emails.get(row.id, ()), *phones.get(row.id, ())),
            given=CONTACT_FIELDS,
        )
    return found


def _labels(*ways: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((way.value, way.label) for way in ways if way.label))


def _people(connection: Connection, principal: Principal, ids: list[int]) -> Any:
    joined = contact.outerjoin(
        organisation,
        (organisation.c.workspace_id == contact.c.workspace_id)
        & (organisation.c.id == contact.c.organisation_id),
    ).outerjoin(user, (user.c.workspace_id == contact.c.workspace_id) & (user.c.id == contact.c.owner_id))
    return connection.execute(
        select(contact, organisation.c.name.label("organisation"), user.c.email.label("owner"))
        .select_from(joined)
        .where(contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(ids))
        .order_by(contact.c.id)
    )


def _grouped(
    connection: Connection, principal: Principal, table: Table, ids: list[int]
) -> dict[int, list[Any]]:
    order = table.c.tag if table is contact_tag else table.c.position
    mine = select(table).where(table.c.workspace_id == principal.workspace_id, table.c.contact_id.in_(ids))
    found: dict[int, list[Any]] = {}
    for row in connection.execute(mine.order_by(table.c.contact_id, order)):
        found.setdefault(row.contact_id, []).append(row)
    if table is contact_tag:  # databases sort letters differently
        found = {key: sorted(them, key=lambda row: str(row.tag)) for key, them in found.items()}
    return found


def plain_birthdays(connection: Connection, principal: Principal, ids: Sequence[int]) -> dict[int, Any]:
    """For each person the date that contacts.csv shows as the birthday: the first yearly one without a label."""
    table = contact_date.c
    mine = select(contact_date).where(
        table.workspace_id == principal.workspace_id,
        table.contact_id.in_(ids),
        table.kind == "birthday",
        table.yearly,
        table.label.is_(None),
    )
    found: dict[int, Any] = {}
    for row in connection.execute(mine.order_by(table.id)):
        found.setdefault(row.contact_id, row)
    return found


def written_day(row: Any) -> str:
    """``YYYY-MM-DD``, or ``--MM-DD`` where the year is not known."""
    year = f"{row.year:04d}" if row.year is not None else "-"
    return f"{year}-{row.month:02d}-{row.day:02d}"


def occasion_of(kind: str, day: str, *, yearly: bool = True, label: str | None = None) -> Occasion:
    """A date as files write it, as people keep it."""
    if day.startswith("--"):
        return Occasion(kind, int(day[2:4]), int(day[5:7]), None, True, label)
    return Occasion(kind, int(day[5:7]), int(day[8:10]), int(day[:4]), yearly, label)


def draft_of(
    record: ContactRecord, organisation_id: int | None = None, owner_id: int | None = None
) -> NewContact:
    """What is to be written down about a person; refuses (Invalid) what cannot be kept."""
    labels = dict(record.labels)
    return checked(
        NewContact(
            name=record.name,
            given_name=record.given_name,
            family_name=record.family_name,
            title=record.title,
            organisation_id=organisation_id,
            owner_id=owner_id,
            kind=record.kind or "other",
            tier=record.tier or "none",
            city=record.city,
            country=record.country,
            time_zone=record.time_zone,
            notes=record.notes,
            emails=tuple(Way(one, labels.get(one)) for one in record.emails),
            phones=tuple(Way(one, labels.get(one)) for one in record.phones),
            addresses=tuple(Way(one.text, one.label) for one in record.addresses),
            tags=record.tags,
            dates=(occasion_of("birthday", record.birthday),) if record.birthday else (),
            created_on=record.created_on,
            deceased_on=record.deceased_on,
            target_any=record.target_any,
            target_personal=record.target_personal,
            target_in_person=record.target_in_person,
        )
    )


# Organisations.


def organisation_records(
    connection: Connection, principal: Principal, ids: Sequence[int] | None = None
) -> dict[int, OrganisationRecord]:
    """These organisations, or all of them, in the order in which they were written down."""
    if ids is None:
        mine = select(organisation.c.id).where(organisation.c.workspace_id == principal.workspace_id)
        ids = list(connection.execute(mine.order_by(organisation.c.id)).scalars())
    found: dict[int, OrganisationRecord] = {}
    for block in blocks(ids):
        tags: dict[int, list[str]] = {}
        table = organisation_tag.c
        tagged = select(table.organisation_id, table.tag).where(
            table.workspace_id == principal.workspace_id, table.organisation_id.in_(block)
        )
        for organisation_id, tag in connection.execute(tagged):
            tags.setdefault(organisation_id, []).append(tag)
        own = select(organisation).where(
            organisation.c.workspace_id == principal.workspace_id, organisation.c.id.in_(block)
        )
        for row in connection.execute(own.order_by(organisation.c.id)):
            found[row.id] = OrganisationRecord(
                name=row.name,
                kind=row.kind,
                tier=row.tier,
                domain=row.domain,
                city=row.city,
                country=row.country,
                tags=tuple(sorted(tags.get(row.id, ()))),
                notes=row.notes,
                archived_at=row.archived_at,
            )
    return found


def organisation_draft(record: OrganisationRecord) -> NewOrganisation:
    """What is to be written down about an organisation; refuses (Invalid) what cannot be kept."""
    new = NewOrganisation(
        record.name,
        record.kind or "other",
        record.tier or "none",
        record.domain,
        record.city,
        record.country,
        record.notes,
        record.tags,
    )
    rows.organisation_values(new)
    return new
