"""One plan a week and user: stable, within the budget, theirs alone; and what drops out of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.errors import Forbidden, NotFound
from crm.nudges.outbox import put
from crm.planning import actions, drafting, queries, waiting
from crm.planning.queries import PlanView, Suggested
from crm.rules.actions import save_rule
from crm.rules.states import state_of
from crm.storage.database import new_id
from crm.storage.tables import contact, plan, promise, suggestion
from tests.builders import NOW, World, mark_stale
from tests.machine_steps import machine_steps
from tests.web.site import client

WEEK = IsoWeek(2026, 48)


def make(world: World, by: Principal, week: IsoWeek = WEEK, at: datetime = NOW) -> PlanView:
    with world.database.write() as connection:
        actions.make_plan(connection, by, week, at)
    return shown(world, by, week, at)


def shown(world: World, by: Principal, week: IsoWeek = WEEK, at: datetime = NOW) -> PlanView:
    with world.database.read() as connection:
        view = queries.plan_of(connection, by, week, at)
    assert view is not None
    return view


def of(view: PlanView, contact_id: int) -> Suggested | None:
    return next((one for one in view.suggestions if one.contact.id == contact_id), None)


def why_left_out(world: World, by: Principal, week: IsoWeek = WEEK, at: datetime = NOW) -> dict[int, str]:
    with world.database.read() as connection:
        return {one.contact.id: one.reason for one in waiting.not_planned(connection, by, week, at)}


def by_screen(world: World, owner: Principal, name: str = "Marta Kowalczyk", **columns: Any) -> int:
    """Somebody who is reached by mail alone."""
    contact_id = world.contact(name, owner_id=owner.user_id, **columns)
    for days_ago in (5, 20, 40):
        world.log("email", days_ago, contact_id)
    return contact_id


def owe(world: World, contact_id: int, due: date, author: Principal) -> None:
    with world.database.write() as connection:
        row = {
            "text": "Send the checklist",
            "by": "us",
            "due": due,
            "made_on": world.today - timedelta(days=9),
        }
        keys = {"workspace_id": world.workspace_id, "id": new_id(connection), "author_id": author.user_id}
        connection.execute(promise.insert(), {**keys, "contact_id": contact_id, **row})
        mark_stale(connection, world.workspace_id, [contact_id])


def test_the_same_plan_whenever_it_is_asked_for(world: World) -> None:
    alice = world.user(city="Boston")
    marta = by_screen(world, alice, city="BOSTON")
    first = make(world, alice)
    by_screen(world, alice, "Elena Duarte")
    assert make(world, alice, at=NOW + timedelta(days=2)).suggestions[0].id == first.suggestions[0].id
    assert [one.contact.id for one in make(world, alice).suggestions] == [marta]
    with world.database.read() as connection:
        assert len(connection.execute(select(plan)).all()) == 1
        assert len(connection.execute(select(suggestion)).all()) == 1


@pytest.mark.parametrize("rests_on_it", ["nothing", "an answer", "a mail", "a mail to come"])
def test_a_plan_is_made_anew_only_while_nothing_rests_on_it(world: World, rests_on_it: str) -> None:
    alice = world.user(city="Boston")
    marta = by_screen(world, alice)
    first = make(world, alice).suggestions[0]
    elena = by_screen(world, alice, "Elena Duarte")
    with world.database.write() as connection:
        if rests_on_it == "an answer":
            assert first.id is not None
            actions.skip(connection, alice, first.id, NOW)
        elif rests_on_it != "nothing":
            assert alice.user_id is not None
            put(
                connection,
                workspace_id=world.workspace_id,
                user_id=alice.user_id,
                purpose="nudge",
                week=str(WEEK),
                to_address="alice@team.example",
                message_id="<1@team.example>",
                due_at=NOW,
                at=NOW,
                state="sent" if rests_on_it == "a mail" else "retry",
            )
        actions.plan_anew(connection, alice, WEEK, NOW)
    planned = {one.contact.id for one in shown(world, alice).suggestions}
    assert planned == ({marta, elena} if rests_on_it == "nothing" else {marta})


def test_a_suggestion_says_why_what_and_when(world: World) -> None:
    alice = world.user(city="Boston")
    marta = by_screen(world, alice, city="Boston")
    one = of(make(world, alice), marta)
    assert one is not None
    assert (one.act, one.place) == ("lunch", "Both in Boston")
    assert one.reason == "3 emails and no call, meeting or note on record."
    assert "screen_only" in one.rules
    assert one.evidence["digital_180"] == 3
    assert one.slot.starts_at is not None
    assert one.slot.day in WEEK.days
    assert "call" in one.swaps
    assert "lunch" not in one.swaps


def test_without_the_same_city_nobody_is_asked_to_lunch(world: World) -> None:
    alice = world.user(city="Boston")
    marta, elena = by_screen(world, alice, city="Lyon"), by_screen(world, alice, "Elena Duarte")
    view = make(world, alice)
    assert {one.act for one in view.suggestions} == {"call"}
    assert all(of(view, one) for one in (marta, elena))
    assert not {act for one in view.suggestions for act in one.swaps} & {"lunch", "meeting", "visit"}


def test_the_next_town_is_the_same_city_and_lives_by_its_own_clock(world: World) -> None:
    alice = world.user(city="Boston", time_zone="America/New_York")
    near = by_screen(world, alice, "Priya Raman", city="Somerville", country="United States")
    far = by_screen(world, alice, "Jürgen Haas", city="München")
    view = make(world, alice)
    lunch, call = of(view, near), of(view, far)
    assert lunch is not None
    assert call is not None
    assert (lunch.act, lunch.place) == ("lunch", "In Somerville, near you")
    assert call.act == "call"
    assert call.slot.note.endswith("for them.")
    assert call.slot.starts_at is not None
    assert call.slot.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour < 17


def test_never_more_than_the_budget(world: World) -> None:
    alice = world.user(city="Boston", budget_call=2, budget_in_person=1, budget_by_hand=1, budget_total=3)
    for number in range(12):
        by_screen(world, alice, f"Person {number}", city="Boston")
    view = make(world, alice)
    acts = [one.act for one in view.suggestions]
    assert len(acts) == 3
    assert acts.count("call") <= 2
    assert len([act for act in acts if act in ("lunch", "meeting", "visit")]) <= 1
    assert len(why_left_out(world, alice)) == 9
    assert set(why_left_out(world, alice).values()) == {"budget"}


def test_the_budget_is_the_one_of_the_day_the_plan_was_made(world: World) -> None:
    alice = world.user(budget_call=5, budget_total=5)
    assert make(world, alice).budget.call == 5


def test_the_page_of_somebody_expected_says_why_they_are_not_in_the_week(world: World) -> None:
    alice, bob = world.user(budget_call=1, budget_by_hand=0, budget_in_person=0), world.user("Bob Stone")
    first, second = by_screen(world, alice, "Ann First"), by_screen(world, alice, "Bea Second")
    nobody = world.contact("No Reason", owner_id=alice.user_id, tier="none")
    with world.database.read() as connection:
        assert waiting.why_waiting(connection, alice, second, NOW) == ""
    make(world, alice)
    with world.database.read() as connection:
        said = [waiting.why_waiting(connection, alice, one, NOW) for one in (first, second, nobody)]
        other = waiting.why_waiting(connection, bob, second, NOW)
    assert said == ["", "The week is full.", ""]
    assert other == ""
    with time_machine.travel(NOW, tick=False):
        page = client(world, alice).get(f"/people/{second}").text
    assert "Not in your week: the week is full." in page


def test_only_those_the_user_owns(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", role="member")
    by_screen(world, alice, "Hers")
    his = by_screen(world, bob, "His")
    world.contact("Nobody's", owner_id=None)
    assert [one.contact.id for one in make(world, bob).suggestions] == [his]


@pytest.mark.parametrize("column", ["archived_at", "deceased_on"])
def test_who_is_put_away_or_has_died_is_not_there(world: World, column: str) -> None:
    alice = world.user()
    gone = by_screen(world, alice)
    with world.database.write() as connection:
        value = NOW if column == "archived_at" else world.today
        connection.execute(contact.update().where(contact.c.id == gone).values({column: value}))
    assert make(world, alice).suggestions == ()


@pytest.mark.parametrize("column", ["archived_at", "deceased_on"])
def test_who_is_put_away_or_dies_after_the_week_was_planned_leaves_it_until_they_are_back(
    world: World, column: str
) -> None:
    alice = world.user(first_run_done=True)
    gone, other = by_screen(world, alice, "Marta Kowalczyk"), by_screen(world, alice, "Odile Renard")
    assert {one.contact.id for one in make(world, alice).suggestions} == {gone, other}
    browser = client(world, alice)

    def set_to(value: Any) -> None:
        with world.database.write() as connection:
            connection.execute(contact.update().where(contact.c.id == gone).values({column: value}))

    set_to(NOW if column == "archived_at" else world.today)
    assert [one.contact.id for one in shown(world, alice).suggestions] == [other]
    with time_machine.travel(NOW, tick=False):
        page = browser.get("/").text
        assert "Odile Renard" in page
        assert "Marta Kowalczyk" not in page
    set_to(None)
    assert {one.contact.id for one in shown(world, alice).suggestions} == {gone, other}


def test_tier_none_only_for_what_was_written_down(world: World) -> None:
    alice = world.user()
    quiet = by_screen(world, alice, "Quiet One", tier="none")
    owed = by_screen(world, alice, "Owed One", tier="none")
    owe(world, owed, world.today + timedelta(days=2), alice)
    view = make(world, alice)
    assert of(view, quiet) is None
    one = of(view, owed)
    assert one is not None
    assert one.rules == ("promise_due",)


def test_who_is_arranged_with_is_not_suggested(world: World) -> None:
    alice = world.user()
    soon, late = by_screen(world, alice, "Soon"), by_screen(world, alice, "Late")
    world.log("lunch", None, soon, occurred_at=NOW + timedelta(days=9))
    world.log("lunch", None, late, occurred_at=NOW + timedelta(days=30))
    view = make(world, alice)
    assert of(view, soon) is None
    assert of(view, late) is not None
    assert why_left_out(world, alice) == {soon: "arranged"}


def test_a_slot_keeps_clear_of_what_is_logged_ahead(world: World) -> None:
    alice = world.user(city="Boston")
    other = world.contact("Someone else", tier="none")
    marta = by_screen(world, alice, city="Boston")
    with world.database.read() as connection:
        free = drafting.draft_plan(connection, alice, WEEK, NOW).suggestions[0].slot.starts_at
    assert free is not None
    world.log("lunch", None, other, occurred_at=free, by=alice)
    one = of(make(world, alice), marta)
    assert one is not None
    assert one.slot.starts_at is not None
    assert abs(one.slot.starts_at - free) >= timedelta(hours=1)


def test_a_lunch_that_is_arranged_is_the_lunch_of_its_day(world: World) -> None:
    alice = world.user(city="Boston")
    other = world.contact("Someone else", tier="none")
    marta = by_screen(world, alice, city="Boston")
    for days in range(4):
        world.log("lunch", None, other, occurred_at=NOW + timedelta(days=days, hours=2), by=alice)
    one = of(make(world, alice), marta)
    assert one is not None
    assert one.id is not None
    assert (one.act, one.slot.day) == ("lunch", WEEK.days[4])
    with world.database.write() as connection:
        actions.swap(connection, alice, one.id, "call", NOW)
        actions.swap(connection, alice, one.id, "lunch", NOW)
    back = of(shown(world, alice), marta)
    assert back is not None
    assert back.slot == one.slot


def test_viewers_and_the_command_line_have_no_plan(world: World) -> None:
    viewer = world.user("Vera Gill", role="viewer")
    for by in (viewer, world.principal):
        with world.database.write() as connection, pytest.raises(Forbidden):
            actions.make_plan(connection, by, WEEK, NOW)
        with world.database.read() as connection:
            assert queries.plan_of(connection, by, WEEK, NOW) is None


def test_a_plan_is_its_users_alone(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", role="admin")
    by_screen(world, alice)
    one = make(world, alice).suggestions[0]
    assert one.id is not None
    with world.database.write() as connection:
        given = actions.skip(connection, alice, one.id, NOW)
    assert given.response_id is not None
    with world.database.write() as connection:
        assert queries.plan_of(connection, bob, WEEK, NOW) is None
        with pytest.raises(NotFound):
            actions.done(connection, bob, one.id, NOW)
        with pytest.raises(NotFound):
            actions.undo(connection, bob, given.response_id, NOW)
        with pytest.raises(NotFound):
            queries.suggested(connection, bob, one.id, NOW)


def test_a_draft_is_what_would_be_stored_and_writes_nothing(world: World) -> None:
    alice = world.user(city="Boston")
    by_screen(world, alice, city="Boston")
    with world.database.read() as connection:
        draft = drafting.draft_plan(connection, alice, WEEK, NOW)
        drafted = queries.drafted_view(connection, alice, draft, NOW)
        assert connection.execute(select(plan)).all() == []
    stored = make(world, alice)
    compared = ("contact", "act", "slot", "reason", "rules", "evidence", "talking_points", "place")
    assert [[getattr(one, name) for name in compared] for one in drafted.suggestions] == [
        [getattr(one, name) for name in compared] for one in stored.suggestions
    ]


def test_the_workspaces_own_limits_and_acts_hold(world: World) -> None:
    alice = world.user()
    people = [by_screen(world, alice, f"Person {number}") for number in range(4)]
    with world.database.write() as connection:
        rule = replace(state_of(connection, alice, "screen_only").rule, weekly_limit=1)
        save_rule(connection, alice, rule, NOW)
    view = make(world, alice)
    assert [one.contact.id for one in view.suggestions] == people[:1]
    assert set(why_left_out(world, alice).values()) == {"limit"}
    assert "gift" not in view.suggestions[0].swaps
    with world.database.write() as connection:
        save_rule(connection, alice, replace(rule, suggests=("gift", "lunch")), NOW + timedelta(seconds=1))
    assert shown(world, alice).suggestions[0].swaps[0] == "gift"


# Contacted since


def contacted(world: World, channel: str, **entry: Any) -> str:
    """The state of a screen-only person's suggestion after something is logged an hour after the plan was made."""
    alice = world.user()
    marta = by_screen(world, alice)
    make(world, alice)
    later = NOW + timedelta(hours=1)
    world.log(channel, None, marta, **{"occurred_at": later, "logged_at": later, **entry})
    one = of(shown(world, alice, at=NOW + timedelta(hours=2)), marta)
    assert one is not None
    return one.state


