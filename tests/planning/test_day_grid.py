"""The days of a trip by the hour: every block lies where its time says, on whatever day and in whatever zone."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.domain.diary import Interval
from crm.planning.day_grid import MOST_DAYS, day_grid, to_meet
from crm.planning.queries import Suggestee
from crm.planning.reach import Meeting
from tests.thorough import TIMES

FIRST = date(2026, 10, 31)
"""Clocks go back in New York on the day after."""
NEW_YORK = ZoneInfo("America/New_York")
MARTA = cast(Suggestee, SimpleNamespace(id=1, name="Marta Kowalczyk"))
minutes = st.integers(0, 6 * 24 * 60)


def days(*meetings: Meeting, number: int = 3) -> list[tuple[date, list[Meeting]]]:
    found: dict[date, list[Meeting]] = {FIRST + timedelta(days=one): [] for one in range(number)}
    for one in meetings:
        assert one.at
        found[one.at.astimezone(NEW_YORK).date()].append(one)
    return list(found.items())


@settings(max_examples=60 * TIMES, deadline=None)
@given(st.lists(st.tuples(minutes, st.integers(1, 40 * 60)), max_size=6))
def test_a_block_covers_its_time_to_the_half_hour(spans: list[tuple[int, int]]) -> None:
    begin = datetime.combine(FIRST - timedelta(days=1), time(), UTC)
    busy = [
        Interval(begin + timedelta(minutes=start), begin + timedelta(minutes=start + length))
        for start, length in spans
    ]
    grid = day_grid(days(), busy, NEW_YORK)
    assert grid
    first = int(grid.hours[0][1][:2])
    for column in grid.columns:
        midnight = datetime.combine(column.day, time(), NEW_YORK)
        shown = {row for block in column.blocks for row in range(block.row, block.row + block.rows)}
        assert all(0 <= row < grid.rows for row in shown)
        for row in range(grid.rows):
            at = midnight + timedelta(minutes=30 * row, hours=first)  # as clocks on the wall say
            touched = any(
                one.starts_at.astimezone(NEW_YORK).replace(tzinfo=None)
                < at.replace(tzinfo=None) + timedelta(minutes=30)
                and one.ends_at.astimezone(NEW_YORK).replace(tzinfo=None) > at.replace(tzinfo=None)
                for one in busy
            )
            assert (row in shown) == touched


def test_what_is_arranged_stands_beside_what_the_calendar_holds() -> None:
    lunch = Meeting(datetime(2026, 11, 2, 17, 30, tzinfo=UTC), "lunch", MARTA, False, 75)
    dinner = Meeting(datetime(2026, 11, 1, 0, 15, tzinfo=UTC), "meeting", MARTA, True)
    busy = [Interval(datetime(2026, 11, 2, 13, tzinfo=UTC), datetime(2026, 11, 2, 15, 10, tzinfo=UTC))]
    grid = day_grid(days(lunch, dinner), busy, NEW_YORK)
    assert grid
    assert (grid.hours[0][1], grid.hours[-1][1]) == ("08:00", "21:00")
    saturday, sunday, monday = grid.columns
    assert [(block.begins, block.row, block.rows) for block in saturday.blocks] == [("20:15", 24, 3)]
    assert [(block.begins, block.row, block.rows) for block in monday.blocks] == [
        ("08:00", 0, 5),
        ("12:30", 9, 3),
    ]
    assert (saturday.words, sunday.words, monday.words) == ("Free all day", "Free all day", "Free from 10:10")


def test_nights_are_no_part_of_it() -> None:
    night = Interval(datetime(2026, 11, 2, 3, tzinfo=UTC), datetime(2026, 11, 2, 11, tzinfo=UTC))
    evening = Interval(datetime(2026, 11, 3, 0, tzinfo=UTC), datetime(2026, 11, 3, 4, tzinfo=UTC))
    grid = day_grid(days(), [night, evening], NEW_YORK)
    assert grid
    assert (grid.hours[0][1], grid.hours[-1][1]) == ("09:00", "21:00")
    assert [(one.begins, one.ends) for one in grid.columns[2].blocks] == [("19:00", "22:00")]
    assert grid.columns[2].words == "Free until 19:00"


def test_a_long_trip_is_a_list_and_without_a_calendar_nothing_is_said_of_free_days() -> None:
    assert day_grid(days(number=MOST_DAYS + 1), [], NEW_YORK) is None
    grid = day_grid(days(), [], NEW_YORK)
    assert grid
    assert {column.words for column in grid.columns} == {""}
    assert grid.rows == 18


def test_what_is_written_down_begins_on_the_first_free_afternoon_ahead() -> None:
    first, second, third = (datetime.combine(FIRST + timedelta(days=n), time(15), NEW_YORK) for n in range(3))
    early = datetime(2026, 10, 30, tzinfo=UTC)
    assert to_meet(days(), [], NEW_YORK, early) == first
    tea = Meeting(first + timedelta(minutes=30), "meeting", MARTA, True)
    assert to_meet(days(tea), [], NEW_YORK, early) == second
    dentist = Interval(second - timedelta(hours=2), second + timedelta(minutes=1))
    assert to_meet(days(tea), [dentist], NEW_YORK, early) == third
    assert to_meet(days(tea, number=2), [dentist], NEW_YORK, early) == first, "all are taken"
    assert to_meet(days(), [], NEW_YORK, third) is None
