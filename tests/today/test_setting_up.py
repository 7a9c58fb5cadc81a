"""A team that is just setting up: whoever is brought in meanwhile joins the first plan, which is for days still to come."""

import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from crm import clock
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.nudges.outbox import put
from crm.nudges.queries import beats
from crm.nudges.sending import into_folder
from crm.planning import actions
from crm.planning.asked import plan_for
from crm.planning.meant import due_on
from crm.planning.queries import PlanView, plan_of
from crm.storage.tables import left_out, outbox, suggestion
from tests.builders import World
from tests.nudges.mailroom import postman
from tests.today.test_week_page import by_screen, words
from tests.web.site import client

SATURDAY = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)
ROOM = {"call": "3", "in_person": "1", "by_hand": "2", "then": "plan"}


def planned(world: World, by: Principal, week: str) -> PlanView | None:
    with world.database.read() as connection:
        return plan_of(connection, by, IsoWeek.parse(week), clock.now())


def whom(plan: PlanView | None) -> set[str]:
    return {one.contact.name for one in plan.suggestions} if plan else set()


def brought(world: World, by: Principal, name: str, **columns: Any) -> int:
    """Somebody who is added at this moment."""
    world.now = clock.now()
    return by_screen(world, by, name, **columns)


def mailed(world: World, whose: Principal, state: str) -> int:
    """The user's mail of that week, so far."""
    assert whose.user_id is not None
    with world.database.write() as connection:
        put(
            connection,
            workspace_id=world.workspace_id,
            user_id=whose.user_id,
            purpose="nudge",
            week="2026-W48",
            to_address="alice@team.example",
            message_id="<1@team.example>",
            due_at=clock.now(),
            at=clock.now(),
            state=state,
        )
        found: int = connection.execute(select(outbox.c.id)).scalar_one()
        return found


@pytest.mark.parametrize(
    ("people", "told"), [(0, "Add somebody first."), (1, "Mark somebody first."), (2, "Mark somebody first.")]
)
def test_a_first_week_without_anybody_in_it_is_refused(world: World, people: int, told: str) -> None:
    theo = world.user("Theo Marsh", role="member")
    tiers = {}
    for number in range(people):
        one = world.contact(f"Person {number}", owner_id=theo.user_id, tier="none" if number == 0 else "key")
        tiers[f"tier_{one}"] = "none"
    browser = client(world, theo)
    answer = browser.post("/welcome", data={**ROOM, **tiers})
    assert answer.status_code == 422
    assert told in words(answer.text)
    place = "first-run" if people else "files"
    assert f'<a href="#{place}">{told}</a>' in answer.text
    assert f'id="{place}"' in answer.text
    assert planned(world, theo, "2026-W48") is None
    fields = {f"tier_{brought(world, theo, 'Marta Kowalczyk', tier='none')}": "key"}
    assert browser.post("/welcome", data={**ROOM, **fields}).status_code == 303
    assert "Marta Kowalczyk" in whom(planned(world, theo, "2026-W48"))


@pytest.mark.parametrize("first_run_done", [False, True])
def test_who_is_added_after_the_first_look_comes_into_the_week(world: World, first_run_done: bool) -> None:
    alice = world.user(first_run_done=first_run_done)
    world.now = clock.now()
    world.contact("Jonas Beck", owner_id=alice.user_id, tier="regular")
    browser = client(world, alice)
    browser.get("/")
    assert whom(planned(world, alice, "2026-W48")) == {"Jonas Beck"}
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        brought(world, alice, "Marta Kowalczyk")
        assert "Marta Kowalczyk" in words(browser.get("/").text)
        assert whom(planned(world, alice, "2026-W48")) == {"Jonas Beck", "Marta Kowalczyk"}