def test_who_was_met_since_drops_out(world: World) -> None:
    assert contacted(world, "lunch") == "contacted"


def test_another_mail_changes_nothing(world: World) -> None:
    assert contacted(world, "email") == "planned"


def test_an_attempt_changes_nothing(world: World) -> None:
    assert contacted(world, "phone", outcome="attempted") == "planned"


@pytest.mark.parametrize(("days_before", "state"), [(2, "contacted"), (30, "contacted"), (31, "planned")])
def test_what_was_before_the_plan_and_is_logged_after_it_drops_them_out(
    world: World, days_before: int, state: str
) -> None:
    assert contacted(world, "lunch", occurred_at=NOW - timedelta(days=days_before)) == state


def test_a_mail_before_the_plan_logged_late_changes_nothing(world: World) -> None:
    assert contacted(world, "email", occurred_at=NOW - timedelta(days=2)) == "planned"


def test_a_promise_is_due_whatever_lunch_was_before_the_plan(world: World) -> None:
    alice = world.user()
    marta = by_screen(world, alice)
    owe(world, marta, world.today + timedelta(days=1), alice)
    one = of(make(world, alice), marta)
    assert one is not None
    assert "promise_due" in one.rules
    world.log("lunch", 2, marta, logged_at=NOW + timedelta(minutes=30))
    after = of(shown(world, alice, at=NOW + timedelta(hours=2)), marta)
    assert after is not None
    assert after.state == "planned"


