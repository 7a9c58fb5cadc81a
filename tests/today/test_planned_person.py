"""The page of somebody who is in this week's plan."""

import re

from tests.builders import World
from tests.web.site import client


def test_whoever_is_in_the_week_has_a_page_with_what_is_planned(world: World) -> None:
    alice = world.user()
    marta = world.contact(tier="key", owner_id=alice.user_id, kind="partner")
    for days in range(20, 200, 20):
        world.log("email", days, marta, by=alice)
    browser = client(world, alice)
    assert f"/people/{marta}" in browser.get("/").text
    page = browser.get(f"/people/{marta}")
    assert page.status_code == 200
    assert "Done &amp; log" in page.text
    assert "Not in your week" not in page.text


def test_they_are_snoozed_from_their_own_page_and_one_stays_there(world: World) -> None:
    alice = world.user()
    marta = world.contact(tier="key", owner_id=alice.user_id, kind="partner")
    for days in range(20, 200, 20):
        world.log("email", days, marta, by=alice)
    browser = client(world, alice)
    browser.get("/")
    here = f"/people/{marta}"
    form = re.search(
        r'action="(/plan/suggestions/\d+/snooze)">\s*<input type="hidden" name="back" value="([^"]+)">',
        browser.get(here).text,
    )
    assert form
    answer = browser.post(form[1], data={"back": form[2], "until": "week"})
    assert answer.headers["location"] == here
    assert "Snoozed" in browser.get(here).text