def test_the_command_line_too_shows_who_was_added_since(world: World) -> None:
    alice = world.user(first_run_done=True)
    brought(world, alice, "Jonas Beck")
    assert whom(plan_for(world.database, alice, None, clock.now(), None)) == {"Jonas Beck"}
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        brought(world, alice, "Marta Kowalczyk")
        made = plan_for(world.database, alice, None, clock.now(), None)
    assert whom(made) == {"Jonas Beck", "Marta Kowalczyk"}


def test_the_mail_of_monday_has_who_was_added_on_sunday(world: World, tmp_path: Path) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        alice = world.user(first_run_done=True, nudge_minute=480, nudge_weekday=0)
        brought(world, alice, "Jonas Beck")
        client(world, alice).get("/")
    with time_machine.travel(SATURDAY + timedelta(days=1), tick=True):
        brought(world, alice, "Marta Kowalczyk")
    with time_machine.travel(SATURDAY + timedelta(days=2), tick=True):
        postman(world.database, clock.now, hand_over=into_folder(tmp_path)).work()
        assert whom(planned(world, alice, "2026-W49")) == {"Jonas Beck", "Marta Kowalczyk"}
    (mail,) = tmp_path.glob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body
    assert "Marta Kowalczyk" in body.get_content()


def test_the_days_of_who_joins_later_count_from_then(world: World) -> None:
    alice = world.user(first_run_done=True)
    jonas = brought(world, alice, "Jonas Beck")
    browser = client(world, alice)
    browser.get("/")
    with time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        marta = brought(world, alice, "Marta Kowalczyk")
        promise = {"text": "Send it", "by": "us", "due": "2026-11-27"}
        browser.post(f"/people/{marta}/promises", data=promise)
        shown = words(browser.get("/").text)
        assert "Each reason is as of the day it was planned, from Mon 23 Nov to Wed 25 Nov." in shown
        with world.database.read() as connection:
            asked = select(suggestion).where(suggestion.c.contact_id.in_((jonas, marta)))
            rows = {row.contact_id: row for row in connection.execute(asked)}
        assert due_on(rows[marta], alice) == date(2026, 11, 27)
        assert rows[jonas].made_at < rows[marta].made_at


def test_what_was_suggested_keeps_its_place_when_somebody_joins(world: World) -> None:
    """A tab that was opened before may still answer it, and a calendar program knows it by its number."""
    alice = world.user(first_run_done=True)
    brought(world, alice, "Jonas Beck")
    browser = client(world, alice)
    browser.get("/")
    (before,) = planned(world, alice, "2026-W48").suggestions  # type: ignore[union-attr]
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        brought(world, alice, "Marta Kowalczyk")
        browser.get("/")
        plan = planned(world, alice, "2026-W48")
        assert plan
        assert [one.contact.name for one in plan.suggestions] == ["Jonas Beck", "Marta Kowalczyk"]
        assert (plan.suggestions[0].id, plan.suggestions[0].slot) == (before.id, before.slot)
        assert plan.suggestions[1].slot.starts_at != before.slot.starts_at
        assert browser.post(f"/plan/suggestions/{before.id}/done").status_code == 303
        assert [one.state for one in planned(world, alice, "2026-W48").suggestions] == ["done", "planned"]  # type: ignore[union-attr]


def test_who_joins_takes_the_room_that_is_left_and_no_more(world: World) -> None:
    alice = world.user(
        first_run_done=True, budget_call=2, budget_in_person=0, budget_by_hand=1, budget_total=3
    )
    world.now = clock.now()
    jonas = world.contact("Jonas Beck", owner_id=alice.user_id)
    browser = client(world, alice)
    browser.get("/")
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        world.now = clock.now()
        new = {world.contact(f"Person {n}", owner_id=alice.user_id) for n in range(3)}
        browser.get("/")
        plan = planned(world, alice, "2026-W48")
        assert plan
        assert plan.suggestions[0].contact.id == jonas
        assert len(plan.suggestions) == 2, "at most two a week to begin with, as always"
        with world.database.read() as connection:
            left = connection.execute(select(left_out.c.contact_id, left_out.c.reason)).all()
        assert {one.contact_id for one in left} == new - {plan.suggestions[1].contact.id}
        assert {one.reason for one in left} == {"enough_new"}
        browser.get("/")
        assert len(planned(world, alice, "2026-W48").suggestions) == 2  # type: ignore[union-attr]


