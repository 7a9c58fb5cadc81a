"""Whom of somebody's people was changed since their plan was made is asked at each look at the week.

Revision ID: 0031
Revises: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE, NOW = "ix_contact_workspace_id_owner_id", "ix_contact_workspace_id_owner_id_changed_at"


def upgrade() -> None:
    op.create_index(NOW, "contact", ["workspace_id", "owner_id", "changed_at"])
    op.drop_index(BEFORE, table_name="contact")


def downgrade() -> None:
    op.create_index(BEFORE, "contact", ["workspace_id", "owner_id"])
    op.drop_index(NOW, table_name="contact")
