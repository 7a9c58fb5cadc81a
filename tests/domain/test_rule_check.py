"""What logic alone shows of a rule: said where it is so, and never of a rule that somebody fits or does not fit."""

import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.domain.expressions import All
from crm.domain.metrics import METRICS
from crm.domain.rule_check import findings
from crm.domain.rule_data import read_condition, read_rule
from crm.domain.rule_ranges import excluded
from crm.domain.rules import ALL, Rule
from tests import oracle
from tests.rules.test_trees import COMPARE, truth
from tests.storage.test_metrics import Imagined
from tests.thorough import TIMES


def rule_of(when: object, **more: object) -> Rule:
    return read_rule("mine", {"name": "Mine", "when": when, "suggests": ["call"], **more})


def metric(name: str, op: str, value: object = None) -> dict[str, object]:
    return {"metric": name, "op": op} if value is None else {"metric": name, "op": op, "value": value}


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"all": [metric("digital_180", ">=", 3), metric("total_180", "<", 2)]}, "never match"),
        ({"all": [metric("personal_180", "=", 0), metric("days_since_personal", "<", 30)]}, "never match"),
        ({"all": [metric("total_7", ">", 3), metric("total_365", "<", 3)]}, "never match"),
        ({"all": [metric("days_since_any", "missing"), metric("total_30", ">=", 1)]}, "never match"),
        ({"all": [metric("zone", "=", "drifting"), metric("zone", "=", "in_touch")]}, "never match"),
        ({"all": [metric("tag", "=", "vip"), metric("tag", "!=", "vip")]}, "never match"),
        (metric("total_7", "=", 1.5), "never match"),
        (metric("digital_share_30", ">", 1), "never match"),
        (metric("total_7", ">=", {"metric": "total_7", "plus": 1}), "never match"),
        (metric("digital_7", ">", {"metric": "total_365"}), "never match"),
        (metric("known_days", "<", {"metric": "days_since_personal"}), "never match"),
        (metric("personal_30", "<=", {"metric": "total_90", "times": 2}), "always matches"),
        (metric("total_7", ">=", 0), "always matches"),
        ({"any": [metric("total_7", "<", 3), metric("total_7", ">=", 3)]}, "always matches"),
        ({"all": [metric("zone", "=", "no_record"), metric("total_90", ">=", 1)]}, "never match"),
        ({"all": [metric("zone", "=", "screen_only"), metric("personal_30", ">=", 1)]}, "never match"),
        ({"all": [metric("zone", "=", "in_touch"), metric("days_since_any", "missing")]}, "never match"),
        (
            {"all": [metric("digital_90", "=", 2), metric("personal_90", "=", 2), metric("total_90", "=", 5)]},
            "2 digital contacts in 90 days, has had exactly 2 personal contacts in 90 days and has had exactly 5",
        ),
        ({"all": [metric("digital_share_90", ">=", 0.8), metric("total_90", "=", 0)]}, "never match"),
        ({"all": [metric("digital_share_90", "=", 1), metric("personal_90", ">", 0)]}, "never match"),
        ({"all": [metric("digital_share_30", "<", 1), metric("personal_30", "=", 0)]}, "never match"),
        ({"all": [metric("digital_share_30", ">=", 0.9), metric("total_30", "<", 6), metric("live_30", "=", 9)]}, "never match"),
        ({"all": [metric("rhythm_days", "known"), metric("gaps", "<", 3)]}, "never match"),
        ({"all": [metric("rhythm_days", "missing"), metric("gaps", ">=", 3)]}, "never match"),
        ({"all": [metric("open_asks", "=", 0), metric("oldest_ask_days", ">", 3)]}, "never match"),
        ({"all": [metric("open_promises", "=", 0), metric("days_to_our_promise", "known")]}, "never match"),
        ({"all": [metric("unanswered_days", ">=", 5), metric("waiting_days", ">=", 5)]}, "never match"),
        ({"all": [metric("days_since_any", ">", 30), metric("waiting_days", "<", 30)]}, "never match"),
        ({"all": [metric("in_person_90", ">=", 2), metric("personal_180", "<", 2)]}, "never match"),
        ({"all": [metric("inbound_30", ">=", 2), metric("outbound_30", ">=", 2), metric("total_30", "<", 4)]}, "never match"),
        ({"all": [metric("gaps", ">=", 1), metric("days_since_any", "missing")]}, "never match"),
        ({"all": [metric("gaps", ">=", 9), metric("known_days", "<", 9)]}, "never match"),
        ({"all": [metric("digital_streak", ">=", 5), metric("days_since_any", "missing")]}, "never match"),
        ({"all": [metric("prior_total_365", ">=", 1), metric("days_since_any", "missing")]}, "never match"),
        ({"all": [metric("prior_personal_365", ">=", 1), metric("days_since_personal", "missing")]}, "never match"),
        ({"all": [metric("prior_total_365", ">=", 1), metric("known_days", "<", 50)]}, "never match"),
        ({"all": [metric("prior_total_365", ">=", 1), metric("days_since_any", ">=", 455)]}, "never match"),
        ({"all": [metric("prior_total_365", "=", 0), metric("days_since_any", "=", 90)]}, "never match"),
        (metric("zone", "known"), "always matches"),
        ({"any": [metric("total_7", ">", 3), metric("known_days", "<", 0)]}, "One alternative can never be true"),
        ({"all": [metric("total_7", ">", 3), metric("known_days", ">=", 0)]}, "can be left out"),
    ],
)  # fmt: skip
def test_what_logic_alone_shows_is_said(when: object, words: str) -> None:
    (finding,) = findings(rule_of(when))
    assert words in finding