def test_what_is_arranged_for_later_changes_nothing_yet(world: World) -> None:
    assert contacted(world, "phone", occurred_at=NOW + timedelta(days=2)) == "planned"


def test_what_is_arranged_after_the_plan_was_made_is_shown_beside_what_it_suggests(world: World) -> None:
    alice = world.user(city="Boston", first_run_done=True)
    marta, elena = by_screen(world, alice, city="Boston"), by_screen(world, alice, "Elena Duarte")
    make(world, alice)
    tuesday, friday = NOW + timedelta(days=1), NOW + timedelta(days=4)
    world.log("lunch", None, marta, occurred_at=friday, logged_at=tuesday, by=alice)
    world.log("lunch", None, elena, occurred_at=NOW + timedelta(days=30), logged_at=tuesday, by=alice)
    view = shown(world, alice, at=tuesday)
    assert {one.contact.id: one.arranged_for for one in view.suggestions} == {
        marta: friday.date(),
        elena: None,
    }
    with time_machine.travel(tuesday, tick=False):
        browser = client(world, alice)
        assert browser.get("/").text.count("Arranged for Fri 27 Nov") == 1
        assert browser.get(f"/people/{marta}").text.count("Arranged for Fri 27 Nov") == 1
        assert "Arranged for" not in browser.get(f"/people/{elena}").text
    met = of(shown(world, alice, at=friday + timedelta(hours=1)), marta)
    assert met is not None
    assert (met.state, met.arranged_for) == ("contacted", None)


