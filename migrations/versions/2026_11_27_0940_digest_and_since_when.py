"""The team digest is asked for by a user, and a weekly mail is owed from when it was last switched on.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("digest_on", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("user", sa.Column("nudge_since", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "nudge_since")
    op.drop_column("user", "digest_on")
