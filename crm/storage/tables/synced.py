"""Places elsewhere that are read again and again: address books on a server, mailboxes."""

from sqlalchemy import Column, String, Table, Text, UniqueConstraint

from crm.storage.tables.base import in_workspace, metadata, own_id, workspace_id
from crm.storage.types import Json, Moment

synced_source = Table(
    "synced_source",
    metadata,
    workspace_id(),
    own_id(),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("host", String, nullable=False),
    Column("seen", Json, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("tried_at", Moment),
    Column("read_at", Moment),
    in_workspace(),
    UniqueConstraint("workspace_id", "folded_name"),
)
"""``sealed``: address, user name and password. ``seen``: how far it was read, in the words of its kind."""
