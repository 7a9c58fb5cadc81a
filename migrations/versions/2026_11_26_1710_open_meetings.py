"""meetings of a calendar that wait for an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_meeting",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("interaction_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_open_meeting_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "batch_id"],
            ["import_batch.workspace_id", "import_batch.id"],
            name=op.f("fk_open_meeting_workspace_id_batch_id_import_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_open_meeting")),
        sa.UniqueConstraint(
            "workspace_id", "source_key", name=op.f("uq_open_meeting_workspace_id_source_key")
        ),
    )
    op.create_index("ix_open_meeting_workspace_id_user_id", "open_meeting", ["workspace_id", "user_id"])
    op.create_table(
        "open_meeting_contact",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("meeting_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_open_meeting_contact_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "meeting_id"],
            ["open_meeting.workspace_id", "open_meeting.id"],
            name=op.f("fk_open_meeting_contact_workspace_id_meeting_id_open_meeting"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "contact_id", "meeting_id", name=op.f("pk_open_meeting_contact")
        ),
    )
    op.create_index(
        "ix_open_meeting_contact_workspace_id_meeting_id",
        "open_meeting_contact",
        ["workspace_id", "meeting_id"],
    )


def downgrade() -> None:
    op.drop_table("open_meeting_contact")
    op.drop_table("open_meeting")
