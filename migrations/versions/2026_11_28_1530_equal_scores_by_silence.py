"""People with equal scores are listed by their silence, in the order of an index: to sort them took longer the more they were.

Revision ID: 0032
Revises: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLE, SCORES, ZONES = "contact_metrics", "ix_contact_metrics_in_order_of_score", "ix_contact_metrics_by_zone"
BEFORE = "ix_contact_metrics_workspace_id_tier"


def upgrade() -> None:
    beside = ["zone", "kind", "owner_id"]
    op.create_index(SCORES, TABLE, ["workspace_id", "tier", "score", "silence", "contact_id", *beside])
    op.create_index(ZONES, TABLE, ["workspace_id", "tier", *beside, "score", "contact_id"])
    op.drop_index(BEFORE, table_name=TABLE)


def downgrade() -> None:
    op.create_index(
        BEFORE, TABLE, ["workspace_id", "tier", "score", "zone", "kind", "owner_id", "contact_id"]
    )
    op.drop_index(ZONES, table_name=TABLE)
    op.drop_index(SCORES, table_name=TABLE)
