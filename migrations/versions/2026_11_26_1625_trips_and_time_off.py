"""trips, days off, and how much a quarter may hold in person"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def stretch(name: str, *more: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        *more,
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f(f"ck_{name}_days")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f(f"fk_{name}_workspace_id_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_workspace_id_user_id_last_day", name, ["workspace_id", "user_id", "last_day"])


def upgrade() -> None:
    stretch(
        "trip",
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("room", sa.Integer(), nullable=False),
    )
    stretch("time_off")
    op.add_column("user", sa.Column("budget_in_person_quarter", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("user") as batch:
        batch.drop_column("budget_in_person_quarter")
    op.drop_table("time_off")
    op.drop_table("trip")