def test_an_answer_settles_what_only_waited_for_one(world: World) -> None:
    alice = world.user()
    quiet = world.contact("Quiet One", owner_id=alice.user_id, tier="regular")
    world.log("lunch", 300, quiet)
    view = make(world, alice)
    one = of(view, quiet)
    assert one is not None
    assert one.rules == ("gone_quiet",)
    world.log("email", None, quiet, occurred_at=NOW + timedelta(hours=1), direction="inbound")
    after = of(shown(world, alice, at=NOW + timedelta(hours=2)), quiet)
    assert after is not None
    assert after.state == "contacted"


def test_done_after_being_reached_anyway_logs_nothing_twice(world: World) -> None:
    alice = world.user()
    marta = by_screen(world, alice)
    one = make(world, alice).suggestions[0]
    assert one.id is not None
    logged = world.log("lunch", None, marta, occurred_at=NOW + timedelta(hours=1))
    with world.database.write() as connection:
        answer = actions.done(connection, alice, one.id, NOW + timedelta(hours=2))
    assert (answer.response_id, answer.interaction_id, answer.is_new) == (None, logged, False)


# Talking points


def test_talking_points_hold_what_was_said_and_no_private_note_of_others(world: World) -> None:
    alice, bob = world.user(city="Boston"), world.user("Bob Stone", role="member")
    marta = world.contact(owner_id=alice.user_id, city="Boston")
    world.log("lunch", 300, marta, summary="Her daughter starts at McGill.")
    world.log("phone", 290, marta, note="His secret.", note_private=True, by=bob)
    world.log("phone", 280, marta, note="Her own secret.", note_private=True, by=alice)
    world.log("email", 4, marta, summary="The rollout slipped.")
    world.log("email", 3, marta, summary="A newsletter.", outcome="attempted")
    owe(world, marta, world.today + timedelta(days=30), alice)
    one = of(make(world, alice), marta)
    assert one is not None
    told = [(point.kind, point.text) for point in one.talking_points]
    assert told == [
        ("promise", "Send the checklist"),
        ("note", "Her own secret."),
        ("note", "Her daughter starts at McGill."),
        ("note", "The rollout slipped."),
    ]