def test_who_was_reached_since_the_week_was_planned_does_not_join_it(world: World) -> None:
    alice = world.user(first_run_done=True)
    brought(world, alice, "Jonas Beck")
    client(world, alice).get("/")
    with time_machine.travel(clock.now() + timedelta(hours=5), tick=True):
        marta = brought(world, alice, "Marta Kowalczyk")
        client(world, alice).post(
            f"/people/{marta}/promises", data={"text": "Send it", "by": "us", "due": "2026-11-24"}
        )
        world.log("note", None, marta, occurred_at=clock.now() - timedelta(hours=1), by=alice)
        client(world, alice).get("/")
        assert whom(planned(world, alice, "2026-W48")) == {"Jonas Beck"}


def test_nobody_joins_a_week_whose_working_days_are_over(world: World) -> None:
    """What it holds is still answered there, and counts as it was made: on its Monday."""
    alice = world.user(first_run_done=True)
    brought(world, alice, "Jonas Beck")
    client(world, alice).get("/")
    before = planned(world, alice, "2026-W48")
    with time_machine.travel(SATURDAY, tick=True):
        brought(world, alice, "Marta Kowalczyk")
        shown = words(client(world, alice).get("/").text)
        after = planned(world, alice, "2026-W48")
        assert "This week is over. The next one is planned on Mon 30 Nov." in shown
        assert before
        assert after
        assert (after.made_at, whom(after)) == (before.made_at, {"Jonas Beck"})
        assert planned(world, alice, "2026-W49") is None


def test_whoever_begins_on_friday_evening_gets_the_coming_week(world: World) -> None:
    friday = datetime(2026, 11, 27, 16, 59, tzinfo=UTC)
    bob, alice = (world.user(name, first_run_done=True) for name in ("Bob Stone", "Alice Example"))
    with time_machine.travel(friday, tick=False):
        brought(world, bob, "Jonas Beck")
        client(world, bob).get("/")
        assert whom(planned(world, bob, "2026-W48")) == {"Jonas Beck"}
    with time_machine.travel(friday + timedelta(minutes=1), tick=False):
        brought(world, alice, "Marta Kowalczyk")
        brought(world, bob, "Łukasz O’Brien")
        shown = words(client(world, alice).get("/").text)
        assert "This week is over; this is the coming one." in shown
        assert planned(world, alice, "2026-W48") is None
        assert whom(planned(world, alice, "2026-W49")) == {"Marta Kowalczyk"}
        client(world, bob).get("/")
        assert planned(world, bob, "2026-W49") is None, "this week was planned in time"
        assert whom(planned(world, bob, "2026-W48")) == {"Jonas Beck"}


def test_the_mail_of_friday_evening_carries_the_week_that_the_page_shows(
    world: World, tmp_path: Path
) -> None:
    evening = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    with time_machine.travel(evening - timedelta(days=1), tick=False):
        alice = world.user(first_run_done=True, nudge_minute=18 * 60, nudge_weekday=4)
        brought(world, alice, "Marta Kowalczyk")
    for minutes in (0, 30, 60):
        with time_machine.travel(evening + timedelta(minutes=minutes), tick=False):
            client(world, alice).get("/")
            postman(world.database, clock.now, hand_over=into_folder(tmp_path)).work()
    assert planned(world, alice, "2026-W48") is None
    with world.database.read() as connection:
        asked = select(outbox.c.week).where(outbox.c.state == "sent")
        assert connection.execute(asked).scalars().all() == ["2026-W49"]


