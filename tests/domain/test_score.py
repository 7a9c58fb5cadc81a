"""Score, zone and targets in Python, as what-ifs use them, against the oracle; and the promises a page makes of them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.expressions import evaluate
from crm.domain.metrics import COUNTED
from crm.domain.score import WEIGHTS, layers
from crm.domain.targets import DEFAULTS, EVERY_OTHER_KIND, KINDS, TIERS, Target, Targets
from tests import oracle

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = Targets()


def worked_out(facts: dict[str, Any], targets: Targets = PLAIN) -> dict[str, Any]:
    known = dict(facts)
    for layer in layers(targets):
        known |= {name: evaluate(value, known) for name, value in layer.items()}
    return known


def what_if(expected: oracle.Facts, ages: list[int], own: dict[str, int | None]) -> dict[str, Any]:
    """The oracle's counted metrics, with everything that follows from them worked out by the product."""
    facts: dict[str, Any] = {name: expected[name] for name in (*COUNTED, "tier", "kind")}
    facts |= {
        f"target_{clock}": (own[clock] or 0) if clock in own else None
        for clock in ("any", "personal", "in_person")
    }
    days = sorted(set(ages), reverse=True)
    weights = [oracle.strength([age - days[-1]]) for age in days[1:]]
    gaps = [float(oracle.EXACT.ln(earlier - later)) for earlier, later in itertools.pairwise(days)]
    facts["strength"] = oracle.strength(days)
    facts["gap_log"] = sum(weight * gap for weight, gap in zip(weights, gaps, strict=True))
    facts["gap_weight"] = sum(weights)
    return worked_out(facts)


targets_of_their_own = st.dictionaries(
    st.sampled_from(("any", "personal", "in_person")), st.none() | st.integers(1, 400)
)
things = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from(("email", "phone", "lunch", "note", "video"))), max_size=14
)


@given(
    tier=st.sampled_from(TIERS),
    kind=st.sampled_from((*KINDS, "press")),
    own=targets_of_their_own,
    things=things,
    known_days=st.integers(0, 800),
)
def test_score_and_zone_agree_with_the_oracle(
    tier: str,
    kind: str,
    own: dict[str, int | None],
    things: list[tuple[int, str]],
    known_days: int,
) -> None:
    person = oracle.Person(NOON.date() - timedelta(days=known_days), tier, kind, own)
    happenings = tuple(oracle.Happening(NOON - timedelta(days=age), channel, (0,)) for age, channel in things)
    expected = oracle.as_of(oracle.Log("UTC", (person,), happenings), NOON)[0]
    found = what_if(expected, [age for age, _ in things], own)
    assert (found["score"], found["zone"]) == (expected["score"], expected["zone"])
    for name in ("overdue_any", "overdue_personal", "overdue_in_person", *(f"part_{one}" for one in WEIGHTS)):
        wanted = expected[name]
        assert found[name] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-9, abs=1e-12)), name


def of_one(**facts: Any) -> dict[str, Any]:
    """A key customer in touch every day, in every way, apart from what is said."""
    counts = dict.fromkeys(COUNTED, 0)
    rest = {"target_any": None, "target_personal": None, "target_in_person": None}
    learned = {"strength": 1.0, "gap_log": 0.0, "gap_weight": 0.0}
    return worked_out(
        {**counts, **rest, **learned, "tier": "key", "kind": "customer", "total_365": 1, "personal_365": 1}
        | facts
    )


@pytest.mark.parametrize(
    ("days", "points"), [(0, 35), (90, 35), (91, 35 * 179 / 180), (180, 17.5), (270, 0), (271, 0), (900, 0)]
)
def test_a_clock_keeps_its_points_to_the_target_and_loses_the_last_at_three_times(
    days: int, points: float
) -> None:
    assert of_one(days_since_in_person=days)["part_in_person"] == pytest.approx(points)


