"""A suggestion says when it was made: whoever joined a plan later had their days counted from the plan's making.

Revision ID: 0034
Revises: 0033
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

PLAN = sa.table("plan", *(sa.column(name) for name in ("workspace_id", "id", "made_at")))
MERGE = sa.table("merge", *(sa.column(name) for name in ("workspace_id", "id", "content")))


def upgrade() -> None:
    op.add_column("suggestion", sa.Column("made_at", sa.BigInteger(), nullable=True))
    same = "plan.workspace_id = suggestion.workspace_id AND plan.id = suggestion.plan_id"
    op.execute(f"UPDATE suggestion SET made_at = (SELECT made_at FROM plan WHERE {same})")
    with op.batch_alter_table("suggestion") as batch:
        batch.alter_column("made_at", existing_type=sa.BigInteger(), nullable=False)
    _rewrite_merges(op.get_bind())


def _rewrite_merges(connection: Any) -> None:
    """Suggestions that a merge took away can still come back when it is undone."""
    for merge in connection.execute(sa.select(MERGE)).all():
        content = json.loads(merge.content)
        rows = [row for name, *both in content["changes"] if name == "suggestion" for row in both if row]
        if not rows:
            continue
        for row in rows:
            made = sa.select(PLAN.c.made_at).where(
                PLAN.c.workspace_id == row["workspace_id"], PLAN.c.id == row["plan_id"]
            )
            row["made_at"] = connection.execute(made).scalar_one_or_none()
        own = (MERGE.c.workspace_id == merge.workspace_id, MERGE.c.id == merge.id)
        connection.execute(MERGE.update().where(*own).values(content=json.dumps(content, ensure_ascii=False)))


def downgrade() -> None:
    op.drop_column("suggestion", "made_at")
