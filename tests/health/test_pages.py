"""The health page against the queries: who is counted, drawn and listed, by which filters, as of when."""

import html
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from crm import clock
from crm.domain.expressions import Metric
from crm.domain.principal import Principal
from crm.health import queries
from crm.health.charts import MAPPED
from crm.health.queries import LOWEST, MOST_MARKS, PAGE, TO_RECONSIDER, Filter, Standing, shares
from crm.health.views import zone_counts, zone_lists
from crm.rules.actions import save_rule
from crm.rules.states import state_of
from crm.storage.metrics import as_of
from crm.storage.stored_metrics import current, refresh_stale, scope_of
from crm.storage.tables import contact, contact_tag, user
from tests.builders import World, mark_everyone_stale
from tests.web.site import client


@pytest.fixture
def alice(world: World) -> Principal:
    world.now = clock.now()
    return world.user()


@pytest.fixture
def site(world: World, alice: Principal) -> TestClient:
    return client(world, alice)


@pytest.fixture
def cast(world: World, alice: Principal) -> dict[str, int]:
    """One person in each zone, and some who are not to be seen."""
    bob = world.user("Bob Brown", "member")
    names = {
        "touch": world.contact("Graham Pike", kind="vendor", owner_id=alice.user_id),
        "screen": world.contact("Marta Kowalczyk", owner_id=bob.user_id),
        "quiet": world.contact("Jürgen Haas", kind="customer", owner_id=bob.user_id),
        "drift": world.contact("Elena <Duarte>", owner_id=alice.user_id),
        "blank": world.contact("Rob Tanner"),
        "regular": world.contact("Ada Regular", tier="regular"),
        "none": world.contact("Nobody Special", tier="none"),
        "gone": world.contact("Archie Ved", archived_at=world.now),
        "late": world.contact("Dee Ceased", deceased_on=world.today),
    }
    for days in (2, 9, 30):
        world.log("email", days, names["screen"], names["gone"], names["late"], names["none"])
        world.log("email", days, names["drift"])
    world.log("visit", 221, names["screen"])
    world.log("lunch", 100, names["drift"])
    world.log("lunch", 3, names["touch"], names["regular"])
    world.log("phone", 300, names["quiet"])
    return names


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    plain = re.sub(r"<(script|style|title)\b.*?</\1>|<[^>]*>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(plain).split())


def people_listed(answer: Any) -> list[int]:
    """The people of the table of those to reconsider, in its order."""
    table = answer.text.split('id="people"')[1]
    return [int(one) for one in re.findall(r'class="person-name" href="/people/(\d+)"', table)]


def figures(answer: Any) -> list[int]:
    return [int(one) for one in re.findall(r'class="figure-number">(\d+)', answer.text)]


def test_figures_map_and_table_show_the_key_people(site: TestClient, cast: dict[str, int]) -> None:
    answer = site.get("/health")
    page = text_of(answer)
    assert figures(answer) == [1, 1, 1, 1, 1]
    assert "5 key partners, vendors and customers, as of" in page
    assert "One has no record yet." in page
    assert 'role="img" aria-label="One of 4 people is screen-only' in answer.text
    assert people_listed(answer) == [cast["quiet"], cast["screen"], cast["drift"]]
    assert "3 digital contacts since the last personal one, 7 months ago." in page
    for shown in ("touch", "screen", "quiet", "drift"):
        assert f'<a href="/people/{cast[shown]}" aria-label=' in answer.text
    for hidden in ("regular", "none", "gone", "late"):
        assert f"/people/{cast[hidden]}" not in answer.text


def test_what_a_zone_is_said_to_mean_is_so_of_everybody_in_it(site: TestClient, world: World) -> None:
    """In touch although a target has passed, drifting by the any-contact target alone, silent with no rhythm known."""
    usual = world.contact("Graham Pike")
    for days in (35, 70, 105, 140):
        world.log("lunch", days, usual)
    unsteady = world.contact("Elena Duarte")
    world.log("lunch", 31, unsteady)
    once = world.contact("Jürgen Haas", created_on=world.today)
    world.log("lunch", 61, once)
    page = text_of(site.get("/health"))
    assert figures(site.get("/health")) == [1, 1, 0, 1, 0]
    assert "Within their targets, or no later than is usual for them" in page
    assert re.search(r"Drifting\W+A target has passed\b(?!,)", page)
    assert "Silent for twice the target, or far longer than is usual for them" in page


def test_an_edited_rule_is_told_by_what_it_looks_at(
    site: TestClient, world: World, alice: Principal, cast: dict[str, int]
) -> None:
    in_person = Metric("digital_180").ge(3) & Metric("in_person_180").eq(0) & Metric("known_days").ge(60)
    with world.database.write() as connection:
        state = state_of(connection, alice, "screen_only")
        save_rule(connection, alice, replace(state.rule, when=in_person), world.now)
    world.log("phone", 3, cast["screen"])
    page = text_of(site.get("/health"))
    assert "3 digital contacts and no meeting in person in 180 days; known for 2 years; " in page
    assert "1 digital contact since the last personal one, 3 days ago." not in page


def test_names_are_text(site: TestClient, cast: dict[str, int]) -> None:
    answer = site.get("/health")
    assert "<Duarte>" not in answer.text
    assert "Elena <Duarte>" in html.unescape(answer.text)


def test_there_is_no_inline_style_and_no_id_twice(site: TestClient, cast: dict[str, int]) -> None:
    answer = site.get("/health")
    assert "style=" not in answer.text
    ids = re.findall(r'\bid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", answer.text)) <= set(ids)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("kind=partner", ["screen", "drift"]),
        ("kind=vendor", []),
        ("owner={bob}", ["quiet", "screen"]),
        ("owner=0", []),
        ("tag=Berlin", ["screen"]),
        ("tier=regular", []),
        ("tier=all", ["quiet", "screen", "drift"]),
        ("owner=nonsense&tier=nonsense", ["quiet", "screen", "drift"]),
    ],
)
def test_filters_stand_in_the_address(
    site: TestClient, world: World, cast: dict[str, int], asked: str, shown: list[str]
) -> None:
    with world.database.write() as connection:
        tag = {"workspace_id": world.workspace_id, "tag": "Berlin", "contact_id": cast["screen"]}
        connection.execute(contact_tag.insert(), tag)
        bob = connection.execute(contact.select().where(contact.c.id == cast["screen"])).one().owner_id
    answer = site.get("/health?" + asked.format(bob=bob))
    assert (
        people_listed(answer) == [cast[one] for one in shown]
        if shown
        else "Nobody to reconsider" in answer.text
    )


