"""The users' own mailboxes: where they are read, and how far they were."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from crm.domain.mailbox_words import STATES
from crm.storage.tables.base import belongs_to, metadata, one_of, workspace_id
from crm.storage.types import Json, Moment

own_mailbox = Table(
    "own_mailbox",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed", Text, nullable=False),
    Column("host", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    *one_of("state", STATES),
    Column("seen", Json, nullable=False),
    Column("logged", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    Column("tried_at", Moment),
    Column("read_at", Moment),
    Column("failures", Integer, nullable=False, default=0),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_own_mailbox_next_at", "next_at"),
)
"""``sealed``: address, name and password. ``seen``: by folder, UIDVALIDITY and the last UID. ``logged``: how many interactions
it has brought. ``created_at`` tells one connection from the next."""
