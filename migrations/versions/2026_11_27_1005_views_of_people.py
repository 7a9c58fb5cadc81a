"""Views are kept of the list of people too.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = "uq_saved_view_workspace_id_user_id_folded_name"
AFTER = "uq_saved_view_workspace_id_user_id_page_folded_name"
MINE = ["workspace_id", "user_id"]


def upgrade() -> None:
    with op.batch_alter_table("saved_view") as batch:
        batch.add_column(sa.Column("page", sa.String(), nullable=False, server_default="health"))
        batch.drop_constraint(op.f(BEFORE), type_="unique")
        batch.create_unique_constraint(op.f(AFTER), [*MINE, "page", "folded_name"])
        batch.create_check_constraint(op.f("ck_saved_view_page"), "page IN ('health', 'people')")
    with op.batch_alter_table("saved_view") as batch:
        batch.alter_column("page", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM saved_view WHERE page <> 'health'")
    with op.batch_alter_table("saved_view") as batch:
        batch.drop_constraint(op.f("ck_saved_view_page"), type_="check")
        batch.drop_constraint(op.f(AFTER), type_="unique")
        batch.create_unique_constraint(op.f(BEFORE), [*MINE, "folded_name"])
        batch.drop_column("page")
