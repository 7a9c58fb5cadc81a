"""Plans that nobody answers shrink by themselves, and grow back at the first answer."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import clock
from crm.domain.budgets import Budget
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.nudges.sending import into_folder
from crm.planning.actions import make_plan, skip, snooze, undo
from crm.planning.easing import easing
from crm.planning.queries import PlanView, plan_of
from crm.storage.tables import user
from tests.builders import World
from tests.nudges.mailroom import member, postman
from tests.web.site import client

amounts = st.integers(0, 20)


@settings(deadline=None)
@given(amounts, amounts, amounts, amounts)
def test_half_is_rounded_up_and_never_more(call: int, in_person: int, by_hand: int, total: int) -> None:
    whole = Budget(call, in_person, by_hand, total)
    half = whole.eased()
    assert half.is_eased
    for name in ("call", "in_person", "by_hand", "total"):
        before, after = getattr(whole, name), getattr(half, name)
        assert (after == 0) == (before == 0)
        assert before <= 2 * after <= before + 1
    assert Budget().eased() == Budget(2, 1, 1, 3, is_eased=True)


@pytest.fixture
def alice(world: World) -> Principal:
    """Somebody with more people to reach than a week has room for."""
    alice = world.user(city="Boston", budget_call=6, budget_total=6)
    for number in range(30):
        contact_id = world.contact(f"Person {number}", owner_id=alice.user_id)
        world.log("email", 500, contact_id)
    return alice


def plan_in(world: World, by: Principal, weeks: int) -> PlanView:
    at = world.now + timedelta(weeks=weeks)
    with world.database.write() as connection:
        week = IsoWeek.of(at.date())
        make_plan(connection, by, week, at)
        view = plan_of(connection, by, week, at)
    assert view
    return view


def test_four_weeks_untouched_halve_the_fifth_and_one_answer_brings_it_back(
    world: World, alice: Principal
) -> None:
    plans = [plan_in(world, alice, week) for week in range(4)]
    assert [one.budget.is_eased for one in plans] == [False] * 4
    assert all(one.suggestions for one in plans)
    fifth = plan_in(world, alice, 4)
    assert fifth.budget.is_eased
    assert 0 < len(fifth.suggestions) <= 3 < len(plans[0].suggestions)
    assert "Half as many as usual" in easing(fifth.budget)
    assert easing(plans[0].budget) == ""
    answered = fifth.suggestions[0]
    assert answered.id
    with world.database.write() as connection:
        skip(connection, alice, answered.id, world.now + timedelta(weeks=4, hours=1))
    sixth = plan_in(world, alice, 5)
    assert not sixth.budget.is_eased
    assert len(sixth.suggestions) > 3


def test_a_snooze_that_ended_and_a_call_logged_by_hand_are_acts_and_what_was_undone_is_none(
    world: World, alice: Principal
) -> None:
    first = plan_in(world, alice, 0)
    for week in (1, 2, 3):
        plan_in(world, alice, week)
    one = first.suggestions[0]
    assert one.id
    with world.database.write() as connection:
        until = (world.now + timedelta(days=7)).date()
        answer = snooze(connection, alice, one.id, until, world.now + timedelta(hours=1))
    assert not draft_is_eased(world, alice)
    with world.database.write() as connection:
        assert answer.response_id
        undo(connection, alice, answer.response_id, world.now + timedelta(hours=2))
    assert draft_is_eased(world, alice)
    world.log(
        "phone", None, first.suggestions[1].contact.id, by=alice, occurred_at=world.now + timedelta(hours=5)
    )
    assert not draft_is_eased(world, alice)


def draft_is_eased(world: World, by: Principal) -> bool:
    from crm.planning.drafting import draft_plan

    at = world.now + timedelta(weeks=4)
    with world.database.read() as connection:
        return draft_plan(connection, by, IsoWeek.of(at.date()), at).budget.is_eased


def test_the_page_and_the_mail_say_why_there_are_fewer(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = world.now
    world.now = at - timedelta(weeks=4)
    alice = member(world)
    people = [world.contact(f"Person {number}", owner_id=alice.user_id) for number in range(20)]
    for one in people:
        world.log("email", 500, one)
    for week in range(4):
        plan_in(world, alice, week)
    monkeypatch.setattr(clock, "now", lambda: at)
    page = client(world, alice).get("/").text
    assert page.count("Half as many as usual") == 1
    folder = tmp_path / "mail"
    folder.mkdir()
    with world.database.write() as connection:
        connection.execute(user.update().values(created_at=at - timedelta(days=1)))
    postman(world.database, hand_over=into_folder(folder)).work()
    (path,) = folder.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert " ".join(str(part.get_content()).split()).count("Half as many as usual") == 1
