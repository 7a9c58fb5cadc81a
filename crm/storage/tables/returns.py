"""Mail that comes back: the mailbox it is read from, bounces, and addresses that take no mail."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from crm.storage.tables.base import belongs_to, in_workspace, metadata, one_of, own_id, workspace_id
from crm.storage.types import Moment

REPLY_STATES = ("logged", "waiting", "dropped")

inbox = Table(
    "inbox",
    metadata,
    Column("place", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("uidvalidity", BigInteger),
    Column("last_uid", BigInteger),
    Column("tried_at", Moment),
    Column("read_at", Moment),
)
"""The mailbox of the whole server, and how far it was read. ``place``: a digest of where it is. ``fence`` proves the
claim of the process that reads it."""

mail_return = Table(
    "mail_return",
    metadata,
    workspace_id(),
    own_id(),
    Column("outbox_id", BigInteger, nullable=False),
    Column("message_key", String, nullable=False),
    Column("for_good", Boolean, nullable=False),
    Column("said", Text, nullable=False),
    Column("at", Moment, nullable=False),
    belongs_to("outbox", "outbox_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "message_key"),
    Index("ix_mail_return_workspace_id_outbox_id", "workspace_id", "outbox_id"),
)
"""A mail of the outbox came back after it was sent. ``message_key``: what makes the bounce itself, so that it counts once."""

mail_stop = Table(
    "mail_stop",
    metadata,
    workspace_id(),
    own_id(),
    Column("address", String, nullable=False),
    Column("said", Text, nullable=False),
    Column("stopped_at", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", BigInteger),
    in_workspace(),
    belongs_to("user", "lifted_by"),
    Index(
        "ix_mail_stop_workspace_id_address",
        "workspace_id",
        "address",
        unique=True,
        sqlite_where=text("lifted_at IS NULL"),
        postgresql_where=text("lifted_at IS NULL"),
    ),
)
"""An address takes no mail for good, so none is sent there until somebody lifts it. One that holds for each address."""

mail_reply = Table(
    "mail_reply",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("week", String, nullable=False),
    Column("message_key", String, nullable=False),
    Column("part", Integer, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    *one_of("state", REPLY_STATES),
    Column("why", String),
    Column("contact_id", BigInteger),
    Column("channel", String),
    Column("interaction_id", BigInteger),
    Column("changed_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "message_key", "part"),
    Index("ix_mail_reply_workspace_id_user_id_state", "workspace_id", "user_id", "state"),
)
"""One thing that an answer to the mail of ``week`` said: logged as ``interaction_id``, or waiting for its user to say what
it means; ``why`` it waits, and whom (``contact_id``) and how it was understood so far."""
