"""The list of people: filters, order, pages, search; and what one may see of whom."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event

from crm.contacts import history, listing, queries, searching
from crm.contacts.actions import add_contact, add_contacts
from crm.contacts.drafts import NOBODY, NewContact, Way
from crm.contacts.listing import Filter, Listed
from crm.contacts.many import add_tags, archive
from crm.contacts.organisation_actions import find_or_add_organisation
from crm.domain.channels import SHIPPED
from crm.domain.principal import Principal
from crm.errors import Invalid, NotFound
from crm.storage.stored_metrics import refresh_stale, scope_of
from crm.storage.text import fold
from tests.builders import World


def fresh(world: World) -> None:
    with world.database.write() as connection:
        refresh_stale(connection, scope_of(connection, world.principal, world.now))


def everyone(world: World, wanted: Filter, limit: int = 50, by: Principal | None = None) -> list[Listed]:
    """All pages, one after the other."""
    found: list[Listed] = []
    after = None
    while True:
        with world.database.read() as connection:
            page = listing.people(connection, by or world.principal, wanted, after, at=world.now, limit=limit)
        found += page.people
        after = page.next
        if after is None:
            return found


def names(world: World, **wanted) -> list[str]:
    return [one.name for one in everyone(world, Filter(**{"sort": "name", **wanted}))]


@pytest.fixture
def crowd(world: World) -> list[int]:
    """Sixty people with all sorts of tiers and histories, several of the same name."""
    chance = random.Random(7)
    ids = []
    for number in range(60):
        one = world.contact(
            f"{chance.choice(['Ada', 'Bo', 'Cy'])} {'abcdefgh'[number % 8]}",
            tier=chance.choice(["key", "regular", "warm", "none"]),
            kind=chance.choice(["partner", "vendor"]),
        )
        ids.append(one)
        for _ in range(chance.randint(0, 4)):
            channel = chance.choice(SHIPPED).key
            world.log(channel, chance.randint(0, 500), one)
    fresh(world)
    return ids


def place(one: Listed, sort: str) -> tuple[Any, ...]:
    """The oracle of the order, written from what the list promises."""
    if sort == "name":
        return (one.name.lower(), one.id)
    if sort == "score":
        return (one.score is None, one.score or 0, one.name.lower(), one.id)
    if one.days_since_any is None:
        silence: tuple[int, int] = (1, 0)
    elif one.days_since_personal is None:
        silence = (0, 0)
    else:
        silence = (2, -one.days_since_personal)
    return (one.tier == "none", *silence, one.name.lower(), one.id)


def test_pages_together_are_the_whole_list_in_order(world: World, crowd: list[int]) -> None:
    for sort, limit in product(("personal", "name", "score"), (1, 7, 60, 61)):
        shown = everyone(world, Filter(sort=sort), limit)  # type: ignore[arg-type]
        assert sorted(one.id for one in shown) == sorted(crowd), (sort, limit)
        assert shown == sorted(shown, key=lambda one: place(one, sort)), (sort, limit)


@pytest.mark.parametrize("name", ["نیم\u200cفاصله", "👩\u200d👧 Fam", "Soft\u00adhyphen", "One\u2028line"])
def test_a_list_goes_on_after_any_name(world: World, name: str) -> None:
    people = [world.contact(name), world.contact(name), world.contact("Zed")]
    assert [one.id for one in everyone(world, Filter(sort="name"), 1)][-1] in people
    assert len(everyone(world, Filter(sort="name"), 1)) == 3


def test_counts_say_what_the_list_shows(world: World, crowd: list[int]) -> None:
    with world.database.read() as connection:
        counted = listing.counts(connection, world.principal, Filter())
    shown = everyone(world, Filter())
    assert counted.total == len(shown) == 60
    assert counted.key == sum(one.tier == "key" for one in shown)
    assert counted.none == sum(one.tier == "none" for one in shown)
    for zone in ("in_touch", "drifting", "screen_only", "gone_quiet", "no_record"):
        found = everyone(world, Filter(zone=zone))
        assert {one.zone for one in found} <= {zone}
        assert counted.zones.get(zone, 0) == len(found)


def test_more_people_do_not_mean_more_statements(world: World) -> None:
    def statements() -> int:
        seen: list[str] = []
        fresh(world)
        with world.database.read() as connection:
            event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
            listing.people(connection, world.principal, Filter(), at=world.now)
        return sum(one.lstrip().upper().startswith(("SELECT", "WITH")) for one in seen)

    world.log("lunch", 3, world.contact("Ada"))
    few = statements()
    for number in range(30):
        world.log("lunch", number, world.contact(f"Person {number}"))
    assert statements() == few == 3


@pytest.mark.parametrize("cursor", ["", "!", "bm90aGluZw", "WzEsMl0", "é", "W10", "A" * 5000, "WzFlOTk5XQ"])
def test_a_cursor_of_another_list_is_refused_or_the_beginning(world: World, cursor: str) -> None:
    with world.database.read() as connection:
        if not cursor:
            assert listing.people(connection, world.principal, Filter(), cursor, at=world.now).people == ()
            return
        with pytest.raises(Invalid):
            listing.people(connection, world.principal, Filter(), cursor, at=world.now)


def add(world: World, by: Principal | None = None, **written) -> int:
    with world.database.write() as connection:
        organisation = find_or_add_organisation(
            connection, by or world.principal, written.pop("organisation", None), world.now
        )
        new = NewContact(**{"name": "Ada", "organisation_id": organisation, **written})
        return add_contact(connection, by or world.principal, new, world.now)


def test_search_finds_words_anywhere_whatever_their_accents(world: World) -> None:
    add(world, name="Łucja Żółć", organisation="Straße & Söhne", city="Łódź", tags=("first-aid",))
    add(world, name="Jonas Reuter", emails=(Way("jonas.reuter@northgate.example"),))
    assert names(world, text="zolc LODZ") == ["Łucja Żółć"]
    assert names(world, text="strasse first") == ["Łucja Żółć"]
    assert names(world, text="@northgate") == ["Jonas Reuter"]
    assert names(world, text="jonas lodz") == []
    assert names(world, text="   ") == ["Jonas Reuter", "Łucja Żółć"]


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash"])
def test_search_takes_signs_for_what_they_are(world: World, text: str) -> None:
    add(world, name=f"Ada {text} Ltd")
    add(world, name="Ada 100 axb back slash")
    assert names(world, text=text) == [f"Ada {text} Ltd"]


def test_the_search_column_follows_tags_and_names(world: World) -> None:
    ada = add(world, name="Ada", organisation="Haas")
    with world.database.write() as connection:
        add_tags(connection, world.principal, [ada], ["Golf"], world.now)
    assert names(world, text="golf haas") == ["Ada"]
    assert names(world, tag="Golf") == ["Ada"]
    assert names(world, tag="golf") == []


def test_filters_by_kind_tier_owner_and_archive(world: World) -> None:
    alice, bob = world.user("Alice Meyer"), world.user("Bob Stone", "member")
    ada = add(world, alice, name="Ada", kind="partner", tier="key")
    add(world, bob, name="Bo", kind="Press", tier="warm")
    add(world, alice, name="Cy", owner_id=NOBODY)
    assert names(world, kind="partner") == ["Ada"]
    assert names(world, kind="press") == ["Bo"]
    assert names(world, tier="none") == ["Cy"]
    assert names(world, owner=bob.user_id) == ["Bo"]
    assert names(world, owner=NOBODY) == ["Cy"]
    with world.database.write() as connection:
        archive(connection, bob, [ada], world.now)
    assert names(world) == ["Bo", "Cy"]
    assert names(world, archived=True) == ["Ada"]


def test_other_workspaces_do_not_exist(world: World) -> None:
    ada = add(world, name="Ada", tags=("golf",))
    world.log("lunch", 2, ada)
    charlie = World.create(world.database, "Others")
    with world.database.read() as connection:
        assert listing.people(connection, charlie.principal, Filter(), at=world.now).people == ()
        assert listing.counts(connection, charlie.principal, Filter()).total == 0
        assert searching.suggest(connection, charlie.principal, "ada", world.now) == []
        assert listing.tags(connection, charlie.principal) == []
        assert history.ribbons(connection, charlie.principal, [ada], world.now) == {}
        assert history.last_personal(connection, charlie.principal, [ada], world.now) == {}
        with pytest.raises(NotFound):
            queries.person(connection, charlie.principal, ada)


def test_suggestions_begin_with_those_lately_in_contact(world: World) -> None:
    world.is_read_stored = True
    ada = add(world, name="Ada Haas", organisation="Fernhill Foods")
    bo = add(world, name="Bo Ada")
    cy = add(world, name="Cy")
    world.log("lunch", 160, ada)
    world.log("email", 2, bo)
    with world.database.read() as connection:
        offered = searching.suggest(connection, world.principal, "", world.now)
        typed = searching.suggest(connection, world.principal, "ada", world.now)
        some = searching.suggest(connection, world.principal, "", world.now, limit=1)
    assert [one.id for one in offered] == [bo, ada, cy]
    assert [one.detail for one in offered] == [
        "not spoken yet",
        "Fernhill Foods · last spoke in June",
        "no contact on record yet",
    ]
    assert [one.id for one in typed] == [ada, bo]
    assert [one.id for one in some] == [bo]


def test_whose_name_begins_so_comes_before_whoever_has_the_words_elsewhere(world: World) -> None:
    world.is_read_stored = True
    names = [f"Łucja {letter}" for letter in "abcdefghij"] + ["Ula Łucja", "Élodie", "Elo Lucja%", "Lu"]
    chance = random.Random(4)
    days = dict(zip(names, chance.sample(range(1, 300), len(names)), strict=True))
    ids = {name: add(world, name=name, organisation="Lucky") for name in names}
    for name, since in days.items():
        world.log("email", since, ids[name])
    with world.database.read() as connection:
        for typed in ("l", "lu", "łuc", "LUCJA", "lucja a", "elo", "%", "lucky", "a lucja", "\U0010ffff"):
            words = fold(typed).split()
            held = [one for one in names if all(word in fold(f"{one} Lucky") for word in words)]
            held.sort(key=lambda one: (not fold(one).startswith(" ".join(words)), days[one]))
            for limit in (3, 8, 20):
                found = searching.suggest(connection, world.principal, typed, world.now, limit)
                assert [one.name for one in found] == held[:limit], (typed, limit)


def test_a_ribbon_counts_every_week_of_the_past_year(world: World) -> None:
    ada, bo = add(world, name="Ada"), add(world, name="Bo")
    chance = random.Random(3)
    expected: dict[int, list[int]] = {}
    for _ in range(40):
        days, channel = chance.randint(0, 420), chance.choice(SHIPPED)
        world.log(channel.key, days, ada)
        if days < 364:
            expected.setdefault(51 - days // 7, [0, 0])[channel.personal] += 1
    world.log("phone", 1, ada, outcome="attempted")
    with world.database.read() as connection:
        found = history.ribbons(connection, world.principal, [ada, bo], world.now)
    assert {one.week: [one.digital, one.personal] for one in found[ada]} == expected
    assert bo not in found


def test_the_last_personal_interaction_is_the_latest_that_counts(world: World) -> None:
    ada = add(world, name="Ada")
    world.log("lunch", 30, ada)
    world.log("visit", 20, ada)
    world.log("email", 10, ada)
    world.log("phone", 5, ada, outcome="attempted")
    fresh(world)
    (one,) = everyone(world, Filter())
    assert one.last_personal == history.LastPersonal("visit", world.today - timedelta(days=20))
    assert (one.days_since_any, one.days_since_personal) == (10, 20)


def test_bulk_and_single_write_the_same(world: World) -> None:
    new = NewContact(
        "Zoë", emails=(Way("ZOE@x.example", "work"),), tags=("b", "a", "b"), city=" Berlin ", tier="key"
    )
    with world.database.write() as connection:
        one = add_contact(connection, world.principal, new, world.now)
        many = add_contacts(connection, world.principal, [new, new], world.now)
    with world.database.read() as connection:
        first = queries.person(connection, world.principal, one)
        for other in many:
            assert replace(queries.person(connection, world.principal, other), id=one, metrics={}) == replace(
                first, metrics={}
            )
    assert (first.tags, first.city, first.metrics["zone"]) == (("a", "b"), "Berlin", "no_record")
