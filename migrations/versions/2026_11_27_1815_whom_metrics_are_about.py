"""Stored metrics say of which tier and kind their person is and their own targets, and are in the orders of the lists.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLE = "contact_metrics"
OWN = {
    **dict.fromkeys(("tier", "kind"), sa.String()),
    **dict.fromkeys(("target_any", "target_personal", "target_in_person"), sa.Integer()),
}
SILENCE = "ix_contact_metrics_workspace_id_silence"
TIER = "ix_contact_metrics_workspace_id_tier"
GONE = "ix_contact_workspace_id_gone"
IS_GONE = "archived_at IS NOT NULL OR deceased_on IS NOT NULL"
LONGEST_FIRST = """
CASE WHEN zone IS NULL THEN 2000000 ELSE 0 END
- CASE WHEN days_since_any IS NULL THEN 999999 ELSE coalesce(days_since_personal, 1000000) END
"""


def upgrade() -> None:
    for name, kind in OWN.items():
        op.add_column(TABLE, sa.Column(name, kind, nullable=True))
    same = "contact.workspace_id = contact_metrics.workspace_id AND contact.id = contact_metrics.contact_id"
    op.add_column(TABLE, sa.Column("silence", sa.Integer(), nullable=True))
    for name in OWN:
        op.execute(
            f"UPDATE {TABLE} SET {name} = (SELECT {name} FROM contact WHERE {same}) WHERE known_days IS NOT NULL"
        )
    op.execute(f"UPDATE {TABLE} SET silence = {LONGEST_FIRST}")
    op.create_index(op.f(SILENCE), TABLE, ["workspace_id", "silence"])
    op.create_index(
        op.f(GONE),
        "contact",
        ["workspace_id"],
        sqlite_where=sa.text(IS_GONE),
        postgresql_where=sa.text(IS_GONE),
    )
    op.create_index(op.f(TIER), TABLE, ["workspace_id", "tier", "score", "zone", "kind", "contact_id"])


def downgrade() -> None:
    op.drop_index(op.f(GONE), table_name="contact")
    for name in (TIER, SILENCE):
        op.drop_index(op.f(name), table_name=TABLE)
    for name in ("silence", *reversed(OWN)):
        op.drop_column(TABLE, name)
