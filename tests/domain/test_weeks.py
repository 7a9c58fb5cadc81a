"""Weeks and local instants, against a clock that is simply watched minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from crm.domain.spans import week_label
from crm.domain.weeks import (
    IsoWeek,
    calendar_day,
    due_instant,
    end_of,
    latest_due_week,
    local_instant,
    moment_said,
)

ZONES = sorted(
    name
    for name in available_timezones()
    if name != "localtime" and not name.startswith(("posix/", "right/"))
)
TIMES = (time(0), time(1, 30), time(2, 30), time(8), time(23, 59))
FIRST_WEEK, LAST_WEEK = IsoWeek(2026, 1), IsoWeek(2027, 52)

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
zones = st.sampled_from(ZONES).map(ZoneInfo)


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def watch_the_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The oracle: look at the local clock every minute until it shows the time or later."""
    wanted = datetime.combine(day, at)
    start = wanted.replace(tzinfo=UTC) - timedelta(hours=40)
    minutes = (start + timedelta(minutes=count) for count in range(80 * 60))
    return next(minute for minute in minutes if wall(minute, zone) >= wanted)


NOONS = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=count) for count in range(731)]


@cache
def distances(name: str) -> tuple[timedelta | None, ...]:
    """How far the zone is from UTC on each noon of 2026 and 2027."""
    zone = ZoneInfo(name)
    return tuple(noon.astimezone(zone).utcoffset() for noon in NOONS)


@cache
def change_days(name: str) -> tuple[date, ...]:
    """The days of 2026 and 2027 on which the zone's distance from UTC changes, and the days beside them."""
    found: set[date] = set()
    for noon, (before, after) in zip(NOONS, pairwise(distances(name)), strict=False):
        if before != after:
            found |= {noon.date() + timedelta(days=beside) for beside in (0, 1, 2)}
    return tuple(sorted(found))


@cache
def different() -> list[str]:
    """One zone for each way clocks run in 2026 and 2027; the others are the same clock under other names."""
    return list({distances(name): name for name in ZONES}.values())


changing = st.deferred(lambda: st.sampled_from([name for name in ZONES if change_days(name)]))


