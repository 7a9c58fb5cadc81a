"""One tree, two readings: what Python works out for one contact is what SQL works out for all of them."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Double, Integer, Subquery, cast, literal, null, select, union_all

from crm.domain.expressions import (
    All,
    Arithmetic,
    Case,
    Compare,
    Condition,
    Constant,
    Metric,
    Missing,
    Not,
    Value,
    evaluate,
    first_that,
    holds,
    known,
    lift,
)
from crm.domain.expressions import Any as Some
from crm.storage.compiler import compile_condition, compile_value
from crm.storage.database import Database

WHOLE = ("whole", "other")
REAL = ("real", "share")
PEOPLE: tuple[dict[str, Any], ...] = (
    {"whole": 0, "other": 0, "real": 0.0, "share": 0.8, "tier": "key"},
    {"whole": 3, "other": -7, "real": 2.5, "share": None, "tier": "none"},
    {"whole": None, "other": 5, "real": None, "share": 0.25, "tier": "key"},
    {"whole": 60, "other": None, "real": -0.5, "share": 1.0, "tier": "warm"},
    {"whole": None, "other": None, "real": None, "share": None, "tier": "key"},
)

numbers = st.one_of(
    st.integers(-9, 60).map(Constant),
    st.sampled_from((0.0, 0.5, 0.8, -1.5, 14.0)).map(Constant),
    st.just(Constant(None)),
    st.sampled_from((*WHOLE, *REAL)).map(Metric),
)
words: st.SearchStrategy[Value] = st.one_of(
    st.just(Metric("tier")), st.sampled_from(("key", "warm")).map(Constant)
)
comparisons = st.sampled_from(("<", "<=", ">", ">=", "=", "!="))


def conditions_over(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Condition]:
    single = st.one_of(
        st.builds(Compare, comparisons, values, values),
        st.builds(Compare, st.sampled_from(("=", "!=")), words, words),
        st.builds(Missing, values),
    )
    several = st.lists(single, max_size=3).map(tuple)
    joined = st.one_of(single, st.builds(All, several), st.builds(Some, several))
    return st.one_of(joined, st.builds(Not, joined))


def richer(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    branches = st.lists(st.tuples(conditions_over(values), values), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from(("+", "-", "*", "/", "least", "greatest")), values, values),
        st.builds(Case, branches, values),
    )


values: st.SearchStrategy[Value] = st.recursive(numbers, richer, max_leaves=6)


def people() -> Subquery:
    rows = [
        select(
            literal(place).label("place"),
            *(cast(null() if person[name] is None else person[name], Integer).label(name) for name in WHOLE),
            *(cast(null() if person[name] is None else person[name], Double).label(name) for name in REAL),
            literal(person["tier"]).label("tier"),
        )
        for place, person in enumerate(PEOPLE)
    ]
    return union_all(*rows).subquery()


def in_sql(database: Database, value: Value, condition: Condition) -> list[tuple[Any, bool]]:
    relation = people()
    columns = {column.name: column for column in relation.c}
    with database.read() as connection:
        found = connection.execute(
            select(compile_value(value, columns)).select_from(relation).order_by(relation.c.place)
        ).scalars()
        matching = connection.execute(
            select(relation.c.place).where(compile_condition(condition, columns))
        ).scalars()
        matched = set(matching)
        return [(one, place in matched) for place, one in enumerate(found)]


def assert_agree(database: Database, value: Value, condition: Condition) -> None:
    for person, (found, matched) in zip(PEOPLE, in_sql(database, value, condition), strict=True):
        wanted = evaluate(value, person)
        if isinstance(wanted, (int, float)) and found is not None:
            assert math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12), person
        else:
            assert found == wanted, person
        assert matched is holds(condition, person), person


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(value=values, condition=conditions_over(values))
def test_python_and_sql_agree_on_any_tree(database: Database, value: Value, condition: Condition) -> None:
    assert_agree(database, value, condition)


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (Metric("whole") / Metric("other"), (Metric("whole") / 0.0).missing()),
        (Constant(7) / 2, Compare("=", Constant(7) / 2, Constant(3.5))),
        (lift(None) + lift(None), Compare("=", Metric("whole"), Constant(None))),
        (lift(None), Not(Compare("!=", Constant(None), Metric("whole")))),
        (first_that((Metric("whole").gt(1), None)) * 2, ~Metric("whole").gt(1)),
        (known(Metric("whole"), first_that((Metric("other").gt(1), None))), All(())),
        (first_that((Metric("tier").eq("key"), "yes"), otherwise=None), Some(())),
        (first_that((Metric("whole").gt(1), "a"), otherwise="b"), ~Metric("tier").one_of("key", "warm")),
        (Metric("real") * 1.0, Not(All((Metric("whole").gt(1), Metric("other").gt(1))))),
        (Metric("share"), Metric("share").ge(0.8)),
    ],
)
def test_python_and_sql_agree_at_the_corners(database: Database, value: Value, condition: Condition) -> None:
    assert_agree(database, value, condition)


def test_functions_agree(database: Database) -> None:
    from crm.domain.expressions import Call

    base = Metric("share") + 0.1
    for value in (
        Call("floor", Metric("real")),
        Call("exp", Metric("real")),
        Call("ln", base),
        base ** Metric("other"),
        base ** Metric("real"),
    ):
        assert_agree(database, value, value.ge(1))
