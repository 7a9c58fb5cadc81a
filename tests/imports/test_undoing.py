"""Undoing an import: what it brought goes, what people changed or added since stays."""

from datetime import date

import pytest
from sqlalchemy import select

from crm.contacts import many
from crm.contacts.erasing import erase
from crm.contacts.merging import merge_contacts
from crm.errors import Conflict, Forbidden, NotFound
from crm.imports.undoing import Undone, undo
from crm.interactions.actions import Entry, delete_interaction, edit_interaction
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    contact_metrics,
    import_batch,
    interaction,
    interaction_contact,
    organisation,
    rule,
    source_record,
)
from tests.builders import World
from tests.imports.files import (
    ASKS,
    CONTACTS,
    EVERYTHING,
    INTERACTIONS,
    bring,
    count,
    exported,
    good,
    news,
    rows,
)
from tests.imports.test_applying import book, person

ALL = [*EVERYTHING.items(), ("rules.toml", '[[rule]]\nkey = "they_wait"\nenabled = false\n')]


def take_back(world: World, number: int = -1) -> Undone:
    batch = rows(world, import_batch)[number]
    with world.database.write() as connection:
        return undo(connection, world.principal, batch.id, world.now)


def test_everything_that_came_goes_and_may_come_again(world: World) -> None:
    empty = exported(world)
    brought = news(good(bring(world, *ALL)))
    full = exported(world)
    done = take_back(world)
    assert {sort: n for sort, n in done.removed.items() if n} == brought
    assert (+done.restored, +done.kept) == ({"rules": 1}, {})
    assert exported(world) == empty
    for table in (
        contact,
        interaction,
        organisation,
        ask,
        contact_date,
        contact_metrics,
        source_record,
        rule,
    ):
        assert count(world, table) == 0
    assert news(good(bring(world, *ALL))) == brought
    assert exported(world) == full


def test_what_was_there_before_is_as_it_was(world: World) -> None:
    good(bring(world, *ALL))
    before = exported(world)
    changed = [
        (
            "contacts.csv",
            CONTACTS.replace("CTO", "CEO").replace("vip;wine", "").replace("1980-03-22", "1981-03-22"),
        ),
        ("asks.csv", ASKS.replace("2026-12-01,2026-10-01,", "2026-12-24,2026-10-01,2026-11-20")),
        ("organisations.csv", EVERYTHING["organisations.csv"].replace("Berlin", "Hamburg")),
        ("rules.toml", '[[rule]]\nkey = "they_wait"\nenabled = true\n'),
    ]
    good(bring(world, *changed))
    after = exported(world)
    assert after != before
    done = take_back(world)
    assert dict(+done.restored) == {"contacts": 1, "asks": 2, "organisations": 1, "rules": 1}
    assert exported(world) == before
    good(bring(world, *changed))
    assert exported(world) == after


def test_an_interaction_the_import_changed_is_as_it_was(world: World) -> None:
    header = "occurred_at,channel,contacts,source_id\n"
    good(bring(world, header + "2026-11-01,email,Ana,s1\n"))
    good(bring(world, header + "2026-11-02,lunch,Ana;Ben,s1\n"))
    take_back(world)
    assert [row.channel for row in rows(world, interaction)] == ["email"]
    assert [row.name for row in rows(world, contact)] == ["Ana"]


def test_an_interaction_somebody_deleted_since_does_not_hold_the_rest_back(world: World) -> None:
    header = "occurred_at,channel,contacts,source_id\n"
    good(bring(world, header + "2026-11-01,email,Ana,s1\n2026-11-01,email,Ana,s2\n"))
    good(bring(world, header + "2026-11-02,lunch,Ana,s1\n2026-11-02,lunch,Ana,s2\n"))
    first = next(row for row in rows(world, interaction) if row.source_id == "s1")
    with world.database.write() as connection:
        delete_interaction(connection, world.principal, first.id, world.now)
    done = take_back(world)
    assert (+done.restored, +done.kept) == ({"interactions": 1}, {"interactions": 1})
    after = {row.source_id: (row.channel, row.deleted_at is None) for row in rows(world, interaction)}
    assert after == {"s1": ("lunch", False), "s2": ("email", True)}


