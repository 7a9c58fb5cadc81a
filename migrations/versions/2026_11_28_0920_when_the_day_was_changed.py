"""A week whose day was changed falls due at the change, and a team digest is owed from when it was last switched on.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("nudge_not_before", sa.BigInteger(), nullable=True))
    op.add_column("user", sa.Column("digest_since", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "digest_since")
    op.drop_column("user", "nudge_not_before")
