"""All rules in one SELECT: who matches any of them, and which, as a mask of bits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, case, cast, false, literal, or_, select

from crm.domain.rules import Rule
from crm.storage.compiler import compile_condition

MOST_RULES = 60
"""A mask is a 64-bit integer; more rules than this take another SELECT."""


def matches(relation: Subquery, rules: Sequence[Rule]) -> Select[Any]:
    """Rows of ``relation`` (see ``crm.storage.metrics.as_of``) that match a rule, with ``rule_mask`` and ``high_mask``.

    Bit i of ``rule_mask`` stands for ``rules[i]``; of ``high_mask``, that its severity is raised.
    """
    columns = {column.name: column for column in relation.c}
    conditions = [compile_condition(rule.condition(), columns) for rule in rules[:MOST_RULES]]
    raised = [
        compile_condition(rule.high_when, columns) if rule.high_when is not None else None
        for rule in rules[:MOST_RULES]
    ]
    return select(
        *relation.c,
        _mask(conditions).label("rule_mask"),
        _mask(raised).label("high_mask"),
    ).where(or_(false(), *conditions))


def _mask(conditions: Sequence[ColumnElement[bool] | None]) -> ColumnElement[int]:
    mask: ColumnElement[int] = literal(0, BigInteger)
    for place, condition in enumerate(conditions):
        if condition is not None:
            mask = mask + case((condition, cast(1 << place, BigInteger)), else_=cast(0, BigInteger))
    return mask
