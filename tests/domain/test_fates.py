"""What became of suggestions: every one is counted once, and what came after belongs to its days."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.fates import (
    AFTER_DAYS,
    Became,
    Fate,
    Happened,
    Touch,
    aftermath,
    by_act,
    by_day,
    told_of,
    two_thirds_by,
)
from crm.domain.weeks import IsoWeek

MONDAY = date(2026, 9, 7)
TODAY = date(2026, 11, 23)
ACTS = ("call", "lunch", "note")

fates = st.lists(
    st.builds(
        lambda act, became, days: Fate(
            *(1, act, became, MONDAY),
            acted_on=MONDAY + timedelta(days=days) if became in ("done", "otherwise") else None,
        ),
        st.sampled_from(ACTS),
        st.sampled_from(("done", "otherwise", "declined", "untouched")),
        st.integers(0, 20),
    ),
    max_size=30,
)


@given(fates)
def test_every_suggestion_is_counted_once(some: list[Fate]) -> None:
    counts = by_act(some, ACTS)
    assert {one.act: one.suggested for one in counts} == dict(Counter(one.act for one in some))
    assert sum(one.acted_on for one in counts) == sum(by_day(some))
    for one in counts:
        days = sorted(fate.days for fate in some if fate.act == one.act and fate.days is not None)
        assert (one.usual_days is None) == (not days)
        if one.usual_days is not None:
            assert sum(day < one.usual_days for day in days) <= len(days) / 2
            assert sum(day > one.usual_days for day in days) <= len(days) / 2


@given(st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_two_thirds_are_reached_on_that_day_and_not_before(counts: list[int]) -> None:
    day = two_thirds_by(counts)
    if day is None:
        assert 3 * sum(counts[:7]) < 2 * sum(counts) or not any(counts[:7])
    else:
        assert 3 * sum(counts[: day + 1]) >= 2 * sum(counts)
        assert 3 * sum(counts[:day]) < 2 * sum(counts)


def acted(contact_id: int, day: date, became: Became = "done") -> Fate:
    """A call at noon of that day."""
    return Fate(contact_id, "call", became, IsoWeek.of(day).monday, noon(day), day, day)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def test_what_came_after_lies_within_its_days() -> None:
    first = MONDAY + timedelta(days=1)
    young = acted(1, TODAY - timedelta(days=AFTER_DAYS - 1))
    ignored = Fate(1, "call", "untouched", MONDAY)
    last = first + timedelta(days=AFTER_DAYS)
    happened = {
        1: [
            Happened(first, wrote=True),
            Happened(first + timedelta(days=1), wrote=True),
            Happened(last, personal=True),
            Happened(last, ask=True),
            Happened(last, ask=True),
            Happened(last, heard="risk"),
            Happened(last + timedelta(days=1), heard="praise"),
        ],
        2: [Happened(first, personal=True), Happened(last + timedelta(days=1), ask=True), Happened(last)],
    }
    after = aftermath([acted(1, first), acted(2, first, "otherwise"), young, ignored], happened, TODAY)
    assert (after.acted_on, after.wrote, after.personal, after.asks, after.nothing) == (2, 1, 1, 2, 1)
    assert after.heard == {"risk": 1}


def test_what_followed_two_suggestions_is_counted_once() -> None:
    second = MONDAY + timedelta(days=14)
    day = second + timedelta(days=2)
    things = [
        Happened(day, wrote=True),
        Happened(day, personal=True),
        Happened(day, ask=True),
        Happened(day, heard="risk"),
    ]
    after = aftermath([acted(1, MONDAY), acted(1, second)], {1: things}, TODAY)
    assert (after.acted_on, after.wrote, after.asks, after.heard) == (2, 1, 1, {"risk": 1})
    assert after.personal == 2


def wrote_after(*log: tuple[int, str]) -> int:
    """How often they got in touch unasked after a call of Monday; ``log`` are days after it and who wrote."""
    touches = [
        Touch(noon(MONDAY) + timedelta(days=days, hours=place), MONDAY + timedelta(days=days), who != "they")
        for place, (days, who) in enumerate(log, 1)
    ]
    return aftermath([acted(1, MONDAY)], {1: told_of(touches)}, TODAY).wrote


@pytest.mark.parametrize(
    ("log", "times"),
    [
        ([(5, "they")], 1),
        ([(4, "we"), (5, "they")], 0),
        ([(0, "we"), (1, "they")], 0),
        ([(4, "we"), (5, "they"), (5, "they")], 0),
        ([(4, "we"), (5, "they"), (9, "they")], 1),
        ([(4, "we"), (5, "they"), (9, "they"), (10, "we"), (11, "they")], 1),
        ([(3, "they"), (3, "they"), (4, "we"), (5, "they"), (6, "they")], 2),
    ],
)
def test_an_answer_is_not_of_their_own_accord(log: list[tuple[int, str]], times: int) -> None:
    assert wrote_after(*log) == times


def test_the_act_itself_is_nothing_they_answer_and_an_attempt_is() -> None:
    they = Touch(noon(MONDAY) + timedelta(days=2), MONDAY + timedelta(days=2), ours=False)
    act = Touch(noon(MONDAY), MONDAY, ours=True, personal=True)
    attempt = Touch(noon(MONDAY) + timedelta(days=1), MONDAY + timedelta(days=1), ours=True, counts=False)
    assert aftermath([acted(1, MONDAY)], {1: told_of([act, they])}, TODAY).wrote == 1
    after = aftermath([acted(1, MONDAY)], {1: told_of([act, attempt, they])}, TODAY)
    assert (after.wrote, after.nothing) == (0, 0)
