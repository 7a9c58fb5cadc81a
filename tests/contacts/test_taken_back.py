"""What was done to many at once is taken back: everybody stands as they stood, not all alike."""

import html
import re
from datetime import timedelta

import pytest

from crm.contacts import many
from crm.contacts.erasing import erase
from crm.contacts.merging import merge_contacts
from crm.storage.stored_metrics import refresh, scope_of
from tests.builders import World
from tests.contacts.test_pages import after, person
from tests.web.filled_in import fields_of
from tests.web.site import client


def undo_in(page: str) -> str:
    """The address the toast's Undo posts to."""
    return undos(page)[0]


def undos(page: str) -> list[str]:
    """The same, and none where there is no Undo."""
    found = re.findall(r'action="([^"]+)"><button class="link-button">Undo', page)
    return [html.unescape(one) for one in found if one != "/"]  # those of the device lead home


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
    ids = [world.contact(name, city="Dublin", tier="none") for name in ("One", "Two")]
    here = "/people?city=Dublin&tier=none"
    for those, tier in ((ids, "key"), (ids[:1], "warm")):
        changed = browser.post("/people/tier", data={"contact_ids": those, "tier": tier, "next": here})
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


TOO_LATE = "That has been changed again since, so it cannot be undone."


def test_an_address_that_takes_back_changes_nobody_elses_people(world: World) -> None:
    others, alice = World.create(world.database, "Others"), world.user()
    theirs, away = others.contact("Theirs"), others.contact("Away", archived_at=others.now)
    before = [person(others, one) for one in (theirs, away)]
    browser = client(world, alice)
    made = int(others.now.timestamp() * 1_000_000)
    for address in (
        f"tags/undo?%2Bgolf={theirs}",
        f"tier/undo?made=key&none={theirs}",
        f"owner/undo?made=0&{alice.user_id}={theirs}",
        f"archive/undo?made={made}&contact_ids={away}",
    ):
        assert TOO_LATE in after(browser, browser.post(f"/people/{address}"))
    assert [person(others, one) for one in (theirs, away)] == before


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("tags/undo?golf={ours}", 404),
        ("tags/undo?%2Bgolf=x", 404),
        ("tier/undo?made=key&none=x", 404),
        ("tier/undo?made=key&best={ours}", 422),
        ("owner/undo?made=0&x={ours}", 404),
        ("owner/undo?1={ours}", 404),
        ("owner/undo?made=0&999999={ours}", 422),
        ("archive/undo?contact_ids={ours}", 404),
        ("archive/undo?made=x&contact_ids={ours}", 404),
        ("archive/undo?made=999999999999999999&contact_ids={ours}", 303),
    ],
)
def test_an_address_that_takes_back_what_nobody_did_changes_nobody(
    world: World, address: str, status: int
) -> None:
    browser, ours = client(world, world.user()), world.contact("Ours")
    assert browser.post(f"/people/{address.format(ours=ours)}").status_code == status
    assert person(world, ours).version == 1


def test_undo_of_archiving_brings_nobody_back_who_was_archived_before(world: World) -> None:
    browser = client(world, world.user())
    marta, tom, ida = (world.contact(name) for name in ("Marta", "Tom", "Ida"))
    archived(world, marta)
    page = after(browser, browser.post("/people/archive", data={"contact_ids": [marta, tom, ida]}))
    assert "3 people are archived." in page
    with world.database.write() as connection:
        many.restore(connection, world.principal, [ida], world.now)
        many.archive(connection, world.principal, [ida], world.now)
    told = after(browser, browser.post(undo_in(page)))
    assert "1 person has been changed since and stays as they are. Tom is back." in told
    assert [person(world, one).archived_at is None for one in (marta, tom, ida)] == [False, True, False]


def archived(world: World, contact_id: int) -> None:
    with world.database.write() as connection:
        many.archive(connection, world.principal, [contact_id], world.now)


def test_where_everybody_was_archived_before_there_is_no_undo(world: World) -> None:
    browser, marta = client(world, world.user()), world.contact("Marta")
    archived(world, marta)
    for path, data in (("/people/archive", {"contact_ids": marta}), (f"/people/{marta}/archive", {})):
        page = after(browser, browser.post(path, data=data))
        assert "Marta is archived." in page
        assert undos(page) == []
    firm = browser.post("/organisations/new", data={"name": "Haas"}).headers["location"]
    assert undos(after(browser, browser.post(f"{firm}/archive"))) == [f"{firm}/restore"]
    page = after(browser, browser.post(f"{firm}/archive"))
    assert "Haas is archived." in page
    assert undos(page) == []


def test_undo_changes_nobody_whom_somebody_else_changed_since(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    browser = client(world, alice)
    ids = [world.contact(name, tier="warm", owner_id=alice.user_id) for name in ("One", "Two", "Three")]
    tier = after(browser, browser.post("/people/tier", data={"contact_ids": ids, "tier": "key"}))
    owner = after(browser, browser.post("/people/owner", data={"contact_ids": ids, "owner": bob.user_id}))
    one = after(browser, browser.post(f"/people/{ids[2]}/tier", data={"tier": "regular"}))
    with world.database.write() as connection:
        many.set_tier(connection, bob, ids[:1], "none", world.now)
        many.set_owner(connection, bob, ids[:2], None, world.now)
    told = after(browser, browser.post(undo_in(tier)))
    assert (
        "2 people have been changed since and stay as they are. The tier of the other is as it was." in told
    )
    assert [person(world, one).tier for one in ids] == ["none", "warm", "regular"]
    told = after(browser, browser.post(undo_in(owner)))
    assert "stay as they are. The other is looked after as before." in told
    assert [person(world, one).owner_id for one in ids] == [None, None, alice.user_id]
    with world.database.write() as connection:
        many.set_tier(connection, bob, ids[2:], "none", world.now)
    assert TOO_LATE in after(browser, browser.post(undo_in(one)))
    assert person(world, ids[2]).tier == "none"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("tier", {"tier": "key"}),
        ("owner", {"owner": 0}),
        ("tags", {"tag": "golf"}),
        ("archive", {}),
    ],
)
def test_undo_changes_those_back_who_are_still_here(world: World, path: str, sent: dict[str, object]) -> None:
    alice = world.user()
    browser = client(world, alice)
    columns = {"tier": "warm", "owner_id": alice.user_id, "kind": "partner"}
    ids = [world.contact(name, **columns) for name in ("One", "Two", "Three", "Four")]
    before = [(one.tier, one.owner_id, one.tags, one.archived_at) for one in (person(world, i) for i in ids)]
    page = after(browser, browser.post(f"/people/{path}", data={"contact_ids": ids, **sent}))
    with world.database.write() as connection:
        merge_contacts(connection, alice, ids[2], ids[0], {"name": "first"}, world.now)
        erase(connection, alice, ids[1], world.now)
    told = after(browser, browser.post(undo_in(page)))
    assert "since" not in told.partition("data-toast>")[2].partition("</div>")[0]
    now = [(one.tier, one.owner_id, one.tags, one.archived_at) for one in (person(world, i) for i in ids[2:])]
    assert now == before[2:]
