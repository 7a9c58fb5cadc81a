"""What a change did to rows, kept as JSON, and the change taken back later, whatever else happened since.

Values are those the database stores (days and moments as numbers), so that what is written back is the same to the bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, and_, column, literal, select, table, type_coerce
from sqlalchemy.types import TypeDecorator

from crm.storage.tables import metadata

Row: TypeAlias = dict[str, Any]
Snapshot: TypeAlias = dict[str, dict[tuple[Any, ...], Row]]
Change: TypeAlias = tuple[str, Row | None, Row | None]
"""The table, the row before (None: it was made) and the row after (None: it was taken away)."""

_BY_VALUE = dict.fromkeys(
    ("contact_email", "contact_phone", "contact_address"), ("workspace_id", "contact_id", "value")
)
"""Rows known by what they say, since their place changes when a form is saved."""


def snapshot(connection: Connection, wanted: Mapping[Table, ColumnElement[bool]]) -> Snapshot:
    """The rows that fulfil these conditions, by table and key."""
    found: Snapshot = {}
    for one, condition in wanted.items():
        rows = [dict(row._mapping) for row in connection.execute(select(*_raw(one)).where(condition))]
        found[one.name] = {_key(one, row): row for row in rows}
    return found


def changes(before: Snapshot, after: Snapshot) -> list[Change]:
    """What differs between two snapshots of the same conditions."""
    found: list[Change] = []
    for name in before:
        for key in {**before[name], **after[name]}:
            old, new = before[name].get(key), after[name].get(key)
            if old != new:
                found.append((name, old, new))
    return found


def as_typed(connection: Connection, name: str, row: Row) -> Row:
    """A row of the table ``name`` as a change kept it, its days and moments no longer numbers."""
    columns = metadata.tables[name].c
    return {
        key: kind.process_result_value(value, connection.dialect)
        if key in columns and isinstance(kind := columns[key].type, TypeDecorator)
        else value
        for key, value in row.items()
    }


def take_back(connection: Connection, made: Iterable[Change]) -> None:
    """Make the rows what they were before.

    What somebody changed since stays changed: a row is taken away, and a value set back, only where it is still as the
    change left it. A row whose parent is gone since does not come back.
    """
    ordered = sorted(made, key=lambda change: _PLACE[change[0]])
    for name, before, after in reversed(ordered):
        if before is None and after is not None:
            _delete(connection, metadata.tables[name], after)
    for name, before, after in ordered:
        if before is not None and after is None:
            _insert(connection, metadata.tables[name], before)
    for name, before, after in ordered:
        if before is not None and after is not None:
            _set_back(connection, metadata.tables[name], before, after)


_PLACE = {one.name: place for place, one in enumerate(metadata.sorted_tables)}


def _raw(one: Table) -> list[ColumnElement[Any]]:
    return [type_coerce(each, _stored_type(each)).label(each.name) for each in one.c]


def _stored_type(each: Any) -> Any:
    return each.type.impl if isinstance(each.type, TypeDecorator) else each.type


def _twin(one: Table) -> Any:
    """The table without our types, for values as they are stored."""
    return table(one.name, *(column(each.name, _stored_type(each)) for each in one.c))


def _names(one: Table) -> Sequence[str]:
    return _BY_VALUE.get(one.name) or [each.name for each in one.primary_key]


def _key(one: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _names(one))


def _this(one: Any, names: Iterable[str], row: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(*(one.c[name] == row[name] for name in names))


def _delete(connection: Connection, one: Table, row: Row) -> None:
    twin = _twin(one)
    connection.execute(twin.delete().where(_this(twin, _names(one), row)))


def _insert(connection: Connection, one: Table, row: Row) -> None:
    twin = _twin(one)
    own = [each.name for each in one.primary_key]
    there = select(literal(1)).select_from(twin).where(_this(twin, own, row))
    settled = _with_parents(connection, one, row)
    if settled is not None and connection.execute(there).first() is None:
        connection.execute(twin.insert(), settled)


def _set_back(connection: Connection, one: Table, before: Row, after: Row) -> None:
    twin = _twin(one)
    where = _this(twin, _names(one), after)
    now = connection.execute(select(*twin.c).where(where)).mappings().one_or_none()
    if now is None:
        return
    differing = [name for name in before if before[name] != after[name] and now[name] == after[name]]
    settled = _with_parents(connection, one, {**now, **{name: before[name] for name in differing}})
    if differing and settled is not None:
        values = {name: settled[name] for name in differing}
        connection.execute(twin.update().where(where).values(values))


def _with_parents(connection: Connection, one: Table, row: Row) -> Row | None:
    """The row with references to what is gone since left empty; None where it cannot be without one."""
    settled = dict(row)
    for reference in one.foreign_key_constraints:
        pairs = [(each.parent, each.column) for each in reference.elements]
        if any(row[own.name] is None for own, _ in pairs):
            continue
        parent = _twin(reference.referred_table)
        there = select(literal(1)).where(and_(*(parent.c[to.name] == row[own.name] for own, to in pairs)))
        if connection.execute(there).first() is not None:
            continue
        if not pairs[-1][0].nullable:
            return None
        settled[pairs[-1][0].name] = None
    return settled
