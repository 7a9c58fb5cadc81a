"""How much of a figure may be luck: against counting every pair, and against playing the same game again and again."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.margins import Lead, lead_in_order, lead_of_means, won_against
from crm.domain.rhythm_judge import auc

cases = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.booleans()), max_size=30
)


@given(cases=cases)
def test_every_case_is_held_against_all_of_the_other_outcome(cases: list[tuple[int, float, bool]]) -> None:
    scores, outcomes = [score for _, score, _ in cases], [outcome for _, _, outcome in cases]
    if len(set(outcomes)) < 2:
        return
    for (_, score, outcome), won in zip(cases, won_against(scores, outcomes), strict=True):
        others = [other for _, other, theirs in cases if theirs is not outcome]
        better = [(score > other) if outcome else (score < other) for other in others]
        ties = sum(score == other for other in others)
        assert won == pytest.approx((sum(better) + ties / 2) / len(others))


def game(
    chance: random.Random, people: int = 40, days: int = 12
) -> tuple[list[int], list[float], list[float], list[bool]]:
    """People who are silent by habit, and two ways to see it, one sharper than the other."""
    rows = []
    for person in range(people):
        habit = chance.gauss(0, 1)
        for _ in range(days):
            silent = chance.random() < (0.7 if habit > 0.5 else 0.2)
            rows.append((person, habit + chance.gauss(0, 1), 0.3 * habit + chance.gauss(0, 1), silent))
    whose, sharp, dull, silent_ones = zip(*rows, strict=True)
    return list(whose), list(sharp), list(dull), list(silent_ones)


def test_the_margin_holds_what_luck_does() -> None:
    chance = random.Random(11)
    leads = [lead_in_order(*game(chance)) for _ in range(200)]
    truth = statistics.mean(lead.by for lead in leads)
    held = [lead for lead in leads if lead.margin is not None and abs(lead.by - truth) <= lead.margin]
    assert 0.88 <= len(held) / len(leads) <= 0.99


def test_the_lead_is_the_difference_and_the_same_people_again_prove_nothing_more() -> None:
    whose, sharp, dull, silent = game(random.Random(5))
    once = lead_in_order(whose, sharp, dull, silent)
    assert once.by == pytest.approx((auc(sharp, silent) or 0) - (auc(dull, silent) or 0))
    again = lead_in_order(whose * 3, sharp * 3, dull * 3, silent * 3)
    assert (again.by, again.margin) == pytest.approx((once.by, once.margin))


def test_a_mean_over_people_of_one_case_each_has_the_margin_everybody_knows() -> None:
    values = [0.1, 0.4, -0.2, 0.3, 0.9]
    found = lead_of_means(range(5), values)
    assert found.by == pytest.approx(statistics.mean(values))
    assert found.margin == pytest.approx(1.96 * statistics.stdev(values) / 5**0.5)


def test_of_one_person_nothing_is_known() -> None:
    assert lead_of_means([7, 7], [0.5, 0.5]) == Lead(0.5, None)
    assert Lead(0.5, None).is_luck
    assert Lead(-0.2, 0.2).is_luck
    assert not Lead(-0.3, 0.2).is_luck
