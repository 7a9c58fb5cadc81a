"""Doing the same to many people at once, all or none: archive, tier, owner, tags."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection

from crm.contacts import rows
from crm.contacts.derived import refresh_metrics, reindex
from crm.contacts.drafts import TAG_LIMIT, the_tags, the_tier
from crm.contacts.may_change import require_editor, require_people, require_users, these
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.storage.blocks import blocks
from crm.storage.tables import contact, contact_tag


def archive(connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime) -> None:
    """Put people away: no list, no rule and no plan shows them, and their history stays. Who is archived stays so."""
    _change(connection, principal, contact_ids, at, contact.c.archived_at.is_(None), archived_at=at)


def restore(connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime) -> None:
    """Bring those of these people back who are archived."""
    _change(connection, principal, contact_ids, at, contact.c.archived_at.is_not(None), archived_at=None)


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
        require_users(connection, principal, {owner_id})
    _change(connection, principal, contact_ids, at, owner_id=owner_id or None)


def add_tags(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    tags: Sequence[str],
    at: datetime,
) -> None:
    """Give many people the same tags; those they have already stay."""
    _change_tags(connection, principal, contact_ids, tags, at, given=True)


def remove_tags(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    tags: Sequence[str],
    at: datetime,
) -> None:
    """Take tags away from many people."""
    _change_tags(connection, principal, contact_ids, tags, at, given=False)


def _change_tags(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    tags: Sequence[str],
    at: datetime,
    *,
    given: bool,
) -> None:
    wanted = some_tags(tags)
    _change(connection, principal, contact_ids, at)
    for block in blocks(contact_ids):
        _remove_tag_rows(connection, principal, block, wanted)
        if given:
            own = [row for one in block for row in rows.tag_rows(principal, one, wanted)]
            rows.insert(connection, contact_tag, own)
        reindex(connection, principal, block)


def _change(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    at: datetime,
    *only: ColumnElement[bool],
    **values: Any,
) -> None:
    """Change columns of those of many people whom ``only`` is true of; all of them must be of this workspace."""
    require_editor(principal)
    require_people(connection, principal, contact_ids)
    for block in blocks(contact_ids):
        connection.execute(
            contact.update()
            .where(*these(principal, block), *only)
            .values(**values, changed_at=at, version=contact.c.version + 1)
        )
    refresh_metrics(connection, principal, contact_ids, at)


def some_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags, at least one of them."""
    found = the_tags(tuple(tags))
    if not found:
        sentence = _("Enter a tag of at most {number} characters.").format(number=TAG_LIMIT)
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