def test_whoever_was_changed_or_met_since_stays(world: World) -> None:
    good(bring(world, CONTACTS, INTERACTIONS))
    ids = {row.name: row.id for row in rows(world, contact)}
    with world.database.write() as connection:
        many.set_tier(connection, world.principal, [ids["Daniel Osei"]], "key", world.now)
    world.log("lunch", 1, ids["Jan Novák"])
    done = take_back(world)
    assert {row.name for row in rows(world, contact)} == {"Daniel Osei", "Jan Novák"}
    assert (done.kept["contacts"], done.removed["contacts"], count(world, interaction)) == (2, 3, 1)
    assert done.kept["organisations"] == 1


def test_an_interaction_somebody_edited_stays_with_its_people(world: World) -> None:
    good(bring(world, CONTACTS, INTERACTIONS))
    lunch = next(row for row in rows(world, interaction) if row.channel == "lunch")
    ids = {row.name: row.id for row in rows(world, contact)}
    entry = Entry(lunch.occurred_at, "lunch", (ids["Daniel Osei"],), note="With wine")
    with world.database.write() as connection:
        edit_interaction(connection, world.principal, lunch.id, entry, world.now)
    take_back(world)
    assert [row.note for row in rows(world, interaction)] == ["With wine"]
    assert [row.name for row in rows(world, contact)] == ["Daniel Osei"]


def test_a_later_import_keeps_what_it_speaks_of(world: World) -> None:
    good(bring(world, CONTACTS))
    good(bring(world, INTERACTIONS))
    done = take_back(world, 0)
    assert {row.name for row in rows(world, contact)} >= {"Marta Kowalczyk", "Daniel Osei"}
    assert done.removed["contacts"] == 1
    take_back(world, 1)
    assert count(world, interaction) == 0


def test_once_only_and_only_ones_own(world: World) -> None:
    good(bring(world, CONTACTS))
    other = World.create(world.database, "Another team")
    (batch,) = rows(world, import_batch)
    with pytest.raises(NotFound), world.database.write() as connection:
        undo(connection, other.principal, batch.id, world.now)
    viewer = world.user(role="viewer")
    with pytest.raises(Forbidden), world.database.write() as connection:
        undo(connection, viewer, batch.id, world.now)
    take_back(world)
    with pytest.raises(Conflict):
        take_back(world)


def test_a_death_a_file_told_of_is_taken_back(world: World) -> None:
    ada = world.contact("Ada Byron")
    told = "contact,kind,date,yearly,label\nAda Byron,other,2026-03-01,no,Died\n"
    (report,) = bring(world, told)
    assert report.new["dates"] == 1
    (again,) = bring(world, told)
    assert again.unchanged["dates"] == 1
    with world.database.read() as connection:
        died = select(contact.c.deceased_on).where(contact.c.id == ada)
        assert connection.execute(died).scalar_one() == date(2026, 3, 1)
    assert report.batch_id is not None
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id, world.now)
        assert connection.execute(died).scalar_one() is None
    (late,) = bring(world, told.replace("2026-03-01", "2031-03-01"))
    assert late.errors[0].message == "That date of death is in the future."
    assert late.errors[0].where == "file1.csv line 2, column date"


LOG = "occurred_at,channel,contacts,summary,source_id\n"


def summaries(world: World) -> dict[str, str]:
    return {row.source_id: row.summary for row in rows(world, interaction)}


def test_after_a_merge_an_interaction_goes_back_to_the_person_of_now(world: World) -> None:
    good(bring(world, LOG + "2026-11-01,email,Ana,One,s1\n"))
    good(bring(world, LOG + "2026-11-01,email,Ana,Two,s1\n"))
    (ana,) = (row.id for row in rows(world, contact))
    anna = world.contact("Anna")
    choices = {"name": "first", "kind": "first", "tier": "first"}
    with world.database.write() as connection:
        merge_contacts(connection, world.principal, anna, ana, choices, world.now)
    done = take_back(world)
    assert (+done.restored, +done.kept) == ({"interactions": 1}, {})
    assert summaries(world) == {"s1": "One"}
    assert [row.contact_id for row in rows(world, interaction_contact)] == [anna]


