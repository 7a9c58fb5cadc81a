"""The demo: the same for the same seed and day, and on any day everything has something true to show."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.__main__ import run
from crm.accounts.passwords import fits
from crm.accounts.queries import by_email, command_line, principal_of
from crm.cli_support import desk
from crm.contacts.duplicates import suspected
from crm.demo.cast import TEAM
from crm.demo.filling import PASSWORD, fill
from crm.domain.rules import SHIPPED
from crm.domain.score import ZONES
from crm.domain.weeks import IsoWeek
from crm.health.queries import standings
from crm.planning.drafting import draft_plan
from crm.planning.queries import PlanView, plan_of
from crm.rules.queries import flags
from crm.storage.database import Database
from crm.storage.tables import (
    contact,
    contact_date,
    contact_email,
    interaction,
    interaction_contact,
    interaction_user,
    metadata,
    organisation,
    outbox,
    response,
    signal,
    user,
)
from tests.builders import NOW, World
from tests.thorough import some_of

HASH = "nobody signs in here"
DAYS = [
    (1, "2026-11-23"),
    (1, "2027-01-02"),
    (2, "2024-02-29"),
    (3, "2026-08-30"),
    (4, "2026-05-06"),
    (5, "2025-12-31"),
]


def at_noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def filled(world: World, seed: int, at: datetime) -> World:
    world.now = at
    with world.database.write() as connection:
        fill(connection, world.principal, seed, at, HASH, lambda line: None)
    return world


def rows(world: World) -> dict[str, list[Any]]:
    with world.database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in ("workspace", "channel", "id_counter")
        }


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What follows from the log alone need not be asked of both databases."""


@on_sqlite
@pytest.mark.parametrize(("seed", "day"), some_of(DAYS, 3))
def test_on_any_day_every_rule_zone_and_place_of_the_plan_has_somebody(
    world: World, seed: int, day: str
) -> None:
    filled(world, seed, at_noon(day))
    with world.database.read() as connection:
        nora = by_email(connection, world.principal, TEAM[0].email)
        flagged: dict[str, set[int]] = defaultdict(set)
        for flag in flags(connection, world.principal, world.now, rules=SHIPPED):
            flagged[flag.rule].add(flag.contact.id if flag.contact else 0)
        owned = set(connection.execute(select(contact.c.id).where(contact.c.owner_id == nora.id)).scalars())
        found = standings(connection, world.principal, world.now)
        zones = Counter(one.zone for one in found if one.id in owned)
        own = principal_of(connection, world.principal, nora.id)
        plan = draft_plan(connection, own, IsoWeek.of(world.today), world.now)
    acts = Counter(one.act for one in plan.suggestions)
    assert {one.key: len(flagged[one.key]) for one in SHIPPED if not 1 <= len(flagged[one.key]) <= 30} == {}
    assert set(ZONES) <= set(zones)
    assert acts <= Counter(call=3, lunch=1, note=2)
    assert acts.total() == plan.budget.total >= 5  # five in a week with a public holiday


