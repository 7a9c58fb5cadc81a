"""Writing people down. Whatever changes someone's metrics brings them up to date in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from crm.contacts import rows
from crm.contacts.derived import refresh_metrics
from crm.contacts.drafts import NewContact, Occasion
from crm.contacts.may_change import require_editor, require_people, require_users, these
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, Invalid, NotFound
from crm.storage.blocks import blocks
from crm.storage.database import new_ids
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
    organisation,
    user,
)

_WAYS = (
    (contact_email, "emails", rows.email_rows),
    (contact_phone, "phones", rows.phone_rows),
    (contact_address, "addresses", rows.way_rows),
)


def add_contact(connection: Connection, principal: Principal, new: NewContact, at: datetime) -> int:
    """Write down one person; returns the id."""
    return add_contacts(connection, principal, [new], at)[0]


def add_contacts(
    connection: Connection, principal: Principal, people: Sequence[NewContact], at: datetime
) -> list[int]:
    """Write down many people at once, all or none; returns their ids in the same order."""
    require_editor(principal)
    drafts = [rows.checked(new) for new in people]
    _require_past_deaths(principal, drafts, at)
    organisations = _organisation_names(connection, principal, drafts)
    owners = _owners(connection, principal, drafts)
    ids = new_ids(connection, len(drafts))
    today = principal.team_day(at)
    common = {"workspace_id": principal.workspace_id, "created_at": at, "version": 1}
    rows.insert(
        connection,
        contact,
        [
            {
                **common,
                "id": row_id,
                "owner_id": owner,
                "created_on": new.created_on or today,
                **rows.contact_values(new, organisations.get(new.organisation_id or 0), at),
            }
            for row_id, owner, new in zip(ids, owners, drafts, strict=True)
        ],
    )
    _insert_details(connection, principal, list(zip(ids, drafts, strict=True)))
    refresh_metrics(connection, principal, ids, at)
    return ids


def create_people(
    connection: Connection, principal: Principal, names: Sequence[str], at: datetime, *, tier: str = "regular"
) -> list[int]:
    """New people on the fly, known by name alone; returns their ids in the same order."""
    return add_contacts(connection, principal, [NewContact(name=name, tier=tier) for name in names], at)


def edit_contact(
    connection: Connection,
    principal: Principal,
    contact_id: int,
    version: int,
    new: NewContact,
    at: datetime,
) -> None:
    """Replace what is written down about a person. ``version`` is the one the change was made on.

    Raises Conflict where somebody changed the person since; nothing is written then.
    """
    require_editor(principal)
    draft = rows.checked(new)
    _require_past_deaths(principal, [draft], at)
    require_people(connection, principal, [contact_id])
    organisations = _organisation_names(connection, principal, [draft])
    values = rows.contact_values(draft, organisations.get(draft.organisation_id or 0), at)
    values["owner_id"] = _owners(connection, principal, [draft])[0]
    if draft.created_on is not None:
        values["created_on"] = draft.created_on
    changed = connection.execute(
        contact.update()
        .where(*these(principal, [contact_id]), contact.c.version == version)
        .values(**values, version=version + 1)
    )
    if changed.rowcount == 0:
        raise Conflict(
            _("Somebody changed this person while you were writing. Nothing is lost: look at both.")
        )
    _replace_details(connection, principal, contact_id, draft)
    refresh_metrics(connection, principal, [contact_id], at)


def _insert_details(
    connection: Connection, principal: Principal, people: Sequence[tuple[int, NewContact]]
) -> None:
    """Ways, tags and dates of people who have none yet."""
    for table, field, make in _WAYS:
        ways = [row for row_id, new in people for row in make(principal, row_id, getattr(new, field))]
        rows.insert(connection, table, ways)
    rows.insert(
        connection,
        contact_tag,
        [row for row_id, new in people for row in rows.tag_rows(principal, row_id, new.tags)],
    )
    _insert_dates(connection, principal, [(row_id, one) for row_id, new in people for one in new.dates])


def _insert_dates(
    connection: Connection, principal: Principal, dates: Sequence[tuple[int, Occasion]]
) -> None:
    ids = new_ids(connection, len(dates))
    rows.insert(
        connection,
        contact_date,
        [
            {
                "workspace_id": principal.workspace_id,
                "id": row_id,
                "contact_id": contact_id,
                **rows.date_values(one),
            }
            for row_id, (contact_id, one) in zip(ids, dates, strict=True)
        ],
    )


def _replace_details(connection: Connection, principal: Principal, contact_id: int, new: NewContact) -> None:
    """Ways and tags are written anew; a date that stays keeps its row, which an import may know."""
    for table in (contact_email, contact_phone, contact_address, contact_tag):
        connection.execute(
            table.delete().where(
                table.c.workspace_id == principal.workspace_id, table.c.contact_id == contact_id
            )
        )
    kept = _dates_kept(connection, principal, contact_id, new)
    for table, field, make in _WAYS:
        rows.insert(connection, table, make(principal, contact_id, getattr(new, field)))
    rows.insert(connection, contact_tag, rows.tag_rows(principal, contact_id, new.tags))
    _insert_dates(connection, principal, [(contact_id, one) for one in new.dates if one not in kept])


def _dates_kept(
    connection: Connection, principal: Principal, contact_id: int, new: NewContact
) -> set[Occasion]:
    """Remove the dates the draft no longer names; returns those that stay."""
    table = contact_date.c
    mine = (table.workspace_id == principal.workspace_id, table.contact_id == contact_id)
    kept, gone = set[Occasion](), []
    for row in connection.execute(select(contact_date).where(*mine).order_by(table.id)):
        one = Occasion(row.kind, row.month, row.day, row.year, row.yearly, row.label)
        if one in new.dates and one not in kept:
            kept.add(one)
        else:
            gone.append(row.id)
    if gone:
        connection.execute(contact_date.delete().where(*mine, table.id.in_(gone)))
    return kept


def _require_past_deaths(principal: Principal, drafts: Iterable[NewContact], at: datetime) -> None:
    today = principal.team_day(at)
    if any(new.deceased_on is not None and new.deceased_on > today for new in drafts):
        sentence = _("That day is still to come. Leave it empty.")
        raise Invalid(sentence, fields={"deceased_on": sentence})


def _organisation_names(
    connection: Connection, principal: Principal, drafts: Iterable[NewContact]
) -> dict[int, str]:
    """The names of the organisations the drafts belong to; one of another workspace does not exist."""
    wanted = {new.organisation_id for new in drafts if new.organisation_id is not None}
    found: dict[int, str] = {}
    for block in blocks(sorted(wanted)):
        table = organisation.c
        theirs = select(table.id, table.name).where(
            table.workspace_id == principal.workspace_id, table.id.in_(block)
        )
        found.update({row.id: row.name for row in connection.execute(theirs)})
    if len(found) < len(wanted):
        raise NotFound(_("This organisation is no longer in your workspace."))
    return found


def _owners(connection: Connection, principal: Principal, drafts: Sequence[NewContact]) -> list[int | None]:
    """The owner of each draft: the one it names, nobody, or whoever acts."""
    require_users(connection, principal, {new.owner_id for new in drafts if new.owner_id})
    usual = _default_owner(connection, principal) if any(new.owner_id is None for new in drafts) else None
    return [usual if new.owner_id is None else new.owner_id or None for new in drafts]


def _default_owner(connection: Connection, principal: Principal) -> int | None:
    """Whoever acts; on the command line the only active user, else nobody."""
    if principal.user_id is not None:
        return principal.user_id
    active = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.active).limit(2)
    found = list(connection.execute(active).scalars())
    return found[0] if len(found) == 1 else None
