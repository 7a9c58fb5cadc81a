"""Slots: the promises hold for any week, zones and calendars, judged by looking at every quarter of an hour."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays as holiday_calendars
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.domain.diary import Interval, Slot, Wanted
from crm.domain.post import post_by
from crm.domain.slots import propose_slots
from crm.domain.weeks import IsoWeek
from crm.domain.working_hours import OFFICE_HOURS, WorkingHours, public_holidays
from tests.thorough import TIMES

BOSTON, BERLIN, PUNE = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
AUCKLAND, LOS_ANGELES = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")
WEEK = IsoWeek(2026, 47)
MONDAY = datetime(2026, 11, 16, 8, tzinfo=BERLIN)

CLOCK_CHANGES = [
    IsoWeek(2026, 13),
    IsoWeek(2026, 14),
    IsoWeek(2026, 43),
    IsoWeek(2026, 44),
    IsoWeek(2026, 10),
]
weeks = st.sampled_from([WEEK, IsoWeek(2026, 53), *CLOCK_CHANGES])
zones = st.sampled_from(
    [
        BOSTON,
        BERLIN,
        PUNE,
        AUCKLAND,
        LOS_ANGELES,
        ZoneInfo("UTC"),
        ZoneInfo("Asia/Kathmandu"),
        ZoneInfo("Africa/Cairo"),
    ]
)
hours = st.just(OFFICE_HOURS) | st.builds(
    WorkingHours,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from([time(0), time(2, 15), time(7), time(9, 30)]),
    st.sampled_from([time(10), time(14, 45), time(17), time(23, 59)]),
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Wanted], dict]:  # type: ignore[type-arg]
    week = draw(weeks)
    some_days = st.frozensets(st.sampled_from(week.days), max_size=3)
    start = datetime.combine(week.monday, time(), UTC)
    moments = st.integers(-600, 8 * 24 * 60).map(lambda minutes: start + timedelta(minutes=minutes))
    wanted = [
        Wanted(
            number,
            draw(st.sampled_from(["call", "call", "lunch", "meeting", "visit", "note", "gift"])),
            draw(zones),
            draw(hours),
            draw(some_days),
            draw(st.none() | st.integers(0, 20).map(lambda ahead: week.monday + timedelta(days=ahead))),
            draw(st.none() | st.none() | some_days),
            due_on=draw(
                st.none() | st.integers(-9, 9).map(lambda ahead: week.monday + timedelta(days=ahead))
            ),
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    lengths = st.integers(1, 2000).map(lambda minutes: timedelta(minutes=minutes))
    kinds = st.sampled_from([("", False), ("", True), ("lunch", True), ("call", False)])
    busy = [Interval(at, at + draw(lengths), *draw(kinds)) for at in draw(st.lists(moments, max_size=4))]
    facts = {"week": week, "now": draw(moments), "zone": draw(zones), "hours": draw(hours), "busy": busy}
    return wanted, {**facts, "holidays": draw(some_days)}


def works(person: WorkingHours, zone: tzinfo, off: Collection[date], start: datetime, minutes: int) -> bool:
    """The oracle: somebody works at every minute from start to end, by one clock."""
    shown = [(start + timedelta(minutes=minute)).astimezone(zone) for minute in range(minutes + 1)]
    return len({moment.utcoffset() for moment in shown}) == 1 and all(
        moment.weekday() in person.weekdays
        and moment.date() not in off
        and person.start <= moment.time() <= person.end
        for moment in shown
    )


def quarter_hours(week: IsoWeek) -> Iterator[datetime]:
    start = datetime.combine(week.monday, time(), UTC) - timedelta(days=1)
    return (start + timedelta(minutes=15 * count) for count in range(9 * 24 * 4))


def clashes(start: datetime, minutes: int, taken: list[tuple[datetime, datetime]]) -> bool:
    end = start + timedelta(minutes=minutes)
    return any(start < taken_to and taken_from < end for taken_from, taken_to in taken)


def with_the_way(act: str, slot: Slot) -> tuple[datetime, datetime]:
    """From when to when nothing else can be done: half an hour to what is in person, and half an hour back."""
    assert slot.starts_at is not None
    way = timedelta(minutes=0 if act == "call" else 30)
    return slot.starts_at - way, slot.starts_at + timedelta(minutes=slot.minutes) + way


def shared_moments(one: Wanted, facts: dict, *, empty: bool) -> Iterator[datetime]:  # type: ignore[type-arg]
    """Every start, on the user's half hours, that suits both; ``empty``: in a week without holidays or calendars."""
    for start in quarter_hours(facts["week"]):
        here = start.astimezone(facts["zone"])
        if here.minute % 30 or here.date() not in facts["week"]:
            continue
        ours, theirs = (() if empty else facts["holidays"]), (() if empty else one.holidays)
        if works(facts["hours"], facts["zone"], ours, start, 30) and works(
            one.hours, one.zone, theirs, start, 30
        ):
            yield start


