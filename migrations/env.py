"""Alembic's entry: the connection comes from ``crm.storage.migrate``, which turned foreign keys off for SQLite."""

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

from crm.storage.tables import metadata


def plain_type(kind: str, item: Any, autogen: Any) -> str | bool:
    """Migrations stand alone: our own column types are written as what they are kept as."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl).__name__}()"
    return False


def of_this_database(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Leave out what only the other database has, such as PostgreSQL's covering index."""
    condition = getattr(item, "_ddl_if", None)
    return condition is None or condition.dialect == connection.dialect.name


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    include_object=of_this_database,
    render_item=plain_type,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