class TestIsoWeek:
    def test_is_written_and_read(self) -> None:
        assert str(IsoWeek(2026, 48)) == "2026-W48"
        assert IsoWeek.parse("2026-W48") == IsoWeek(2026, 48)
        assert IsoWeek.parse(" 2026-W03 ") == IsoWeek(2026, 3)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026",
            "2026-48",
            "2026-W54",
            "2025-W53",
            "2026-W00",
            "2026-W4",
            "2026-w48",
            "9999-W01",
            "٢٠٢٦-W01",
        ],
    )
    def test_refuses_what_is_no_week_in_a_sentence(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^(A week|The year).*\.$"):
            IsoWeek.parse(text)

    @given(days)
    def test_holds_its_days(self, day: date) -> None:
        week = IsoWeek.of(day)
        assert day in week
        assert day in week.days
        assert week.monday.weekday() == 0
        assert week.sunday == week.days[6]
        assert week.days[3].year == week.year
        assert IsoWeek.parse(str(week)) == week
        assert week.next().monday - week.monday == timedelta(days=7)
        assert week.next().previous() == week
        assert week < week.next()
        assert day + timedelta(days=7) in week.next()
        assert day + timedelta(days=7) not in week

    def test_has_a_label(self) -> None:
        assert week_label(IsoWeek(2026, 47)) == "Monday 16 to Friday 20 November"
        assert week_label(IsoWeek(2026, 49)) == "Monday 30 November to Friday 4 December"
        assert week_label(IsoWeek(2026, 53)) == "Monday 28 December 2026 to Friday 1 January 2027"


class TestLocalInstant:
    def test_moves_out_of_the_gap_to_its_end(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        for skipped in (time(2), time(2, 30), time(2, 59, 59)):
            assert local_instant(date(2026, 3, 29), skipped, berlin) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_takes_the_first_of_two(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        assert local_instant(date(2026, 10, 25), time(2, 30), berlin) == datetime(
            2026, 10, 25, 0, 30, tzinfo=UTC
        )

    def test_a_day_that_never_was_is_the_next_one(self) -> None:
        apia = ZoneInfo("Pacific/Apia")
        assert wall(local_instant(date(2011, 12, 30), time(8), apia), apia) == datetime(2011, 12, 31)

    @given(
        changing,
        st.data(),
        st.sampled_from(TIMES) | st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    )
    @settings(max_examples=150, deadline=None)
    def test_agrees_with_watching_the_clock_around_changes(
        self, name: str, data: st.DataObject, at: time
    ) -> None:
        day, zone = data.draw(st.sampled_from(change_days(name))), ZoneInfo(name)
        assert local_instant(day, at, zone) == watch_the_clock(day, at, zone)

    @given(zones, st.dates(date(1975, 1, 1), date(2090, 1, 1)), st.sampled_from(TIMES))
    @settings(max_examples=50, deadline=None)
    def test_agrees_with_watching_the_clock_on_any_day(self, zone: ZoneInfo, day: date, at: time) -> None:
        found, seen = local_instant(day, at, zone), watch_the_clock(day, at, zone)
        assert timedelta(0) <= seen - found < timedelta(minutes=1)  # the oracle looks only once a minute
        assert found.tzinfo is UTC

    @given(zones, days, st.times())
    def test_shows_the_wanted_time_wherever_it_exists(self, zone: ZoneInfo, day: date, at: time) -> None:
        found = wall(local_instant(day, at, zone), zone)
        wanted = datetime.combine(day, at.replace(fold=0))
        assert found >= wanted
        if found != wanted:
            just_before = local_instant(day, at, zone) - timedelta(microseconds=1)
            assert wall(just_before, zone) < wanted

    def test_knows_the_day_in_a_zone(self) -> None:
        late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
        assert calendar_day(late, ZoneInfo("Asia/Tokyo")) == date(2026, 11, 24)
        assert calendar_day(late, ZoneInfo("America/New_York")) == date(2026, 11, 23)
        with pytest.raises(ValueError, match="zone"):
            calendar_day(late.replace(tzinfo=None), UTC)


class TestEveryWeekOnce:
    @pytest.mark.parametrize("at", TIMES, ids=str)
    def test_in_every_zone_each_week_of_two_years_has_one_instant_in_order(self, at: time) -> None:
        for name in different():
            zone, week = ZoneInfo(name), FIRST_WEEK
            last = due_instant(week.previous(), 0, at, zone)
            while week <= LAST_WEEK:
                due = due_instant(week, 0, at, zone)
                assert calendar_day(due, zone) == week.monday, (name, week)
                assert timedelta(days=6, hours=20) < due - last < timedelta(days=7, hours=4), (name, week)
                last, week = due, week.next()

    @given(changing, st.integers(0, 6), st.sampled_from(TIMES), st.data())
    @settings(max_examples=30, deadline=None)
    def test_a_clock_that_looks_in_often_runs_each_week_once(
        self, name: str, weekday: int, at: time, data: st.DataObject
    ) -> None:
        zone = ZoneInfo(name)
        start = datetime.combine(data.draw(st.sampled_from(change_days(name))), time(), UTC) - timedelta(
            days=14
        )
        runs: dict[IsoWeek, datetime] = {}
        for minutes in range(0, 28 * 24 * 60, 60):
            now = start + timedelta(minutes=minutes)
            runs.setdefault(latest_due_week(now, weekday, at, zone), now)
        weeks = sorted(runs)
        assert weeks == [IsoWeek.of(weeks[0].monday + timedelta(weeks=count)) for count in range(len(weeks))]
        is_over = weekday >= 5 or (weekday == 4 and at >= time(17))
        early = timedelta(days=7 if is_over else 0)  # a weekend's job is about the week to come
        assert watch_the_clock(weeks[0].days[weekday] - early, at, zone) <= start
        assert watch_the_clock(weeks[-1].next().days[weekday] - early, at, zone) > now
        for week in weeks[1:]:
            seen = watch_the_clock(week.days[weekday] - early, at, zone)
            assert timedelta(0) <= runs[week] - seen < timedelta(minutes=60)

    @given(
        st.lists(st.tuples(zones, st.integers(-3000, 20000)), min_size=1, max_size=40), st.sampled_from(TIMES)
    )
    @example(
        [(ZoneInfo("Asia/Tokyo"), 0), (ZoneInfo("America/Los_Angeles"), 0), (ZoneInfo("Asia/Tokyo"), 600)],
        time(8),
    )
    @settings(max_examples=100, deadline=None)
    def test_moves_jumps_and_sleep_neither_double_nor_hide_a_week(
        self, wakings: list[tuple[ZoneInfo, int]], at: time
    ) -> None:
        """A user moves zone, the clock jumps both ways, the server sleeps for days."""
        rows: list[IsoWeek] = []
        now = datetime(2026, 3, 1, tzinfo=UTC)
        for zone, jump in wakings:
            now += timedelta(minutes=jump)
            week = latest_due_week(now, 0, at, zone)
            if week not in rows:
                rows.append(week)
            assert due_instant(week, 0, at, zone) <= now < due_instant(week.next(), 0, at, zone)
        assert len(rows) == len(set(rows))

    @given(zones, days, st.times(), st.integers(0, 6), st.times())
    def test_the_newest_due_week_is_due_and_the_next_is_not(
        self, zone: ZoneInfo, day: date, moment: time, weekday: int, at: time
    ) -> None:
        assume(day.year > 1950)
        now = datetime.combine(day, moment, UTC)
        week = latest_due_week(now, weekday, at, zone)
        assert due_instant(week, weekday, at, zone) <= now < due_instant(week.next(), weekday, at, zone)

    def test_knows_only_seven_weekdays(self) -> None:
        with pytest.raises(ValueError, match="weekday"):
            due_instant(IsoWeek(2026, 48), 7, time(8), UTC)


class TestEndsOfDays:
    """The last moment of a calendar day, also where the clock shows its last hour twice."""

    @given(zones, days)
    def test_it_is_on_the_day_and_the_next_moment_is_not(self, zone: ZoneInfo, day: date) -> None:
        assume(
            day.year > 1950 and not _is_skipped(day, zone) and not _is_skipped(day + timedelta(days=1), zone)
        )
        last = end_of(day, zone)
        assert last.astimezone(zone).date() == day
        assert (last + timedelta(microseconds=1)).astimezone(zone).date() == day + timedelta(days=1)

    @pytest.mark.parametrize("day", [date(2025, 10, 30), date(2026, 10, 29)])
    def test_a_date_said_holds_the_hour_that_comes_twice(self, day: date) -> None:
        cairo = ZoneInfo("Africa/Cairo")
        assert moment_said(day.isoformat(), cairo) == end_of(day, cairo)
        assert end_of(day, cairo) + timedelta(microseconds=1) == datetime(
            day.year, day.month, day.day, 22, tzinfo=UTC
        )


def _is_skipped(day: date, zone: ZoneInfo) -> bool:
    """A day that a zone never had, where it moved over the date line."""
    return local_instant(day, time(12), zone).astimezone(zone).date() != day
