"""Stored metrics of today, and the workspace's own targets."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, UniqueConstraint

from crm.domain.metrics import COUNTED, REAL
from crm.domain.score import WEIGHTS
from crm.domain.targets import CLOCKS, TIERS
from crm.storage.tables.base import belongs_to, in_workspace, metadata, one_of, own_id, workspace_id
from crm.storage.types import Day, Moment

VIEWED = ("health", "people")
"""The pages of which views are kept."""

target = Table(
    "target",
    metadata,
    workspace_id(),
    *one_of("tier", TIERS, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("any", Integer),
    Column("personal", Integer),
    Column("in_person", Integer),
    in_workspace(),
)
"""Targets a workspace changed; the rest are ``crm.domain.targets.DEFAULTS``."""

saved_view = Table(
    "saved_view",
    metadata,
    workspace_id(),
    own_id(),
    Column("user_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("query", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    *one_of("page", VIEWED),
    belongs_to("user", "user_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "user_id", "page", "folded_name"),
)
"""A user's own views of a list: what stands behind the question mark, under a name."""

contact_metrics = Table(
    "contact_metrics",
    metadata,
    workspace_id(),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fresh_until", Moment, nullable=False),
    *(Column(name, Integer) for name in COUNTED),
    *(Column(name, Double) for name in REAL),
    *(Column(f"part_{name}", Double) for name in WEIGHTS),
    Column("score", Integer),
    Column("zone", String),
    Column("tier", String),
    Column("kind", String),
    Column("owner_id", BigInteger),
    *(Column(f"target_{clock}", Integer) for clock in CLOCKS),
    Column("silence", Integer),
    Column("then_on", Day),
    Column("then_zone", String),
    Column("then_score", Integer),
    Column("settled_on", Day),
    Column("settled_days", Integer),
    *(Column(f"settled_{name}", Double) for name in ("strength", "gap_log", "gap_weight")),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_contact_metrics_workspace_id_fresh_until", "workspace_id", "fresh_until"),
    Index(
        "ix_contact_metrics_in_order_of_score_by_zone",
        *("workspace_id", "zone", "tier", "score", "silence", "contact_id"),
    ),
    Index("ix_contact_metrics_workspace_id_silence", "workspace_id", "silence"),
    Index(
        "ix_contact_metrics_in_order_of_score",
        *("workspace_id", "tier", "score", "silence", "contact_id", "zone", "kind", "owner_id"),
    ),
    Index(
        "ix_contact_metrics_by_zone",
        *("workspace_id", "tier", "zone", "kind", "owner_id", "score", "contact_id"),
    ),
)
"""Every metric as of now. A row is right until ``fresh_until``: the workspace's next midnight, the next interaction
logged ahead, or 1970 where something changed since; rows past it are worked out again before they are read.
``tier``, ``kind``, ``owner_id`` and ``target_…`` are the contact's own: a list finds, sorts and counts its people by one index.
``silence`` rises from those who waited longest for personal contact to those without a zone.
``then_zone`` and ``then_score`` are those of the end of ``then_on``, which is missing where they are not known (any more).
``settled_…`` are the sums of contact days of long ago (``crm.storage.settled_rhythm``)."""
