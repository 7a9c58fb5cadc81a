"""Past days: the page, its table file and the comparison against the command line and plain Python."""

import csv
import io
import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, Subquery
from starlette.testclient import TestClient

from crm import clock
from crm.__main__ import run
from crm.domain.score import ZONE_WORDS
from crm.health import queries
from crm.health.comparison import MOST_MOVED, Stand, compare, kept, month_before, stands
from crm.health.queries import TO_RECONSIDER, Filter, Sort
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import scope_of
from tests.builders import World, mark_everyone_stale
from tests.health.test_pages import figures, people_listed, text_of
from tests.web.site import client

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ZONE = "America/Los_Angeles"


@pytest.fixture
def team(world: World) -> World:
    """A team in Los Angeles, with people whose zones change as the weeks go by."""
    team = World.create(world.database, "Los Angeles", ZONE)
    team.now = clock.now()
    team.principal = team.user()
    names = [
        team.contact(name) for name in ("Ada Byron", "=Bea Smith", "Cyd Charisse", "Dan Osei", "Eve Polastri")
    ]
    for place, one in enumerate(names[:4]):
        for days in range(place, 400, 31 + 11 * place):
            team.log("email", days, one)
        team.log("lunch", 40 + 60 * place, one)
    late = datetime(
        2026, 10, 2, 6, 30, tzinfo=UTC
    )  # half past eleven on the evening of the first, in Los Angeles
    team.log("phone", None, names[4], occurred_at=late)
    return team


@pytest.fixture
def site(team: World) -> TestClient:
    return client(team, team.principal)


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_past_day_is_what_the_command_line_says_of_it(
    team: World, site: TestClient, database_url: str, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)
    for day in ("2026-10-01", "2026-09-30", "2025-12-24"):
        assert run(["health", "--json", "--workspace", "Los Angeles", "--as-of", day]) == 0
        told = {one["contact"]["name"]: one for one in json.loads(capsys.readouterr().out) if one["zone"]}
        found = {
            one["name"].removeprefix("'"): one for one in rows_of(site.get(f"/health/export?as_of={day}"))
        }
        assert set(found) == set(told)
        assert len(told) == 5
        for name, one in told.items():
            assert found[name]["as_of"] == day
            same_figures(found[name], one)
        zones = Counter(row["zone"] for row in found.values())
        order = ("in_touch", "drifting", "screen_only", "gone_quiet", "no_record")
        assert figures(site.get(f"/health?as_of={day}")) == [zones[one] for one in order]
        assert found["Eve Polastri"]["days_since_any"] == ("0" if day == "2026-10-01" else "")


def same_figures(row: dict[str, str], told: Any) -> None:
    assert ZONE_WORDS[row["zone"]] == told["zone"]
    assert row["score"] == ("" if told["score"] is None else str(told["score"]))
    for counted in ("days_since_any", "days_since_personal", "days_since_in_person", "total_365"):
        value = told["metrics"][counted]
        assert row[counted] == ("" if value is None else str(value))


@on_sqlite
def test_no_cell_is_a_formula_and_the_file_holds_what_is_shown(site: TestClient) -> None:
    answer = site.get("/health/export?sort=name")
    assert re.search(r'filename="health-2026-11-23\.csv"', answer.headers["content-disposition"])
    names = [row["name"] for row in rows_of(answer)]
    assert names == ["'=Bea Smith", "Ada Byron", "Cyd Charisse", "Dan Osei", "Eve Polastri"]
    assert rows_of(site.get("/health/export?kind=vendor")) == []


def test_every_order_goes_on_from_page_to_page(team: World) -> None:
    with team.database.read() as connection:
        at = team.now - timedelta(days=60)
        relation = as_of(scope_of(connection, team.principal, at))
        standings = queries.standings(connection, team.principal, at)
        for sort in get_args(Sort):
            people = turned_over(connection, team, relation, at, sort)
            assert {one.id for one in people} == {one.id for one in standings if one.zone in TO_RECONSIDER}
            assert len(people) > 1
            counted = queries.to_reconsider(
                connection, team.principal, relation, Filter(), at=at, sort=sort, limit=1
            )
            told = queries.to_reconsider(
                connection, team.principal, relation, Filter(), at=at, sort=sort, limit=1, total=len(people)
            )
            assert told == counted
            assert told.remaining == len(people) - 1
            places = [place(one, sort) for one in people]
            assert places == sorted(places)


def turned_over(
    connection: Connection, team: World, relation: Subquery, at: datetime, sort: Sort
) -> list[queries.Reconsidered]:
    """Everybody to reconsider, one a page."""
    people: list[queries.Reconsidered] = []
    after: str | None = None
    while after is not None or not people:
        page = queries.to_reconsider(
            connection, team.principal, relation, Filter(), after, at=at, sort=sort, limit=1
        )
        people += page.people
        after = page.next
    return people


def place(one: queries.Reconsidered, sort: Sort) -> tuple[Any, ...]:
    days, share = one.metrics["days_since_personal"], one.metrics["digital_share_365"] or 0
    first = {"score": one.score, "name": 0, "personal": -(10**6 if days is None else days), "share": -share}
    then = -(10**6 if days is None else days) if sort == "score" else one.name.casefold()
    return first[sort], then, one.id


