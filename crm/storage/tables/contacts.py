"""People, organisations, ways to reach them, tags and dates."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, text

from crm.domain.heard import DATE_KINDS
from crm.domain.targets import TIERS
from crm.storage.tables.base import belongs_to, in_workspace, metadata, one_of, own_id, workspace_id
from crm.storage.types import Day, Moment

organisation = Table(
    "organisation",
    metadata,
    workspace_id(),
    own_id(),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("kind", String, nullable=False),
    *one_of("tier", TIERS),
    Column("domain", String),
    Column("city", String),
    Column("country", String),
    Column("notes", Text),
    Column("search", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("version", Integer, nullable=False, default=1),
    in_workspace(),
    Index("ix_organisation_workspace_id_folded_name", "workspace_id", "folded_name"),
)

GONE = "archived_at IS NOT NULL OR deceased_on IS NOT NULL"

contact = Table(
    "contact",
    metadata,
    workspace_id(),
    own_id(),
    Column("name", String, nullable=False),
    Column("given_name", String),
    Column("family_name", String),
    Column("folded_name", String, nullable=False),
    Column("title", String),
    Column("organisation_id", BigInteger),
    Column("owner_id", BigInteger),
    Column("kind", String, nullable=False),
    *one_of("tier", TIERS),
    Column("city", String),
    Column("country", String),
    Column("time_zone", String),
    Column("notes", Text),
    Column("target_any", Integer),
    Column("target_personal", Integer),
    Column("target_in_person", Integer),
    Column("search", Text, nullable=False),
    Column("created_on", Day, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("archived_at", Moment),
    Column("deceased_on", Day),
    in_workspace(),
    belongs_to("organisation", "organisation_id"),
    belongs_to("user", "owner_id"),
    Index("ix_contact_workspace_id_folded_name", "workspace_id", "folded_name", "id"),
    Index("ix_contact_workspace_id_organisation_id", "workspace_id", "organisation_id"),
    Index("ix_contact_workspace_id_owner_id_changed_at", "workspace_id", "owner_id", "changed_at"),
    Index("ix_contact_workspace_id_kind", "workspace_id", "kind"),
    Index(
        "ix_contact_workspace_id_name_by_bytes",
        "workspace_id",
        "folded_name",
        postgresql_ops={"folded_name": "text_pattern_ops"},
    ).ddl_if(dialect="postgresql"),
    Index("ix_contact_workspace_id_search", "workspace_id", "search", "id").ddl_if(dialect="sqlite"),
    Index(
        "ix_contact_workspace_id_gone", "workspace_id", sqlite_where=text(GONE), postgresql_where=text(GONE)
    ),
)
"""``target_*``: the contact's own target in days, 0 for none, null for the workspace's. ``search``: folded words."""


def _way(name: str, *extra: Column[str]) -> Table:
    return Table(
        name,
        metadata,
        workspace_id(),
        Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("value", Text, nullable=False),
        Column("label", String),
        *extra,
        belongs_to("contact", "contact_id", ondelete="CASCADE"),
    )


contact_email = _way("contact_email", Column("folded", String, nullable=False))
Index("ix_contact_email_workspace_id_folded", contact_email.c.workspace_id, contact_email.c.folded)
contact_phone = _way("contact_phone", Column("digits", String, nullable=False))
contact_address = _way("contact_address")

contact_tag = Table(
    "contact_tag",
    metadata,
    workspace_id(),
    Column("tag", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_contact_tag_workspace_id_contact_id", "workspace_id", "contact_id"),
)

organisation_tag = Table(
    "organisation_tag",
    metadata,
    workspace_id(),
    Column("tag", String, primary_key=True),
    Column("organisation_id", BigInteger, primary_key=True, autoincrement=False),
    belongs_to("organisation", "organisation_id", ondelete="CASCADE"),
)

contact_date = Table(
    "contact_date",
    metadata,
    workspace_id(),
    own_id(),
    Column("contact_id", BigInteger, nullable=False),
    *one_of("kind", DATE_KINDS),
    Column("year", Integer),
    Column("month", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("on_day", Day),
    Column("leap_day", Integer, nullable=False),
    Column("yearly", Boolean, nullable=False, default=True),
    Column("label", String),
    CheckConstraint("month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31", name="month_and_day"),
    belongs_to("contact", "contact_id", ondelete="CASCADE"),
    Index("ix_contact_date_workspace_id_contact_id", "workspace_id", "contact_id"),
)
"""``on_day``: the full date where the year is known. ``leap_day``: day of the year in a leap year (29 February is 60)."""
