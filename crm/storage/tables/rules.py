"""Rules a workspace changed or added; the shipped ones live in ``crm.domain.rules``."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from crm.storage.tables.base import in_workspace, metadata, workspace_id
from crm.storage.types import Json, Moment

rule = Table(
    "rule",
    metadata,
    workspace_id(),
    Column("key", String, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("definition", Json),
    Column("changed_at", Moment, nullable=False),
    in_workspace(),
)
"""``definition`` is null for a shipped rule that is only switched off or moved. Else ``rule`` is what was written (null: as
it ships), ``deleted`` whether an own rule is gone, ``before`` the same of the state that undo brings back, and ``at`` the
microseconds of the last change."""
