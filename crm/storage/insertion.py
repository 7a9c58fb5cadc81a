"""Inserts that say what to do about a row that is already there, in the dialect of the database."""

from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table


def insert_into(connection: Connection, table: Table) -> Any:
    """The INSERT of the connection's dialect, which knows ON CONFLICT."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Any:
    """The INSERT of ``sqlite`` or ``postgresql``."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def insert_unless_there(connection: Connection, table: Table, row: dict[str, Any], key: list[str]) -> bool:
    """Insert the row unless one with the same ``key`` columns exists; true if it was inserted."""
    statement = insert_into(connection, table).on_conflict_do_nothing(index_elements=key)
    counted = {"preserve_rowcount": True}  # else psycopg says -1 of an INSERT
    inserted: int = connection.execute(statement, row, execution_options=counted).rowcount
    return inserted == 1