@pytest.mark.parametrize(
    ("personal", "total", "points"), [(0, 0, 0), (0, 9, 0), (1, 10, 7.5), (1, 5, 15), (2, 10, 15), (9, 9, 15)]
)
def test_one_in_five_is_balance_enough(personal: int, total: int, points: float) -> None:
    assert of_one(personal_365=personal, total_365=total)["part_balance"] == pytest.approx(points)


@pytest.mark.parametrize(("days", "score"), [(180, 83), (181, 82), (182, 82), (195, 80)])
def test_halves_round_up(days: int, score: int) -> None:
    """180 days in person: 20 + 30 + 17.5 + 15 = 82.5."""
    assert of_one(days_since_in_person=days)["score"] == score


@pytest.mark.parametrize(
    ("facts", "zone"),
    [
        ({}, "in_touch"),
        ({"tier": "none"}, None),
        ({"days_since_any": None, "days_since_personal": None, "days_since_in_person": None}, "no_record"),
        ({"days_since_any": 59}, "drifting"),
        ({"days_since_any": 60}, "gone_quiet"),
        ({"days_since_any": 30}, "in_touch"),
        ({"days_since_any": 31}, "drifting"),
        ({"days_since_personal": 60}, "in_touch"),
        ({"days_since_personal": 61}, "drifting"),
        ({"days_since_in_person": 90}, "in_touch"),
        ({"days_since_in_person": 91}, "drifting"),
        ({"digital_180": 3, "known_days": 60}, "screen_only"),
        ({"digital_180": 2, "known_days": 60}, "in_touch"),
        ({"digital_180": 3, "known_days": 59}, "in_touch"),
        ({"digital_180": 3, "known_days": 60, "personal_180": 1}, "in_touch"),
        ({"digital_180": 3, "known_days": 60, "days_since_any": 60}, "gone_quiet"),
        ({"digital_180": 3, "known_days": 60, "days_since_personal": 61}, "screen_only"),
    ],
)
def test_the_first_zone_that_fits(facts: dict[str, Any], zone: str | None) -> None:
    assert of_one(**facts)["zone"] == zone


def test_a_usual_gap_longer_than_the_target_is_no_news() -> None:
    """One gap of 200 days, weighing as much as nine, beside the imagined fortnight: a usual gap of 153 days."""
    yearly = {"gaps": 9, "gap_log": 9 * 5.298317366548036, "gap_weight": 9.0, "strength": 1.0}
    assert of_one(**yearly, days_since_any=100)["zone"] == "in_touch"
    assert of_one(**yearly, days_since_any=240)["zone"] == "gone_quiet"


def test_the_table_of_targets() -> None:
    def of(tier: str, kind: str, targets: Targets = PLAIN, **own: int) -> list[Any]:
        facts: dict[str, Any] = {"tier": tier, "kind": kind}
        facts |= {f"target_{clock}": own.get(clock) for clock in ("any", "personal", "in_person")}
        return [evaluate(targets.expression(clock), facts) for clock in ("any", "personal", "in_person")]

    assert of("key", "partner") == of("key", "customer") == [30, 60, 90]
    assert of("key", "vendor") == of("key", "press") == [45, 90, 180]
    assert of("regular", "customer") == of("regular", "vendor") == [90, 180, 365]
    assert of("warm", "other") == [180, 365, None]
    assert of("none", "partner") == of("none", "partner", any=9) == [None, None, None]
    assert of("key", "partner", any=9, in_person=0) == [9, 60, None]
    changed = Targets({("key", "vendor"): Target(7, None, 30), ("warm", EVERY_OTHER_KIND): Target(1, 2, 3)})
    assert of("key", "vendor", changed) == [7, None, 30]
    assert of("key", "press", changed) == [45, 90, 180]
    assert of("warm", "press", changed) == [1, 2, 3]
    assert of("warm", "press", changed, any=5) == [5, 2, 3]


def test_the_weights_add_up_and_tier_none_has_no_targets() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert {tier for tier, _ in DEFAULTS} == {"key", "regular", "warm"}