@on_sqlite
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("as_of=2026-11-24", "Tue 24 Nov has not come yet. Choose today or a day before it."),
        ("against=2027-01-01", "Fri 1 Jan 2027 has not come yet."),
        (
            "as_of=2026-10-01&against=2026-10-01",
            "Choose a day before Thu 1 Oct, the day shown, to compare with.",
        ),
        ("against=soon", "Ask for a day like this: /health?against=2026-11-23."),
        ("weeks_back=105", "The slider goes back 104 weeks."),
        ("weeks_back=-1", "The slider goes back 104 weeks."),
    ],
)
def test_days_that_cannot_be_shown_are_refused_in_a_sentence(site: TestClient, asked: str, said: str) -> None:
    answer = site.get(f"/health?{asked}")
    assert answer.status_code == 422
    assert said in answer.text


@on_sqlite
def test_today_ends_where_the_team_is(site: TestClient) -> None:
    assert "as of Monday 23 November" in text_of(site.get("/health?as_of=2026-11-23"))


@on_sqlite
def test_the_slider_leads_to_an_address_with_its_day(site: TestClient) -> None:
    moved = site.get("/health?weeks_back=4&kind=partner&sort=name")
    assert (moved.status_code, moved.headers["location"]) == (
        303,
        "/health?kind=partner&sort=name&as_of=2026-10-26",
    )
    assert site.get("/health?weeks_back=0").headers["location"] == "/health"


@on_sqlite
def test_what_changed_is_told_since_a_month_before_or_the_day_asked_for(
    team: World, site: TestClient
) -> None:
    assert "What changed since 23 Oct" in text_of(site.get("/health"))
    page = site.get("/health?against=2026-06-01")
    assert "What changed since 1 Jun" in text_of(page)
    with team.database.read() as connection:
        then = datetime(2026, 6, 2, 6, 59, 59, tzinfo=UTC)
        before = Counter(one.zone for one in queries.standings(connection, team.principal, then))
        now = Counter(one.zone for one in queries.standings(connection, team.principal, team.now))
    said = re.findall(r'class="figure-change">([^<]*)<', page.text)
    zones = [
        one
        for one in ("in_touch", "drifting", "screen_only", "gone_quiet", "no_record")
        if now[one] or before[one]
    ]
    assert said == [words(now[one] - before[one]) for one in zones]
    assert people_listed(page)


@on_sqlite
def test_a_month_before_anybody_was_known_is_not_compared_with(world: World) -> None:
    world.now = clock.now()
    world.principal = world.user()
    new = world.contact(created_on=world.today)
    world.log("phone", 3, new)
    site = client(world, world.principal)
    page = site.get("/health").text
    assert "figure-change" not in page
    assert "What changed since" not in page
    assert "Nobody: everybody with a record is in touch." in page
    assert "What changed since 1 Oct" in text_of(site.get("/health?against=2026-10-01"))


def words(change: int) -> str:
    if change == 0:
        return "No change since 1 Jun"
    return f"{abs(change)} {'more' if change > 0 else 'fewer'} than on 1 Jun"


def test_how_people_stood_is_how_the_past_day_has_it(team: World) -> None:
    with team.database.read() as connection:
        at = team.now - timedelta(days=99)
        told = {one.id: one for one in queries.standings(connection, team.principal, at)}
        found = stands(connection, team.principal, list(told), at)
    assert found == {one.id: Stand(one.zone, one.score) for one in told.values()}


def test_a_month_before_is_the_same_day_or_the_last_of_its_month() -> None:
    assert month_before(date(2026, 3, 31)) == date(2026, 2, 28)
    assert month_before(date(2026, 1, 15)) == date(2025, 12, 15)


def changes(answer: Any) -> tuple[list[str], str]:
    """What the figures and the part about changes say."""
    assert answer.status_code == 200
    told = answer.text.split('class="sheet sheet-body health-compared"')[1].split("</section>")[0]
    return re.findall(r'class="figure-change">([^<]*)<', answer.text), told


def test_what_is_kept_of_a_month_before_is_what_is_worked_out(team: World, site: TestClient) -> None:
    def both() -> tuple[list[str], str]:
        by_itself, again = changes(site.get("/health")), changes(site.get("/health"))
        assert by_itself == again == changes(site.get("/health?against=2026-10-23"))
        return again

    before = both()
    with team.database.read() as connection:
        ids = [one.id for one in queries.standings(connection, team.principal, team.now)]
        day = date(2026, 10, 23)
        assert kept(connection, team.principal, ids, day).keys() == set(ids)
        assert not kept(connection, team.principal, ids, day - timedelta(days=1))
    team.log("visit", 45, *ids[:3])
    with team.database.read() as connection:
        assert kept(connection, team.principal, ids, day).keys() == set(ids[3:])
    assert both() != before
    with team.database.write() as connection:
        mark_everyone_stale(connection, team.workspace_id)
        assert not kept(connection, team.principal, ids, day)


def person(number: int, zone: str, score: int | None) -> Any:
    return SimpleNamespace(contact_id=number, name=f"P{number:02}", zone=zone, score=score)


def test_who_moved_is_told_from_those_who_lost_most_to_those_who_gained_most() -> None:
    people = [person(number, "drifting", number) for number in range(40)]
    before = {number: Stand("in_touch" if number < 30 else "drifting", 20) for number in range(39)}
    found = compare(people, before, date(2026, 2, 1))
    assert found.zones == {"in_touch": 30, "drifting": 9}
    assert [one.id for one in found.moved] == [*range(6), *range(24, 30)]
    assert len(found.moved) == MOST_MOVED
    assert found.more == 18
    assert (
        found.sentence == "30 people went from in touch to drifting. 1 person went from no zone to drifting."
    )
