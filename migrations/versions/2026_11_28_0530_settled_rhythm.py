"""Contact days of long ago are kept as sums beside the stored metrics.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLE = "contact_metrics"
COLUMNS = {
    "settled_on": sa.Integer(),
    "settled_days": sa.Integer(),
    **dict.fromkeys(("settled_strength", "settled_gap_log", "settled_gap_weight"), sa.Double()),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column(TABLE, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column(TABLE, name)
