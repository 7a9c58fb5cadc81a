"""Lengths of time, counts and days in words."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain import spans

TODAY = date(2026, 11, 16)
LENGTH = {"day": 1, "week": 7, "month": 30, "year": 365}
DAYS = st.integers(0, 20_000)


def nominal(text: str) -> int:
    """An independent reading of what a span says, in days."""
    if text in ("less than a day", "today"):
        return 0
    if text in ("daily", "yesterday", "tomorrow"):
        return 1
    found = re.fullmatch(r"(?:every |in )?(?:(\d+) )?(day|week|month|year)s?(?: ago)?", text)
    assert found, text
    return int(found[1] or 1) * LENGTH[found[2]]


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "less than a day"),
        (1, "1 day"),
        (4, "4 days"),
        (13, "13 days"),
        (14, "2 weeks"),
        (98, "14 weeks"),
        (121, "17 weeks"),
        (125, "17 weeks"),
        (126, "4 months"),
        (152, "5 months"),
        (198, "6 months"),
        (221, "7 months"),
        (274, "9 months"),
        (312, "10 months"),
        (335, "11 months"),
        (364, "11 months"),
        (365, "1 year"),
        (396, "13 months"),
        (729, "23 months"),
        (730, "2 years"),
        (1461, "4 years"),
    ],
)
def test_a_span_is_what_a_person_would_say(days: int, text: str) -> None:
    assert spans.span(days) == text


@given(DAYS, st.integers(0, 800))
def test_a_longer_span_never_reads_shorter(days: int, more: int) -> None:
    assert nominal(spans.span(days)) <= nominal(spans.span(days + more))


@given(DAYS)
def test_a_span_never_claims_more_than_has_passed_nor_less_than_two_thirds_of_it(days: int) -> None:
    said = nominal(spans.span(days))
    assert said <= days < 1.5 * said + 1


def test_every_day_of_the_first_four_years_reads_in_order() -> None:
    said = [nominal(spans.span(days)) for days in range(1500)]
    assert said == sorted(said)


@given(st.floats(0.1, 5000), st.floats(0, 500))
def test_a_longer_rhythm_never_reads_shorter(days: float, more: float) -> None:
    assert nominal(spans.every(days)) <= nominal(spans.every(days + more))


def test_a_negative_span_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        spans.span(-1)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "today"),
        (1, "yesterday"),
        (2, "2 days ago"),
        (35, "5 weeks ago"),
        (-1, "tomorrow"),
        (-56, "in 8 weeks"),
    ],
)
def test_ago_and_ahead_mirror_each_other(days: int, text: str) -> None:
    assert spans.ago(days) == text
    assert spans.ahead(-days) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0.4, "daily"),
        (1.02, "daily"),
        (1.5, "every 2 days"),
        (7, "every week"),
        (14.2, "every 2 weeks"),
        (17, "every 17 days"),
        (19.6, "every 3 weeks"),
        (25.0, "every 4 weeks"),
        (76, "every 11 weeks"),
        (77, "every 3 months"),
        (182, "every 6 months"),
        (365, "every year"),
        (800, "every 2 years"),
    ],
)
def test_a_rhythm_is_the_nearest_unit(days: float, text: str) -> None:
    assert spans.every(days) == text


@pytest.mark.parametrize(
    ("days", "rhythm", "text"),
    [
        (63, 19.6, "9"),
        (4, 17, "4"),
        (4, 19.6, "4 days"),
        (13, 19.6, "13 days"),
        (14, 1.0, "2 weeks"),
        (63, 7, "9 weeks"),
        (210, 90, "7"),
        (40, 90, "5 weeks"),
        (400, 5, "13 months"),
        (0, 5, "less than a day"),
    ],
)
def test_beside_a_rhythm_the_unit_is_shared_where_it_can_be(days: int, rhythm: float, text: str) -> None:
    assert spans.beside(days, rhythm) == text


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "email", "0 emails"),
        (1, "email", "1 email"),
        (14, "email", "14 emails"),
        (1400, "email", "1,400 emails"),
        (1, "person", "1 person"),
        (2, "person", "2 people"),
        (2, "lunch", "2 lunches"),
        (2, "company", "2 companies"),
        (2, "day", "2 days"),
        (3, "phone call", "3 phone calls"),
        (2, "address", "2 addresses"),
    ],
)
def test_counts_agree_with_their_nouns(number: int, noun: str, text: str) -> None:
    assert spans.count(number, noun) == text


def test_small_numbers_in_words() -> None:
    assert [spans.in_words(n) for n in (0, 1, 6, 12, 13)] == ["zero", "one", "six", "twelve", "13"]
    assert spans.count(5, "week", words=True) == "five weeks"
    assert spans.count(0, "call", words=True) == "no calls"
    assert spans.span(35, words=True) == "five weeks"


def test_lists_are_joined_without_a_last_comma() -> None:
    assert [spans.join(list("abcd"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_many_names_end_in_a_count_of_at_least_two_others() -> None:
    six = ["Marta", "Elena", "Daniel", "Ruth", "Priya", "Kwame"]
    assert spans.names_and_others(six) == "Marta, Elena and four others"
    assert spans.names_and_others(six[:3]) == "Marta, Elena and Daniel"
    assert spans.names_and_others(six[:4]) == "Marta, Elena and two others"
    assert spans.names_and_others(six[:1]) == "Marta"


def test_days_name_their_year_only_when_it_differs() -> None:
    assert spans.day_phrase(date(2026, 11, 19), TODAY) == "Thu 19 Nov"
    assert spans.day_phrase(date(2027, 1, 11), TODAY) == "Mon 11 Jan 2027"
    assert spans.short_day(date(2026, 10, 12), TODAY) == "12 Oct"
    assert spans.short_day(date(2026, 10, 12), None) == "12 Oct 2026"


@given(st.integers(-3000, 3000))
def test_a_day_phrase_agrees_with_the_calendar(offset: int) -> None:
    day = TODAY + timedelta(days=offset)
    expected = f"{day:%a} {day.day} {day:%b}" + ("" if day.year == TODAY.year else f" {day.year}")
    assert spans.day_phrase(day, TODAY) == expected


@pytest.mark.parametrize(
    ("days", "text"),
    [
        *((1, "1 day"), (13, "13 days"), (14, "2 weeks"), (15, "3 weeks"), (125, "18 weeks")),
        *((126, "5 months"), (150, "5 months"), (330, "11 months"), (331, "1 year"), (365, "1 year")),
    ],
)
def test_a_span_that_holds_what_was_counted_is_rounded_up(days: int, text: str) -> None:
    assert spans.holding(days) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        *((0, 300, "0%"), (1, 300, "1%"), (1, 200, "1%"), (3, 200, "2%")),
        *((1, 2, "50%"), (299, 300, "99%"), (300, 300, "100%"), (0, 1, "0%")),
        *((23, 40, "58%"), (57, 200, "29%")),
    ],
)
def test_some_is_never_none_and_nearly_all_never_all(part: int, whole: int, text: str) -> None:
    assert spans.percent(part / whole) == text
    assert spans.out_of(part / whole, 1000) in range(part and 1, 1000 if part < whole else 1001)
