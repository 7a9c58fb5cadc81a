"""A trip in one line: whatever two days people may write, they are read back; and what is none is none."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.trip_line import TripLine, read_trip

TODAY = date(2026, 11, 23)
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 4)


@pytest.mark.parametrize(
    "days",
    [
        "1–4 December", "1-4 Dec", "1 – 4 december", "December 1–4", "Dec 1 to 4", "1 Dec – 4 Dec", "1st to 4th December",
        "1.12.–4.12.", "1.12. - 4.12.2026", "2026-12-01 – 2026-12-04", "2026-12-01 to 2026-12-04", "1–4 December 2026",
        "from 1 to 4 December",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("city", "comma"), [("Boston", ","), ("Cambridge, MA", ","), ("New York", "")])
def test_the_same_days_in_many_words(city: str, comma: str, days: str) -> None:
    assert read_trip(f"{city}{comma} {days}", TODAY) == TripLine(city, FIRST, LAST)


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        ("Boston, 30 Nov – 2 Dec", date(2026, 11, 30), date(2026, 12, 2)),
        ("Boston, 30 December to 2 January", date(2026, 12, 30), date(2027, 1, 2)),
        ("Boston on 1 December", FIRST, FIRST),
        ("Boston tomorrow", date(2026, 11, 24), date(2026, 11, 24)),
        ("Boston, 20–25 November", date(2026, 11, 20), date(2026, 11, 25)),
        ("Boston, 1–4 November", date(2027, 11, 1), date(2027, 11, 4)),
    ],
)
def test_days_lie_ahead_and_a_trip_that_has_begun_is_this_one(line: str, first: date, last: date) -> None:
    assert read_trip(line, TODAY) == TripLine("Boston", first, last)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Boston",
        "1–4 December",
        "Boston, 4–1 December",
        "Boston, 30 February",
        "Boston 12",
        "Boston 1–40 Dec",
        "– – –",
    ],
)
def test_what_is_no_trip_is_none(line: str) -> None:
    assert read_trip(line, TODAY) is None


@given(st.text(max_size=60))
def test_any_words_are_a_trip_or_none(line: str) -> None:
    found = read_trip(line, TODAY)
    assert found is None or found.first_day <= found.last_day


@given(st.integers(0, 300), st.integers(0, 30))
def test_days_written_out_are_read_back(ahead: int, nights: int) -> None:
    first = TODAY + timedelta(days=ahead)
    last = first + timedelta(days=nights)
    words = f"{first.day} {first:%B} – {last.day} {last:%B}"
    assert read_trip(f"Boston, {words}", TODAY) == TripLine("Boston", first, last)
