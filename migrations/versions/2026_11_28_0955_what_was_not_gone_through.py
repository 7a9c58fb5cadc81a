"""A mailbox of one's own says where what it sent was not gone through.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BEFORE = (
    "waiting",
    "good",
    "forbidden",
    "unknown_host",
    "unreachable",
    "untrusted",
    "slow",
    "too_big",
    "garbled",
    "password",
    "no_tls",
    "no_folder",
    "refused",
    "key",
)
NEW = ("interrupted", "unreadable", "passed_over")


def upgrade() -> None:
    _hold_to((*BEFORE, *NEW))


def downgrade() -> None:
    mailbox = sa.table("own_mailbox", sa.column("state", sa.String))
    op.execute(mailbox.update().where(mailbox.c.state.in_(NEW)).values(state="waiting"))
    _hold_to(BEFORE)


def _hold_to(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("own_mailbox") as batch:
        batch.drop_constraint(op.f("ck_own_mailbox_state"), type_="check")
        batch.create_check_constraint(op.f("ck_own_mailbox_state"), f"state IN ({listed})")