def test_an_owner_who_left_has_a_name_wherever_the_bar_leads(
    site: TestClient, world: World, cast: dict[str, int]
) -> None:
    with world.database.write() as connection:
        connection.execute(user.update().where(user.c.name == "Bob Brown").values(active=False))
    leads = re.search(r'href="(/health\?[^"]*owner=\d+)[^"]*">Bob Brown', site.get("/health").text)
    assert leads
    page = text_of(site.get(html.unescape(leads[1])))
    assert "of Bob Brown" in page
    assert "without an owner" not in page
    assert "Owner: Bob Brown" in text_of(site.get(leads[1].replace("/health", "/people")))
    edit = site.get(f"/people/{cast['screen']}/edit").text
    assert re.search(r'<option value="\d+" selected>Bob Brown', edit)


def test_coverage_counts_each_owners_people(site: TestClient, cast: dict[str, int]) -> None:
    page = text_of(site.get("/health"))
    assert re.search(r"Alice Meyer 1 of 2", page)
    assert re.search(r"Bob Brown 0 of 2", page)
    assert re.search(r"No owner 0 of 0 1 with no record yet", page)


def test_a_past_day_is_worked_out_from_the_log(site: TestClient, world: World, cast: dict[str, int]) -> None:
    past = world.today - timedelta(days=215)
    answer = site.get(f"/health?as_of={past.isoformat()}")
    page = text_of(answer)
    assert f"{past:%A} {past.day} {past:%B}" in page
    assert "This is how it stood at the end of" in page
    assert cast["screen"] not in people_listed(answer)
    with world.database.read() as connection:
        at = world.now - timedelta(days=215)
        zones = [one.zone for one in queries.standings(connection, world.principal, at) if one.tier == "key"]
    assert figures(answer)[0] == zones.count("in_touch")
    assert figures(answer)[4] == zones.count("no_record")


def test_today_may_be_asked_for_by_its_date(site: TestClient, world: World, cast: dict[str, int]) -> None:
    answer = site.get(f"/health?as_of={world.today.isoformat()}")
    assert figures(answer) == [1, 1, 1, 1, 1]
    assert "This is how it stood" not in answer.text


@pytest.mark.parametrize(
    "day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-23T12:00", "%00"]
)
def test_a_day_that_is_none_is_refused_in_a_sentence(site: TestClient, day: str) -> None:
    answer = site.get(f"/health?as_of={day}")
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_a_place_in_the_list_that_is_none_is_refused(site: TestClient, cast: dict[str, int]) -> None:
    assert site.get("/health?after=%25%25%25").status_code == 422
    assert site.get("/health?after=WzEsMl0").status_code == 422


def test_a_day_before_anybody_was_known_says_so(site: TestClient, cast: dict[str, int]) -> None:
    assert "Nobody was known then" in text_of(site.get("/health?as_of=2000-01-01"))
    assert "Remove a filter" in text_of(site.get("/health?as_of=2000-01-01&kind=vendor"))


def test_an_empty_workspace_says_what_to_do(site: TestClient) -> None:
    assert "Nobody is marked key yet" in text_of(site.get("/health"))
    assert "No matches" in text_of(site.get("/health?kind=vendor"))


