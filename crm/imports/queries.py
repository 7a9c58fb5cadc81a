"""Reading: past imports, and files that wait between preview and apply."""

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import NotFound
from crm.imports.report import counts_alone, page_worded
from crm.storage.keyset import read_cursor, write_cursor
from crm.storage.tables import import_batch, import_mapping, import_upload, user

RECENT = 10
UPLOAD_LIFE = timedelta(days=1)
"""How long a file waits between preview and apply."""


@dataclass(frozen=True)
class Batch:
    """One import that was applied. ``report`` is what it said then, one mapping for each file (``FileReport.as_page``);
    ``is_kept_back``: some of it is told to whoever brought the files alone."""

    id: int
    files: tuple[str, ...]
    by: str | None
    applied_at: datetime
    undone_at: datetime | None
    new: dict[str, int]
    changed: dict[str, int]
    report: tuple[dict[str, Any], ...]
    is_kept_back: bool = False


def recent(connection: Connection, principal: Principal, limit: int = RECENT) -> list[Batch]:
    """The last imports, newest first."""
    rows = connection.execute(_batches(principal).order_by(import_batch.c.id.desc()).limit(limit))
    return [_batch(row) for row in rows]


def batches(
    connection: Connection, principal: Principal, after: str | None, limit: int
) -> tuple[list[Batch], str | None]:
    """A page of past imports, newest first, and the cursor of the next (None on the last)."""
    statement = _batches(principal).order_by(import_batch.c.id.desc()).limit(limit + 1)
    if after:
        statement = statement.where(import_batch.c.id < read_cursor(after, (int,))[0])
    found = [_batch(row) for row in connection.execute(statement)]
    return found[:limit], write_cursor((found[limit - 1].id,)) if len(found) > limit else None


def batch(connection: Connection, principal: Principal, batch_id: int) -> Batch:
    """One import, or NotFound. What a calendar, a mailbox or a chat left open is told to whoever brought it alone."""
    row = connection.execute(_batches(principal).where(import_batch.c.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound
    found = _batch(row)
    kept = found.report
    if not _may_read_feeds(principal, row.user_id):
        kept = tuple(map(counts_alone, kept))
    return replace(found, report=tuple(map(page_worded, kept)), is_kept_back=kept != found.report)


def _may_read_feeds(principal: Principal, user_id: int | None) -> bool:
    """Calendars and mailboxes are their user's alone; those of the command line are the admins'."""
    if user_id is None or principal.user_id is None:
        return principal.may_administer
    return principal.user_id == user_id


def _batches(principal: Principal) -> Any:
    joined = import_batch.outerjoin(
        user, (user.c.workspace_id == import_batch.c.workspace_id) & (user.c.id == import_batch.c.user_id)
    )
    return (
        select(import_batch, user.c.name.label("by"))
        .select_from(joined)
        .where(import_batch.c.workspace_id == principal.workspace_id)
    )


def _batch(row: Any) -> Batch:
    return Batch(
        row.id,
        tuple(row.files),
        row.by,
        row.applied_at,
        row.undone_at,
        row.counts.get("new", {}),
        row.counts.get("changed", {}),
        tuple(row.report or ()),
    )


def mappings(connection: Connection, principal: Principal) -> dict[str, list[str]]:
    """What the team said of the columns of other programs' tables, by the fingerprint of their headers."""
    table = import_mapping.c
    rows = connection.execute(
        select(table.fingerprint, table.fields).where(table.workspace_id == principal.workspace_id)
    )
    return {row.fingerprint: row.fields for row in rows}


def previews(
    connection: Connection, principal: Principal, group_id: int, at: datetime
) -> list[dict[str, Any]]:
    """What the preview said of each file of one's own upload, or NotFound."""
    rows = connection.execute(_uploads(principal, group_id, at, import_upload.c.report)).all()
    if not rows:
        raise NotFound(_("This file is no longer waiting. Choose it again."))
    return [page_worded(row.report) for row in rows]


def uploaded(
    connection: Connection, principal: Principal, group_id: int, at: datetime
) -> list[tuple[str, bytes]]:
    """The files of one's own upload, by name and content, or NotFound."""
    columns = (import_upload.c.name, import_upload.c.content)
    rows = connection.execute(_uploads(principal, group_id, at, *columns)).all()
    if not rows:
        raise NotFound(_("This file is no longer waiting. Choose it again."))
    return [(row.name, base64.b64decode(row.content)) for row in rows]


def _uploads(principal: Principal, group_id: int, at: datetime, *columns: Any) -> Any:
    return (
        select(*columns)
        .where(
            import_upload.c.workspace_id == principal.workspace_id,
            import_upload.c.user_id == principal.user_id,
            import_upload.c.group_id == group_id,
            import_upload.c.created_at >= at - UPLOAD_LIFE,
        )
        .order_by(import_upload.c.id)
    )
