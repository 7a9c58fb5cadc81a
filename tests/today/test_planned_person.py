"""The page of somebody who is in this week's plan."""

import re
from html import unescape

import time_machine

from crm.domain.principal import Principal
from tests.builders import World
from tests.today.test_week_page import cookies
from tests.web.site import client


def by_screen(world: World) -> tuple[Principal, int]:
    """A user, and a person of theirs whom they only write to."""
    alice = world.user()
    marta = world.contact(tier="key", owner_id=alice.user_id, kind="partner")
    for days in range(20, 200, 20):
        world.log("email", days, marta, by=alice)
    return alice, marta


def test_whoever_is_in_the_week_has_a_page_with_what_is_planned(world: World) -> None:
    alice, marta = by_screen(world)
    browser = client(world, alice)
    assert f"/people/{marta}" in browser.get("/").text
    page = browser.get(f"/people/{marta}")
    assert page.status_code == 200
    assert "Done &amp; log" in page.text
    assert "Not in your week" not in page.text


def test_undo_in_the_notice_stays_on_their_page(world: World) -> None:
    alice = world.user(first_run_done=True)
    marta = world.contact(owner_id=alice.user_id)
    for days_ago in (5, 20, 40):
        world.log("email", days_ago, marta)
    with time_machine.travel(world.now, tick=False):
        browser = client(world, alice)
        browser.get("/")
        here = f"/people/{marta}"
        found = re.search(r"/plan/suggestions/\d+/", browser.get(here).text)
        assert found is not None
        address = ""
        for verb, fields in (("snooze", {"until": "week"}), ("done", {}), ("swap", {"act": "note"})):
            answer = browser.post(f"{found[0]}{verb}", data={**fields, "back": here})
            with_notice = {"Cookie": f"{browser.headers['Cookie']}; {cookies(answer)}"}
            page = browser.get(here, headers=with_notice).text
            notice = page[page.index('id="toasts"') :]
            undo = re.search(r'action="(/plan/answers/[^"]+)"', notice)
            assert undo is not None
            address = unescape(undo[1])
            assert browser.post(address).headers["location"] == here
        away = address.replace("%2Fpeople", "%2F%2Fevil.example")
        assert browser.post(away).headers["location"] == "/"


def test_they_are_snoozed_from_their_own_page_and_one_stays_there(world: World) -> None:
    alice, marta = by_screen(world)
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
