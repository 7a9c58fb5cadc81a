"""The lowest scores of each zone are found by an index of their own: the map of a large team walked through everybody's.

Revision ID: 0033
Revises: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLE = "contact_metrics"
BEFORE, NOW = "ix_contact_metrics_workspace_id_zone", "ix_contact_metrics_in_order_of_score_by_zone"


def upgrade() -> None:
    op.create_index(NOW, TABLE, ["workspace_id", "zone", "tier", "score", "silence", "contact_id"])
    op.drop_index(BEFORE, table_name=TABLE)


def downgrade() -> None:
    op.create_index(BEFORE, TABLE, ["workspace_id", "zone", "score"])
    op.drop_index(NOW, table_name=TABLE)
