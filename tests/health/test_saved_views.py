"""Views of a list under a name: the user's own, each name once a page, taken away and brought back."""

import re
from html import unescape
from threading import Thread

import pytest
from starlette.testclient import TestClient

from crm import clock
from crm.accounts import saved_views as saved
from crm.errors import Forbidden, Invalid
from tests.builders import World
from tests.web.site import client, press_undo, signed_in

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def site(world: World) -> TestClient:
    world.now = clock.now()
    world.principal = world.user("Vera Wong", "viewer")
    return client(world, world.principal)


def keep(world: World, name: str, query: str = "kind=vendor", page: str = "health") -> None:
    with world.database.write() as connection:
        saved.keep(connection, world.principal, page, name, query, world.now)


def kept(world: World, page: str = "health") -> list[tuple[str, str]]:
    with world.database.read() as connection:
        return [(one.name, one.query) for one in saved.views(connection, world.principal, page)]


def test_a_name_is_kept_once_also_by_two_at_once(world: World) -> None:
    world.principal = world.user()
    two = [Thread(target=keep, args=(world, name)) for name in ("Straße", "STRASSE")]
    for one in two:
        one.start()
    for one in two:
        one.join()
    assert len(kept(world)) == 1
    keep(world, "  strasse ", "sort=name")
    assert kept(world) == [("strasse", "sort=name")]
    keep(world, "Strasse", "tier=key", "people")
    assert (kept(world), kept(world, "people")) == ([("strasse", "sort=name")], [("Strasse", "tier=key")])


@on_sqlite
def test_views_belong_to_a_user_and_there_is_an_end_of_them(world: World) -> None:
    with pytest.raises(Forbidden):
        keep(world, "Nobody's")
    world.principal = world.user()
    for number in range(saved.MOST_VIEWS):
        keep(world, f"View {number}")
    with pytest.raises(Invalid, match="already have 50 views"):
        keep(world, "One more")
    keep(world, "view 7", "sort=share")
    assert ("view 7", "sort=share") in kept(world)


@on_sqlite
def test_a_view_is_kept_opened_taken_away_and_brought_back(world: World, site: TestClient) -> None:
    asked = "kind=vendor&sort=share&as_of=2026-01-01&after=x&nonsense=1"
    answer = site.post("/health/views", data={"name": "Quiet  vendors", "query": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, "/health?kind=vendor&sort=share")
    page = site.get("/health?kind=vendor&sort=share").text
    assert re.search(r'href="/health\?kind=vendor&amp;sort=share" aria-current="true">Quiet vendors<', page)
    assert 'href="/health?kind=vendor&amp;sort=share">Quiet vendors<' in site.get("/health").text

    assert "View: Quiet vendors" in page
    past = site.get("/health?kind=vendor&sort=share&as_of=2026-01-01").text
    assert "The day is not kept: a view shows today." in past
    passing = re.search(r'name="passing" value="([^"]+)"', past)
    assert passing
    again = {"name": "Quiet vendors", "query": "kind=vendor&sort=share", "passing": passing[1]}
    assert site.post("/health/views", data=again).headers["location"] == (
        "/health?kind=vendor&sort=share&as_of=2026-01-01"
    )
    assert kept(world) == [("Quiet vendors", "kind=vendor&sort=share")]

    stranger = world.user("Alice Meyer")
    remove = re.search(r"/health/views/\d+/remove", page)
    assert remove
    assert "Quiet vendors" not in client(world, stranger).get("/health").text
    assert client(world, stranger).post(remove[0]).status_code == 404
    site.post(remove[0])
    assert kept(world) == []
    site.post(remove[0].replace("remove", "restore"))
    assert kept(world) == [("Quiet vendors", "kind=vendor&sort=share")]


@on_sqlite
def test_the_list_of_people_has_views_of_its_own(world: World, site: TestClient) -> None:
    asked = {"name": "Quiet", "query": "q=Łódź&tier=key&sort=name&after=x&kind="}
    answer = site.post("/people/views", data=asked)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/people?q=%C5%81%C3%B3d%C5%BA&tier=key&sort=name",
    )
    page = site.get(answer.headers["location"]).text
    assert re.search(r'aria-current="true">Quiet<', page)
    assert "Quiet</a>" not in site.get("/health").text
    remove = re.search(r"/people/views/\d+/remove", page)
    assert remove
    assert site.post(remove[0].replace("people", "health")).status_code == 404
    site.post(remove[0])
    assert kept(world, "people") == []


@on_sqlite
def test_an_address_of_any_number_of_parts_is_kept_as_far_as_it_is_known(
    world: World, site: TestClient
) -> None:
    asked = {"name": "Long", "query": "a=1&" * 500 + "kind=vendor&=&%zz=1"}
    assert site.post("/health/views", data=asked).status_code == 303
    assert kept(world) == [("Long", "kind=vendor")]


@on_sqlite
def test_a_view_that_is_replaced_is_told_and_comes_back(world: World) -> None:
    world.principal = world.user("Vera Wong", "viewer")
    site = signed_in(world, world.principal)
    keep(world, "Vendors", "q=%C5%81%C3%B3d%C5%BA&tier=key", "people")
    site.post("/people/views", data={"name": "vendors", "query": "sort=name"})
    assert kept(world, "people") == [("vendors", "sort=name")]
    page = site.get("/people").text
    assert "Saved as “vendors”, replacing the view of that name." in page
    assert press_undo(site, page).status_code == 303
    assert kept(world, "people") == [("Vendors", "q=%C5%81%C3%B3d%C5%BA&tier=key")]
    site.get("/people")
    site.post("/people/views", data={"name": "vendors", "query": kept(world, "people")[0][1]})
    assert "replacing" not in site.get("/people").text


@on_sqlite
@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "one\x07two", "right\u202eleft"])
def test_a_name_that_does_not_do_comes_back_with_the_form(site: TestClient, name: str) -> None:
    answer = site.post("/health/views", data={"name": name, "query": "kind=vendor"})
    assert answer.status_code == 422
    assert answer.text.count("Give the view a name of 1 to 60 characters.") == 2
    assert '<input type="hidden" name="query" value="kind=vendor">' in answer.text
    assert 'href="/health?kind=vendor"' in answer.text
    if name == "x" * 61:
        assert f'value="{name}"' in answer.text


@on_sqlite
def test_the_day_stays_also_where_a_name_was_refused(site: TestClient) -> None:
    asked = {"query": "kind=vendor", "passing": "as_of=2026-01-01"}
    refused = site.post("/health/views", data={"name": "", **asked}).text
    assert 'href="/health?kind=vendor&amp;as_of=2026-01-01"' in refused
    again = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', refused)}
    answer = site.post("/health/views", data={**again, "name": "Vendors"})
    assert answer.headers["location"] == "/health?kind=vendor&as_of=2026-01-01"
