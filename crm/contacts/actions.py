"""Changing people and organisations. Whatever changes someone's metrics brings them up to date in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, select

from crm.contacts import rows
from crm.contacts.drafts import (
    NOBODY,
    TAG_LIMIT,
    NewContact,
    NewOrganisation,
    Occasion,
    Way,
    one_line,
    the_tags,
    the_tier,
)
from crm.domain.principal import Principal
from crm.errors import Conflict, Forbidden, Invalid, NotFound
from crm.storage.blocks import blocks
from crm.storage.database import new_id, new_ids, take_turns
from crm.storage.stored_metrics import refresh, scope_of
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
from crm.storage.text import fold

__all__ = [
    "NOBODY",
    "NewContact",
    "NewOrganisation",
    "Occasion",
    "Way",
    "add_contact",
    "add_contacts",
    "add_organisation",
    "add_tags",
    "archive",
    "archive_organisation",
    "create_people",
    "edit_contact",
    "edit_organisation",
    "find_or_add_organisation",
    "find_or_add_organisations",
    "remove_tags",
    "restore",
    "restore_organisation",
    "set_owner",
    "set_tier",
]

_WAYS = (
    (contact_email, "emails", rows.email_rows),
    (contact_phone, "phones", rows.phone_rows),
    (contact_address, "addresses", rows.way_rows),
)


# People


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
    _insert(
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
        .where(*_these(principal, [contact_id]), contact.c.version == version)
        .values(**values, version=version + 1)
    )
    if changed.rowcount == 0:
        raise Conflict("Somebody changed this person while you were writing. Nothing is lost: look at both.")
    _replace_details(connection, principal, contact_id, draft)
    refresh_metrics(connection, principal, [contact_id], at)


def archive(connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime) -> None:
    """Put people away: no list, no rule and no plan shows them, and their history stays."""
    _change(connection, principal, contact_ids, at, archived_at=at)


def restore(connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime) -> None:
    """Bring archived people back."""
    _change(connection, principal, contact_ids, at, archived_at=None)


def set_tier(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], tier: str, at: datetime
) -> None:
    """Say of many people at once how much they matter."""
    _change(connection, principal, contact_ids, at, tier=the_tier(tier))


def set_owner(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    owner_id: int | None,
    at: datetime,
) -> None:
    """Say who looks after these people; ``None`` or ``NOBODY`` is nobody."""
    if owner_id:
        _require_users(connection, principal, {owner_id})
    _change(connection, principal, contact_ids, at, owner_id=owner_id or None)


def add_tags(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    tags: Sequence[str],
    at: datetime,
) -> None:
    """Give many people the same tags; those they have already stay."""
    wanted = _some_tags(tags)
    _change(connection, principal, contact_ids, at)
    for block in blocks(contact_ids):
        _remove_tag_rows(connection, principal, block, wanted)
        _insert(
            connection, contact_tag, [row for one in block for row in rows.tag_rows(principal, one, wanted)]
        )
        reindex(connection, principal, block)


def remove_tags(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    tags: Sequence[str],
    at: datetime,
) -> None:
    """Take tags away from many people."""
    wanted = _some_tags(tags)
    _change(connection, principal, contact_ids, at)
    for block in blocks(contact_ids):
        _remove_tag_rows(connection, principal, block, wanted)
        reindex(connection, principal, block)


def _change(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime, **values: Any
) -> None:
    """Change columns of many people; all of them must be of this workspace."""
    require_editor(principal)
    require_people(connection, principal, contact_ids)
    for block in blocks(contact_ids):
        connection.execute(
            contact.update()
            .where(*_these(principal, block))
            .values(**values, changed_at=at, version=contact.c.version + 1)
        )
    refresh_metrics(connection, principal, contact_ids, at)


def refresh_metrics(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> None:
    """Bring the stored metrics of these people up to date."""
    ids = tuple(dict.fromkeys(contact_ids))
    if ids:
        refresh(connection, scope_of(connection, principal, at, ids), ids)


# Organisations


def add_organisation(connection: Connection, principal: Principal, new: NewOrganisation, at: datetime) -> int:
    """Write down one organisation; returns the id. A second one of the same name is refused."""
    require_editor(principal)
    values = rows.organisation_values(new)
    _take_turns_with_names(connection, principal)
    _require_free_name(connection, principal, values["name"], None)
    row_id = new_id(connection)
    connection.execute(
        organisation.insert(),
        {"workspace_id": principal.workspace_id, "id": row_id, "created_at": at, **values},
    )
    _replace_organisation_tags(connection, principal, row_id, new.tags)
    return row_id


def edit_organisation(
    connection: Connection,
    principal: Principal,
    organisation_id: int,
    new: NewOrganisation,
    *,
    version: int | None = None,
) -> None:
    """Replace what is written down about an organisation; its people are found under its new name at once.

    Raises Conflict where somebody changed it since ``version``; nothing is written then.
    """
    require_editor(principal)
    values = rows.organisation_values(new)
    _take_turns_with_names(connection, principal)
    _require_free_name(connection, principal, values["name"], organisation_id)
    _change_organisation(connection, principal, organisation_id, version, **values)
    _replace_organisation_tags(connection, principal, organisation_id, new.tags)
    members = select(contact.c.id).where(
        contact.c.workspace_id == principal.workspace_id, contact.c.organisation_id == organisation_id
    )
    reindex(connection, principal, list(connection.execute(members).scalars()))


def archive_organisation(
    connection: Connection, principal: Principal, organisation_id: int, at: datetime
) -> None:
    """Put an organisation away; its people stay."""
    require_editor(principal)
    _change_organisation(connection, principal, organisation_id, None, archived_at=at)


def restore_organisation(connection: Connection, principal: Principal, organisation_id: int) -> None:
    """Bring an archived organisation back."""
    require_editor(principal)
    _change_organisation(connection, principal, organisation_id, None, archived_at=None)


def find_or_add_organisation(
    connection: Connection, principal: Principal, name: str | None, at: datetime
) -> int | None:
    """The id of the organisation of that name, made if there is none; None for no name."""
    found = one_line(name)
    if found is None:
        return None
    return find_or_add_organisations(connection, principal, [found], at)[found]


def find_or_add_organisations(
    connection: Connection, principal: Principal, names: Iterable[str], at: datetime
) -> dict[str, int]:
    """The ids of organisations by the given names; letters' case and accents make no difference. New ones are made."""
    require_editor(principal)
    wanted = {name: line for name in names if (line := one_line(name))}
    folded = {fold(line) for line in wanted.values()}
    known = _organisations_by_name(connection, principal, folded)
    if folded - known.keys():
        _take_turns_with_names(connection, principal)
        known = _organisations_by_name(connection, principal, folded)
    fresh = {fold(line): line for line in wanted.values() if fold(line) not in known}
    made = new_ids(connection, len(fresh))
    _insert(
        connection,
        organisation,
        [
            {
                "workspace_id": principal.workspace_id,
                "id": row_id,
                "created_at": at,
                **rows.organisation_values(NewOrganisation(line)),
            }
            for row_id, line in zip(made, fresh.values(), strict=True)
        ],
    )
    known.update(zip(fresh, made, strict=True))
    return {name: known[fold(line)] for name, line in wanted.items()}


