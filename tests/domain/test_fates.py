"""What became of suggestions: every one is counted once, and what came after belongs to its days."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.domain.fates import AFTER_DAYS, Fate, Happened, aftermath, by_act, by_day, two_thirds_by

MONDAY = date(2026, 9, 7)
TODAY = date(2026, 11, 23)
ACTS = ("call", "lunch", "note")

fates = st.lists(
    st.builds(
        lambda act, became, days: Fate(
            1, act, became, MONDAY, MONDAY + timedelta(days=days) if became in ("done", "otherwise") else None
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


def test_what_came_after_lies_within_its_days() -> None:
    acted = MONDAY + timedelta(days=1)
    done = Fate(1, "call", "done", MONDAY, acted)
    quiet = Fate(2, "call", "otherwise", MONDAY, acted)
    young = Fate(1, "call", "done", TODAY, TODAY - timedelta(days=AFTER_DAYS - 1))
    ignored = Fate(1, "call", "untouched", MONDAY)
    last = acted + timedelta(days=AFTER_DAYS)
    happened = {
        1: [
            Happened(acted, wrote=True),
            Happened(acted + timedelta(days=1), wrote=True),
            Happened(last, personal=True),
            Happened(last, ask=True),
            Happened(last, ask=True),
            Happened(last, heard="risk"),
            Happened(last + timedelta(days=1), heard="praise"),
        ],
        2: [Happened(acted, personal=True), Happened(last + timedelta(days=1), ask=True), Happened(last)],
    }
    after = aftermath([done, quiet, young, ignored], happened, TODAY)
    assert (after.acted_on, after.wrote, after.personal, after.asks, after.nothing) == (2, 1, 1, 2, 1)
    assert after.heard == {"risk": 1}
