"""Search reads words and names off indexes.

PostgreSQL's hold no more than 2,704 bytes of a row, and somebody's words can be more; its index of names is in the order
of its language, where names that begin alike need not stand together.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

WORDS, NAMES = "ix_contact_workspace_id_search", "ix_contact_workspace_id_name_by_bytes"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(WORDS, "contact", ["workspace_id", "search", "id"])
    else:
        by_bytes = {"folded_name": "text_pattern_ops"}
        op.create_index(NAMES, "contact", ["workspace_id", "folded_name"], postgresql_ops=by_bytes)


def downgrade() -> None:
    name = WORDS if op.get_bind().dialect.name == "sqlite" else NAMES
    op.drop_index(name, table_name="contact")
