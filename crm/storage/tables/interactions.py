"""The log: channels, interactions, who took part; and what was asked, promised, heard and received."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, text

from crm.domain.channels import DIRECTIONS, OUTCOMES
from crm.domain.heard import PROMISERS, SIGNAL_TYPES
from crm.storage.tables.base import belongs_to, in_workspace, metadata, one_of, own_id, workspace_id
from crm.storage.types import Day, Json, Moment

channel = Table(
    "channel",
    metadata,
    workspace_id(),
    Column("key", String, primary_key=True),
    Column("label", String, nullable=False),
    Column("digital", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("in_person", Boolean, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    in_workspace(),
)

interaction = Table(
    "interaction",
    metadata,
    workspace_id(),
    own_id(),
    Column("occurred_at", Moment, nullable=False),
    Column("day", Day, nullable=False),
    Column("channel", String, nullable=False),
    *one_of("direction", DIRECTIONS),
    *one_of("outcome", OUTCOMES),
    Column("broadcast", Boolean, nullable=False),
    Column("summary", Text),
    Column("note", Text),
    Column("note_private", Boolean, nullable=False, default=False),
    Column("author_id", BigInteger),
    Column("source_id", String),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("deleted_at", Moment),
    in_workspace(),
    belongs_to("user", "author_id"),
    Index("ix_interaction_workspace_id_occurred_at", "workspace_id", "occurred_at"),
    Index("ix_interaction_workspace_id_source_id", "workspace_id", "source_id"),
)

interaction_contact = Table(
    "interaction_contact",
    metadata,
    workspace_id(),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("occurred_at", Moment, primary_key=True),
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Day, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("flow", BigInteger, nullable=False),
    Column("channel", String, nullable=False),
    Column("direction", String, nullable=False),
    belongs_to("contact", "contact_id"),
    belongs_to("interaction", "interaction_id", ondelete="CASCADE"),
    Index("ix_interaction_contact_workspace_id_interaction_id", "workspace_id", "interaction_id"),
    Index(
        "ix_interaction_contact_gifts",
        "workspace_id",
        "contact_id",
        "day",
        sqlite_where=text("channel = 'gift'"),
        postgresql_where=text("channel = 'gift'"),
    ),
    Index(
        "ix_interaction_contact_covering",
        "workspace_id",
        "contact_id",
        "occurred_at",
        postgresql_include=["day", "counts", "reach", "flow"],
    ).ddl_if(dialect="postgresql"),
    sqlite_with_rowid=False,
)
"""Who took part, with what the metrics need beside it. ``counts``: reached, no broadcast, not deleted.
``reach`` and ``flow``: the packed counters of ``crm.domain.channels.tally``. On SQLite the key is the table itself."""

interaction_user = Table(
    "interaction_user",
    metadata,
    workspace_id(),
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    belongs_to("interaction", "interaction_id", ondelete="CASCADE"),
    belongs_to("user", "user_id"),
)


def _about_contact(name: str, *columns: Column[Any] | CheckConstraint) -> Table:
    return Table(
        name,
        metadata,
        workspace_id(),
        own_id(),
        Column("contact_id", BigInteger, nullable=False),
        Column("interaction_id", BigInteger),
        Column("author_id", BigInteger),
        Column("text", Text, nullable=False),
        *columns,
        belongs_to("contact", "contact_id", ondelete="CASCADE"),
        belongs_to("user", "author_id"),
        Index(f"ix_{name}_workspace_id_contact_id", "workspace_id", "contact_id"),
    )


ask = _about_contact(
    "ask", Column("due", Day), Column("opened_on", Day, nullable=False), Column("closed_on", Day)
)
promise = _about_contact(
    "promise",
    *one_of("by", PROMISERS),
    Column("due", Day),
    Column("made_on", Day, nullable=False),
    Column("kept_on", Day),
)
signal = _about_contact(
    "signal", *one_of("type", SIGNAL_TYPES), Column("heard_on", Day, nullable=False), Column("theme", String)
)
"""``theme``: what the team calls such signals when it counts them ("Shared passwords"), where somebody said so."""
favour = _about_contact("favour", Column("received_on", Day, nullable=False))

removed_matter = Table(
    "removed_matter",
    metadata,
    workspace_id(),
    own_id(),
    Column("contact_id", BigInteger, nullable=False),
    Column("record", String, nullable=False),
    Column("content", Json, nullable=False),
    Column("removed_by", BigInteger),
    Column("removed_at", Moment, nullable=False),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_removed_matter_workspace_id_contact_id", "workspace_id", "contact_id"),
)
"""Asks, promises, signals, favours and dates taken away or changed, whole, so that Undo brings them back: ``record``
names the table, ``content`` its row with days as ISO text, and what a changed one became (``crm.interactions.removed``)."""

left_behind = Table(
    "left_behind",
    metadata,
    workspace_id(),
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    *one_of("what", ("written", "settled"), primary_key=True),
    Column("record", String, primary_key=True),
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stamp", String, nullable=False),
    Column("removed_id", BigInteger),
    belongs_to("interaction", "interaction_id", ondelete="CASCADE"),
    Index("ix_left_behind_workspace_id_record_row_id", "workspace_id", "record", "row_id"),
)
"""People and matters an interaction wrote down and asks it settled: ``record`` names the table. ``stamp`` tells whether
somebody changed it since: a hash of the row as written, or the day an ask was settled. ``removed_id``: what went with
it."""
