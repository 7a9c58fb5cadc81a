"""Of meetings that were called off before they were in the log, what names anybody is no longer kept.

Revision ID: 0036
Revises: 0035
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SOURCE = sa.table(
    "source_record",
    sa.column("workspace_id", sa.BigInteger),
    sa.column("record", sa.String),
    sa.column("source_key", sa.String),
    sa.column("row_id", sa.BigInteger),
    sa.column("content_hash", sa.Text),
)
STAYS = ("revision", "off", "ahead")
"""Which account it was, and that it was called off, or still to come."""


def upgrade() -> None:
    table, connection = SOURCE.c, op.get_bind()
    off = (table.record == "interaction", table.row_id == 0)
    rows = connection.execute(sa.select(SOURCE).where(*off, table.content_hash != "")).all()
    for row in rows:
        this = (table.workspace_id == row.workspace_id, table.source_key == row.source_key)
        kept = SOURCE.update().where(*off, *this).values(content_hash=_bare(row.content_hash))
        connection.execute(kept)


def downgrade() -> None:
    """What is gone does not come back; the program before this one reads what is left."""


def _bare(content: str) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    return json.dumps({name: said[name] for name in STAYS if name in said}, separators=(",", ":"))
