"""What was done to many at once is taken back: everybody stands as they stood, not all alike."""

import html
import re
from datetime import timedelta

from crm.storage.stored_metrics import refresh, scope_of
from tests.builders import World
from tests.contacts.test_pages import after, fields_of, person
from tests.web.site import client


def undo_in(page: str) -> str:
    """The address the toast's Undo posts to."""
    return html.unescape(re.findall(r'action="([^"]+)"><button class="link-button">Undo', page)[0])


def test_tiers_and_owners_of_many_are_given_back_one_by_one(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    ids = [
        world.contact("One", tier="none", owner_id=alice.user_id),
        world.contact("Two", tier="warm", owner_id=bob.user_id),
        world.contact("Three", tier="none", owner_id=None),
    ]
    browser = client(world, alice)
    before = [(person(world, one).tier, person(world, one).owner_id) for one in ids]
    for path, data in (("tier", {"tier": "key"}), ("owner", {"owner": bob.user_id})):
        page = after(browser, browser.post(f"/people/{path}", data={"contact_ids": ids, **data}))
        assert browser.post(undo_in(page)).status_code == 303
        assert [(person(world, one).tier, person(world, one).owner_id) for one in ids] == before
    page = after(browser, browser.post(f"/people/{ids[0]}/tier", data={"tier": "regular"}))
    assert browser.post(undo_in(page)).status_code == 303
    assert person(world, ids[0]).tier == "none"


def test_undo_leads_back_to_the_list_it_was_pressed_on(world: World) -> None:
    browser = client(world, world.user())
    ids = [world.contact(name, city="Dublin") for name in ("One", "Two")]
    here = "/people?city=Dublin&tier=none"
    for those in (ids, ids[:1]):
        changed = browser.post("/people/tier", data={"contact_ids": those, "tier": "key", "next": here})
        page = after(browser, changed)
        assert f'name="next" value="{html.escape(here)}"' in page
        back = browser.post(undo_in(page), data={"next": here})
        assert back.headers["location"] == here


def test_tags_of_many_are_given_and_taken_back(world: World) -> None:
    browser = client(world, world.user())
    ids = [world.contact(name) for name in ("One", "Two", "Three")]
    tags = 'wine, "Boston, MA"'
    browser.post("/people/tags", data={"contact_ids": ids[:2], "tag": tags})
    browser.post("/people/tags", data={"contact_ids": ids[:1], "tag": "golf"})
    offered = html.unescape(browser.get("/people").text.partition('<datalist id="tags">')[2])
    assert '<option value=""Boston, MA""></option>' in offered.partition("</datalist>")[0]
    before = [person(world, one).tags for one in ids]
    assert before == [("Boston, MA", "golf", "wine"), ("Boston, MA", "wine"), ()]
    for more in ({"tag": f"{tags}, golf", "remove": "yes"}, {"tag": f"{tags}, fishing"}):
        page = after(browser, browser.post("/people/tags", data={"contact_ids": ids, **more}))
        assert [person(world, one).tags for one in ids] != before
        assert "The tags are as they were." in after(browser, browser.post(undo_in(page)))
        assert [person(world, one).tags for one in ids] == before
    said = after(browser, browser.post("/people/tags", data={"contact_ids": ids, "tag": " , "}))
    assert "Enter a tag of at most 80 characters." in said


def test_whoever_left_the_team_is_given_nobody(world: World) -> None:
    browser, one = client(world, world.user()), world.contact("One", owner_id=None)
    left = world.user("Bob Stone", "member", active=False)
    for owner in (left.user_id, "", "x"):
        page = after(browser, browser.post("/people/owner", data={"contact_ids": one, "owner": owner}))
        assert "Choose somebody on your team who can sign in, or nobody." in page
    assert person(world, one).owner_id is None


def test_a_tier_moves_whom_it_moves_and_nobody_whom_time_moved_since_the_figures_were_kept(
    world: World,
) -> None:
    alice, one = world.user(), world.contact("One")
    world.log("lunch", 101, one)
    with world.database.write() as connection:
        refresh(connection, scope_of(connection, alice, world.now - timedelta(days=100)), [one])
    browser = client(world, alice)
    page = after(browser, browser.post(f"/people/{one}/tier", data={"tier": "warm"}))
    assert "They went from gone quiet to in touch. The score went from 68 to 100." in page
    page = after(browser, browser.post(undo_in(page)))
    assert (
        "The tier is as it was. 1 person went from in touch to gone quiet. The score of 1 person changed."
        in page
    )


def test_the_form_says_what_an_own_target_did(world: World) -> None:
    alice, one = world.user(), world.contact("One", tier="regular")
    world.log("lunch", 100, one)
    browser = client(world, alice)
    for targets, said in (
        (
            {"target_any": "30"},
            "One is saved. They went from drifting to gone quiet. The score went from",
        ),
        ({"target_any": "30", "notes": "Met at the fair"}, "One is saved.<"),
        ({"target_any": ""}, "One is saved. They went from gone quiet to drifting. The score went from"),
    ):
        sent = {**fields_of(browser.get(f"/people/{one}/edit").text), **targets}
        assert said in after(browser, browser.post(f"/people/{one}/edit", data=sent))


def test_an_address_that_takes_back_changes_nobody_elses_people(world: World) -> None:
    theirs = World.create(world.database, "Others").contact("Theirs")
    browser = client(world, world.user())
    tags = ("tags/undo?golf=1", f"tags/undo?%2Bgolf={theirs}", "tags/undo?%2Bgolf=x")
    others = (f"tier/undo?key={theirs}", f"owner/undo?0={theirs}", "tier/undo?key=x", "owner/undo?x=1")
    for address in (*tags, *others):
        assert browser.post(f"/people/{address}").status_code == 404
    assert browser.post(f"/people/tier/undo?best={world.contact('Ours')}").status_code == 422
