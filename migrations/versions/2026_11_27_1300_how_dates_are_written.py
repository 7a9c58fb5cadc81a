"""Teams and users say how dates, times and numbers are written for them.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("workspace", "user"):
        op.add_column(table, sa.Column("written", sa.Text(), nullable=True))


def downgrade() -> None:
    for table in ("user", "workspace"):
        op.drop_column(table, "written")
