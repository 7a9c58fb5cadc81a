"""One person's timeline: pages, folding, and whose notes are whose."""

import random
from datetime import timedelta

import pytest

from crm.domain.channels import SHIPPED, by_key
from crm.interactions.actions import delete_interaction
from crm.interactions.happenings import Happening, Whose
from crm.interactions.timeline import Timeline, timeline
from tests.builders import World

WAYS = by_key(SHIPPED)


def read(world: World, whose: int | Whose, before: str | None = None, **asked) -> Timeline:
    by = asked.pop("by", world.principal)
    whose = whose if isinstance(whose, Whose) else Whose(contact_id=whose)
    with world.database.read() as connection:
        return timeline(connection, by, whose, before, at=world.now, **asked)


def everything(found: Timeline) -> list[Happening]:
    return [one for month in found.months for item in month.items for one in item.happenings]


def all_pages(world: World, whose: int | Whose, **asked) -> list[Happening]:
    found = read(world, whose, **asked)
    seen = everything(found)
    while found.earlier:
        found = read(world, whose, found.earlier, **asked)
        seen += everything(found)
    return seen


@pytest.mark.parametrize("limit", [1, 4, 40])
def test_pages_together_are_the_whole_log_once(world: World, limit: int) -> None:
    marta, other = world.contact(), world.contact("Other")
    chance = random.Random(limit)
    logged = {}
    for _ in range(25):
        channel, days = chance.choice(SHIPPED), chance.randint(0, 60)
        logged[world.log(channel.key, days, marta)] = channel
    world.log("lunch", 1, other)
    gone = world.log("lunch", 2, marta)
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, gone, world.now)
    seen = [one.id for one in all_pages(world, marta, limit=limit)]
    assert sorted(seen) == sorted(logged)
    personal = [one.id for one in all_pages(world, marta, limit=limit, personal_only=True)]
    assert sorted(personal) == sorted(one for one, channel in logged.items() if channel.personal)


def test_chatter_folds_by_channel_and_month_and_moments_stand_alone(world: World) -> None:
    marta = world.contact()
    for days in (1, 5, 9):
        world.log("email", days, marta, summary=f"Mail {days}")
    world.log("chat", 3, marta)
    world.log("lunch", 4, marta)
    world.log("lunch", 6, marta)
    world.log("email", 7, marta, note="Wants to be asked about prices.")
    world.log("email", 40, marta)
    november, october = read(world, marta).months
    assert [(item.words, len(item.happenings)) for item in november.items] == [
        ("3 emails", 3),
        ("Chat", 1),
        ("Lunch or coffee", 1),
        ("Lunch or coffee", 1),
        ("Email", 1),
    ]
    assert november.items[0].days(world.today) == "14 to 22 Nov"
    assert november.items[0].summary == "Mail 1"
    assert [item.words for item in october.items] == ["Email"]


def test_who_else_was_there_and_what_is_still_to_come(world: World) -> None:
    alice = world.user()
    marta = world.contact()
    others = [world.contact(name) for name in ("Ada", "Bo", "Cy", "Di", "Ed")]
    world.log("event", 3, marta, *others, by=alice)
    world.log("lunch", None, marta, occurred_at=world.now + timedelta(days=2))
    ahead, event = everything(read(world, marta))
    assert (ahead.ahead, event.ahead) == (True, False)
    assert (event.people, event.others, event.users) == (("Ada", "Bo", "Cy"), 2, ("Alice Meyer",))


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_the_log_of_an_organisation_is_that_of_its_people_each_line_once(world: World, limit: int) -> None:
    haas = world.organisation("Haas")
    ann, bo = (world.contact(name, organisation_id=haas) for name in ("Ann", "Bo"))
    guest = world.contact("A guest")
    both = world.log("lunch", 3, ann, bo, guest)
    mails = [world.log("email", days, ann) for days in (5, 9)]
    other = world.log("email", 7, bo)
    world.log("lunch", 1, guest)
    whose = Whose(organisation_id=haas)
    seen = all_pages(world, whose, limit=limit)
    assert sorted(one.id for one in seen) == [both, *mails, other]
    assert seen[0].people == ("Ann", "Bo")
    assert [one.id for one in all_pages(world, whose, limit=limit, personal_only=True)] == [both]


def test_an_organisations_chatter_folds_by_whom_it_was_with(world: World) -> None:
    haas = world.organisation("Haas")
    ann, bo = (world.contact(name, organisation_id=haas) for name in ("Ann", "Bo"))
    for days, one in ((5, ann), (6, bo), (7, ann)):
        world.log("email", days, one)
    (month,) = read(world, Whose(organisation_id=haas)).months
    assert [(item.words, item.first.people) for item in month.items] == [
        ("2 emails", ("Ann",)),
        ("Email", ("Bo",)),
    ]


def test_a_private_note_is_missing_for_others(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    marta = world.contact()
    world.log("lunch", 3, marta, by=alice, note="Secret", note_private=True)
    (mine,) = everything(read(world, marta, by=alice))
    (theirs,) = everything(read(world, marta, by=bob))
    (console,) = everything(read(world, marta))
    assert (mine.note, theirs.note, console.note) == ("Secret", None, "Secret")


def test_nothing_is_seen_from_another_workspace(world: World) -> None:
    marta = world.contact()
    world.log("lunch", 3, marta)
    other = World.create(world.database, "Others")
    assert read(other, marta).months == ()
