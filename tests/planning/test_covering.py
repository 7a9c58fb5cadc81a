"""A hand-over while somebody is off: in weeks that hold nothing for them, their people are in the colleague's plan."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.errors import Invalid
from crm.planning import actions, journey_actions
from crm.planning.covering import away, covers
from crm.planning.drafting import draft_plan
from crm.planning.journey_forms import DaysOffForm
from crm.planning.queries import plan_of
from crm.storage.database import new_id
from crm.storage.tables import ask, time_off
from tests.builders import NOW, World
from tests.web.site import client

WEEK = IsoWeek.of(NOW.date())


@pytest.fixture
def pair(world: World) -> tuple[Principal, Principal]:
    """Nora, who has one person to reach, and Theo, who has nobody."""
    nora, theo = (
        world.user("Nora Lindqvist", "member"),
        world.user("Theo Marsh", "member", first_run_done=True),
    )
    person = world.contact("Marta Kowalczyk", owner_id=nora.user_id)
    for days in (3, 20, 40, 60):
        world.log("email", days, person)
    return nora, theo


def off(world: World, who: Principal, first: date, last: date, cover: Principal | None) -> int:
    form = DaysOffForm(first_day=first, last_day=last, cover_id=cover.user_id if cover else None)
    with world.database.write() as connection:
        return journey_actions.add_time_off(connection, who, form, NOW)


def planned(world: World, who: Principal, week: IsoWeek = WEEK) -> list[str]:
    """The reasons of the plan as it would be made."""
    with world.database.read() as connection:
        return [one.reason for one in draft_plan(connection, who, week, NOW).suggestions]


def test_a_week_off_is_in_the_colleagues_plan_and_says_whose_it_is(world: World, pair: Any) -> None:
    nora, theo = pair
    assert (len(planned(world, nora)), planned(world, theo)) == (1, [])
    off_id = off(world, nora, WEEK.monday, WEEK.sunday, theo)
    assert planned(world, nora) == []
    (reason,) = planned(world, theo)
    assert reason.endswith("Nora Lindqvist is away.")
    assert planned(world, theo, WEEK.next()) == []
    with world.database.write() as connection:
        journey_actions.remove_time_off(connection, nora, off_id, NOW)
    assert planned(world, theo) == []
    with world.database.write() as connection:
        journey_actions.restore_time_off(connection, nora, off_id)
    assert len(planned(world, theo)) == 1


def test_two_days_off_leave_them_where_they_are(world: World, pair: Any) -> None:
    nora, theo = pair
    off(world, nora, WEEK.monday + timedelta(days=3), WEEK.sunday, theo)
    assert len(planned(world, nora)) == 1
    assert planned(world, theo) == []


def test_without_a_colleague_nobody_takes_over_and_no_other_does(world: World, pair: Any) -> None:
    nora, theo = pair
    ama = world.user("Ama Boateng", "member")
    off(world, nora, WEEK.monday, WEEK.sunday, None)
    assert planned(world, theo) == []
    off(world, nora, WEEK.monday, WEEK.sunday, ama)
    assert planned(world, theo) == []
    assert len(planned(world, ama)) == 1


@pytest.mark.parametrize(("days", "rests"), [(None, True), (4, True), (0, False)])
def test_whom_the_owner_let_rest_rests(world: World, pair: Any, days: int | None, rests: bool) -> None:
    """For good, or until a day after the first of the week, as in the owner's own plan."""
    nora, theo = pair
    with world.database.write() as connection:
        actions.make_plan(connection, nora, WEEK, NOW)
    with world.database.read() as connection:
        plan = plan_of(connection, nora, WEEK, NOW)
    assert plan is not None
    suggestion_id = plan.suggestions[0].id or 0
    coming = WEEK.next()
    with world.database.write() as connection:
        if days is None:
            actions.not_this_person(connection, nora, suggestion_id, NOW)
        else:
            actions.snooze(connection, nora, suggestion_id, coming.monday + timedelta(days=days), NOW)
    off(world, nora, coming.monday, coming.sunday, theo)
    assert (planned(world, theo, coming) == []) is rests


@pytest.mark.parametrize(("weeks", "rests"), [(1, True), (2, False)])
def test_whom_the_owner_skipped_rests_for_two_weeks(world: World, pair: Any, weeks: int, rests: bool) -> None:
    nora, theo = pair
    with world.database.write() as connection:
        actions.make_plan(connection, nora, WEEK, NOW)
        plan = plan_of(connection, nora, WEEK, NOW)
        assert plan is not None
        actions.skip(connection, nora, plan.suggestions[0].id or 0, NOW)
    coming = IsoWeek.of(WEEK.monday + timedelta(weeks=weeks))
    off(world, nora, coming.monday, coming.sunday, theo)
    assert (planned(world, theo, coming) == []) is rests
    with world.database.write() as connection:
        said = {"contact_id": plan.suggestions[0].contact.id, "author_id": nora.user_id, "text": "The budget"}
        dated = {"opened_on": NOW.date(), "due": coming.days[2], "id": new_id(connection)}
        connection.execute(ask.insert(), {"workspace_id": world.workspace_id, **said, **dated})
    assert len(planned(world, theo, coming)) == 1, "a rest does not hold back what is due"


def test_only_somebody_of_the_team_with_a_plan_can_take_over(world: World, pair: Any) -> None:
    nora, _ = pair
    viewer = world.user("Vera Viewer", "viewer")
    foreign = World.create(world.database, "Another team").user("Mallory Fox")
    for nobody in (nora, viewer, foreign):
        with pytest.raises(Invalid):
            off(world, nora, WEEK.monday, WEEK.sunday, nobody)
    with world.database.read() as connection:
        assert connection.execute(select(time_off)).all() == []


def test_it_is_chosen_on_the_page_and_said_on_both(world: World, pair: Any) -> None:
    nora, theo = pair
    browser = client(world, nora)
    days = {"first_day": "2026-11-23", "last_day": "2026-11-29"}
    wrong = browser.post("/time-off", data={**days, "cover_id": "999"})
    assert wrong.status_code == 422
    assert "Choose a colleague" in wrong.text
    assert 'value="2026-11-29"' in wrong.text
    assert browser.post("/time-off", data={**days, "cover_id": theo.user_id}).status_code == 303
    with world.database.read() as connection:
        assert list(covers(connection, nora).values()) == ["Theo Marsh"]
        assert [one.name for one in away(connection, theo, WEEK, NOW)] == ["Nora Lindqvist"]
        assert covers(connection, theo) == {}
    assert "Theo Marsh</bdi> looks after your people." in browser.get("/trips").text
    assert "Nora Lindqvist is away this week, so their people are in your plan." in week_of(world, theo)


def test_a_cover_that_is_written_down_later_is_not_said_to_be_in_the_plan(world: World, pair: Any) -> None:
    nora, theo = pair
    assert "away" not in week_of(world, theo)
    off(world, nora, WEEK.monday, WEEK.sunday, theo)
    assert "Nora Lindqvist is away this week. None of their people are in this plan." in week_of(world, theo)


def week_of(world: World, who: Principal) -> str:
    with time_machine.travel(NOW, tick=False):
        return client(world, who).get("/").text
