"""Where users are when they are not at their desk: trips, and days off."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from crm.storage.tables.base import belongs_to, metadata, own_id, workspace_id
from crm.storage.types import Day, Moment

trip = Table(
    "trip",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("city", String, nullable=False),
    Column("country", String),
    Column("first_day", Day, nullable=False),
    Column("last_day", Day, nullable=False),
    Column("room", Integer, nullable=False, default=3),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    CheckConstraint("first_day <= last_day", name="days"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_trip_workspace_id_user_id_last_day", "workspace_id", "user_id", "last_day"),
)
"""``room``: how many lunches, meetings and visits the trip's week may hold at least. Removed ones can be brought back."""

time_off = Table(
    "time_off",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("first_day", Day, nullable=False),
    Column("last_day", Day, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    CheckConstraint("first_day <= last_day", name="days"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_time_off_workspace_id_user_id_last_day", "workspace_id", "user_id", "last_day"),
)

cover = Table(
    "cover",
    metadata,
    workspace_id(),
    Column("time_off_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    belongs_to("time_off", "time_off_id", ondelete="CASCADE"),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    Index("ix_cover_workspace_id_user_id", "workspace_id", "user_id"),
)
"""Who looks after somebody's people while they are off."""