@pytest.mark.parametrize("days", [7, 8])
def test_a_week_planned_at_a_weekend_is_at_hand_until_its_own_is_over(world: World, days: int) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        alice = world.user(first_run_done=True)
        brought(world, alice, "Marta Kowalczyk")
        client(world, alice).get("/")
    with time_machine.travel(SATURDAY + timedelta(days=days), tick=True):
        browser = client(world, alice)
        shown = words(browser.get("/").text)
        assert "This week is over. The next one is planned on Mon 7 Dec." in shown
        assert planned(world, alice, "2026-W50") is None
        coming = planned(world, alice, "2026-W49")
        assert coming
        one = coming.suggestions[0]
        assert browser.post(f"/plan/suggestions/{one.id}/done").status_code == 303


def test_at_a_weekend_the_command_line_too_plans_the_coming_week(world: World) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        alice = world.user(first_run_done=True)
        brought(world, alice, "Marta Kowalczyk")
        made = plan_for(world.database, alice, None, clock.now(), None)
        assert (str(made.week), whom(made)) == ("2026-W49", {"Marta Kowalczyk"})
        over = plan_for(world.database, alice, IsoWeek.parse("2026-W48"), clock.now(), None)
        assert over.id is None
        assert planned(world, alice, "2026-W48") is None
        client(world, alice).get("/")
        kept = planned(world, alice, "2026-W49")
        assert kept
        assert kept.id == made.id
    with time_machine.travel(SATURDAY + timedelta(days=3), tick=True):
        then = plan_for(world.database, alice, None, clock.now(), SATURDAY - timedelta(minutes=1))
        assert (str(then.week), then.id) == ("2026-W49", None), "no plan was there yet"


@pytest.mark.parametrize(
    "bound_by", ["an answer", "a call", "no room", "nobody new", "a mail", "a mail to come"]
)
def test_a_plan_that_something_rests_on_stays(world: World, bound_by: str) -> None:
    room: dict[str, Any] = {"budget_call": 1, "budget_in_person": 0, "budget_by_hand": 0, "budget_total": 1}
    alice = world.user(first_run_done=True, **(room if bound_by == "no room" else {}))
    jonas = brought(world, alice, "Jonas Beck")
    browser = client(world, alice)
    browser.get("/")
    before = planned(world, alice, "2026-W48")
    assert before
    assert before.suggestions[0].id
    if bound_by == "an answer":
        with world.database.write() as connection:
            actions.skip(connection, alice, before.suggestions[0].id, clock.now())
    if bound_by.startswith("a mail"):
        mailed(world, alice, "sent" if bound_by == "a mail" else "held")
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        world.now = clock.now()
        if bound_by == "a call":
            world.log("phone", None, jonas, occurred_at=clock.now(), by=alice)
        elif bound_by == "nobody new":
            world.contact("Of somebody else", owner_id=None)
            world.contact("Of no tier", owner_id=alice.user_id, tier="none")
        if bound_by != "nobody new":
            brought(world, alice, "Marta Kowalczyk")
        browser.get("/")
        after = planned(world, alice, "2026-W48")
    assert after
    assert (after.id, whom(after)) == (before.id, {"Jonas Beck"})


def test_the_mail_that_is_being_written_lets_others_join_its_own_plan(world: World) -> None:
    alice = world.user(first_run_done=True)
    brought(world, alice, "Jonas Beck")
    client(world, alice).get("/")
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        brought(world, alice, "Marta Kowalczyk")
        own = mailed(world, alice, "due")
        for mail_id, names in ((None, {"Jonas Beck"}), (own, {"Jonas Beck", "Marta Kowalczyk"})):
            with world.database.write() as connection:
                actions.make_or_join(
                    connection, alice, IsoWeek.parse("2026-W48"), clock.now(), mail_id=mail_id
                )
            assert whom(planned(world, alice, "2026-W48")) == names


