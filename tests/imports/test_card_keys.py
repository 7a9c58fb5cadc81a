"""Which card of an earlier file a card is, where a program gave one identity to the cards of several people."""

from collections.abc import Callable
from typing import Any

from crm.storage.tables import contact, contact_email, source_record
from tests.builders import World
from tests.imports.files import bring, good, news, rows
from tests.imports.test_applying import book, id_of, person


def test_a_name_that_others_bear_now_is_not_given_to_whoever_had_their_identity(world: World) -> None:
    good(bring(world, book("UID:1\nFN:Anna\nTITLE:CTO")))
    anna = id_of(world, "Anna")
    assert news(good(bring(world, book("UID:1\nFN:Bert", "UID:1\nFN:Carl")))) == {"contacts": 2}
    assert {row.name: row.id for row in rows(world, contact)}["Anna"] == anna
    assert person(world, "Anna").title == "CTO"


def test_a_second_card_of_one_person_is_not_given_to_somebody_else(world: World) -> None:
    anna = "UID:1\nFN:Anna"
    good(bring(world, book(f"{anna}\nTEL:1234", f"{anna}\nTEL:5678")))
    assert news(good(bring(world, book(f"{anna}\nTEL:1234", "UID:1\nFN:Bert")))) == {"contacts": 1}
    assert sorted(row.name for row in rows(world, contact)) == ["Anna", "Bert"]


def test_a_name_with_more_spaces_than_are_kept_is_known_again(world: World) -> None:
    cards = book("UID:1\nFN:Anna  Berg\nEMAIL:a@one.example\nEMAIL:a@two.example", "UID:1\nFN:Bert Cole")
    good(bring(world, cards))
    known = len(rows(world, source_record))
    with world.database.write() as connection:
        connection.execute(contact_email.delete().where(contact_email.c.value == "a@two.example"))
    for _ in range(2):
        good(bring(world, cards))
    assert len(rows(world, source_record)) == known
    assert person(world, "Anna Berg").emails == ("a@one.example",)


def test_cards_of_one_identity_are_known_again_where_what_they_said_is_forgotten(world: World) -> None:
    cards = ["UID:1\nFN:Anna Berg\nTITLE:CTO", "UID:1\nFN:Bert Cole\nTITLE:CFO"]
    good(bring(world, book(*cards)))
    known = len(rows(world, source_record))
    changed = book(*(one.replace("TITLE:C", "TITLE:Chief ") for one in cards))
    with world.database.write() as connection:
        connection.execute(source_record.update().values(content_hash=""))
    assert news(good(bring(world, changed))) == {}
    assert len(rows(world, source_record)) == known


def test_many_cards_of_one_identity_are_looked_up_in_few_steps(
    world: World, statements: Callable[[Callable[[], Any]], int]
) -> None:
    good(bring(world, book(*(f"UID:1\nFN:Person {number}" for number in range(200)))))
    assert statements(lambda: good(bring(world, book("UID:1\nFN:Person 150")))) < 60
