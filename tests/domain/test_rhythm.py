"""The rhythm's formulas in Python, as what-ifs use them, against the check values and the oracle."""

import functools
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.expressions import Constant, evaluate
from crm.domain.rhythm import Running, quiet_chance, usual_gap
from tests import oracle

A_YEAR = range(366)


def chance(ages: list[int], horizon: int = 30) -> float:
    days = sorted(set(ages))
    strength = sum(math.exp(-age / 180) for age in days)
    value = evaluate(quiet_chance(Constant(strength), Constant(days[0]), horizon), {})
    assert isinstance(value, float)
    return value


def gap(ages: list[int]) -> float:
    days = sorted(set(ages), reverse=True)
    weights = [math.exp((days[-1] - age) / 180) for age in days[1:]]
    logs = [math.log(earlier - later) for earlier, later in itertools.pairwise(days)]
    gap_log = sum(weight * log for weight, log in zip(weights, logs, strict=True))
    value = evaluate(usual_gap(Constant(gap_log), Constant(sum(weights))), {})
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("ages", "quiet_p", "rhythm_days"),
    [
        ([0], 0.681, None),
        ([14 + age for age in A_YEAR], 0.362, None),
        ([42 + age for age in A_YEAR], 0.600, None),
        ([30, 60, 90, 120, 150], 0.808, 25.0),
        ([63 + 21 * number for number in range(8)], 0.864, 19.6),
    ],
)
def test_the_check_values(ages: list[int], quiet_p: float, rhythm_days: float | None) -> None:
    assert round(chance(ages), 3) == quiet_p
    assert rhythm_days is None or round(gap(ages), 1) == rhythm_days


ages_of_contact_days = st.lists(st.integers(0, 1500), min_size=1, max_size=30, unique=True)


@given(ages=ages_of_contact_days)
def test_the_formulas_agree_with_the_oracle(ages: list[int]) -> None:
    expected = oracle.rhythm(ages)
    assert chance(ages) == pytest.approx(expected["quiet_p"], rel=1e-9)
    if expected["rhythm_days"] is not None:
        assert gap(ages) == pytest.approx(expected["rhythm_days"], rel=1e-9)


@given(ages=ages_of_contact_days, horizon=st.integers(1, 365))
def test_a_longer_horizon_is_less_likely_and_a_longer_silence_more_lasting(
    ages: list[int], horizon: int
) -> None:
    assert 0 < chance(ages, horizon + 1) < chance(ages, horizon) < 1
    assert chance([age + 1 for age in ages], horizon) > chance(ages, horizon)


@given(ages=ages_of_contact_days)
def test_the_sums_run_from_one_contact_day_to_the_next(ages: list[int]) -> None:
    today = 740_000
    days = sorted(today - age for age in ages)
    found = functools.reduce(Running.then, days[1:], Running(days[0]))
    assert (found.day, found.gaps) == (days[-1], len(days) - 1)
    expected = oracle.rhythm(ages)
    assert found.strength_on(today) == pytest.approx(sum(math.exp(-age / 180) for age in ages), rel=1e-9)
    if expected["rhythm_days"] is not None:
        usual = evaluate(usual_gap(Constant(found.gap_log), Constant(found.gap_weight)), {})
        assert usual == pytest.approx(expected["rhythm_days"], rel=1e-9)
