"""Whom a line names, in an address book of thousands."""

from sqlalchemy import insert

from crm.interactions.quickline import understood
from crm.storage.database import new_id
from crm.storage.tables import contact
from crm.storage.text import fold
from tests.builders import World


def many(world: World, names: list[str]) -> None:
    rows = [
        {
            "workspace_id": world.workspace_id,
            "name": name,
            "folded_name": fold(name),
            "search": fold(name),
            "kind": "other",
            "tier": "none",
            "created_on": world.today,
            "created_at": world.now,
            "changed_at": world.now,
        }
        for name in names
    ]
    with world.database.write() as connection:
        connection.execute(insert(contact), [{**row, "id": new_id(connection)} for row in rows])


def test_a_short_name_is_not_lost_among_longer_ones_that_begin_so(world: World) -> None:
    many(world, [f"John Miller{number}" for number in range(250)])
    jo = world.contact("Jo Adler")
    with world.database.read() as connection:
        for line in ("met Jo", "met Jo Adler", "met jo: john asked about the price"):
            assert understood(connection, world.principal, line, world.today).people == (jo,), line


def test_the_remark_does_not_crowd_out_who_was_met(world: World) -> None:
    many(world, [f"Anna Price{number}" for number in range(250)])
    jo, anna = world.contact("Jo Adler"), world.contact("Anna Berg")
    with world.database.read() as connection:
        said = understood(connection, world.principal, "lunch with Jo, anna wants a new offer", world.today)
        assert said.people == (jo,)
        assert understood(connection, world.principal, "call Anna Berg", world.today).people == (anna,)
        assert understood(connection, world.principal, "call Anna", world.today).unclear == ("Anna",)


def test_a_sign_in_a_word_stands_for_itself(world: World) -> None:
    many(world, ["Jo Adler"])
    with world.database.read() as connection:
        said = understood(connection, world.principal, "met J_ and Ad%", world.today)
    assert (said.people, said.unclear) == ((), ("J_", "Ad%"))
