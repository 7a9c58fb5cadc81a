"""Days that come back every year, against a calendar that is leafed through day by day."""

import calendar
from datetime import date, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from crm.domain.yearly import in_year, next_return


def leafed_through(month: int, day: int, today: date) -> date:
    for ahead in count():
        leaf = today + timedelta(days=ahead)
        kept = (2, 28) if (month, day) == (2, 29) and not calendar.isleap(leaf.year) else (month, day)
        if (leaf.month, leaf.day) == kept:
            return leaf
    raise AssertionError


@given(
    st.dates(date(1896, 1, 1), date(2104, 1, 1)),
    st.dates(date(2000, 1, 1), date(2000, 12, 31)) | st.just(date(2000, 2, 29)),
)
def test_the_next_return_is_the_first_day_that_shows_it(today: date, born: date) -> None:
    assert next_return(born.month, born.day, None, True, today) == leafed_through(born.month, born.day, today)


@given(st.dates(date(2020, 1, 1), date(2032, 1, 1)), st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_what_returns_every_year_never_falls_before_its_own_day(today: date, begins: date) -> None:
    expected = leafed_through(begins.month, begins.day, max(today, begins))
    assert next_return(begins.month, begins.day, begins, True, today) == expected


def test_a_renewal_of_the_year_after_next_is_not_told_a_year_early() -> None:
    begins = date(2028, 1, 15)
    assert next_return(1, 15, begins, True, date(2026, 11, 28)) == begins
    assert next_return(1, 15, begins, True, begins + timedelta(days=1)) == date(2029, 1, 15)


def test_what_came_once_is_over_the_day_after() -> None:
    day = date(2026, 11, 20)
    assert next_return(11, 20, day, False, day) == day
    assert next_return(11, 20, day, False, day + timedelta(days=1)) is None
    assert next_return(11, 20, None, False, day) is None


def test_the_last_year_of_the_calendar_has_no_next() -> None:
    assert next_return(1, 1, None, True, date(9999, 12, 31)) is None
    assert in_year(9999, 2, 29) == date(9999, 2, 28)
