"""Why a mail did not go out is kept without the sentence about a plan, as the program has it now.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OUTBOX = sa.table("outbox", sa.column("reason", sa.String))
NOW = (
    "It could not be sent within a day of its time.",
    "It was held back until it was more than a day late.",
)
PLAN = " The week's page has the plan."


def upgrade() -> None:
    for reason in NOW:
        op.execute(OUTBOX.update().where(OUTBOX.c.reason == reason + PLAN).values(reason=reason))


def downgrade() -> None:
    for reason in NOW:
        op.execute(OUTBOX.update().where(OUTBOX.c.reason == reason).values(reason=reason + PLAN))