@pytest.mark.parametrize(
    "when",
    [
        metric("total_30", ">", {"metric": "total_90", "over": 2}),
        metric("total_90", ">=", {"metric": "total_30", "plus": 1}),
        metric("days_to_ask", ">", {"metric": "days_to_ask", "times": 2}),
        {"any": [metric("days_since_any", "<", 3), metric("days_since_any", ">=", 3)]},
        {"all": [metric("total_7", ">", 3), metric("digital_30", "<", 3)]},
        {"all": [metric("days_since_any", "<", 30), metric("days_since_personal", ">", 90)]},
        metric("days_to_ask", "<", 0),
        {"all": [metric("zone", "=", "gone_quiet"), metric("days_since_any", "<", 7)]},
        {"all": [metric("zone", "=", "drifting"), metric("personal_30", ">=", 1)]},
        {
            "all": [
                metric("digital_share_90", "=", 0.8),
                metric("total_90", "=", 5),
                metric("personal_90", "=", 1),
            ]
        },
        {
            "all": [
                metric("digital_share_90", ">", 0.66),
                metric("total_90", "=", 3),
                metric("digital_90", "=", 2),
            ]
        },
        {"all": [metric("inbound_30", "=", 2), metric("total_30", "=", 5), metric("outbound_30", "=", 2)]},
        {"all": [metric("unanswered_days", ">=", 5), metric("days_since_any", "=", 5)]},
        {"all": [metric("days_to_ask", "missing"), metric("open_asks", ">=", 1)]},
        {"all": [metric("prior_total_365", ">=", 1), metric("known_days", "=", 90)]},
        {"all": [metric("prior_total_365", ">=", 1), metric("days_since_any", "=", 454)]},
        {"all": [metric("prior_total_365", "=", 0), metric("days_since_any", "=", 89)]},
        {"all": [metric("gaps", "=", 9), metric("known_days", "=", 9)]},
        {"all": [metric("gaps", "=", 0), metric("days_since_any", "missing")]},
    ],
)
def test_what_can_go_either_way_is_left_alone(when: object) -> None:
    assert findings(rule_of(when)) == []


def test_the_shipped_rules_have_no_fault() -> None:
    assert [findings(rule) for rule in ALL] == [[] for _ in ALL]


def test_a_rule_for_those_who_are_never_flagged_has_no_zone() -> None:
    written = read_rule(
        "promise_due",
        {"name": "P", "when": metric("zone", "known"), "suggests": ["call"], "tiers": ["none"]},
    )
    (finding,) = findings(written)
    assert "never match" in finding


LOGS, PEOPLE = 40, 5


@cache
def everybody() -> list[dict[str, Any]]:
    """What an oracle says of people in logs of every shape, on days of every sort."""
    found: list[dict[str, Any]] = []
    for seed in range(LOGS):
        imagined = Imagined(random.Random(seed), PEOPLE, 6)
        log = imagined.log()
        found += [facts for moment in imagined.moments() for facts in oracle.as_of(log, moment).values()]
    return [{**facts, "tags": ()} for facts in found]


CHOSEN = (*METRICS, "score")
near = st.tuples(st.sampled_from(CHOSEN), st.sampled_from(tuple(COMPARE)), st.randoms(use_true_random=False))


def held_against_somebody(drawn: tuple[str, str, random.Random]) -> dict[str, Any]:
    """A comparison with a value that somebody has, or one beside it: where what can be and what cannot meet."""
    name, op, chance = drawn
    value = chance.choice(everybody())[name]
    shifts = (0, 0, 1, -1, 5) if isinstance(value, int) else (0, 0.1, -0.1)
    return metric(name, op, 0 if value is None else value + chance.choice(shifts))


trees = st.recursive(
    st.one_of(
        near.map(held_against_somebody),
        st.tuples(st.sampled_from((*CHOSEN, "zone")), st.sampled_from(("known", "missing"))).map(
            lambda drawn: metric(*drawn)
        ),
        st.sampled_from(("no_record", "gone_quiet", "screen_only", "drifting", "in_touch")).map(
            lambda zone: metric("zone", "=", zone)
        ),
        st.tuples(*[st.sampled_from(CHOSEN)] * 2, st.sampled_from(tuple(COMPARE))).map(
            lambda drawn: metric(drawn[0], drawn[2], {"metric": drawn[1]})
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@settings(max_examples=25 * TIMES, deadline=None)
@given(when=trees, tiers=st.sets(st.sampled_from(("key", "regular", "warm")), min_size=1))
def test_nothing_is_claimed_that_somebody_disproves(when: dict[str, Any], tiers: set[str]) -> None:
    said = " ".join(findings(rule_of(when, tiers=sorted(tiers))))
    asked = [facts for facts in everybody() if facts["tier"] in tiers]
    held = [truth(when, facts) is True for facts in asked]
    assert not (any(held) and "never match" in said), said
    assert all(held) or "always matches" not in said, said


def test_all_that_is_true_of_somebody_can_hold_together() -> None:
    for facts in everybody()[:: max(1, 20 // TIMES)]:
        parts = [
            metric(name, "missing") if facts[name] is None else metric(name, "=", facts[name])
            for name in (*CHOSEN, "zone", "tier")
        ]
        together = read_condition({"all": parts})
        assert isinstance(together, All)
        assert not excluded(together.parts), facts
