"""The post: days under way, what an address lacks, and what stands on an envelope."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.domain.post import (
    PAPERS,
    address_lines,
    arrival,
    call_day,
    envelope_lines,
    missing_parts,
    post_days,
    usual_paper,
)
from crm.domain.working_hours import public_holidays

days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@settings(deadline=None)
@given(days, st.sampled_from([1, 5, 10]), st.sampled_from([None, "US", "DE"]))
def test_a_card_arrives_once_so_many_working_days_have_passed(
    posted: date, number: int, country: str | None
) -> None:
    holidays = (
        frozenset().union(*(public_holidays(country, year) for year in range(2023, 2031)))
        if country
        else frozenset()
    )
    working = [
        day
        for day in (posted + timedelta(days=n) for n in range(60))
        if day.weekday() < 5 and day not in holidays
    ]
    assert arrival(posted, number, holidays=holidays) == working[number]


@given(days)
def test_the_call_is_a_week_later_on_a_working_day(arrives: date) -> None:
    day = call_day(arrives)
    assert 7 <= (day - arrives).days <= 9
    assert day.weekday() < 5


def test_abroad_takes_longer_and_the_unknown_counts_as_near() -> None:
    assert post_days("US", "US") == post_days(None, "DE") == post_days("US", None) == 5
    assert post_days("US", "DE") == 10


@pytest.mark.parametrize(
    ("address", "country", "missing"),
    [
        ("12 Mill Lane\n02110 Boston", "US", ()),
        ("12 Mill Lane, Boston MA 02110", "US", ()),
        ("12 Mill Lane", "US", ("the town with its postcode",)),
        ("12 Mill Lane\nBoston", "US", ("the postcode",)),
        ("Rose Cottage\nDublin", "IE", ()),
        ("Rose Cottage", "IE", ("the town",)),
        ("", None, ("the street and number", "the town with its postcode")),
        (" \n , ", None, ("the street and number", "the town with its postcode")),
    ],
)
def test_what_to_ask_for(address: str, country: str | None, missing: tuple[str, ...]) -> None:
    assert missing_parts(address_lines(address.strip(" ,\n")), country) == missing


def test_the_envelope_says_who_where_and_which_country() -> None:
    lines = ("12 Mill Lane", "02110 Boston")
    assert envelope_lines("Ruth", "Lowell", lines, home="DE", there="US") == (
        "Ruth",
        "Lowell",
        *lines,
        "UNITED STATES",
    )
    assert envelope_lines("Ruth", "Lowell", lines, home="US", there="US") == ("Ruth", "Lowell", *lines)
    assert envelope_lines("Ruth", "Lowell", lines, label="Home") == ("Ruth", *lines)
    assert envelope_lines("Ruth", "lowell", ("Lowell", *lines)) == ("Ruth", "Lowell", *lines)
    assert envelope_lines("Ruth", None, (*lines, "USA"), home="DE", there="US") == ("Ruth", *lines, "USA")


def test_card_envelope_and_prompts_have_room_on_their_sheet() -> None:
    for paper in PAPERS.values():
        assert paper.card_width < paper.envelope_width
        assert paper.card_height < paper.envelope_height
        assert paper.width - paper.card_width > 50
        assert 26 + paper.card_height + 8 + paper.envelope_height + 20 < paper.height
    assert usual_paper("CA") == "letter"
    assert usual_paper(None) == "a4"