def _organisations_by_name(connection: Connection, principal: Principal, folded: set[str]) -> dict[str, int]:
    """Ids by folded name; of several with one name the oldest that is not archived."""
    table = organisation.c
    found: dict[str, int] = {}
    for block in blocks(sorted({one[: rows.SORT_LIMIT] for one in folded})):
        matching = (
            select(table.id, table.name)
            .where(table.workspace_id == principal.workspace_id, table.folded_name.in_(block))
            .order_by(table.archived_at.is_(None), table.id.desc())
        )
        found.update({fold(row.name): row.id for row in connection.execute(matching)})
    return found


def _require_free_name(connection: Connection, principal: Principal, name: str, own_id: int | None) -> None:
    taken = _organisations_by_name(connection, principal, {fold(name)}).get(fold(name))
    if taken is not None and taken != own_id:
        away = archived_namesake(connection, principal, name)
        sentence = (
            f"There is an organisation called {name} already."
            if away is None
            else f"An organisation called {name} is archived. Bring it back, or choose another name."
        )
        raise Invalid(sentence, fields={"name": sentence})


def archived_namesake(connection: Connection, principal: Principal, name: str) -> int | None:
    """The id of the archived organisation whose name this is, where none that is not archived has it."""
    found = _organisations_by_name(connection, principal, {fold(name)}).get(fold(name))
    own = (organisation.c.workspace_id == principal.workspace_id, organisation.c.id == found)
    away = select(organisation.c.id).where(*own, organisation.c.archived_at.is_not(None))
    return connection.execute(away).scalar_one_or_none()


def _take_turns_with_names(connection: Connection, principal: Principal) -> None:
    """Of two who write down the same name at once the second sees what the first wrote."""
    take_turns(connection, f"names of organisations in {principal.workspace_id}")


def _change_organisation(
    connection: Connection,
    principal: Principal,
    organisation_id: int,
    version: int | None,
    **values: Any,
) -> None:
    table = organisation.c
    mine = (table.workspace_id == principal.workspace_id, table.id == organisation_id)
    found = connection.execute(select(table.version).where(*mine).with_for_update()).scalar_one_or_none()
    if found is None:
        raise NotFound
    if version not in (None, found):
        raise Conflict(
            "Somebody changed this organisation while you were writing. Nothing is lost: look at both."
        )
    connection.execute(organisation.update().where(*mine).values(**values, version=found + 1))


def _replace_organisation_tags(
    connection: Connection, principal: Principal, organisation_id: int, tags: Sequence[str]
) -> None:
    table = organisation_tag.c
    connection.execute(
        organisation_tag.delete().where(
            table.workspace_id == principal.workspace_id, table.organisation_id == organisation_id
        )
    )
    own = {"workspace_id": principal.workspace_id, "organisation_id": organisation_id}
    _insert(connection, organisation_tag, [{**own, "tag": tag} for tag in the_tags(tuple(tags))])


# What both need


