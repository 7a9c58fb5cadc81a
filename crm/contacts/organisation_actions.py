"""Changing organisations. Their people are found under what is written down here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from crm.contacts import rows
from crm.contacts.derived import reindex
from crm.contacts.drafts import NewOrganisation, one_line, the_tags
from crm.contacts.may_change import require_editor
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, Invalid, NotFound
from crm.storage.blocks import blocks
from crm.storage.database import new_id, new_ids, take_turns
from crm.storage.tables import contact, organisation, organisation_tag
from crm.storage.text import fold


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
) -> bool:
    """Put an organisation away; its people stay. Returns whether it was not away already."""
    require_editor(principal)
    return _set_archived(connection, principal, organisation_id, at)


def restore_organisation(connection: Connection, principal: Principal, organisation_id: int) -> None:
    """Bring an archived organisation back."""
    require_editor(principal)
    _set_archived(connection, principal, organisation_id, None)


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
    rows.insert(
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
            _("There is already an organisation called {name}.").format(name=name)
            if away is None
            else _(
                "An organisation called {name} is archived. Bring it back, or choose another name."
            ).format(name=name)
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
    found = _locked(connection, principal, organisation_id)
    if version not in (None, found.version):
        raise Conflict(
            _("Somebody changed this organisation while you were writing. Nothing is lost: look at both.")
        )
    mine = _this_one(principal, organisation_id)
    connection.execute(organisation.update().where(*mine).values(**values, version=found.version + 1))


def _locked(connection: Connection, principal: Principal, organisation_id: int) -> Row[Any, Any]:
    """Its version and whether it is archived, of which nothing changes until the end of the transaction."""
    asked = select(organisation.c.version, organisation.c.archived_at)
    mine = _this_one(principal, organisation_id)
    found = connection.execute(asked.where(*mine).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    return found


def _this_one(principal: Principal, organisation_id: int) -> tuple[ColumnElement[bool], ...]:
    return organisation.c.workspace_id == principal.workspace_id, organisation.c.id == organisation_id


def _set_archived(
    connection: Connection, principal: Principal, organisation_id: int, archived_at: datetime | None
) -> bool:
    """What is so already stays as it is, so that nobody who is writing meanwhile is told of a change. Returns whether it
    was not."""
    found = _locked(connection, principal, organisation_id)
    changes = (found.archived_at is None) != (archived_at is None)
    if changes:
        _change_organisation(connection, principal, organisation_id, None, archived_at=archived_at)
    return changes


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
    rows.insert(connection, organisation_tag, [{**own, "tag": tag} for tag in the_tags(tuple(tags))])
