"""People and organisations that are here, written anew as files say now, and as before where an import is undone."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from crm.contacts import rows
from crm.contacts.derived import reindex
from crm.contacts.drafts import NewContact
from crm.contacts.organisation_actions import edit_organisation
from crm.imports.records import ContactRecord, OrganisationRecord
from crm.imports.run import Run
from crm.imports.sources import VERSION
from crm.imports.stored import draft_of, occasion_of, organisation_draft, plain_birthdays
from crm.storage.blocks import blocks
from crm.storage.database import new_id
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
    organisation,
)


def write_changes(run: Run, changed: dict[int, ContactRecord], organisations: dict[str, int]) -> None:
    """Write the new state of people who are here; ways that stay keep their labels."""
    if not changed:
        return
    _keep_versions(run, changed)
    born = plain_birthdays(run.connection, run.principal, list(changed))
    for row_id, record in changed.items():
        draft = draft_of(record, organisations.get(record.organisation or ""))
        values = rows.contact_values(draft, record.organisation, run.at)
        owner = run.users.get(record.owner) if record.owner else None
        run.connection.execute(
            contact.update()
            .where(contact.c.workspace_id == run.principal.workspace_id, contact.c.id == row_id)
            .values(
                **values,
                owner_id=owner,
                created_on=record.created_on,
                archived_at=record.archived_at,
                version=contact.c.version + 1,
            )
        )
        _rewrite_ways(run, row_id, draft)
        _rewrite_birthday(run, row_id, record.birthday, born.get(row_id))
    reindex(run.connection, run.principal, list(changed))


def _keep_versions(run: Run, ids: Iterable[int]) -> None:
    for block in blocks(ids):
        mine = select(contact.c.id, contact.c.version).where(
            contact.c.workspace_id == run.principal.workspace_id, contact.c.id.in_(block)
        )
        for row_id, version in run.connection.execute(mine):
            run.traces.changed("contact", row_id, {VERSION: str(version)})


def write_organisation(run: Run, row_id: int, record: OrganisationRecord) -> None:
    """Write the new state of an organisation that is here."""
    edit_organisation(run.connection, run.principal, row_id, organisation_draft(record))
    these = (organisation.c.workspace_id == run.principal.workspace_id, organisation.c.id == row_id)
    run.connection.execute(organisation.update().where(*these).values(archived_at=record.archived_at))


def _rewrite_ways(run: Run, row_id: int, draft: NewContact) -> None:
    made = {
        contact_email: rows.email_rows(run.principal, row_id, draft.emails),
        contact_phone: rows.phone_rows(run.principal, row_id, draft.phones),
        contact_address: rows.way_rows(run.principal, row_id, draft.addresses),
        contact_tag: rows.tag_rows(run.principal, row_id, draft.tags),
    }
    for table, values in made.items():
        run.connection.execute(
            table.delete().where(
                table.c.workspace_id == run.principal.workspace_id, table.c.contact_id == row_id
            )
        )
        if values:
            run.connection.execute(table.insert(), values)


def _rewrite_birthday(run: Run, row_id: int, birthday: str | None, stored: Any) -> None:
    wanted = occasion_of("birthday", birthday) if birthday else None
    kept = None if stored is None else (stored.year, stored.month, stored.day)
    if wanted and kept == (wanted.year, wanted.month, wanted.day):
        return
    if stored is not None:
        run.connection.execute(
            contact_date.delete().where(
                contact_date.c.workspace_id == run.principal.workspace_id, contact_date.c.id == stored.id
            )
        )
    if wanted:
        values = {
            "workspace_id": run.principal.workspace_id,
            "id": new_id(run.connection),
            "contact_id": row_id,
        }
        run.connection.execute(contact_date.insert(), {**values, **rows.date_values(wanted)})