def test_after_an_erasure_an_import_can_still_be_undone(world: World) -> None:
    good(bring(world, LOG + "2026-11-01,email,Ana;Ben,One,s1\n2026-11-01,email,Ana,One,s2\n"))
    good(bring(world, LOG + "2026-11-01,email,Ana;Ben,Two,s1\n2026-11-01,email,Ben,Two,s2\n"))
    ids = {row.name: row.id for row in rows(world, contact)}
    with world.database.write() as connection:
        erase(connection, world.principal, ids["Ana"], world.now)
    done = take_back(world)
    assert (+done.restored, +done.kept) == ({"interactions": 1}, {"interactions": 1})
    assert summaries(world) == {"s1": "One", "s2": "Two"}
    assert {row.contact_id for row in rows(world, interaction_contact)} == {ids["Ben"]}


def test_imports_undone_from_the_newest_on_leave_nothing(world: World) -> None:
    empty = exported(world)
    states = []
    for word in ("One", "Two", "Three"):
        states.append(exported(world))
        people = f"name,email,title,birthday\nAna,ana@x.example,{word},198{len(word)}-01-02\n"
        log = f"{LOG}2026-11-01,email,ana@x.example,{word},s1\n"
        asks = f"contact,text,due,opened_on\nana@x.example,Why?,2026-12-0{len(word)},2026-11-01\n"
        places = f"name,domain,city\nFernhill,,{word}\n"
        rules = f'[[rule]]\nkey = "they_wait"\nenabled = {"true" if word == "Two" else "false"}\n'
        good(bring(world, people, log, asks, places, ("rules.toml", rules)))
    for number, state in reversed(list(enumerate(states))):
        done = take_back(world, number)
        assert +done.kept == {}
        assert exported(world) == state
    assert exported(world) == empty
    assert (count(world, contact), count(world, interaction), count(world, rule)) == (0, 0, 0)


def test_what_somebody_changed_between_two_imports_stays_when_both_are_undone(world: World) -> None:
    people = "name,email,title,city\nAna,ana@x.example,{},Graz\n"
    good(bring(world, people.format("One"), LOG + "2026-11-01,email,ana@x.example,One,s1\n"))
    (ana,) = (row.id for row in rows(world, contact))
    (logged,) = rows(world, interaction)
    with world.database.write() as connection:
        many.set_tier(connection, world.principal, [ana], "key", world.now)
        entry = Entry(logged.occurred_at, "phone", (ana,), summary="One", source_id="s1")
        edit_interaction(connection, world.principal, logged.id, entry, world.now)
    good(bring(world, people.format("Two"), LOG + "2026-11-01,email,ana@x.example,Two,s1\n"))
    assert +take_back(world, 1).kept == {}
    assert take_back(world, 0).kept["interactions"] == 1
    assert [(row.channel, row.summary) for row in rows(world, interaction)] == [("phone", "One")]
    assert [(row.title, row.tier) for row in rows(world, contact)] == [("One", "key")]


@pytest.mark.parametrize("kind", ["card", "row"])
def test_after_an_undo_the_same_file_brings_what_it_brought_and_takes_back_nothing_of_ours(
    world: World, kind: str
) -> None:
    if kind == "card":
        first = book("UID:1\nFN:Anna\nTITLE:CTO\nEMAIL:a@one.example\nNOTE:Tea")
    else:
        first = ("contacts.csv", "name,title,email,notes\nAnna,CTO,a@one.example,Tea\n")
    second = (first[0], first[1].replace("CTO", "CEO"))
    good(bring(world, first))
    with world.database.write() as connection:
        connection.execute(contact.update().values(notes="Coffee", version=2))
    for _ in range(2):
        good(bring(world, second))
        assert (person(world, "Anna").title, person(world, "Anna").notes) == ("CEO", "Coffee")
        take_back(world)
        assert (person(world, "Anna").title, person(world, "Anna").notes) == ("CTO", "Coffee")
