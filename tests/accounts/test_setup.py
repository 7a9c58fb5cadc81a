"""The first admin."""

from zoneinfo import ZoneInfo

from crm.accounts.actions import setup_token
from crm.storage.database import Database
from tests.builders import World
from tests.web.site import KEY, PASSWORD, client

FORM = {
    "team": "Quillon",
    "time_zone": "Europe/Berlin",
    "name": "Nora",
    "email": "Nora@Quillon.example",
    "password": PASSWORD,
}
TOKEN = setup_token(KEY.encode())


def test_without_anybody_every_page_leads_to_the_set_up(world: World) -> None:
    visitor = client(world)
    for path in ("/team", "/settings", "/sign-in"):
        assert visitor.get(path).headers["location"] == "/setup"
    assert "crm serve" in visitor.get("/setup").text


def test_only_the_token_of_the_console_sets_up(world: World) -> None:
    visitor = client(world)
    for token in ("", "x", TOKEN[:-1], setup_token(b"another key"), "é"):
        assert visitor.post("/setup", data={**FORM, "token": token}).status_code == 403
    assert visitor.get("/setup", params={"token": "x"}).status_code == 403
    assert visitor.get("/setup", params={"token": TOKEN}).status_code == 200
    assert visitor.get("/sign-in").headers["location"] == "/setup"


def test_the_first_admin_names_the_team_and_is_signed_in(world: World) -> None:
    visitor = client(world)
    answer = visitor.post("/setup", data={**FORM, "token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = visitor.get("/team").text
    assert "<h1>Quillon</h1>" in page
    assert "nora@quillon.example" in page
    again = client(world).post("/setup", data={**FORM, "email": "eve@evil.example", "token": TOKEN})
    assert again.headers["location"] == "/sign-in"
    assert "eve@" not in visitor.get("/team").text


def test_what_does_not_fit_comes_back_with_what_was_typed(world: World) -> None:
    typed = {**FORM, "time_zone": "Mars/Olympus", "password": "short", "email": "nora", "token": TOKEN}
    answer = client(world).post("/setup", data=typed)
    assert answer.status_code == 422
    for words in (
        "Use at least 12 characters.",
        "Choose a time zone",
        "Enter an address like",
        'value="Quillon"',
    ):
        assert words in answer.text
    assert 'value="short"' not in answer.text


def test_a_zone_of_another_name_is_offered(database: Database) -> None:
    visitor = client(World(database, 0, ZoneInfo("UTC")), time_zone="US/Eastern")
    assert '<option value="US/Eastern" selected>' in visitor.get("/setup", params={"token": TOKEN}).text


def test_a_database_without_a_workspace_gets_one(database: Database) -> None:
    world = World(database, 0, ZoneInfo("UTC"))
    visitor = client(world)
    assert visitor.post("/setup", data={**FORM, "token": TOKEN}).status_code == 303
    assert "<h1>Quillon</h1>" in visitor.get("/team").text
