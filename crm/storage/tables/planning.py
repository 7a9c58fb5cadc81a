"""Plans, their suggestions, and what was done about them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from crm.domain.rules import ACTS
from crm.storage.tables.base import belongs_to, metadata, one_of, own_id, workspace_id
from crm.storage.types import Day, Json, Moment

VERBS = ("done", "swap", "snooze", "skip", "not_this_person", "contacted")

plan = Table(
    "plan",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("week", String, nullable=False),
    Column("monday", Day, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("budget", Json, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "user_id", "week"),
)

left_out = Table(
    "left_out",
    metadata,
    workspace_id(),
    Column("plan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("day", Day),
    belongs_to("plan", "plan_id", ondelete="CASCADE"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_left_out_workspace_id_contact_id", "workspace_id", "contact_id"),
    sqlite_with_rowid=False,
)
"""Who had a reason to be reached when the plan was made and found no place in it: thousands, where one user has ten
thousand people. ``reason`` is a key of ``crm.domain.left_out.LEFT_OUT``, ``day`` the date it speaks of."""

suggestion = Table(
    "suggestion",
    metadata,
    workspace_id(),
    own_id(),
    Column("plan_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    Column("monday", Day, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("position", Integer, nullable=False),
    *one_of("act", ACTS),
    Column("slot_at", Moment),
    Column("slot_day", Day),
    Column("slot_minutes", Integer),
    Column("slot_note", Text),
    Column("needs_address", Boolean, nullable=False, default=False),
    Column("reason", Text, nullable=False),
    Column("rules", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("need", Double, nullable=False),
    belongs_to("plan", "plan_id", ondelete="CASCADE"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "plan_id", "contact_id"),
    Index("ix_suggestion_workspace_id_user_id_contact_id", "workspace_id", "user_id", "contact_id", "monday"),
)
"""``act`` is the act now suggested; what it was before a swap is in ``response``. ``made_at``: when it was planned, which
is later than its plan for whoever joined that; the days in ``evidence`` count from then."""

response = Table(
    "response",
    metadata,
    workspace_id(),
    own_id(),
    Column("suggestion_id", BigInteger),
    Column("user_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    *one_of("verb", VERBS),
    Column("from_act", String),
    Column("to_act", String),
    Column("before", Json),
    Column("until_day", Day),
    Column("interaction_id", BigInteger),
    Column("via", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("undone_at", Moment),
    belongs_to("suggestion", "suggestion_id", ondelete="CASCADE"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_response_workspace_id_suggestion_id", "workspace_id", "suggestion_id"),
    Index("ix_response_workspace_id_user_id_contact_id", "workspace_id", "user_id", "contact_id"),
)
"""What a person did about a suggestion: who, when, and whether it was undone. ``via``: page, mail, or log.
``before``: what a swap replaced, so that undoing it brings back the same moment."""

plan_feed = Table(
    "plan_feed",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)
"""The secret address at which a user's own calendar program reads the plan; one a user, gone when it is ended."""
