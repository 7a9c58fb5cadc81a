"""Rules in words: the shipped ones as they read, and every tree the language allows says all it asks about."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain import expressions as tree
from crm.domain.expressions import Metric
from crm.domain.metrics import COUNTED, METRICS
from crm.domain.prose import condition_sentence, flagged_sentence, phrase, rule_sentence
from crm.domain.rules import ALL, Rule

_m = Metric

READS = {
    "screen_only": "When a key contact has had at least 3 digital contacts in 180 days, has had no personal contact in "
    "180 days and has been known for at least 60 days, suggest lunch, then a call, then a note.",
    "never_met": "When a key contact has a target for contact in person, has been known for at least 90 days, has no "
    "contact in person on record and has had a contact in 365 days, suggest lunch, then a visit.",
    "gone_digital": "When a key or regular contact has had at least 3 contacts in 90 days, has had at least 80% of all "
    "contact through a screen in 90 days, has had at least 4 contacts in the year before the last 90 days and at least "
    "half of those were personal, suggest lunch, then a call.",
    "no_record": "When a key or regular contact has no record yet, suggest a call, then a note. At most 2 people a week.",
    "they_wait": "When a key or regular contact has waited for our answer for 5 to 60 days, suggest a call.",
    "fragile_account": "When a key organisation has at least 2 contacts and at most 1 of them was met in person in 365 "
    "days, suggest a meeting, then a visit.",
    "promise_due": "When any contact is owed something we promised that falls due within 3 days (or is late), suggest a "
    "call.",
}


@pytest.mark.parametrize("key", READS)
def test_a_shipped_rule_reads_as_a_sentence(key: str) -> None:
    assert rule_sentence(next(rule for rule in ALL if rule.key == key)) == READS[key]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.key)
def test_no_shipped_rule_shows_the_name_of_a_metric(rule: Rule) -> None:
    said = rule_sentence(rule)
    assert "_" not in said
    assert ": " not in said
    assert condition_sentence(rule).endswith(".")


def test_not_turns_a_comparison_round() -> None:
    assert phrase(~_m("digital_30").ge(3)) == "has had fewer than 3 digital contacts in 30 days"
    assert phrase(~_m("days_since_in_person").missing()) == "has contact in person on record"


def test_and_inside_or_is_set_apart() -> None:
    inner = _m("digital_7").ge(1) & _m("live_7").eq(0)
    assert phrase(_m("zone").eq("gone_quiet") | inner) == (
        "has gone quiet or (has had a digital contact in 7 days and has had no live contact in 7 days)"
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (_m("zone").eq("no_record"), "has no record yet"),
        (tree.Compare("!=", _m("zone"), tree.Constant("screen_only")), "is not screen-only"),
        (~_m("zone").missing(), "has a zone"),
        (~_m("rhythm_days").missing(), "has a known usual gap"),
        (_m("days_to_ask").missing(), "has no ask with a due date"),
        (_m("open_asks").eq(0), "has no open ask"),
        (_m("open_promises").ge(2), "has at least 2 open promises"),
        (_m("gaps").lt(3), "has had fewer than 3 gaps between contact days"),
        (_m("digital_streak").ge(1), "has had a digital contact since the last personal one"),
        (_m("days_to_ask").lt(0), "has an ask that is late"),
        (_m("days_to_renewal").ge(30), "has a renewal at least 30 days ahead"),
        (_m("quiet_p").ge(0.65), "stays silent for another month with a chance of at least 65%"),
        (
            _m("digital_share_90").gt(0.805),
            "has had more than 80.5% of all contact through a screen in 90 days",
        ),
        (_m("overdue_any").ge(1.25), "has gone at least 1.25 times the target without contact of any sort"),
        (_m("score").lt(40), "has a score of less than 40"),
        (
            _m("personal_90").lt(_m("digital_90") / 10.0),
            "has had fewer personal contacts in 90 days than digital contacts in 90 days ÷ 10",
        ),
        (
            _m("days_since_any").gt(_m("rhythm_days") * 2.0 + -3),
            "last had contact of any sort longer ago than 2 × usual gap - 3",
        ),
    ],
)
def test_each_sort_of_condition_reads_as_a_person_would_say_it(condition: tree.Condition, said: str) -> None:
    assert phrase(condition) == said


def test_one_person_a_week_is_no_people() -> None:
    limited = replace(next(rule for rule in ALL if rule.key == "no_record"), weekly_limit=1)
    assert rule_sentence(limited).endswith("At most 1 person a week.")


numbers = st.integers(-400, 400)
comparisons = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
metrics = st.sampled_from(METRICS).map(Metric)
values = st.recursive(
    metrics | numbers.map(tree.Constant),
    lambda inner: st.builds(tree.Arithmetic, st.sampled_from(["+", "-", "*", "/", "least"]), inner, inner),
    max_leaves=4,
)
simple = st.builds(tree.Compare, comparisons, metrics, numbers.map(tree.Constant))
leaves = simple | st.builds(tree.Compare, comparisons, values, values) | st.builds(tree.Missing, metrics)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(tree.Not, inner)
        | st.lists(inner, max_size=4).map(lambda parts: tree.All(tuple(parts)))
        | st.lists(inner, max_size=4).map(lambda parts: tree.Any(tuple(parts)))
    ),
    max_leaves=8,
)


@given(conditions)
def test_every_tree_can_be_said(condition: tree.Condition) -> None:
    said = phrase(condition)
    assert said
    assert said == " ".join(said.split())
    assert not said.endswith(".")


@given(comparisons, st.sampled_from(COUNTED), st.integers(2, 400))
def test_a_bound_says_its_number_and_which_way(comparison: str, name: str, number: int) -> None:
    said = phrase(tree.Compare(comparison, Metric(name), tree.Constant(number)))  # type: ignore[arg-type]
    assert str(number) in re.findall(r"\d+", said)
    opposite = phrase(tree.Not(tree.Compare(comparison, Metric(name), tree.Constant(number))))  # type: ignore[arg-type]
    assert said != opposite


@pytest.mark.parametrize(
    ("now", "before", "about", "sentence"),
    [
        (8, 11, "people", "It flags 8 people today, three fewer than before."),
        (1, 0, "people", "It flags 1 person today, one more than before."),
        (0, 20, "organisations", "It flags no account today, 20 fewer than before."),
        (0, 0, "people", "It flags nobody today, as before."),
        (2, None, "organisations", "It flags 2 accounts today."),
    ],
)
def test_what_a_change_of_a_rule_did(now: int, before: int | None, about: str, sentence: str) -> None:
    assert flagged_sentence(now, before, about) == sentence
