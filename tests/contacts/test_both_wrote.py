"""Two people who change one person at the same time, through the form and as plain values."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.contacts import both_wrote, forms
from tests.builders import World
from tests.contacts.test_pages import add, after, person
from tests.web.filled_in import fields_of
from tests.web.site import client


@pytest.fixture
def alice(world: World):
    return client(world, world.user())


def words(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_two_who_change_different_things_both_keep_theirs(world: World, alice) -> None:
    marta = add(alice, city="Boston", title="Head", phone_value="1 2", owner="0")
    bob = client(world, world.user("Bob Stone", "member"))
    opened = fields_of(alice.get(f"/people/{marta}/edit").text)
    assert (opened["city"], opened["title"]) == (["Boston"], ["Head"])
    assert bob.post(f"/people/{marta}/edit", data={**opened, "city": "Lyon"}).status_code == 303
    late = alice.post(f"/people/{marta}/edit", data={**opened, "title": "Chief"})
    assert late.status_code == 303, words(late.text)
    assert "changed in the meantime: city" in words(after(alice, late))
    kept = person(world, marta)
    assert (kept.city, kept.title, [way.value for way in kept.phones]) == ("Lyon", "Chief", ["1 2"])


def test_saving_again_after_a_meeting_loses_nothing_of_the_other(world: World, alice) -> None:
    marta = add(alice, city="Boston", title="Head", owner="0")
    bob_id = (principal := world.user("Bob Stone", "member")).user_id
    bob = client(world, principal)
    opened = fields_of(alice.get(f"/people/{marta}/edit").text)
    changed = {**opened, "city": "Lyon", "title": "Chief B", "owner": str(bob_id)}
    assert bob.post(f"/people/{marta}/edit", data=changed).status_code == 303
    late = alice.post(f"/people/{marta}/edit", data={**opened, "title": "Chief A", "tags": "x"})
    assert late.status_code == 409
    told = words(late.text)
    assert "Title Chief A Yours Chief B Saved " in told
    assert "already in the form: who looks after them, city." in told
    again = fields_of(late.text)
    assert (again["title"], again["city"], again["owner"]) == (["Chief A"], ["Lyon"], [str(bob_id)])
    assert alice.post(f"/people/{marta}/edit", data=again).status_code == 303
    kept = person(world, marta)
    assert (kept.city, kept.title, kept.tags, kept.owner_id) == ("Lyon", "Chief A", ("x",), bob_id)


def test_of_what_both_wrote_each_part_is_chosen_and_notes_can_stay_both(world: World, alice) -> None:
    marta = add(alice, city="Boston", title="Head", notes="", email_value="old@x.example", owner="0")
    bob = client(world, world.user("Bob Stone", "member"))
    opened = fields_of(alice.get(f"/people/{marta}/edit").text)
    theirs = {"title": "Chief B", "city": "Lyon", "notes": "Ring the plant.", "email_value": "b@x.example"}
    mine = {"title": "Chief A", "city": "Bonn", "notes": "Before 11.", "email_value": "a@x.example"}
    assert bob.post(f"/people/{marta}/edit", data={**opened, **theirs}).status_code == 303
    late = alice.post(f"/people/{marta}/edit", data={**opened, **mine})
    assert late.status_code == 409
    assert re.findall(r'name="take\.notes" value="([a-z]+)"( checked)?', late.text) == [
        ("mine", ""), ("theirs", ""), ("both", " checked"),
    ]  # fmt: skip
    takes = {"take.title": "theirs", "take.city": "mine", "take.email": "theirs", "take.notes": "both"}
    again = fields_of(late.text) | takes
    assert alice.post(f"/people/{marta}/edit", data=again).status_code == 303
    kept = person(world, marta)
    assert (kept.title, kept.city, kept.notes) == ("Chief B", "Bonn", "Ring the plant.\nBefore 11.")
    assert [way.value for way in kept.emails] == ["b@x.example"]


@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=3, max_size=3))
def test_only_what_both_changed_differently_is_asked(sides: list[tuple[str, str, str]]) -> None:
    names = ("city", "title", "notes")
    base, saved, typed = (forms.Written(dict(zip(names, side, strict=True))) for side in sides)
    found = both_wrote.joined(saved, typed, both_wrote.marks(base))
    for name in names:
        was, theirs, mine = (one.get(name) for one in (base, saved, typed))
        assert (name in found.both) == (theirs != mine and was not in (theirs, mine))
        assert found.written.get(name) == (theirs if mine == was else mine)
