"""Trips and days off: people there come forward, nobody at home is asked out meanwhile, and they are their user's alone."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select

from crm.domain.budgets import Budget
from crm.domain.own_calendar import is_own_event
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek, local_instant
from crm.errors import NotFound
from crm.nudges.compose import _moment, slot_words
from crm.planning import journey_actions, journeys, trip_actions
from crm.planning.actions import make_plan, swap
from crm.planning.drafting import Draft, draft_plan
from crm.planning.home import home_in
from crm.planning.journey_forms import TimeOffForm, TripForm
from crm.planning.near import OTHERS_SHOWN
from crm.planning.queries import PlanView, Suggested, plan_of
from crm.planning.reach import more_on_trip, on_trip
from crm.planning.waiting import not_planned
from crm.storage.stored_metrics import refresh_stale, scope_of
from crm.storage.tables import suggestion
from tests.builders import NOW, World
from tests.planning.test_plan import by_screen
from tests.today.test_week_page import said
from tests.web.site import client

BOSTON, NEW_YORK = "Boston", ZoneInfo("America/New_York")
NEXT = IsoWeek(2026, 49)
TUESDAY, FRIDAY = date(2026, 12, 1), date(2026, 12, 4)


def write_trip(world: World, by: Principal, first: date = TUESDAY, last: date = FRIDAY, room: int = 3) -> int:
    with world.database.write() as connection:
        form = TripForm(city=BOSTON, first_day=first, last_day=last, room=room)
        return journey_actions.add_trip(connection, by, form, NOW)


def take_off(world: World, by: Principal, first: date, last: date) -> int:
    with world.database.write() as connection:
        form = TimeOffForm(first_day=first, last_day=last)
        return journey_actions.add_time_off(connection, by, form, NOW)


def draft(world: World, by: Principal, week: IsoWeek = NEXT) -> Draft:
    with world.database.read() as connection:
        return draft_plan(connection, by, week, NOW)


def test_a_trip_brings_the_people_there_forward_on_its_days_and_by_their_clock(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    there = {by_screen(world, alice, f"Person {number}", city="Somerville, MA") for number in range(3)}
    assert {one.act for one in draft(world, alice).suggestions} == {"call"}
    write_trip(world, alice)
    met = [one for one in draft(world, alice).suggestions if one.act == "lunch"]
    assert {one.contact_id for one in met} == there
    moments = [one.slot.starts_at for one in met]
    days = {moment.astimezone(NEW_YORK).date() for moment in moments if moment}
    assert len(days) == 3
    assert all(TUESDAY <= day <= FRIDAY for day in days)
    assert {moment.astimezone(NEW_YORK).hour for moment in moments if moment} == {12}


def planned_next(world: World, alice: Principal, at: datetime) -> PlanView:
    """Their plan of the next week, made at a moment and as it stands then."""
    with world.database.write() as connection:
        make_plan(connection, alice, NEXT, at)
    with world.database.read() as connection:
        view = plan_of(connection, alice, NEXT, at)
    assert view is not None
    return view


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_page_and_mail_say_the_moments_of_a_trip_by_the_clock_of_the_place(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, "Odile Renard", city=BOSTON)
    by_screen(world, alice, "Jürgen Haas", city="Berlin")
    write_trip(world, alice)
    monday = local_instant(NEXT.monday, time(8), alice.user_zone)
    view = planned_next(world, alice, monday)
    said = {one.contact.name: slot_words(one, NEXT.monday) for one in view.suggestions}
    assert said["Odile Renard"] == "Wed 2 Dec, 12:30. You are both in Boston then."
    assert said["Jürgen Haas"] == "Today, 12:30. Both in Berlin."
    with time_machine.travel(monday, tick=False):
        page = client(world, alice).get("/").text
    assert "Wed 2 Dec, 12:30" in page
    assert "18:30" not in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_swap_says_is_by_the_clock_of_the_place_too(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, "Odile Renard", city=BOSTON)
    write_trip(world, alice)
    monday = local_instant(NEXT.monday, time(8), alice.user_zone)
    view = planned_next(world, alice, monday)
    swap = f"/plan/suggestions/{view.suggestions[0].id}/swap"
    with time_machine.travel(monday, tick=False):
        browser = client(world, alice)
        browser.post(swap, data={"act": "call"})
        back = browser.post(swap, data={"act": "lunch"})
        assert "Odile: Lunch Wed 2 Dec, 12:30." in said(browser, back)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_in_a_week_that_is_all_trip_calls_fall_in_the_working_hours_there(world: World) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    alice = world.user(city="Tokyo", time_zone="Asia/Tokyo")
    for number in range(3):
        by_screen(world, alice, f"Person {number}", city="Berlin")
    write_trip(world, alice, NEXT.monday, FRIDAY)
    monday = local_instant(NEXT.monday, time(8), tokyo)
    view = planned_next(world, alice, monday)
    for one in view.suggestions:
        assert one.act == "call"
        assert one.slot.starts_at is not None
        here = one.slot.starts_at.astimezone(NEW_YORK)
        assert here.date() == one.slot.day
        assert 9 <= here.hour < 11, "while Berlin works too"
        assert f"{here:%H:%M}. " in slot_words(one, NEXT.monday)


def test_who_lives_at_home_is_met_only_on_days_at_home(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, "Jürgen Haas", city="Berlin")
    write_trip(world, alice)
    (one,) = draft(world, alice).suggestions
    assert (one.act, one.slot.day) == ("lunch", NEXT.monday)
    write_trip(world, alice, NEXT.monday, NEXT.monday)
    assert [one.act for one in draft(world, alice).suggestions] == ["call"]


def test_a_trip_is_changed_taken_away_and_brought_back_by_its_user_alone(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", role="admin")
    trip_id = write_trip(world, alice)
    with world.database.write() as connection:
        for refused in (
            lambda: journeys.own_trip(connection, bob, trip_id),
            lambda: journey_actions.remove_trip(connection, bob, trip_id, NOW),
            lambda: journey_actions.restore_trip(connection, bob, trip_id),
        ):
            with pytest.raises(NotFound):
                refused()
        assert journeys.trips(connection, bob, world.today) == []
        journey_actions.remove_trip(connection, alice, trip_id, NOW)
        assert journeys.trips(connection, alice, world.today) == []
        journey_actions.restore_trip(connection, alice, trip_id)
        assert [one.id for one in journeys.trips(connection, alice, world.today)] == [trip_id]
        assert journeys.own_trip(connection, alice, trip_id).words(world.today) == "1–4 December"


def test_nothing_is_planned_in_a_week_off_and_less_in_half_a_week(world: World) -> None:
    alice = world.user()
    for number in range(8):
        by_screen(world, alice, f"Person {number}")
    take_off(world, alice, NEXT.monday, NEXT.monday + timedelta(days=2))
    half = draft(world, alice)
    assert (half.budget.call, half.budget.total, len(half.suggestions)) == (2, 3, 3)
    assert all(one.slot.day in (date(2026, 12, 3), FRIDAY) for one in half.suggestions)
    off_id = take_off(world, alice, date(2026, 12, 3), FRIDAY)
    none = draft(world, alice)
    assert none.suggestions == ()
    assert {one.reason for one in none.left_out} == {"off"}
    with world.database.write() as connection:
        told = home_in(connection, alice, NEXT, NOW).lightness(NEXT, "Next week")
        assert told == "Next week has no days of work, so nothing is planned for it."
        journey_actions.remove_time_off(connection, alice, off_id, NOW)
    assert draft(world, alice) == half


def test_a_trip_brings_no_room_into_a_week_of_a_single_working_day(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, city=BOSTON)
    take_off(world, alice, NEXT.monday, date(2026, 12, 3))
    write_trip(world, alice, date(2026, 12, 3), FRIDAY)
    found = draft(world, alice)
    assert found.suggestions == ()
    assert {one.reason for one in found.left_out} == {"few_days"}


def test_a_plan_made_on_a_trip_has_moments_for_calls(world: World) -> None:
    """The days at home that the week had are over: calls fall into the trip, as in a week that is all trip."""
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    by_screen(world, alice, city="Lyon")
    write_trip(world, alice, date(2026, 12, 2), FRIDAY)
    wednesday = local_instant(date(2026, 12, 2), time(8), alice.user_zone)
    view = planned_next(world, alice, wednesday)
    assert [(one.act, one.slot.starts_at is not None) for one in view.suggestions] == [("call", True)]


def test_days_off_that_are_written_down_later_are_told_and_the_plan_stays(world: World) -> None:
    alice = world.user(city="Berlin", first_run_done=True)
    for number in range(3):
        by_screen(world, alice, f"Person {number}")
    week = IsoWeek.of(NOW.date())

    def told() -> str:
        with time_machine.travel(NOW, tick=False):
            return client(world, alice).get("/").text

    assert "of work" not in told()
    off_id = take_off(world, alice, week.monday + timedelta(days=1), week.sunday)
    page = told()
    assert "Three people to reach" in page
    assert (
        "This week now has one day of work. It had five days when it was planned, and the plan stays." in page
    )
    assert "nothing is planned" not in page
    assert page.count("Day off") == 4
    assert page.count("You are now off on that day.") == 2, "the third is on Monday"
    with world.database.write() as connection:
        journey_actions.remove_time_off(connection, alice, off_id, NOW)
    assert "of work" not in told()


def test_a_lunch_at_home_on_a_day_that_became_a_trip_finds_another_day(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin", first_run_done=True)
    by_screen(world, alice, "Jürgen Haas", city="Berlin")
    by_screen(world, alice, "Odile Renard", city="Lyon")
    week = IsoWeek.of(NOW.date())
    with world.database.write() as connection:
        make_plan(connection, alice, week, NOW)

    def now() -> dict[str, Suggested]:
        with world.database.read() as connection:
            view = plan_of(connection, alice, week, NOW)
        assert view is not None
        return {one.contact.name: one for one in view.suggestions}

    lunch = now()["Jürgen Haas"]
    assert (lunch.act, lunch.slot.day, lunch.absent) == ("lunch", week.days[2], "")
    trip_id = write_trip(world, alice, week.days[1], week.days[3])
    assert {name: one.absent for name, one in now().items()} == {"Jürgen Haas": "away", "Odile Renard": ""}
    assert _moment(now()["Jürgen Haas"], NOW.date()).endswith(
        "You are now away on that day: the week’s page offers another time."
    )
    with time_machine.travel(NOW, tick=False):
        browser = client(world, alice)
        assert browser.get("/").text.count("You are now away on that day.") == 1
        browser.post(f"/plan/suggestions/{lunch.id}/swap", data={"act": "lunch"})
        assert "You are now away" not in browser.get("/").text
    moved = now()["Jürgen Haas"]
    assert (moved.act, moved.slot.day, moved.absent) == ("lunch", week.days[4], "")
    assert "meeting" not in now()["Odile Renard"].swaps
    rest_of_it = write_trip(world, alice, week.monday, week.days[4])
    assert not {"lunch", "meeting", "visit"} & set(now()["Jürgen Haas"].swaps), "no day at home is left"
    with world.database.write() as connection:
        for one in (trip_id, rest_of_it):
            journey_actions.remove_trip(connection, alice, one, NOW)
        swap(connection, alice, moved.id or 0, "lunch", NOW)
    assert now()["Jürgen Haas"].slot == moved.slot, "nothing is in its way, so the same act is no swap"


def test_a_lunch_on_a_trip_that_is_called_off_says_so_on_the_page_and_in_the_mail(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin", first_run_done=True)
    by_screen(world, alice, "Odile Renard", city=BOSTON)
    trip_id = write_trip(world, alice)
    monday = local_instant(NEXT.monday, time(8), alice.user_zone)
    view = planned_next(world, alice, monday)
    assert [(one.act, one.absent) for one in view.suggestions] == [("lunch", "")]
    with world.database.write() as connection:
        journey_actions.remove_trip(connection, alice, trip_id, monday)
        after = plan_of(connection, alice, NEXT, monday)
    assert after is not None
    (lunch,) = after.suggestions
    assert (lunch.act, lunch.absent) == ("lunch", "apart")
    assert "call" in lunch.swaps
    assert "You are no longer there on that day" in _moment(lunch, NEXT.monday)
    with time_machine.travel(monday, tick=False):
        page = client(world, alice).get("/").text
    assert "You are no longer there on that day" in page
    assert "Another time for Odile" not in page


def test_a_plan_that_was_made_for_fewer_days_says_so_when_they_are_worked_after_all(world: World) -> None:
    alice = world.user(city="Berlin", first_run_done=True)
    week = IsoWeek.of(NOW.date())
    off_id = take_off(world, alice, week.days[1], week.sunday)
    with time_machine.travel(NOW, tick=False):
        browser = client(world, alice)
        by_screen(world, alice)
        assert "This week has one day of work, so nothing is planned for it." in browser.get("/").text
        with world.database.write() as connection:
            journey_actions.remove_time_off(connection, alice, off_id, NOW)
        assert (
            "This week now has five days of work. It had one day when it was planned" in browser.get("/").text
        )


@pytest.mark.parametrize(
    ("city", "week", "days", "total"),
    [
        ("Boston", IsoWeek(2026, 48), 4, 5),  # Thanksgiving
        ("Berlin", IsoWeek(2026, 48), 5, 6),
        ("Berlin", IsoWeek(2026, 53), 4, 5),  # New Year's Day
        ("Boston", IsoWeek(2026, 52), 4, 5),  # Christmas Day
        ("London", IsoWeek(2026, 53), 3, 4),  # Boxing Day is kept on Monday
        ("Tokyo", IsoWeek(2026, 19), 2, 3),  # the golden week
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_week_with_public_holidays_is_lighter_and_says_so(
    world: World, city: str, week: IsoWeek, days: int, total: int
) -> None:
    alice = world.user(city=city)
    with world.database.read() as connection:
        home = home_in(connection, alice, week, NOW)
    assert (len(home.working_days(week)), home.budget.total) == (days, total)
    words = {4: "four", 3: "three", 2: "two"}
    told = f"This week has {words[days]} days of work, so less is planned for it." if days < 5 else ""
    assert home.lightness(week, "This week") == told


@given(amounts=st.tuples(*[st.integers(0, 20)] * 4), days=st.integers(0, 7))
def test_a_share_of_the_week_is_at_least_its_part_and_never_more_than_all(
    amounts: tuple[int, int, int, int], days: int
) -> None:
    whole = Budget(*amounts)
    share = whole.in_a_week_of(days)
    for one, of in zip((share.call, share.in_person, share.by_hand, share.total), amounts, strict=True):
        assert one == (0 if days < 2 else next(n for n in range(of + 1) if n * 5 >= of * min(days, 5)))


def test_a_quarter_may_be_full_of_meetings(world: World) -> None:
    alice = world.user(city=BOSTON, budget_in_person_quarter=1)
    by_screen(world, alice, city=BOSTON)
    other = world.contact("Somebody else", tier="none")
    assert [one.act for one in draft(world, alice).suggestions] == ["lunch"]
    world.log("phone", 3, other, by=alice)
    world.log("lunch", 70, other, by=alice)
    assert [one.act for one in draft(world, alice).suggestions] == ["lunch"]
    world.log("lunch", 3, other, by=alice)
    assert [one.act for one in draft(world, alice).suggestions] == ["call"]


def test_the_page_of_a_trip_shows_the_screen_only_first(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    met = world.contact("Anna Petrescu", owner_id=alice.user_id, city=BOSTON)
    world.log("lunch", 3, met)
    screen = by_screen(world, alice, "Odile Renard", city="Cambridge, MA")
    by_screen(world, alice, "Elsewhere", city="Lyon")
    by_screen(world, alice, "Nobody's", city=BOSTON, tier="none")
    trip_id = write_trip(world, alice)
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, alice, NOW))
        found = on_trip(connection, alice, journeys.own_trip(connection, alice, trip_id), NOW)
    shown = [(zone, [one.contact.id for one in those]) for zone, those in found.by_zone]
    assert shown == [("screen_only", [screen]), ("in_touch", [met])]
    held = [(day, one.contact.id, one.arranged) for day, those in found.days for one in those]
    assert [(one, arranged) for _, one, arranged in held] == [(screen, False)]


def test_a_meeting_stays_on_the_trip_when_somebody_else_looks_after_the_person(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    piet = world.user("Piet Jansen", email="piet@example.org")
    jiwoo = by_screen(world, piet, "Ji-woo Noh", city=BOSTON)
    passing = world.contact("Passing Through", city="Lyon", owner_id=alice.user_id)
    neighbour = world.contact("Neighbour", city="Potsdam", owner_id=alice.user_id)
    theirs = world.contact("Met By Piet", city=BOSTON, owner_id=piet.user_id)
    noon = local_instant(TUESDAY, time(12), NEW_YORK)
    world.log("meeting", None, jiwoo, passing, neighbour, occurred_at=noon, by=alice)
    world.log("video", None, theirs, occurred_at=noon, by=alice)
    world.log("meeting", None, theirs, occurred_at=noon, by=piet)
    trip_id = write_trip(world, alice)
    with world.database.read() as connection:
        found = on_trip(connection, alice, journeys.own_trip(connection, alice, trip_id), NOW)
    assert {one.contact.id for one in found.meetings if one.arranged} == {jiwoo, passing}
    assert [(one.contact.id, one.words, one.arranged) for one in found.others] == [
        (jiwoo, "Piet Jansen looks after them.", True),
        (passing, "You look after them.", True),
        (theirs, "Piet Jansen looks after them.", False),
    ]
    browser = client(world, alice)
    with time_machine.travel(NOW, tick=False):
        assert "Copy to calendar" in browser.get(f"/trips/{trip_id}").text
        events = Calendar.from_ical(browser.get(f"/trips/{trip_id}/trip.ics").content).walk("VEVENT")
    assert {str(one["SUMMARY"]) for one in events} == {
        "Meeting with Ji-woo Noh",
        "Meeting with Passing Through",
    }


def test_a_trip_shows_the_people_of_colleagues_the_highest_tier_first(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    brian = world.user("Brian Boru", email="brian@example.org")
    for number in range(OTHERS_SHOWN):
        world.contact(f"Person {number:02}", city="Somerville, MA", tier="warm", owner_id=brian.user_id)
    key = world.contact("Zelda Customer", city=BOSTON, kind="customer", owner_id=brian.user_id)
    world.contact("Of No Tier", city=BOSTON, tier="none", owner_id=brian.user_id)
    world.contact("Elsewhere", city="Lyon", owner_id=brian.user_id)
    trip_id = write_trip(world, alice)
    with world.database.read() as connection:
        found = on_trip(connection, alice, journeys.own_trip(connection, alice, trip_id), NOW)
    assert (found.number, len(found.others), found.unshown) == (0, OTHERS_SHOWN, 1)
    assert found.others[0].contact.id == key
    page = client(world, alice).get(f"/trips/{trip_id}").text
    assert "Brian Boru looks after them." in page
    assert "And one more." in page
    assert "Nobody you look after is there" not in page


def test_a_week_that_is_planned_takes_in_whom_a_trip_brings_beside_what_stands_in_it(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    home = by_screen(world, alice, "Jürgen Haas", city="Berlin")
    there = {by_screen(world, alice, f"Person {number}", city=BOSTON) for number in range(6)}
    week = IsoWeek(2026, 48)
    with world.database.write() as connection:
        make_plan(connection, alice, week, NOW)
    before = planned(world, alice, week)
    trip_id = write_trip(world, alice, week.days[1], week.days[4])
    assert planned(world, alice, week) == before
    with world.database.read() as connection:
        shown = on_trip(connection, alice, journeys.own_trip(connection, alice, trip_id), NOW)
    assert (shown.more, len(shown.meetings)) == (2, 2)
    with world.database.write() as connection:
        assert trip_actions.make_room(connection, alice, trip_id, 3, NOW) == 2
        assert trip_actions.make_room(connection, alice, trip_id, 3, NOW) == 0
    after = planned(world, alice, week)
    met = [one for one in after if one.act == "lunch" and one.contact_id != home]
    assert {one.contact_id for one in met} < there
    assert {one.slot_at for one in met} == {one.at for one in shown.meetings}
    assert len({one.slot_day for one in after if one.act == "lunch"}) == 3
    unmoved = {one.id for one in after} - {one.id for one in met}
    assert [one for one in after if one.id in unmoved] == [one for one in before if one.id in unmoved]
    with world.database.read() as connection:
        view = plan_of(connection, alice, week, NOW)
        left = [one.contact.id for one in not_planned(connection, alice, week, NOW)]
    assert view is not None
    assert view.budget.in_person == 3
    assert {one.contact_id for one in after}.isdisjoint(left)


def test_a_trip_brings_nobody_into_a_planned_week_who_was_reached_since(world: World) -> None:
    """Whoever is added would count as contacted at once."""
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    rung, other = (
        by_screen(world, alice, "Bob Boone", city=BOSTON),
        by_screen(world, alice, "Odile", city=BOSTON),
    )
    week, later = IsoWeek(2026, 48), NOW + timedelta(hours=3)
    with world.database.write() as connection:
        make_plan(connection, alice, week, NOW)
    world.log("email", None, rung, occurred_at=NOW + timedelta(hours=1), by=alice)
    trip_id = write_trip(world, alice, week.days[1], week.days[4])
    with world.database.read() as connection:
        trip = journeys.own_trip(connection, alice, trip_id)
        (found,) = more_on_trip(connection, alice, trip, [rung, other], later)
    assert {one.contact_id for one in found.suggestions} == {other}


def test_who_was_met_this_week_takes_one_place_of_the_quarter_and_not_two(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin", budget_in_person_quarter=2)
    home = by_screen(world, alice, "Jürgen Haas", city="Berlin")
    there = by_screen(world, alice, "Odile Renard", city=BOSTON)
    week, later = IsoWeek(2026, 48), NOW + timedelta(hours=3)
    with world.database.write() as connection:
        make_plan(connection, alice, week, NOW)
    assert ("lunch", home) in {(one.act, one.contact_id) for one in planned(world, alice, week)}
    world.log("lunch", None, home, occurred_at=NOW + timedelta(hours=1), by=alice)
    trip_id = write_trip(world, alice, week.days[1], week.days[4])
    with world.database.read() as connection:
        trip = journeys.own_trip(connection, alice, trip_id)
        (found,) = more_on_trip(connection, alice, trip, [there], later)
    assert [one.contact_id for one in found.suggestions] == [there]


def planned(world: World, by: Principal, week: IsoWeek) -> list[Any]:
    with world.database.read() as connection:
        rows = connection.execute(
            select(suggestion)
            .where(suggestion.c.user_id == by.user_id, suggestion.c.monday == week.monday)
            .order_by(suggestion.c.position)
        )
        return list(rows)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_trip_in_one_line_its_room_and_its_calendar(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    odile = by_screen(world, alice, "Odile Renard", city=BOSTON)
    browser = client(world, alice)
    with time_machine.travel(NOW, tick=False):
        where = browser.post("/trips", data={"city": "Boston, 1–4 December"}).headers["location"]
        page = browser.get(where).text
        assert "Boston</bdi>, 1–4 December" in page
        assert "Your usual week has 1 in person." in page
        answer = browser.get(f"{where}/trip.ics")
        event: Any = Calendar.from_ical(answer.content).walk("VEVENT")[0]
        assert str(event["SUMMARY"]) == "Lunch with Odile Renard (suggested)"
        assert is_own_event(str(event["UID"]), "http://testserver")
        assert event["DTSTART"].dt.astimezone(NEW_YORK).hour == 12
        assert browser.post(f"{where}/room", data={"room": "0"}).status_code == 303
        nobody = browser.post("/trips", data={"city": "Lyon on 1 February"}).headers["location"]
        assert browser.get(f"{nobody}/trip.ics").status_code == 404
        assert browser.post(f"{where}/room", data={"room": "many"}).status_code == 422
        world.log("lunch", None, odile, occurred_at=NOW + timedelta(days=9), by=alice)
        event = Calendar.from_ical(browser.get(f"{where}/trip.ics").content).walk("VEVENT")[0]
        assert str(event["SUMMARY"]) == "Lunch with Odile Renard"
        assert browser.post("/trips", data={"city": "Boston, 4–1 December"}).status_code == 422


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"city": "Nowhere at all"}, "We do not know a city of that name"),
        ({"last_day": "2026-11-30"}, "The last day comes before the first."),
        ({"last_day": "2029-11-30"}, "at most 92 days"),
        ({"first_day": "soon"}, "Enter the day like"),
        ({"room": "lots"}, "Enter a whole number."),
        ({"country": "Narnia"}, "There is no country of that name."),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_trip_that_cannot_be_comes_back_whole(world: World, sent: dict[str, str], said: str) -> None:
    browser = client(world, world.user())
    good = {"city": BOSTON, "first_day": "2026-12-01", "last_day": "2026-12-04", "room": "3"}
    answer = browser.post("/trips", data={**good, **sent})
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{value}"' in answer.text for value in {**good, **sent}.values())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whose_clock_a_meeting_is_written_down_by_is_said_where_the_two_differ(world: World) -> None:
    alice = world.user(city="Berlin", time_zone="Europe/Berlin")
    for city in (BOSTON, "Lyon"):
        world.log("lunch", 3, world.contact(f"Somebody of {city}", owner_id=alice.user_id, city=city))
    browser = client(world, alice)
    for city, is_other in ((BOSTON, True), ("Lyon", False)):
        where = browser.post("/trips", data={"city": city, "first_day": "2099-12-01"}).headers["location"]
        page = browser.get(where).text
        assert "/log?contact=" in page
        assert ("on your own clock" in page) is is_other


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_pages_from_the_list_to_undo(world: World) -> None:
    alice = world.user(city="Berlin")
    browser = client(world, alice)
    by_screen(world, alice, "Odile Renard", city=BOSTON)
    where = browser.post("/trips", data={"city": BOSTON, "first_day": "2099-12-01"}).headers["location"]
    page = browser.get(where)
    assert "Odile Renard" in page.text
    assert "1 December 2099" in page.text
    assert browser.post(f"{where}/edit", data={"city": "Lyon", "first_day": "2099-12-02"}).status_code == 303
    assert "Nobody you look after is there" in browser.get(where).text
    assert browser.post(f"{where}/delete").status_code == 303
    assert browser.get(where).status_code == 404
    assert browser.post(f"{where}/restore").status_code == 303
    assert "Lyon" in browser.get("/trips").text
    assert browser.post("/time-off", data={"first_day": "2099-01-05"}).status_code == 303
    assert "5 January 2099" in browser.get("/trips").text