def test_the_number_of_statements_does_not_grow_with_the_log(world: World, statements: Any) -> None:
    alice = world.user()
    for number in range(3):
        by_screen(world, alice, f"Person {number}")
    make(world, alice)
    few = statements(lambda: shown(world, alice))
    for _ in range(3):
        world.log("email", 1, *[one.contact.id for one in shown(world, alice).suggestions])
    assert statements(lambda: shown(world, alice)) == few


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_neither_whom_others_know_nor_what_they_log_makes_a_plan_slower(world: World) -> None:
    alice = world.user(city="Boston", budget_in_person_quarter=9)
    by_screen(world, alice, city="Boston")
    steps_of_a_draft(world, alice)  # the first look at an empty cache takes more
    before = steps_of_a_draft(world, alice)
    bob = world.user("Bob Stone")
    theirs = [world.contact(f"Bob's {number}", owner_id=bob.user_id) for number in range(400)]
    for one in theirs[:40]:
        for days in range(100, 130):
            world.log("lunch", days, one, by=bob)
    assert steps_of_a_draft(world, alice) < before + 1_000


def steps_of_a_draft(world: World, by: Principal) -> int:
    with world.database.read() as connection:
        return machine_steps(connection, lambda: drafting.draft_plan(connection, by, WEEK, NOW))
