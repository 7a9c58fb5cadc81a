"""The outbox: every mail's row, its states, and the pulse of the schedulers."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from crm.storage.tables.base import belongs_to, metadata, one_of, own_id, workspace_id
from crm.storage.types import Json, Moment

MAIL_STATES = (
    "due",
    "claimed",
    "handing_over",
    "sent",
    "retry",
    "failed",
    "unknown",
    "held",
    "nothing_due",
    "skipped",
)

UNFINISHED = ("due", "claimed", "handing_over", "retry")
"""States from which a mail may still be sent."""

outbox = Table(
    "outbox",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("purpose", String, nullable=False),
    Column("week", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("to_address", String, nullable=False),
    Column("subject", Text),
    Column("text", Text),
    Column("html", Text),
    Column("headers", Json),
    *one_of("state", MAIL_STATES),
    Column("reason", Text),
    Column("due_at", Moment, nullable=False),
    Column("next_try_at", Moment),
    Column("claim_until", Moment),
    Column("claimed_by", String),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("changed_at", Moment, nullable=False),
    Column("sent_at", Moment),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "user_id", "purpose", "week"),
    Index("ix_outbox_state_next_try_at", "state", "next_try_at"),
    Index("ix_outbox_message_id", "message_id"),
)
"""One mail. ``week`` is the ISO week of a nudge, or another key that makes the mail unique for its purpose."""

outbox_event = Table(
    "outbox_event",
    metadata,
    workspace_id(),
    own_id(),
    Column("outbox_id", BigInteger, nullable=False),
    *one_of("state", MAIL_STATES),
    Column("reason", Text),
    Column("at", Moment, nullable=False),
    belongs_to("outbox", "outbox_id", ondelete="CASCADE"),
    Index("ix_outbox_event_workspace_id_outbox_id", "workspace_id", "outbox_id"),
)

scheduler_pulse = Table(
    "scheduler_pulse",
    metadata,
    Column("process", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

mail_hold = Table(
    "mail_hold",
    metadata,
    Column("held_at", Moment, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("released_at", Moment),
)
"""While a row is not released nothing is sent from this database: an old backup was restored into it."""
