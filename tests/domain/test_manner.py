"""Days, times and numbers as their reader wants them, read back by an independent reader."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain import manner, spans
from crm.domain.manner import CHOICES, Manner, written_for
from crm.domain.weeks import IsoWeek

READ_AS = {"day_month": "%a %d %b %Y", "month_day": "%a, %b %d, %Y", "iso": "%a %Y-%m-%d"}
MARKS = {
    "comma": (",", "."),
    "point": (".", ","),
    "space": ("\N{NO-BREAK SPACE}", ","),
    "apostrophe": ("’", "."),
}
THURSDAY = date(2026, 11, 19)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_reads_back_in_every_manner(day: date) -> None:
    for name, form in READ_AS.items():
        with written_for(Manner.of({"dates": name})):
            assert datetime.strptime(spans.day_phrase(day, None), form).date() == day


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_a_time_reads_back_in_both_manners(at: time) -> None:
    for name, form in (("24", "%H:%M"), ("12", "%I:%M\N{NO-BREAK SPACE}%p")):
        with written_for(Manner.of({"hours": name})):
            assert datetime.strptime(manner.clock_words(at), form).time() == at


@given(st.integers(-(10**9), 10**9) | st.floats(-(10**6), 10**6).map(lambda value: round(value, 1)))
def test_a_number_reads_back_in_every_manner(value: float) -> None:
    for name, (thousands, mark) in MARKS.items():
        with written_for(Manner.of({"numbers": name})):
            said = manner.numeral(value)
        assert float(said.replace(thousands, "").replace(mark, ".")) == pytest.approx(value)


def test_every_sentence_follows() -> None:
    with written_for(Manner.of({"dates": "month_day", "hours": "12", "numbers": "space"})):
        assert spans.day_phrase(THURSDAY, THURSDAY) == "Thu, Nov 19"
        assert (
            spans.day_and_time(datetime(2026, 11, 19, 12, 30), date(2027, 1, 1))
            == "Thu, Nov 19, 2026, 12:30\xa0PM"
        )
        assert spans.week_label(IsoWeek(2026, 47)) == "Monday, November 16 to Friday, November 20"
        assert spans.count(1200, "email") == "1\xa0200 emails"
        assert (
            manner.days_words(THURSDAY, date(2026, 11, 21), year=False, to="–", long=True) == "November 19–21"
        )
    with written_for(Manner.of({"dates": "iso"})):
        assert spans.week_label(IsoWeek(2026, 47)) == "Monday 2026-11-16 to Friday 2026-11-20"
        assert spans.short_day(THURSDAY, THURSDAY) == "2026-11-19"
        assert manner.occasion_words(None, 5, 23) == "05-23"
    assert spans.day_phrase(THURSDAY, THURSDAY) == "Thu 19 Nov"


def test_ones_own_choice_goes_before_the_teams() -> None:
    team = {"dates": "iso", "hours": "12"}
    assert Manner.of(team, {"dates": "month_day"}) == Manner("month_day", "12", "comma")
    assert Manner.of(None, {"dates": "of a later version", "hours": None}) == Manner()
    assert all(Manner.of({name: one}) for name, known in CHOICES.items() for one in known)
