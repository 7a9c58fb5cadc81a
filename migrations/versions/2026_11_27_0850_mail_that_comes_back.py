"""Mail that comes back: the mailbox it is read from, bounces, and addresses that take no mail.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_inbox")),
    )
    op.create_table(
        "mail_return",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.String(), nullable=False),
        sa.Column("for_good", sa.Boolean(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "outbox_id"],
            ["outbox.workspace_id", "outbox.id"],
            name=op.f("fk_mail_return_workspace_id_outbox"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_mail_return")),
        sa.UniqueConstraint(
            "workspace_id", "message_key", name=op.f("uq_mail_return_workspace_id_message_key")
        ),
    )
    op.create_index("ix_mail_return_workspace_id_outbox_id", "mail_return", ["workspace_id", "outbox_id"])
    op.create_table(
        "mail_stop",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_mail_stop_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "lifted_by"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_mail_stop_workspace_id_user"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_mail_stop")),
    )
    op.create_index(
        "ix_mail_stop_workspace_id_address",
        "mail_stop",
        ["workspace_id", "address"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_message_id", "outbox")
    op.drop_table("mail_stop")
    op.drop_table("mail_return")
    op.drop_table("inbox")
