"""themes of signals, and matters taken away"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signal", sa.Column("theme", sa.String(), nullable=True))
    op.create_table(
        "removed_matter",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("removed_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_removed_matter_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_removed_matter")),
    )
    op.create_index(
        "ix_removed_matter_workspace_id_contact_id", "removed_matter", ["workspace_id", "contact_id"]
    )


def downgrade() -> None:
    op.drop_table("removed_matter")
    with op.batch_alter_table("signal") as batch:
        batch.drop_column("theme")
