"""What an interaction left behind, so that it goes and comes back with it.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "left_behind",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("removed_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("what IN ('written', 'settled')", name=op.f("ck_left_behind_what")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "interaction_id"],
            ["interaction.workspace_id", "interaction.id"],
            name=op.f("fk_left_behind_workspace_id_interaction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "interaction_id", "what", "record", "row_id", name=op.f("pk_left_behind")
        ),
    )
    op.create_index(
        "ix_left_behind_workspace_id_record_row_id", "left_behind", ["workspace_id", "record", "row_id"]
    )


def downgrade() -> None:
    op.drop_table("left_behind")
