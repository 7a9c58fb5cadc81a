"""Compiles the expression trees of the domain to SQL over a relation of metrics."""

from collections.abc import Callable, Mapping
from typing import Any as Whatever

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Double,
    Float,
    Integer,
    Null,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    true,
)

from crm.domain.expressions import (
    All,
    Any,
    Arithmetic,
    Call,
    Case,
    Compare,
    Condition,
    Constant,
    Metric,
    Missing,
    Not,
    Tagged,
    Value,
)

Columns = Mapping[str, ColumnElement[Whatever]]
"""The SQL behind each metric's name."""

_OPERATORS: dict[str, Callable[[Whatever, Whatever], Whatever]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: cast(left, Double) / func.nullif(cast(right, Double), 0.0),
    "pow": lambda left, right: func.pow(cast(left, Double), cast(right, Double)),
    "least": lambda left, right: case((left <= right, left), (right < left, right)),
    "greatest": lambda left, right: case((left >= right, left), (right > left, right)),
}


def compile_value(value: Value, columns: Columns) -> ColumnElement[Whatever]:
    """The SQL of a value; ``columns`` must name every metric in it."""
    match value:
        case Constant(None):
            return null()
        case Constant(int(constant)):
            return literal_column(str(int(constant)), Integer)
        case Constant(constant):
            return literal(constant, Double() if isinstance(constant, float) else None)
        case Metric(name):
            return columns[name]
        case Arithmetic(operation, left, right):
            joined: ColumnElement[Whatever] = _OPERATORS[operation](
                _typed(compile_value(left, columns)), _typed(compile_value(right, columns))
            )
            return joined
        case Call(function, argument):
            sql = cast(compile_value(argument, columns), Double)
            called: ColumnElement[Whatever] = getattr(func, function)(sql, type_=Float())
            return called
        case Case(branches, otherwise):
            whens = [
                (compile_condition(when, columns), compile_value(then, columns)) for when, then in branches
            ]
            default = compile_value(otherwise, columns)
            if all(isinstance(then, Null) for then in (default, *(then for _, then in whens))):
                return _typed(default)
            return case(*whens, else_=default)
    raise TypeError(f"not a value: {value!r}")


def _typed(sql: ColumnElement[Whatever]) -> ColumnElement[Whatever]:
    """A missing value as a missing number: PostgreSQL takes a bare NULL that meets no other type for a text."""
    return cast(sql, Double) if isinstance(sql, Null) else sql


def compile_condition(condition: Condition, columns: Columns) -> ColumnElement[bool]:
    """The SQL of a condition, with SQL's own handling of what is missing."""
    match condition:
        case Compare(comparison, left, right):
            first, second = compile_value(left, columns), compile_value(right, columns)
            if isinstance(first, Null) or isinstance(second, Null):
                return cast(null(), Boolean)  # SQLAlchemy would ask IS NULL, which is never unknown
            compared: ColumnElement[bool] = _OPERATORS[comparison](first, second)
            return compared
        case Missing(value):
            return compile_value(value, columns).is_(None)
        case Tagged():
            return columns[condition.name]
        case All(parts):
            return and_(true(), *(compile_condition(part, columns) for part in parts))
        case Any(parts):
            return or_(false(), *(compile_condition(part, columns) for part in parts))
        case Not(part):
            return not_(compile_condition(part, columns))
    raise TypeError(f"not a condition: {condition!r}")
