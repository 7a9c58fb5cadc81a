"""Who found no place in a plan is a row of its own: counted and found by its key, however many they are.

Revision ID: 0025
Revises: 0024
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

PLAN = sa.table("plan", *(sa.column(name) for name in ("workspace_id", "id", "user_id", "left_out")))
CONTACT = sa.table("contact", *(sa.column(name) for name in ("workspace_id", "id")))
MERGE = sa.table("merge", *(sa.column(name) for name in ("workspace_id", "id", "content")))
NAMES = ("workspace_id", "plan_id", "contact_id", "user_id", "reason", "day")
LEFT_OUT = sa.table("left_out", *(sa.column(name) for name in NAMES))


def upgrade() -> None:
    whole = {name: sa.Column(name, sa.BigInteger(), nullable=False) for name in NAMES[:4]}
    op.create_table(
        "left_out",
        *whole.values(),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", f"{other}_id"],
                [f"{other}.workspace_id", f"{other}.id"],
                name=op.f(f"fk_left_out_workspace_id_{other}"),
                ondelete="CASCADE",
            )
            for other in ("plan", "user", "contact")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "plan_id", "contact_id", name=op.f("pk_left_out")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_left_out_workspace_id_contact_id"), "left_out", ["workspace_id", "contact_id"])
    connection = op.get_bind()
    for plan in connection.execute(sa.select(PLAN)).all():
        there = set(
            connection.execute(
                sa.select(CONTACT.c.id).where(CONTACT.c.workspace_id == plan.workspace_id)
            ).scalars()
        )
        rows = [row for row in rows_of(plan._mapping) if row["contact_id"] in there]
        if rows:
            connection.execute(LEFT_OUT.insert(), rows)
    _rewrite_merges(connection)
    op.drop_column("plan", "left_out")


def rows_of(plan: Any) -> list[dict[str, Any]]:
    """What a plan kept as a list, a row each."""
    shared = {"workspace_id": plan["workspace_id"], "plan_id": plan["id"], "user_id": plan["user_id"]}
    return [
        {**shared, "contact_id": who, "reason": why, "day": day and date.fromisoformat(day).toordinal()}
        for who, why, day in json.loads(plan["left_out"])
    ]


def _rewrite_merges(connection: Any) -> None:
    """What a merge did to the lists of plans, as what it did to rows, so that it can still be undone."""
    for merge in connection.execute(sa.select(MERGE)).all():
        content = json.loads(merge.content)
        if any(name == "plan" for name, _, _ in content["changes"]):
            content["changes"] = list(_as_rows(content["changes"]))
            own = (MERGE.c.workspace_id == merge.workspace_id, MERGE.c.id == merge.id)
            connection.execute(
                MERGE.update().where(*own).values(content=json.dumps(content, ensure_ascii=False))
            )


def _as_rows(changes: Any) -> Iterator[Any]:
    for name, before, after in changes:
        if name != "plan":
            yield name, before, after
            continue
        old, new = ({row["contact_id"]: row for row in rows_of(plan)} for plan in (before, after))
        for who in old.keys() | new.keys():
            if old.get(who) != new.get(who):
                yield "left_out", old.get(who), new.get(who)


def downgrade() -> None:
    op.add_column("plan", sa.Column("left_out", sa.Text(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    lists: dict[tuple[int, int], list[Any]] = {}
    for row in connection.execute(sa.select(LEFT_OUT)).all():
        told = [row.contact_id, row.reason, row.day and date.fromordinal(row.day).isoformat()]
        lists.setdefault((row.workspace_id, row.plan_id), []).append(told)
    for (workspace_id, plan_id), told in lists.items():
        own = (PLAN.c.workspace_id == workspace_id, PLAN.c.id == plan_id)
        connection.execute(PLAN.update().where(*own).values(left_out=json.dumps(told)))
    op.drop_table("left_out")
