"""The statistics of a prediction against the slow, obvious way to count them."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.rhythm_judge import Case, alarm, auc, judge, log_loss, tenths

scored = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()), max_size=40)
certain = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in pairs], [outcome for _, outcome in pairs]


@given(pairs=scored)
def test_auc_is_the_share_of_pairs_won(pairs: list[tuple[float, bool]]) -> None:
    silent = [score for score, outcome in pairs if outcome]
    others = [score for score, outcome in pairs if not outcome]
    won = [
        Fraction(1) if one > other else Fraction(1, 2) if one == other else Fraction(0)
        for one in silent
        for other in others
    ]
    expected = float(sum(won, Fraction(0)) / len(won)) if won else None
    assert auc(*split(pairs)) == expected


@given(pairs=certain)
def test_log_loss_and_tenths_are_means(pairs: list[tuple[float, bool]]) -> None:
    chances, outcomes = split(pairs)
    given_to_what_happened = [chance if outcome else 1 - chance for chance, outcome in pairs]
    expected = sum(-math.log(max(1e-9, one)) for one in given_to_what_happened) / len(pairs)
    assert log_loss(chances, outcomes) == pytest.approx(expected, abs=1e-9)
    found = tenths(chances, outcomes)
    assert sum(one.cases for one in found) == len(pairs)
    for one in found:
        within = [pair for pair in pairs if one.low <= pair[0] < one.high or (one.high == 1.0 == pair[0])]
        assert one.cases == len(within)
        assert one.said == pytest.approx(sum(chance for chance, _ in within) / len(within))
        assert one.happened == sum(outcome for _, outcome in within) / len(within)


@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_precision_and_recall(pairs: list[tuple[bool, bool]]) -> None:
    found = alarm("any", [named for named, _ in pairs], [silent for _, silent in pairs])
    both, named, silent = (
        pairs.count((True, True)),
        sum(one for one, _ in pairs),
        sum(one for _, one in pairs),
    )
    assert (found.named, found.right) == (named, both)
    assert found.precision == (both / named if named else None)
    assert found.recall == (both / silent if silent else None)


def test_one_surprise_costs_much_and_not_infinitely_much() -> None:
    assert log_loss([1.0], [False]) == pytest.approx(-math.log(1e-9))
    assert log_loss([0.5] * 3, [True, False, True]) == pytest.approx(math.log(2))
    assert log_loss([], []) is None


def case(person: int, silent: bool, **values: Any) -> Case:
    chance = 0.6 if silent else 0.1
    given = {"chance": chance, "days": 20.0, "per_gap": 1.0, "per_target": 1.0, **values}
    return Case(person, silent=silent, **given)


@pytest.mark.parametrize(
    ("silent", "others", "enough"), [(20, 180, True), (180, 20, True), (19, 400, False), (20, 179, False)]
)
def test_too_little_history_says_so_and_gives_no_figures(silent: int, others: int, enough: bool) -> None:
    found = judge(30, [case(1, True)] * silent + [case(2, False)] * others)
    assert (found.enough, found.people, found.cases, found.silent) == (enough, 2, silent + others, silent)
    assert bool(found.methods) is bool(found.tenths) is bool(found.alarms) is enough
    assert (found.average_log_loss is not None) is enough


def test_each_method_is_judged_by_its_own_figure() -> None:
    cases = [case(1, True, days=30.0, per_gap=0.5, per_target=1.01)] * 100 + [case(2, False)] * 100
    found = judge(60, cases)
    assert {one.key: one.auc for one in found.methods} == {
        "quiet_p": 1.0,
        "days_since_any": 1.0,
        "days_per_mean_gap": 0.0,
        "overdue_any": 1.0,
    }
    assert [one.key for one in found.methods if one.log_loss is not None] == ["quiet_p"]
    assert found.average_log_loss == pytest.approx(math.log(2))
    assert [(one.named, one.right) for one in found.alarms] == [(100, 100), (100, 100)]
