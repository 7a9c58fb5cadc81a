"""The users' own calendars, and when their users are busy.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = ("ics", "caldav")
STATES = (
    "waiting",
    "good",
    "forbidden",
    "unknown_host",
    "unreachable",
    "untrusted",
    "slow",
    "too_big",
    "too_many_hops",
    "garbled",
    "password",
    "gone",
    "refused",
    "not_a_calendar",
    "no_caldav",
    "too_much",
    "key",
)


def one_of(name: str, words: tuple[str, ...]) -> str:
    return f"{name} IN ({', '.join(repr(word) for word in words)})"


def user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", "user_id"],
        ["user.workspace_id", "user.id"],
        name=op.f(f"fk_{table}_workspace_id_user"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "own_calendar",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("modified", sa.Text(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("covers_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(one_of("kind", KINDS), name=op.f("ck_own_calendar_kind")),
        sa.CheckConstraint(one_of("state", STATES), name=op.f("ck_own_calendar_state")),
        user("own_calendar"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_own_calendar")),
    )
    op.create_index("ix_own_calendar_next_at", "own_calendar", ["next_at"])
    op.create_table(
        "busy",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_busy_order")),
        user("busy"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", "starts_at", name=op.f("pk_busy")),
    )


def downgrade() -> None:
    op.drop_table("busy")
    op.drop_table("own_calendar")
