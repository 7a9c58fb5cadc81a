"""Workspaces, the people who use them, their sessions and one-time links."""

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
    false,
)

from crm.domain.principal import ROLES
from crm.storage.tables.base import belongs_to, in_workspace, metadata, one_of, own_id, workspace_id
from crm.storage.types import Day, Json, Moment

LINK_PURPOSES = ("sign_in", "reset", "invitation")

id_counter = Table("id_counter", metadata, Column("last_id", BigInteger, nullable=False))
"""SQLite's source of ids: one row. PostgreSQL uses the sequence ``id_sequence``."""

workspace = Table(
    "workspace",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
    Column("time_zone", String, nullable=False),
    Column("written", Json),
    Column("created_at", Moment, nullable=False),
)

user = Table(
    "user",
    metadata,
    workspace_id(),
    own_id(),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    *one_of("role", ROLES),
    Column("active", Boolean, nullable=False, default=True),
    Column("password_hash", String),
    Column("time_zone", String, nullable=False),
    Column("city", String),
    Column("country", String),
    Column("budget_call", Integer, nullable=False, default=3),
    Column("budget_in_person", Integer, nullable=False, default=1),
    Column("budget_by_hand", Integer, nullable=False, default=2),
    Column("budget_total", Integer, nullable=False, default=6),
    Column("budget_in_person_quarter", Integer),
    Column("nudge_on", Boolean, nullable=False, default=True),
    Column("nudge_weekday", Integer, nullable=False, default=0),
    Column("nudge_minute", Integer, nullable=False, default=480),
    Column("nudge_when_empty", Boolean, nullable=False, default=False),
    Column("nudge_since", Moment),
    Column("nudge_not_before", Moment),
    Column("digest_on", Boolean, nullable=False, default=False, server_default=false()),
    Column("digest_since", Moment),
    Column("preferences", Json, nullable=False, default=dict),
    Column("written", Json),
    Column("first_run_done", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
    in_workspace(),
    UniqueConstraint("workspace_id", "email"),
    Index("ix_user_email", "email"),
)

session = Table(
    "session",
    metadata,
    workspace_id(),
    Column("token_hash", String, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_session_workspace_id_user_id", "workspace_id", "user_id"),
)

one_time_link = Table(
    "one_time_link",
    metadata,
    workspace_id(),
    Column("token_hash", String, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    *one_of("purpose", LINK_PURPOSES),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)

address_change = Table(
    "address_change",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("email", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)
"""The address that a user wants to have, until the link that was mailed there is used: one a user."""

api_token = Table(
    "api_token",
    metadata,
    workspace_id(),
    own_id(),
    Column("token_hash", String, nullable=False, unique=True),
    Column("user_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_on", Day),
    Column("revoked_at", Moment),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key_hash", String, primary_key=True),
    Column("request_hash", String, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Column("location", String),
    Column("created_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_idempotency_key_workspace_id_created_at", "workspace_id", "created_at"),
)
"""Answers to a program's POST, kept for a day; without ``status`` the request is still being worked on."""

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("subject_hash", String, primary_key=True),
    Column("failed_at", Moment, primary_key=True),
    Column("address_hash", Text, primary_key=True),
)
"""Recent failed sign-ins, by hashed addresses of mail and network; outside workspaces, since nobody is known yet."""
