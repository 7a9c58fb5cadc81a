"""Inserting many rows at once, past what Core does for each value: a file may bring a million."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows given as values of the named columns; types convert as ever, one column at a time."""
    if not rows:
        return
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    columns: list[Sequence[Any]] = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:  # days and moments of import come again and again
            converted = {value: convert(value) for value in set(values)}
            columns.append([converted[value] for value in values])
        else:
            columns.append(values)
    defaults = {
        column.name: column.default.arg
        for column in table.c
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    }
    columns += [[value] * len(rows) for value in defaults.values()]
    names = [*names, *defaults]
    marks = ["?" if dialect.paramstyle == "qmark" else f"${place + 1}" for place in range(len(names))]
    statement = (
        f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))}) "  # noqa: S608 (names of our own tables)
        f"VALUES ({', '.join(marks)})"
    )
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))
