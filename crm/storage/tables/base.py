"""What every table shares: names of constraints, the workspace first in every key, and small column makers."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def workspace_id() -> Column[int]:
    """First in every key and index: the boundary between teams, and one day the distribution key."""
    return Column("workspace_id", BigInteger, primary_key=True, autoincrement=False)


def own_id() -> Column[int]:
    """The row's id, from ``new_ids``."""
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def one_of(name: str, choices: Iterable[str], **options: Any) -> tuple[Column[str], CheckConstraint]:
    """A word from a fixed list, with the constraint that holds it."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    options.setdefault("nullable", False)
    return Column(name, String, **options), CheckConstraint(f"{name} IN ({listed})", name=name)


def belongs_to(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference to a row of the same workspace."""
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete=ondelete
    )


def in_workspace() -> ForeignKeyConstraint:
    """The reference every table has to its workspace."""
    return ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE")
