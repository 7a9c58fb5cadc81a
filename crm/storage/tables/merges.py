"""Two records of one person that became one, and pairs who look alike and are not one."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, String, Table

from crm.storage.tables.base import in_workspace, metadata, own_id, workspace_id
from crm.storage.types import Json, Moment

merge = Table(
    "merge",
    metadata,
    workspace_id(),
    own_id(),
    Column("contact_id", BigInteger, nullable=False),
    Column("gone_id", BigInteger, nullable=False),
    Column("gone_name", String, nullable=False),
    Column("content", Json, nullable=False),
    Column("merged_by", BigInteger),
    Column("merged_at", Moment, nullable=False),
    in_workspace(),
    Index("ix_merge_workspace_id_contact_id", "workspace_id", "contact_id"),
    Index("ix_merge_workspace_id_gone_id", "workspace_id", "gone_id"),
)
"""``gone_id`` became part of ``contact_id``, which may itself be gone by a later merge. ``content``: every row the
merge changed, before and after, so that undoing is whole; undoing deletes the row."""


def _one_of_two(column: str, name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", column],
        ["contact.workspace_id", "contact.id"],
        name=f"fk_kept_apart_workspace_id_{name}",
        ondelete="CASCADE",
    )


kept_apart = Table(
    "kept_apart",
    metadata,
    workspace_id(),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("other_id", BigInteger, primary_key=True, autoincrement=False),
    Column("said_by", BigInteger),
    Column("said_at", Moment, nullable=False),
    _one_of_two("contact_id", "contact"),
    _one_of_two("other_id", "other"),
    Index("ix_kept_apart_workspace_id_other_id", "workspace_id", "other_id"),
)
"""Two people who look like one and are not; ``contact_id`` is the smaller id."""