def test_whoever_has_no_record_is_not_said_to_be_in_touch(site: TestClient, world: World) -> None:
    known = world.contact("Ann First", owner_id=world.principal.user_id)
    world.contact("Bob Second", owner_id=world.principal.user_id)
    page = site.get("/health").text
    assert "Nobody here has a record yet." in page
    assert "is in touch" not in page
    assert re.search(r'<a href="/people\?[^"]*zone=no_record[^"]*">See whom to begin with<', page)
    assert "Nobody had a record at the end of that day." in site.get("/health?as_of=2026-01-01").text
    world.log("lunch", 3, known)
    assert "Everybody with a record is in touch." in site.get("/health").text


def test_another_team_sees_nothing_of_it(world: World, cast: dict[str, int]) -> None:
    other = World.create(world.database, "Another team")
    answer = client(other, other.user("Charlie Fox")).get("/health?tier=all")
    assert "No matches" in text_of(answer)


# The queries


def crowd(world: World, number: int) -> None:
    """Screen-only people of equal names and scores, whose pages must still not overlap."""
    ids = [world.contact(f"Ada {'abc'[place % 3]}") for place in range(number)]
    for start in range(0, number, 10):
        for days in (3, 20, 40):
            world.log("email", days, *ids[start : start + 10])


@pytest.mark.parametrize("stored", [True, False])
def test_a_large_map_has_the_lowest_scores_of_every_zone(world: World, stored: bool) -> None:
    """Thirty who are silent for a year have the lowest scores of all, and do not push out who was never met."""
    crowd(world, 60)
    silent = [world.contact(f"Quiet {place}") for place in range(30)]
    world.log("email", 500, *silent)
    world.log("lunch", 700, *silent)
    for place in range(90):
        one = world.contact(f"Bea {place}")
        world.log("lunch", 4 * place + 5, one)
        world.log("email", place + 10, one)
    with world.database.write() as connection:
        mark_everyone_stale(connection, world.workspace_id)
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
        scope = scope_of(connection, world.principal, world.now)
        relation = current(world.workspace_id) if stored else as_of(scope)
        asked = connection, world.principal, relation, Filter()
        zones = zone_counts(queries.headcounts(*asked))
        some = queries.placed(*asked, zones)
        everybody = queries.placed(*asked, Counter(in_touch=1))
    assert len(everybody) == 180
    assert 75 < len(some) <= MOST_MARKS
    assert [one.id for one in some] == [one.id for one in everybody if one in some]
    for zone in MAPPED:
        of_zone = [one for one in everybody if one.zone == zone]
        assert set(of_zone[:LOWEST]) <= set(some), zone
        lists = {part.zone: part.first for part in zone_lists(some, zones)}
        assert zone == "in_touch" or lists[zone] == tuple(of_zone[:4])
    assert {one.days_since_personal for one in some if one.zone == "screen_only"} >= {None}


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 300), min_size=4), st.integers(4, 200))
def test_room_is_shared_fairly_and_none_is_wasted(people: dict[str, int], room: int) -> None:
    found = shares(people, room)
    assert room - len(people) < sum(found.values()) <= room or found == people
    short = [number for group, number in found.items() if number < people[group]]
    assert all(number <= people[group] for group, number in found.items())
    assert not short or max(found.values()) - min(short) <= 1


@pytest.mark.parametrize("stored", [True, False])
def test_pages_follow_each_other_without_gap_or_double(world: World, stored: bool) -> None:
    crowd(world, 23)
    with world.database.write() as connection:
        mark_everyone_stale(connection, world.workspace_id)
        refresh_stale(connection, scope_of(connection, world.principal, world.now))
    with world.database.read() as connection:
        scope = scope_of(connection, world.principal, world.now)
        relation = current(world.workspace_id) if stored else as_of(scope)
        found: list[int] = []
        after, remaining = None, 23
        while True:
            page = queries.to_reconsider(
                connection, world.principal, relation, Filter(), after, at=world.now, limit=5
            )
            remaining -= len(page.people)
            assert page.remaining == remaining
            found += [one.id for one in page.people]
            after = page.next
            if after is None:
                break
        standings = queries.standings(connection, world.principal, world.now)
    asked = sorted(
        (one.score, -(one.metrics["days_since_personal"] or 10**6), one.id)
        for one in standings
        if one.zone in TO_RECONSIDER
    )
    assert found == [one_id for _, _, one_id in asked]
    assert len(found) == 23 < PAGE


def test_standings_are_sorted_and_hold_every_metric(world: World, cast: dict[str, int]) -> None:
    with world.database.read() as connection:
        found = queries.standings(connection, world.principal, world.now)
    keys = [(one.score is None, one.score or 0, one.name, one.id) for one in found]
    assert keys == sorted(keys)
    assert {one.id for one in found} == set(cast.values()) - {cast["gone"], cast["late"]}
    for one in found:
        assert type(one.score) in (int, type(None))
        assert points_add_up(one)


def points_add_up(one: Standing) -> bool:
    if one.score is None:
        return all(points is None for points in one.parts.values())
    total = sum(points for points in one.parts.values() if points is not None)
    return abs(total - one.score) <= 0.5 + 1e-6