@pytest.fixture(scope="module")
def demo(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo as most people see it; only to be read."""
    world = on_file(sqlite_template, tmp_path_factory.mktemp("demo") / "demo.sqlite3", 1, NOW)
    yield world
    world.database.close()


def on_file(template: Path, path: Path, seed: int, at: datetime) -> World:
    path.write_bytes(template.read_bytes())
    return filled(World.create(Database(f"sqlite:///{path}")), seed, at)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_both_databases_hold_the_same(world: World, demo: World) -> None:
    there, here = rows(filled(world, 1, NOW)), rows(demo)
    for name in here:
        assert rounded(there[name]) == rounded(here[name]), name


def rounded(value: Any) -> Any:
    """The value with its real numbers cut: logarithms differ in their last digits."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def test_a_team_of_four_with_everything_one_can_write_down(demo: World) -> None:
    world = demo
    with world.database.read() as connection:
        count = lambda table, *where: connection.execute(  # noqa: E731
            select(func.count()).select_from(table).where(*where)
        ).scalar_one()
        assert count(contact) == 150
        assert [one.first.name for one in suspected(connection, world.principal)] == ["Liam Byrne"]
        assert count(organisation) == 40
        assert count(contact, contact.c.tier == "key") == 50
        assert count(contact, contact.c.archived_at.is_not(None)) == 2
        assert count(contact, contact.c.owner_id.is_(None)) == 3
        assert count(contact_email, ~contact_email.c.value.like("%.example")) == 0
        assert count(contact_date, contact_date.c.month == 2, contact_date.c.day == 29) == 1
        assert count(contact_date, contact_date.c.kind == "birthday", contact_date.c.year.is_(None)) > 10
        assert count(contact_date, contact_date.c.kind == "renewal") > 10
        assert count(interaction) > 4_000
        assert count(interaction, interaction.c.broadcast) == 3
        assert count(interaction, interaction.c.outcome == "attempted") > 10
        assert count(interaction, interaction.c.note_private) > 10
        assert count(interaction, interaction.c.occurred_at > world.now) == 7
        assert connection.execute(select(signal.c.type).distinct()).all().__len__() == 5
        assert {row.verb for row in connection.execute(select(response))} >= {"done", "snooze", "swap"}
        assert {row.state for row in connection.execute(select(outbox))} == {"sent", "failed"}
        channels = {row.channel for row in connection.execute(select(interaction.c.channel).distinct())}
    assert channels == {
        *("email", "chat", "sms", "social", "video", "phone"),
        *("meeting", "lunch", "visit", "event", "note", "gift"),
    }


def test_two_years_end_before_today_and_nobody_is_met_before_they_are_known(demo: World) -> None:
    world = demo
    with world.database.read() as connection:
        took_part = select(interaction_contact.c.day, contact.c.created_on).join(
            contact, contact.c.id == interaction_contact.c.contact_id
        )
        days = connection.execute(took_part).all()
        moments = connection.execute(select(interaction.c.occurred_at, interaction.c.created_at)).all()
    past = [row.day for row in days if row.day <= world.today]
    assert max(past) < world.today
    assert world.today - min(past) <= timedelta(days=735)
    assert all(row.day >= row.created_on - timedelta(days=3) for row in days)
    assert all(row.created_at <= world.now for row in moments)
    august = sum(day.month == 8 for day in past)
    assert august * 1.5 < sum(day.month == 10 for day in past)


def test_the_newcomer_has_nothing(demo: World) -> None:
    world = demo
    with world.database.read() as connection:
        ines = by_email(connection, world.principal, "ines@inperson.example")
        own = principal_of(connection, world.principal, ines.id)
        assert connection.execute(select(contact.c.id).where(contact.c.owner_id == ines.id)).all() == []
        took_part = select(interaction_user.c.user_id).where(interaction_user.c.user_id == ines.id)
        assert connection.execute(took_part).all() == []
        assert draft_plan(connection, own, IsoWeek.of(world.today), world.now).suggestions == ()
        assert (
            connection.execute(select(user.c.first_run_done).where(user.c.id == ines.id)).scalar_one()
            is False
        )


def test_earlier_weeks_keep_to_the_budget_and_were_partly_done(demo: World) -> None:
    world = demo
    views: list[PlanView] = []
    with world.database.read() as connection:
        team = command_line(connection, world.workspace_id)
        nora = principal_of(connection, team, by_email(connection, team, TEAM[0].email).id)
        for back in range(1, 5):
            week = IsoWeek.of(world.today - timedelta(weeks=back))
            found = plan_of(connection, nora, week, world.now)
            assert found is not None
            views.append(found)
    states = Counter(one.state for view in views for one in view.suggestions)
    assert all(2 <= len(view.suggestions) <= view.budget.total for view in views)
    assert states["done"] + states["contacted"] >= 5
    assert all(one.reason for view in views for one in view.suggestions)


@on_sqlite
def test_the_same_seed_and_day_are_the_same_rows(
    world: World, demo: World, sqlite_template: Path, tmp_path: Path
) -> None:
    once = rows(demo)
    assert rows(filled(world, 1, datetime(2026, 11, 23, 23, 58, tzinfo=UTC))) == once
    other = rows(on_file(sqlite_template, tmp_path / "other.sqlite3", 4, NOW))
    assert {name for name in once if other[name] != once[name]} >= {
        "contact",
        "interaction",
        "ask",
        "response",
    }


@pytest.mark.parametrize("zone", some_of(["America/Los_Angeles", "Asia/Tokyo"], 2))
@on_sqlite
def test_in_any_zone_the_past_is_past(database: Database, zone: str) -> None:
    world = filled(World.create(database, zone=zone), 1, NOW)
    with database.read() as connection:
        log = interaction_contact.c
        assert (
            connection.execute(select(func.max(log.day)).where(log.day <= world.today)).scalar_one()
            < world.today
        )
        flagged = {flag.rule for flag in flags(connection, world.principal, NOW, rules=SHIPPED)}
    assert flagged >= {rule.key for rule in SHIPPED}


# The command


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CRM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CRM_PORT", "8123")


@pytest.mark.usefixtures("own_settings")
def test_the_command_says_how_to_sign_in_and_says_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--seed", "9", "--as-of", "2026-11-23"]) == 0
    first = capsys.readouterr()
    assert "http://127.0.0.1:8123 as nora@inperson.example" in first.out
    assert PASSWORD in first.out
    assert "two years of log" in first.err
    assert run(["demo", "--seed", "10"]) == 0
    assert capsys.readouterr().out == first.out
    with desk() as at_desk, at_desk.database.read() as connection:
        kept = connection.execute(select(user.c.email, user.c.password_hash)).all()
        assert connection.execute(select(func.count()).select_from(contact)).scalar_one() == 150
    assert {row.email.split("@")[0] for row in kept} == {"nora", "theo", "sam", "hana", "ines"}
    (shared,) = {row.password_hash for row in kept}
    assert fits(PASSWORD, shared)
    assert run(["health", "--json", "--as-of", "2026-11-23"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 148


@pytest.mark.usefixtures("own_settings")
def test_people_of_ones_own_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with desk() as at_desk:
        own = World(at_desk.database, at_desk.principal.workspace_id, at_desk.principal.zone)
        own.contact("Somebody Real")
    assert run(["demo"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "There are people in this workspace already" in said.err
    with desk() as at_desk, at_desk.database.read() as connection:
        assert connection.execute(select(contact.c.name)).scalars().all() == ["Somebody Real"]
        assert connection.execute(select(user)).all() == []


def test_the_day_of_a_birthday_is_one_that_is_there() -> None:
    from random import Random

    from crm.demo.cast import people

    for today in (date(2024, 2, 16), date(2023, 2, 15), date(2024, 12, 31)):
        for person in people(Random(1), today):
            for one in person.dates:
                assert date(2024, one.month, one.day)