class TestAnyWeek:
    @given(questions())
    @settings(max_examples=60 * TIMES, deadline=None)
    def test_keeps_its_promises(self, question: tuple[list[Wanted], dict]) -> None:  # type: ignore[type-arg]
        wanted, facts = question
        slots = propose_slots(wanted, **facts)
        assert slots == propose_slots(wanted[::-1], **facts)
        assert set(slots) == {one.contact_id for one in wanted}
        today = facts["now"].astimezone(facts["zone"]).date()
        for one in wanted:
            slot = slots[one.contact_id]
            if slot.day is None:
                assert slot.starts_at is None
                continue
            assert slot.day in facts["week"]
            assert slot.day >= today
            assert slot.day.weekday() in facts["hours"].weekdays
            assert slot.day not in facts["holidays"]
            if one.act in ("note", "gift"):
                assert (slot.starts_at, slot.minutes) == (None, 0)
            else:
                self.check_moment(one, slot, facts)
        self.check_together(wanted, slots, facts)

    def check_moment(self, one: Wanted, slot: Slot, facts: dict) -> None:  # type: ignore[type-arg]
        start, trip = slot.starts_at, one.only_on is not None and one.act != "call"
        place = one.zone if trip else facts["zone"]
        assert start is not None
        assert start.tzinfo is UTC
        assert start >= facts["now"]
        assert start.astimezone(place).date() == slot.day
        if one.act == "call":
            both = works(facts["hours"], facts["zone"], facts["holidays"], start, 30) and works(
                one.hours, one.zone, one.holidays, start, 30
            )
            assert both is not slot.outside_hours
            assert start.astimezone(one.zone).date() not in one.holidays
            here = start.astimezone(facts["zone"])
            assert slot.outside_hours is (f"{here:%H:%M} for you" in slot.note)
            assert slot.outside_hours is ("No shared working hours" in slot.note)
            if slot.outside_hours:
                assert not any(shared_moments(one, facts, empty=True))
            return
        assert slot.day not in one.holidays
        assert not trip or slot.day in (one.only_on or ())
        if one.act == "lunch":
            assert start.astimezone(place).time() in (time(12), time(12, 30), time(13))
        else:
            assert works(facts["hours"], place, (), start, 60)
            assert works(one.hours, place, (), start, 60)

    def check_together(self, wanted: list[Wanted], slots: dict[int, Slot], facts: dict) -> None:  # type: ignore[type-arg]
        timed = sorted(
            (slot.starts_at, slot.starts_at + timedelta(minutes=slot.minutes))
            for slot in slots.values()
            if slot.starts_at
        )
        assert all(end <= start for (_, end), (start, _) in pairwise(timed))
        busy = [(interval.starts_at, interval.ends_at) for interval in facts["busy"]]
        on_the_way = [
            (one.starts_at - timedelta(minutes=30), one.ends_at + timedelta(minutes=30))
            for one in facts["busy"]
            if one.in_person
        ]
        assert not any(clashes(start, int((end - start).total_seconds()) // 60, busy) for start, end in timed)
        lunches = Counter(slots[one.contact_id].day for one in wanted if one.act == "lunch")
        assert all(count == 1 for day, count in lunches.items() if day)
        arranged = {
            one.starts_at.astimezone(facts["zone"]).date() for one in facts["busy"] if one.act == "lunch"
        }
        assert arranged.isdisjoint(lunches)
        calls = [slots[one.contact_id].starts_at for one in wanted if one.act == "call"]
        assert not any(clashes(start, 30, on_the_way) for start in calls if start)
        taken = [*busy, *on_the_way] + [
            with_the_way(one.act, slots[one.contact_id]) for one in wanted if slots[one.contact_id].starts_at
        ]
        for one in wanted:
            if one.act == "call" and slots[one.contact_id].day is None:
                ahead = (start for start in shared_moments(one, facts, empty=False) if start >= facts["now"])
                assert all(clashes(start, 30, taken) for start in ahead)


def ask(*wanted: Wanted, now: datetime = MONDAY, zone: ZoneInfo = BERLIN, **more: object) -> list[Slot]:
    slots = propose_slots(wanted, week=WEEK, now=now, zone=zone, **more)  # type: ignore[arg-type]
    return [slots[one.contact_id] for one in wanted]


def local(slot: Slot, zone: ZoneInfo = BERLIN) -> str:
    assert slot.starts_at is not None
    return f"{slot.starts_at.astimezone(zone):%a %H:%M}"


class TestCalls:
    def test_are_spread_over_the_week_at_good_hours(self) -> None:
        slots = ask(*(Wanted(number, "call", BERLIN) for number in range(7)))
        assert [local(slot) for slot in slots] == [
            *("Mon 10:00", "Tue 10:00", "Wed 10:00", "Thu 10:00", "Fri 10:00"),
            *("Mon 10:30", "Tue 10:30"),
        ]
        assert {slot.note for slot in slots} == {""}

    def test_fall_into_both_working_hours_and_say_their_time(self) -> None:
        (slot,) = ask(Wanted(1, "call", BOSTON))
        assert local(slot) == "Mon 15:00"
        assert slot.note == "09:00 for them."

    def test_whoever_has_the_least_room_goes_first(self) -> None:
        only_monday = frozenset(day for day in WEEK.days if day != WEEK.monday)
        easy, hard = ask(Wanted(1, "call", BERLIN), Wanted(2, "call", BOSTON, holidays=only_monday))
        assert local(hard) == "Mon 15:00"
        assert local(easy) == "Tue 10:00"

    def test_without_shared_hours_cost_both_the_same_and_say_so(self) -> None:
        (slot,) = ask(Wanted(1, "call", LOS_ANGELES))
        assert local(slot) == "Mon 17:00"
        assert slot.outside_hours
        assert slot.note == "No shared working hours: 17:00 for you, 08:00 for them."

    def test_without_shared_hours_name_their_day_where_it_differs(self) -> None:
        (slot,) = ask(Wanted(1, "call", AUCKLAND))
        assert slot.note == "No shared working hours: 18:30 for you, 06:30 on Tue 17 Nov for them."
        (shared,) = ask(Wanted(1, "call", AUCKLAND), zone=LOS_ANGELES)
        assert shared.note == "11:00 on Tue 17 Nov for them."

    def test_never_name_a_time_that_the_clocks_jump_over(self) -> None:
        sunday_night = WorkingHours(frozenset({6}), time(2), time(3))
        slots = propose_slots(
            [Wanted(1, "call", ZoneInfo("UTC"), WorkingHours(frozenset({6}), time(1), time(1, 30)))],
            week=IsoWeek(2026, 13),
            now=datetime(2026, 3, 23, tzinfo=BERLIN),
            zone=BERLIN,
            hours=sunday_night,
        )
        assert local(slots[1]) == "Sun 03:00"
        assert "03:00 for you" in slots[1].note

    def test_on_the_day_of_the_occasion(self) -> None:
        (slot,) = ask(Wanted(1, "call", BERLIN, occasion_on=date(2026, 11, 19)))
        assert local(slot) == "Thu 10:00"
        assert slot.note == ""

    def test_by_the_day_something_is_due_and_at_once_where_that_has_passed(self) -> None:
        slots = ask(
            Wanted(1, "call", BERLIN),
            Wanted(2, "call", BERLIN, due_on=date(2026, 11, 17)),
            Wanted(3, "call", BERLIN, due_on=date(2026, 11, 17)),
            Wanted(4, "call", BERLIN, due_on=date(2026, 11, 2)),
        )
        assert [local(slot) for slot in slots] == ["Mon 10:00", "Tue 10:00", "Mon 10:30", "Mon 11:00"]

    def test_before_an_occasion_on_a_day_off(self) -> None:
        (slot,) = ask(Wanted(1, "call", BERLIN, occasion_on=date(2026, 11, 21)))
        assert local(slot) == "Fri 10:00"
        assert slot.note == "The day itself is Sat 21 Nov."

    def test_after_an_occasion_only_if_no_day_is_left_before(self) -> None:
        monday_off = frozenset({WEEK.monday})
        (slot,) = ask(Wanted(1, "call", BERLIN, holidays=monday_off, occasion_on=WEEK.monday))
        assert local(slot) == "Tue 10:00"

    def test_have_no_moment_in_a_full_week(self) -> None:
        full = [Interval(MONDAY, MONDAY + timedelta(days=7))]
        (slot,) = ask(Wanted(1, "call", BERLIN), busy=full)
        assert slot == Slot(None, None, 30, "No free half hour was found.")

    def test_never_today_in_the_past(self) -> None:
        friday = datetime(2026, 11, 20, 16, 10, tzinfo=BERLIN)
        assert local(ask(Wanted(1, "call", BERLIN), now=friday)[0]) == "Fri 16:30"
        assert ask(Wanted(1, "call", BERLIN), now=friday.replace(minute=45))[0].starts_at is None


class TestInPerson:
    def test_lunch_with_some_notice_and_never_two_a_day(self) -> None:
        slots = ask(*(Wanted(number, "lunch", BERLIN) for number in range(6)))
        assert [local(slot) for slot in slots[:5]] == [
            f"{day} 12:30" for day in ("Wed", "Thu", "Fri", "Mon", "Tue")
        ]
        assert slots[5] == Slot(None, None, 60, "No free hour was found.")

    def test_meetings_and_visits_at_their_hour(self) -> None:
        meeting, visit = ask(Wanted(1, "meeting", BERLIN), Wanted(2, "visit", BERLIN))
        assert (local(meeting), local(visit)) == ("Wed 15:00", "Wed 10:00")

    def test_gives_way_to_the_calendar(self) -> None:
        noon = datetime(2026, 11, 18, 12, tzinfo=BERLIN)
        (slot,) = ask(Wanted(1, "lunch", BERLIN), busy=[Interval(noon, noon + timedelta(hours=1))])
        assert local(slot) == "Thu 12:30"

    def test_leaves_time_for_the_way(self) -> None:
        noon = datetime(2026, 11, 18, 11, tzinfo=BERLIN)
        until = noon + timedelta(minutes=70)
        (slot,) = ask(Wanted(1, "lunch", BERLIN), busy=[Interval(noon, until)])
        assert local(slot) == "Thu 12:30"
        (call,) = ask(Wanted(1, "call", BERLIN), busy=[Interval(noon, until)])
        assert local(call) == "Mon 10:00"
        lunch, *calls = ask(
            Wanted(1, "lunch", BERLIN, only_on={date(2026, 11, 18)}),
            *(Wanted(n, "call", BERLIN, not_on=set(WEEK.days) - {date(2026, 11, 18)}) for n in range(2, 20)),
        )
        assert lunch.starts_at is not None
        taken = [slot.starts_at for slot in calls if slot.starts_at]
        assert len(taken) > 8
        assert all(
            start + timedelta(minutes=30) <= lunch.starts_at - timedelta(minutes=30)
            or start >= lunch.starts_at + timedelta(minutes=90)
            for start in taken
        )

    def test_never_on_a_day_elsewhere(self) -> None:
        elsewhere = {date(2026, 11, day) for day in (16, 18, 19, 20)}
        for act in ("lunch", "call", "visit"):
            (slot,) = ask(Wanted(1, act, BERLIN, not_on=elsewhere))
            assert slot.day == date(2026, 11, 17)

    def test_on_a_trip_in_the_zone_of_the_place(self) -> None:
        trip = frozenset({date(2026, 11, 17), date(2026, 11, 18)})
        (slot,) = ask(Wanted(1, "lunch", BOSTON, only_on=trip))
        assert local(slot, BOSTON) == "Wed 12:30"

    def test_one_lunch_a_day_even_where_the_zones_would_let_two(self) -> None:
        wednesday = frozenset({date(2026, 11, 18)})
        home, away = ask(Wanted(1, "lunch", BERLIN), Wanted(2, "lunch", BOSTON, only_on=wednesday))
        assert local(home) == "Wed 12:30"
        assert away == Slot(None, None, 60, "No free hour was found.")

    def test_a_lunch_that_is_arranged_is_the_lunch_of_its_day_and_has_a_way_to_it(self) -> None:
        early = datetime(2026, 11, 18, 10, 30, tzinfo=BERLIN)
        arranged = Interval(early, early + timedelta(hours=1), "lunch", in_person=True)
        (slot,) = ask(Wanted(1, "lunch", BERLIN), busy=[arranged])
        assert local(slot) == "Thu 12:30"
        not_then = set(WEEK.days) - {date(2026, 11, 18)}
        calls = ask(*(Wanted(n, "call", BERLIN, not_on=not_then) for n in range(4)), busy=[arranged])
        assert [local(call) for call in calls] == [f"Wed {at}" for at in ("14:00", "14:30", "15:00", "15:30")]


class TestPost:
    def test_by_the_end_of_the_week_one_a_day(self) -> None:
        slots = ask(Wanted(1, "note", BERLIN), Wanted(2, "gift", BERLIN), Wanted(3, "note", BERLIN))
        assert [slot.day for slot in slots] == [date(2026, 11, day) for day in (20, 19, 18)]
        assert {(slot.starts_at, slot.minutes, slot.note) for slot in slots} == {(None, 0, "")}

    def test_early_enough_for_an_occasion(self) -> None:
        (slot,) = ask(Wanted(1, "note", BERLIN, occasion_on=date(2026, 11, 25)))
        assert (slot.day, slot.note) == (date(2026, 11, 18), "To arrive by Wed 25 Nov.")

    def test_says_when_it_may_be_late(self) -> None:
        (slot,) = ask(Wanted(1, "note", BERLIN, occasion_on=date(2026, 11, 20)))
        assert (slot.day, slot.note) == (date(2026, 11, 16), "It may arrive after Fri 20 Nov.")


class TestWithoutDays:
    @pytest.mark.parametrize("act", ["call", "lunch", "meeting", "visit", "note", "gift"])
    def test_any_day_will_do_on_the_weekend(self, act: str) -> None:
        moments = ((20, 17), (21, 9), (30, 9))
        for now in (datetime(2026, 11, day, hour, tzinfo=BERLIN) for day, hour in moments):
            (slot,) = ask(Wanted(1, act, BERLIN), now=now)
            assert (slot.day, slot.starts_at, slot.note) == (None, None, "")

    def test_a_week_of_holidays_has_no_slot(self) -> None:
        slots = ask(
            *(Wanted(n, act, BERLIN) for n, act in enumerate(["call", "lunch", "note"])), holidays=WEEK.days
        )
        assert {slot.day for slot in slots} == {None}


class TestPostBy:
    @pytest.mark.parametrize(
        ("day", "posted"),
        [
            (date(2026, 12, 7), date(2026, 11, 30)),
            (date(2026, 12, 5), date(2026, 11, 27)),
            (date(2026, 12, 6), date(2026, 11, 27)),
            (date(2026, 12, 2), date(2026, 11, 25)),
        ],
    )
    def test_counts_working_days(self, day: date, posted: date) -> None:
        assert post_by(day) == posted

    @given(
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        st.integers(0, 12),
        st.frozensets(st.integers(0, 40), max_size=6),
    )
    @example(date(2026, 12, 28), 5, frozenset({0, 2, 3}))
    def test_is_the_last_day_that_is_early_enough(self, day: date, needed: int, off: frozenset[int]) -> None:
        holidays = {day - timedelta(days=before) for before in off}

        def working(one: date) -> bool:
            return one.weekday() < 5 and one not in holidays

        def days_under_way(posted: date) -> int:
            return sum(working(posted + timedelta(days=count)) for count in range(1, (day - posted).days + 1))

        posted = post_by(day, needed, holidays=holidays)
        assert working(posted)
        assert posted <= day
        assert days_under_way(posted) >= needed
        later = (posted + timedelta(days=count) for count in range(1, (day - posted).days + 1))
        assert not any(working(one) and days_under_way(one) >= needed for one in later)


class TestPublicHolidays:
    def test_knows_countries(self) -> None:
        assert date(2026, 11, 26) in public_holidays("US", 2026)
        assert date(2026, 11, 26) not in public_holidays("GB", 2026)
        assert public_holidays(" de ", 2026) == public_holidays("DE", 2026)

    @pytest.mark.parametrize("code", ["", "ZZ", "Atlantis", "HolidayBase", "registry", "DE'--"])
    def test_an_unknown_country_has_none(self, code: str) -> None:
        assert public_holidays(code, 2026) == frozenset()

    def test_every_country_of_the_list_answers_with_days_of_the_year(self) -> None:
        for code in holiday_calendars.list_supported_countries():
            assert all(day.year == 2026 for day in public_holidays(code, 2026)), code


def test_hours_and_intervals_refuse_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="begin"):
        WorkingHours(start=time(17), end=time(9))
    with pytest.raises(ValueError, match="zone"):
        Interval(datetime(2026, 1, 1), MONDAY)
