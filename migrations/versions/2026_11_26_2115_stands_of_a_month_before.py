"""How people stood a month before, kept beside the metrics of today.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_metrics", sa.Column("then_on", sa.Integer(), nullable=True))
    op.add_column("contact_metrics", sa.Column("then_zone", sa.String(), nullable=True))
    op.add_column("contact_metrics", sa.Column("then_score", sa.Integer(), nullable=True))


def downgrade() -> None:
    for name in ("then_score", "then_zone", "then_on"):
        op.drop_column("contact_metrics", name)
