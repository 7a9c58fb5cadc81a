"""The secret key can be changed while people work: what the one before signed and sealed holds on."""

from datetime import timedelta

import pytest

from crm.domain.keys import Key
from crm.errors import NotFound
from crm.imports import own_calendars, own_mailboxes, synced
from crm.imports.busy_fetch import Source
from crm.imports.resealing import SEALED, reseal
from crm.nudges import links
from crm.nudges.links import Link
from crm.nudges.reply_ids import Nudge, answered, reply_id
from crm.storage.sealed import Unsealable, unseal
from crm.storage.tables import metadata
from tests.builders import NOW, World
from tests.imports.files import rows

OLD, NEW = b"the key of last year, kept whole", b"the key of this year, kept whole"
BOTH = Key.of(NEW, [OLD])


def test_every_sealed_column_is_sealed_anew() -> None:
    assert {table.name for table, *_ in SEALED} == {
        table.name for table in metadata.tables.values() if "sealed" in table.c
    }


def connect_all(world: World, key: bytes) -> None:
    alice = world.user()
    with world.database.write() as connection:
        own_calendars.connect(connection, alice, key, Source("ics", "https://ics.example/secret"), NOW)
        own_mailboxes.connect(connection, alice, key, Source("imap", "imaps://i.example", "a", "secret"), NOW)
        book = Source("carddav", "https://dav.example/", "a", "secret")
        synced.add(connection, world.principal, key, f"Phones {len(key)}", book, NOW)


def seals(world: World) -> list[tuple[str, str]]:
    """Place and seal of every sealed thing."""
    return [
        (place_of(row.workspace_id, getattr(row, own.name)), row.sealed)
        for table, own, place_of in SEALED
        for row in rows(world, table)
    ]


def test_what_the_old_key_sealed_is_open_to_both_and_then_to_the_new_alone(world: World) -> None:
    connect_all(world, OLD)
    for place, sealed in seals(world):
        assert "secret" in unseal(BOTH, place, sealed)
        with pytest.raises(Unsealable):
            unseal(NEW, place, sealed)
    assert reseal(world.database, Key.of(NEW, [])) == 0
    assert reseal(world.database, BOTH) == 3
    assert all("secret" in unseal(NEW, place, sealed) for place, sealed in seals(world))
    assert reseal(world.database, BOTH) == 0


def test_what_a_strange_key_sealed_stays_as_it_is(world: World) -> None:
    connect_all(world, b"a key that nobody remembers")
    before = seals(world)
    assert reseal(world.database, BOTH) == 0
    assert seals(world) == before


def test_links_and_answers_of_the_old_key_hold_and_new_ones_are_not_its() -> None:
    link = Link(1, 2, 3, "done", "call", "2026-W48", NOW + timedelta(days=9))
    assert links.read(BOTH, links.sign(OLD, link), NOW) == link
    assert links.read(NEW, links.sign(BOTH, link), NOW) == link
    for key, token in ((NEW, links.sign(OLD, link)), (OLD, links.sign(BOTH, link))):
        with pytest.raises(NotFound):
            links.read(key, token, NOW)
    nudge = Nudge(1, 2, "2026-W48")
    assert answered(BOTH, [reply_id(OLD, nudge, "x.example")]) == nudge
    assert answered(NEW, [reply_id(OLD, nudge, "x.example")]) is None
