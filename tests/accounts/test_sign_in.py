"""Signing in and out, and the brake on guessing."""

from crm.accounts.passwords import hashed
from tests.builders import World
from tests.web.site import PASSWORD, client


def test_the_right_password_opens_a_session_and_signing_out_ends_it(world: World) -> None:
    world.user("Alice Meyer", password_hash=hashed(PASSWORD))
    browser = client(world)
    assert browser.get("/sign-in").status_code == 200
    answer = browser.post("/sign-in", data={"email": " Alice@Team.example", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/sign-in").status_code == 303
    browser.post("/sign-out")
    assert browser.get("/sign-in").status_code == 200
