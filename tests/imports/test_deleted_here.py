"""What somebody took away here does not come back with the same file, nor with what an hourly reading brings."""

from collections.abc import Sequence
from datetime import date

import pytest

from crm.contacts.actions import edit_contact
from crm.contacts.drafts import NewContact, Occasion
from crm.imports.undoing import undo
from crm.interactions.matters import SORTS, bring_back, remove
from crm.storage.tables import ask, contact, contact_date
from tests.builders import World
from tests.imports.files import ASKS, CONTACTS, bring, good, news, rows, summed

CARD = """BEGIN:VCARD
VERSION:4.0
UID:abc-1
FN:Marta Kowalczyk
ANNIVERSARY:20190501
{}END:VCARD
"""
DIED = "DEATHDATE:20260301\n"


def texts(world: World) -> list[str]:
    return [row.text for row in rows(world, ask)]


def edit(world: World, dates: Sequence[Occasion], deceased_on: date | None = None) -> None:
    """As the form does it, which writes dates anew."""
    (row,) = rows(world, contact)
    new = NewContact(name=row.name, tier="key", dates=tuple(dates), deceased_on=deceased_on)
    with world.database.write() as connection:
        edit_contact(connection, world.principal, row.id, row.version, new, world.now)


def days(world: World) -> list[tuple[int, int, int]]:
    return [(row.year, row.month, row.day) for row in rows(world, contact_date)]


def test_an_ask_that_was_deleted_stays_so_and_may_be_brought_back(world: World) -> None:
    good(bring(world, CONTACTS, ("asks.csv", ASKS)))
    gone = next(row for row in rows(world, ask) if row.text == "Budget")
    with world.database.write() as connection:
        removed_id = remove(connection, world.principal, SORTS["asks"], gone.id, world.now)
    (report,) = good(bring(world, ("asks.csv", ASKS)))
    assert (news([report]), texts(world)) == ({}, ["Renew?", "Renew?"])
    assert [(one.where, one.why) for one in report.skipped] == [
        ("asks.csv line 4", "This was deleted here, and stays deleted.")
    ]
    with world.database.write() as connection:
        bring_back(connection, world.principal, removed_id, world.now)
    (report,) = good(bring(world, ("asks.csv", ASKS)))
    assert (news([report]), report.skipped, sorted(texts(world))) == ({}, [], ["Budget", "Renew?", "Renew?"])


def test_one_of_two_equal_ones_that_was_deleted_stays_so(world: World) -> None:
    good(bring(world, CONTACTS, ("asks.csv", ASKS)))
    for left in (1, 0):
        gone = next(row for row in rows(world, ask) if row.text == "Renew?")
        with world.database.write() as connection:
            remove(connection, world.principal, SORTS["asks"], gone.id, world.now)
        good(bring(world, ("asks.csv", ASKS)))
        assert texts(world).count("Renew?") == left


def test_an_import_that_was_undone_brings_everything_again_also_what_had_been_deleted(world: World) -> None:
    (_, report) = good(bring(world, CONTACTS, ("asks.csv", ASKS)))
    gone = rows(world, ask)[0]
    with world.database.write() as connection:
        remove(connection, world.principal, SORTS["asks"], gone.id, world.now)
        undo(connection, world.principal, report.batch_id or 0, world.now)
    assert rows(world, contact) == []
    assert news(good(bring(world, CONTACTS, ("asks.csv", ASKS))))["asks"] == 3


def test_an_anniversary_that_was_corrected_or_removed_does_not_come_back_with_its_card(world: World) -> None:
    card = ("book.vcf", CARD.format(""))
    good(bring(world, card))
    for dates in ((Occasion("anniversary", 5, 2, 2019),), ()):
        edit(world, dates)
        (report,) = good(bring(world, card))
        assert (news([report]), report.skipped) == ({}, [])
        assert days(world) == [(one.year, one.month, one.day) for one in dates]
    (report,) = good(bring(world, ("book.vcf", card[1].replace("20190501", "20200601"))))
    assert (news([report]), days(world)) == ({"dates": 1}, [(2020, 6, 1)])


@pytest.mark.parametrize(
    "file",
    [
        ("book.vcf", CARD.format(DIED)),
        ("dates.csv", "contact,kind,date,yearly,label\nMarta Kowalczyk,other,2026-03-01,no,Died\n"),
    ],
    ids=["card", "row"],
)
def test_a_death_that_was_a_mistake_stays_cleared(world: World, file: tuple[str, str]) -> None:
    good(bring(world, file))
    assert [row.deceased_on for row in rows(world, contact)] == [date(2026, 3, 1)]
    edit(world, ())
    again = good(bring(world, file))
    assert (news(again), summed(again, "changed")) == ({}, {})
    assert [row.deceased_on for row in rows(world, contact)] == [None]
    other = (file[0], file[1].replace("0301", "0302").replace("03-01", "03-02"))
    good(bring(world, other))
    assert [row.deceased_on for row in rows(world, contact)] == [date(2026, 3, 2)]


def test_a_death_that_was_taken_back_comes_again_with_its_row(world: World) -> None:
    world.contact("Marta Kowalczyk")
    told = ("dates.csv", "contact,kind,date,yearly,label\nMarta Kowalczyk,other,2026-03-01,no,Died\n")
    (report,) = good(bring(world, told))
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id or 0, world.now)
    assert [row.deceased_on for row in rows(world, contact)] == [None]
    good(bring(world, told))
    assert [row.deceased_on for row in rows(world, contact)] == [date(2026, 3, 1)]
