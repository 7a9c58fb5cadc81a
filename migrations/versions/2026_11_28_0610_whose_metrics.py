"""Stored metrics say who looks after their person, and people are counted along an index; the kinds in use are found by one.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLE = "contact_metrics"
TIER = "ix_contact_metrics_workspace_id_tier"
KIND = "ix_contact_workspace_id_kind"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("owner_id", sa.BigInteger(), nullable=True))
    same = "contact.workspace_id = contact_metrics.workspace_id AND contact.id = contact_metrics.contact_id"
    op.execute(
        f"UPDATE {TABLE} SET owner_id = (SELECT owner_id FROM contact WHERE {same}) WHERE known_days IS NOT NULL"
    )
    op.drop_index(op.f(TIER), table_name=TABLE)
    columns = ["workspace_id", "tier", "score", "zone", "kind", "owner_id", "contact_id"]
    op.create_index(op.f(TIER), TABLE, columns)
    op.create_index(op.f(KIND), "contact", ["workspace_id", "kind"])


def downgrade() -> None:
    op.drop_index(op.f(KIND), table_name="contact")
    op.drop_index(op.f(TIER), table_name=TABLE)
    op.create_index(op.f(TIER), TABLE, ["workspace_id", "tier", "score", "zone", "kind", "contact_id"])
    op.drop_column(TABLE, "owner_id")