def require_editor(principal: Principal) -> None:
    """Viewers read; they change nothing."""
    if not principal.may_edit:
        raise Forbidden(
            "You can read this workspace, but not change it. Ask an admin for the role of member."
        )


def require_people(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> None:
    """All of these people are of this workspace; locks their rows where the database locks rows."""
    for block in blocks(contact_ids):
        theirs = (
            select(contact.c.id).where(*_these(principal, block)).order_by(contact.c.id).with_for_update()
        )
        if len(connection.execute(theirs).all()) < len(block):
            raise NotFound


def reindex(connection: Connection, principal: Principal, contact_ids: Sequence[int]) -> None:
    """Write the search column of these people anew."""
    for block in blocks(contact_ids):
        tags = _grouped(connection, principal, contact_tag, contact_tag.c.tag, block)
        emails = _grouped(connection, principal, contact_email, contact_email.c.value, block)
        joined = contact.outerjoin(
            organisation,
            (organisation.c.workspace_id == contact.c.workspace_id)
            & (organisation.c.id == contact.c.organisation_id),
        )
        people = select(
            contact.c.id, contact.c.name, contact.c.city, organisation.c.name.label("at")
        ).select_from(joined)
        texts = [
            {
                "this": row.id,
                "words": rows.search_text(
                    row.name, row.at, row.city, tags.get(row.id, ()), emails.get(row.id, ())
                ),
            }
            for row in connection.execute(people.where(*_these(principal, block)))
        ]
        own = (contact.c.workspace_id == principal.workspace_id, contact.c.id == bindparam("this"))
        if texts:
            connection.execute(contact.update().where(*own).values(search=bindparam("words")), texts)


def _grouped(
    connection: Connection, principal: Principal, table: Table, column: ColumnElement[str], ids: list[int]
) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    mine = select(table.c.contact_id, column.label("word")).where(
        table.c.workspace_id == principal.workspace_id, table.c.contact_id.in_(ids)
    )
    for row in connection.execute(mine.order_by(table.c.contact_id, column)):
        found.setdefault(row.contact_id, []).append(row.word)
    return found


def _these(principal: Principal, contact_ids: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    return contact.c.workspace_id == principal.workspace_id, contact.c.id.in_(contact_ids)


def _insert(connection: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(table.insert(), values)


def _some_tags(tags: Sequence[str]) -> tuple[str, ...]:
    found = the_tags(tuple(tags))
    if not found:
        sentence = f"Write a tag of at most {TAG_LIMIT} characters."
        raise Invalid(sentence, fields={"tag": sentence})
    return found


def _remove_tag_rows(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], tags: Sequence[str]
) -> None:
    table = contact_tag.c
    connection.execute(
        contact_tag.delete().where(
            table.workspace_id == principal.workspace_id,
            table.contact_id.in_(contact_ids),
            table.tag.in_(tags),
        )
    )


def _insert_details(
    connection: Connection, principal: Principal, people: Sequence[tuple[int, NewContact]]
) -> None:
    """Ways, tags and dates of people who have none yet."""
    for table, field, make in _WAYS:
        ways = [row for row_id, new in people for row in make(principal, row_id, getattr(new, field))]
        _insert(connection, table, ways)
    _insert(
        connection,
        contact_tag,
        [row for row_id, new in people for row in rows.tag_rows(principal, row_id, new.tags)],
    )
    _insert_dates(connection, principal, [(row_id, one) for row_id, new in people for one in new.dates])


def _insert_dates(
    connection: Connection, principal: Principal, dates: Sequence[tuple[int, Occasion]]
) -> None:
    ids = new_ids(connection, len(dates))
    _insert(
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
        _insert(connection, table, make(principal, contact_id, getattr(new, field)))
    _insert(connection, contact_tag, rows.tag_rows(principal, contact_id, new.tags))
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
        sentence = "That day is still to come. Leave it empty."
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
        raise NotFound("This organisation is not in your workspace any more.")
    return found


def _owners(connection: Connection, principal: Principal, drafts: Sequence[NewContact]) -> list[int | None]:
    """The owner of each draft: the one it names, nobody, or whoever acts."""
    _require_users(connection, principal, {new.owner_id for new in drafts if new.owner_id})
    usual = _default_owner(connection, principal) if any(new.owner_id is None for new in drafts) else None
    return [usual if new.owner_id is None else new.owner_id or None for new in drafts]


def _default_owner(connection: Connection, principal: Principal) -> int | None:
    """Whoever acts; on the command line the only active user, else nobody."""
    if principal.user_id is not None:
        return principal.user_id
    active = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.active).limit(2)
    found = list(connection.execute(active).scalars())
    return found[0] if len(found) == 1 else None


def _require_users(connection: Connection, principal: Principal, user_ids: set[int | None]) -> None:
    if not user_ids:
        return
    theirs = select(user.c.id).where(user.c.workspace_id == principal.workspace_id, user.c.id.in_(user_ids))
    if len(connection.execute(theirs).all()) < len(user_ids):
        sentence = "Choose somebody of your team."
        raise Invalid(sentence, fields={"owner": sentence})
