"""All rules in one SELECT: who matches any of them, and which, as a mask of bits."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    literal,
    literal_column,
    or_,
    select,
)

from crm.domain.expressions import Condition, names_in, tags_in
from crm.domain.metrics import LOOKED_UP
from crm.domain.rules import Rule
from crm.storage.compiler import compile_condition
from crm.storage.tables import contact, contact_metrics, contact_tag, organisation, user

MOST_RULES = 60
"""A mask is a 64-bit integer: a workspace has no more rules than this."""


def matches(
    relation: Subquery, rules: Sequence[Rule], workspace_id: int | ColumnElement[int] | None = None
) -> Select[Any]:
    """Rows of ``relation`` (see ``crm.storage.metrics.as_of``) that match a rule, with ``rule_mask`` and ``high_mask``.

    Bit i of ``rule_mask`` stands for ``rules[i]``; of ``high_mask``, that its severity is raised. ``workspace_id`` is
    needed where a rule asks for a tag, an owner, an organisation or a city.
    """
    held = [rule.condition() for rule in rules[:MOST_RULES]]
    grave = [rule.high_when for rule in rules[:MOST_RULES]]
    source, columns = _source(relation, [one for one in (*held, *grave) if one is not None], workspace_id)
    conditions = [compile_condition(one, columns) for one in held]
    raised = [None if one is None else compile_condition(one, columns) for one in grave]
    found = select(*relation.c, _mask(conditions).label("rule_mask"), _mask(raised).label("high_mask"))
    held_by = found.select_from(source).where(or_(false(), *conditions))
    # Holds for everybody; SQLite then goes through the stored rows in their order, and not in that of their scores.
    is_stored = isinstance(relation.element, Select) and contact_metrics in relation.element.get_final_froms()
    return held_by.where(relation.c.contact_id > 0) if is_stored else held_by


def hits(row: Any, rules: Sequence[Rule]) -> Iterator[tuple[int, bool]]:
    """The places of the ``rules`` that a row of ``matches`` names, and whether the severity of each is raised."""
    for place in range(len(rules)):
        if row.rule_mask >> place & 1:
            yield place, bool(row.high_mask >> place & 1)


def _source(
    relation: Subquery, conditions: Sequence[Condition], workspace_id: int | ColumnElement[int] | None
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Where the rows come from, with the SQL behind each name: what no metric says is joined only if asked for."""
    columns: dict[str, ColumnElement[Any]] = {column.name: column for column in relation.c}
    wanted = {name for condition in conditions for name in names_in(condition)} & set(LOOKED_UP)
    tags = {tag for condition in conditions for tag in tags_in(condition)}
    if not wanted and not tags:
        return relation, columns
    if workspace_id is None:
        raise ValueError("rules that ask for tags, owners, organisations or cities need the workspace")
    person, firm, owner = contact.alias(), organisation.alias(), user.alias()
    source: FromClause = relation
    if wanted:
        source = source.join(
            person, and_(person.c.workspace_id == workspace_id, person.c.id == relation.c.contact_id)
        )
        columns["city"] = person.c.city
    if "organisation" in wanted:
        same = and_(firm.c.workspace_id == workspace_id, firm.c.id == person.c.organisation_id)
        source, columns["organisation"] = source.outerjoin(firm, same), firm.c.name
    if "owner" in wanted:
        same = and_(owner.c.workspace_id == workspace_id, owner.c.id == person.c.owner_id)
        source, columns["owner"] = source.outerjoin(owner, same), owner.c.email
    for tag in tags:
        has = contact_tag.alias().c
        columns[f"tag:{tag}"] = exists(
            select(literal(1))
            .where(has.workspace_id == workspace_id, has.tag == tag, has.contact_id == relation.c.contact_id)
            .correlate(relation)
        )
    return source, columns


def _mask(conditions: Sequence[ColumnElement[bool] | None]) -> ColumnElement[int]:
    """Bits are written out, not bound: filling in a hundred parameters costs more than looking at a small team."""
    mask: ColumnElement[int] = literal_column("0", BigInteger)
    for place, condition in enumerate(conditions):
        if condition is not None:
            bit = literal_column(str(1 << place), BigInteger)
            mask = mask + case((condition, bit), else_=literal_column("0", BigInteger))
    return mask
