"""Organisations count their versions, so that of two who change one at once nobody's words are lost.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organisation", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("organisation", "version", server_default=None)


def downgrade() -> None:
    op.drop_column("organisation", "version")
