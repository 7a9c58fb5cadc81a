"""``crm plan``: the shape programs rely on, what is kept and what is only worked out."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm import clock
from crm.__main__ import run
from crm.domain.principal import Principal
from crm.domain.weeks import IsoWeek
from crm.planning import actions
from crm.planning.queries import plan_of
from crm.storage.tables import plan
from tests.builders import World
from tests.planning.test_plan import WEEK, by_screen

AT = "2026-11-23T12:00+00:00"


@pytest.fixture
def crm(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run a command on the world's database; gives exit status, standard output and standard error."""
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def alice(world: World) -> Principal:
    alice = world.user(city="Boston", time_zone="America/New_York")
    by_screen(world, alice, city="Boston")
    by_screen(world, alice, "Elena Duarte")
    return alice


def data(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


def stored(world: World) -> list[str]:
    with world.database.read() as connection:
        return list(connection.execute(select(plan.c.week).order_by(plan.c.week)).scalars())


def test_the_shape(crm: Any, alice: Principal, world: World) -> None:
    found = data(crm("plan", "--as-of", AT, "--json"))
    assert list(found) == ["user", "week", "budget", "suggestions"]
    assert (found["user"], found["week"]) == ("alice@team.example", "2026-W48")
    assert found["budget"] == {"call": 3, "in_person": 1, "by_hand": 2}
    flagged = {one["contact"]["id"]: one for one in data(crm("flags", "--as-of", AT, "--json"))}
    assert len(found["suggestions"]) == 2
    for one in found["suggestions"]:
        assert set(one) == {
            "contact",
            "act",
            "slot",
            "reason",
            "rules",
            "evidence",
            "talking_points",
            "state",
        }
        assert one["contact"] == flagged[one["contact"]["id"]]["contact"]
        assert one["state"] == "planned"
        assert set(one["slot"]) == {"starts_at", "day", "minutes", "note"}
        starts_at = datetime.fromisoformat(one["slot"]["starts_at"])
        assert starts_at.utcoffset() == timedelta(hours=-5)
        assert starts_at.date().isoformat() == one["slot"]["day"]
        assert all(value is None or isinstance(value, int | float) for value in one["evidence"].values())
    assert stored(world) == []


def test_the_same_moment_has_the_same_plan(crm: Any, alice: Principal) -> None:
    assert data(crm("plan", "--as-of", AT, "--json")) == data(crm("plan", "--as-of", AT, "--json"))


def test_this_week_is_kept_and_other_weeks_are_not(crm: Any, alice: Principal, world: World) -> None:
    present = IsoWeek.of(clock.now().astimezone(alice.user_zone).date())
    first = data(crm("plan", "--json"))
    assert (first["week"], stored(world)) == (str(present), [str(present)])
    assert data(crm("plan", "--json")) == first
    assert data(crm("plan", "--week", str(present.next()), "--json"))["week"] == str(present.next())
    assert data(crm("plan", "--week", str(present.previous()), "--json"))["week"] == str(present.previous())
    assert stored(world) == [str(present)]


def test_a_stored_plan_is_shown_with_what_was_done(crm: Any, alice: Principal, world: World) -> None:
    worked_out = data(crm("plan", "--as-of", AT, "--json"))
    with world.database.write() as connection:
        actions.make_plan(connection, alice, WEEK, world.now)
    assert data(crm("plan", "--as-of", AT, "--json")) == worked_out
    with world.database.write() as connection:
        one = plan_of(connection, alice, WEEK, world.now)
        assert one is not None
        assert one.suggestions[0].id is not None
        actions.done(connection, alice, one.suggestions[0].id, world.now)
    later = data(crm("plan", "--as-of", AT, "--json"))
    assert [one["state"] for one in later["suggestions"]] == ["done", "planned"]


def test_with_several_users_it_asks_whose(crm: Any, alice: Principal, world: World) -> None:
    world.user("Bob Stone", role="member")
    world.user("Vera Gill", role="viewer")
    status, out, err = crm("plan", "--json")
    assert (status, out) == (2, "")
    assert "alice@team.example, bob@team.example" in err
    assert "vera@" not in err
    assert data(crm("plan", "--user", "BOB@team.example", "--json"))["suggestions"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--week", "2026-W54"), "no week 54"),
        (("--week", "next"), "2026-W48"),
        (("--user", "vera@team.example"), "viewer"),
        (("--as-of", "soon"), "--as-of"),
    ],
)
def test_what_cannot_be_meant_is_said(
    crm: Any, alice: Principal, world: World, arguments: tuple[str, ...], words: str
) -> None:
    world.user("Vera Gill", role="viewer")
    status, out, err = crm("plan", *arguments)
    assert (status, out) == (2, "")
    assert words in err


def test_nobody_to_plan_for(crm: Any, world: World) -> None:
    status, _, err = crm("plan")
    assert status == 2
    assert "crm user add" in err


def test_people_read_lines(crm: Any, alice: Principal) -> None:
    status, out, _ = crm("plan", "--as-of", AT)
    assert status == 0
    assert "Marta Kowalczyk" in out
    assert "3 emails and no call" in out
    assert "Nobody is waiting" in crm("plan", "--as-of", "2020-01-01")[1]
