"""Trees over metrics: three-valued truth, and what a missing value does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.expressions import (
    All,
    Any,
    Condition,
    Constant,
    Metric,
    Scalar,
    Value,
    evaluate,
    first_that,
    greatest,
    holds,
    known,
    least,
    names_in,
    truth,
)

TRUE, FALSE, UNKNOWN = (Constant(number).gt(0) for number in (1, -1, None))
MEANING = {True: TRUE, False: FALSE, None: UNKNOWN}
truths = st.sampled_from((True, False, None))


@given(parts=st.lists(truths, max_size=5))
def test_all_is_the_least_and_any_the_greatest_of_false_unknown_true(parts: list[bool | None]) -> None:
    order = [False, None, True]
    conditions = tuple(MEANING[part] for part in parts)
    places = [order.index(part) for part in parts]
    assert truth(All(conditions), {}) is order[min(places, default=2)]
    assert truth(Any(conditions), {}) is order[max(places, default=0)]


@given(one=truths, other=truths)
def test_not_turns_and_into_or_and_leaves_the_unknown_unknown(one: bool | None, other: bool | None) -> None:
    first, second = MEANING[one], MEANING[other]
    assert truth(~(first & second), {}) is truth(~first | ~second, {})
    assert truth(~~first, {}) is one
    assert holds(~first, {}) is (one is False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Metric("n") + 1, None),
        (Metric("n") * 0, None),
        (Constant(1) / 0, None),
        (Constant(7) / 2, 3.5),
        (least(Metric("n"), 3), None),
        (greatest(3, Metric("n")), None),
        (least(2, 3.5), 2),
        (greatest(2, 3.5), 3.5),
        (known(Metric("n"), 4), 4),
        (known(Metric("m"), 4), 6),
        (Constant(9) ** 0.5, 3.0),
        (first_that((Metric("n").gt(0), "a"), (Metric("m").gt(0), "b")), "b"),
        (first_that((Metric("n").gt(0), "a")), None),
    ],
)
def test_values(value: Value, expected: Scalar) -> None:
    assert evaluate(value, {"n": None, "m": 6}) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Metric("m").between(5, 60), True),
        (Metric("m").between(6, 6), True),
        (Metric("m").between(7, 60), False),
        (Metric("n").between(5, 60), None),
        (Metric("n").missing(), True),
        (Metric("m").missing(), False),
        (Metric("tier").one_of("key", "regular"), True),
        (Metric("tier").one_of(), False),
        (Metric("tier").eq("warm"), False),
    ],
)
def test_conditions(condition: Condition, expected: bool | None) -> None:
    assert truth(condition, {"n": None, "m": 6, "tier": "key"}) is expected


def test_a_metric_nobody_worked_out_is_a_mistake_of_ours_and_is_said() -> None:
    with pytest.raises(KeyError):
        evaluate(Metric("days_since_carrier_pigeon"), {})
    with pytest.raises(TypeError):
        evaluate(Metric("tier") + 1, {"tier": "key"})


def test_names_come_once_in_the_order_of_first_mention() -> None:
    inner = first_that((Metric("b").missing(), Metric("a")), otherwise=Metric("c") + Metric("b"))
    condition = (inner.gt(Metric("d")) & ~Metric("a").eq(1)) | Metric("e").missing()
    assert list(names_in(condition)) == ["b", "a", "c", "d", "e"]


def test_and_and_or_lie_flat() -> None:
    assert All((TRUE, FALSE, UNKNOWN)) == TRUE & FALSE & UNKNOWN
    assert Any((TRUE, FALSE, UNKNOWN)) == TRUE | FALSE | UNKNOWN
