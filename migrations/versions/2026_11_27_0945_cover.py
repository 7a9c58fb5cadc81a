"""A colleague who looks after somebody's people while they are off.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cover",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time_off_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "time_off_id"],
            ["time_off.workspace_id", "time_off.id"],
            name=op.f("fk_cover_workspace_id_time_off"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_cover_workspace_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "time_off_id", name=op.f("pk_cover")),
    )
    op.create_index("ix_cover_workspace_id_user_id", "cover", ["workspace_id", "user_id"])


def downgrade() -> None:
    op.drop_table("cover")
