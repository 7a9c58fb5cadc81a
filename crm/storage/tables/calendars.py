"""The users' own calendars: where they are read, and when their users are busy."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text

from crm.domain.own_calendar import KINDS, STATES
from crm.storage.tables.base import belongs_to, metadata, one_of, workspace_id
from crm.storage.types import Day, Json, Moment

own_calendar = Table(
    "own_calendar",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    *one_of("kind", KINDS),
    Column("sealed", Text, nullable=False),
    Column("host", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    *one_of("state", STATES),
    Column("notes", Json, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("tried_at", Moment),
    Column("read_at", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("etag", Text),
    Column("modified", Text),
    Column("zone", String),
    Column("covers_until", Moment),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_own_calendar_next_at", "next_at"),
)
"""``sealed``: address, name and password. ``created_at`` tells one connection from the next: what a reading of an
earlier one brings back is dropped. ``zone``: in which days without a time were understood."""

busy = Table(
    "busy",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("starts_at", Moment, primary_key=True),
    Column("ends_at", Moment, nullable=False),
    CheckConstraint("starts_at < ends_at", name="order"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)
"""When a user is busy by their own calendar: no titles, and no two that overlap."""

calendar_stay = Table(
    "calendar_stay",
    metadata,
    workspace_id(),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("first_day", Day, primary_key=True, autoincrement=False),
    Column("city", String, primary_key=True),
    Column("country", String, primary_key=True),
    Column("last_day", Day, nullable=False),
    CheckConstraint("first_day <= last_day", name="days"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
)
"""Whole days in a city of our table, by a user's own calendar: to be offered as a trip, and none before it is taken."""