@pytest.mark.parametrize("weekday", [5, 6])
def test_a_mail_of_the_weekend_carries_the_week_to_come_as_the_page_shows_it(
    world: World, tmp_path: Path, weekday: int
) -> None:
    with time_machine.travel(SATURDAY - timedelta(days=1), tick=True):
        alice = world.user(
            first_run_done=True,
            nudge_minute=480,
            nudge_weekday=weekday,
            created_at=SATURDAY - timedelta(days=30),
        )
        brought(world, alice, "Marta Kowalczyk")
    with time_machine.travel(SATURDAY + timedelta(days=weekday - 5), tick=True):
        postman(world.database, clock.now, hand_over=into_folder(tmp_path)).work()
        carried = planned(world, alice, "2026-W49")
        assert whom(carried) == {"Marta Kowalczyk"}
        assert planned(world, alice, "2026-W48") is None
        browser = client(world, alice)
        assert "Marta Kowalczyk" in words(browser.get("/").text)
        (mail,) = tmp_path.glob("*.eml")
        message = message_from_bytes(mail.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        assert message["Subject"] == "Marta in the coming week"
        body = message.get_body(("plain",))
        assert body
        link = re.search(r"Done & log\s+http://testserver(\S+)", body.get_content())
        assert link
        assert "leaves the coming week’s plan" in browser.get(link[1]).text
        with world.database.read() as connection:
            (beat,) = beats(connection, alice, clock.now())
        assert [week for week, mark in beat.weeks if mark] == ["2026-W49"]
    for later in (2, 7):
        with time_machine.travel(SATURDAY + timedelta(days=later, hours=-4), tick=True):
            postman(world.database, clock.now, hand_over=into_folder(tmp_path)).work()
            shown = words(client(world, alice).get("/").text)
            assert "Monday 30 November to Friday 4 December" in shown
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_a_short_mail_of_the_weekend_speaks_of_the_week_to_come(world: World, tmp_path: Path) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        alice = world.user(
            first_run_done=True,
            nudge_minute=480,
            nudge_weekday=5,
            nudge_when_empty=True,
            created_at=SATURDAY - timedelta(days=30),
        )
        world.now = clock.now()
        world.log("lunch", 3, world.contact("Marta Kowalczyk", owner_id=alice.user_id))
        postman(world.database, clock.now, hand_over=into_folder(tmp_path)).work()
    (mail,) = tmp_path.glob("*.eml")
    assert message_from_bytes(mail.read_bytes())["Subject"] == "Nothing is planned for the coming week"


def test_a_first_plan_at_a_weekend_is_that_of_the_coming_week(world: World) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        alice = world.user(first_run_done=True)
        brought(world, alice, "Marta Kowalczyk")
        browser = client(world, alice)
        shown = words(browser.get("/").text)
        assert "Monday 30 November to Friday 4 December" in shown
        assert "This week is over; this is the coming one." in shown
        assert "this week" not in shown.replace("This week is over", "")
        assert planned(world, alice, "2026-W48") is None
        coming = planned(world, alice, "2026-W49")
        assert coming
        assert whom(coming) == {"Marta Kowalczyk"}
        person = words(browser.get(f"/people/{coming.suggestions[0].contact.id}").text)
        assert "In the coming week’s plan" in person
        assert all(one.slot.day and one.slot.day > SATURDAY.date() for one in coming.suggestions)
    with time_machine.travel(SATURDAY + timedelta(days=2), tick=True):
        client(world, alice).get("/")
        monday = planned(world, alice, "2026-W49")
        assert monday
        assert monday.id == coming.id


def test_the_end_of_the_first_run_at_a_weekend_plans_the_coming_week(world: World) -> None:
    with time_machine.travel(SATURDAY, tick=True):
        theo = world.user("Theo Marsh", role="member")
        marta = brought(world, theo, "Marta Kowalczyk", tier="none")
        answer = client(world, theo).post("/welcome", data={**ROOM, f"tier_{marta}": "key"})
        assert answer.status_code == 303
        assert whom(planned(world, theo, "2026-W49")) == {"Marta Kowalczyk"}


def test_at_a_weekend_a_week_that_was_planned_in_time_is_said_to_be_over(world: World) -> None:
    alice = world.user(first_run_done=True)
    marta = brought(world, alice, "Marta Kowalczyk")
    client(world, alice).get("/")
    with time_machine.travel(SATURDAY, tick=True):
        browser = client(world, alice)
        shown = words(browser.get("/").text)
        assert "This week is over. The next one is planned on Mon 30 Nov." in shown
        assert "ny day this week" not in shown
        assert planned(world, alice, "2026-W49") is None
        this = planned(world, alice, "2026-W48")
        assert this
        assert f"/plan/suggestions/{this.suggestions[0].id}/done" in browser.get(f"/people/{marta}").text


@pytest.mark.parametrize(("weekday", "day"), [(6, "Sun 29 Nov"), (5, "Mon 30 Nov"), (2, "Mon 30 Nov")])
def test_at_a_weekend_the_page_says_when_the_next_week_is_planned(
    world: World, weekday: int, day: str
) -> None:
    """A mail of Sunday plans it; that of Saturday at eight was not there to be sent, and any other comes too late."""
    alice = world.user(first_run_done=True, nudge_weekday=weekday, nudge_minute=480)
    brought(world, alice, "Marta Kowalczyk")
    client(world, alice).get("/")
    with time_machine.travel(SATURDAY, tick=True):
        shown = words(client(world, alice, smtp_url="smtp://127.0.0.1:9").get("/").text)
        assert f"The next one is planned on {day}." in shown


def test_a_reason_holds_on_every_day_and_for_every_act(world: World) -> None:
    alice = world.user(first_run_done=True)
    ruth = world.contact("Ruth Abernathy", owner_id=alice.user_id)
    world.log("lunch", 20, ruth)
    browser = client(world, alice)
    fields = {"kind": "birthday", "day": "4", "month": "12"}
    assert browser.post(f"/people/{ruth}/dates", data=fields).status_code == 303
    plan = browser.get("/").text
    assert "Birthday on Fri 4 Dec." in words(plan)
    made = planned(world, alice, "2026-W48")
    assert made
    at = f"/plan/suggestions/{made.suggestions[0].id}/swap"
    act = "call" if made.suggestions[0].act != "call" else "note"
    assert browser.post(at, data={"act": act}).status_code == 303
    with time_machine.travel(SATURDAY, tick=True):
        shown = words(browser.get("/").text)
        aside = shown.index("Dates ahead")
        assert "Birthday on Fri 4 Dec." in shown
        assert "Post a card" not in shown[:aside]
        assert "in 11 days" not in shown


def test_nobody_is_said_to_wait_beside_what_is_due(world: World) -> None:
    alice = world.user(first_run_done=True)
    marta = world.contact("Marta Kowalczyk", owner_id=alice.user_id)
    world.log("lunch", 3, marta)
    browser = client(world, alice)
    assert "Nobody is waiting for you this week" in words(browser.get("/").text)
    fields = {"text": "Send the site plan", "by": "us", "due": "2026-12-09"}
    assert browser.post(f"/people/{marta}/promises", data=fields).status_code == 303
    shown = words(browser.get("/").text)
    assert "Send the site plan" in shown
    assert "Nobody is waiting" not in shown
    assert shown.count("Nothing is planned this week") == 1


def test_an_invited_colleague_reads_that_the_team_has_people(world: World) -> None:
    alice = world.user(first_run_done=True)
    theo = client(world, world.user("Theo Marsh", role="member"))
    assert "Nobody is here yet" in words(theo.get("/").text)
    world.contact("Marta Kowalczyk", owner_id=alice.user_id)
    shown = words(theo.get("/").text)
    assert "Nobody is here yet" not in shown
    assert "Your colleagues look after the team’s people." in shown
