"""A private note is its author's, and the command line's, by whatever way it is read."""

from sqlalchemy import select

from crm.domain.principal import Principal
from crm.interactions import queries
from crm.interactions.private_notes import may_read_note, notes_to_read
from crm.planning.talking import talking_points
from crm.storage.tables import interaction
from tests.builders import World


def test_everybody_reads_the_same_by_every_way(world: World) -> None:
    alice, bob, vera = world.user(), world.user("Bob Stone"), world.user("Vera Gill", role="viewer")
    writers = {"alice": alice, "bob": bob, "desk": world.principal}
    people = {name: world.contact(name) for name in writers}
    for name, by in writers.items():
        world.log("lunch", 1, people[name], note=f"Secret of {name}", note_private=True, by=by)
    expected = {
        alice: {"alice"},
        bob: {"bob"},
        vera: set[str](),
        world.principal: set(writers),
    }
    for reader, names in expected.items():
        assert by_every_way(world, reader, people) == [names] * 5, reader


def by_every_way(world: World, reader: Principal, people: dict[str, int]) -> list[set[str]]:
    """Whose notes the reader gets in SQL, in Python, on the entry's page, beside the form and as talking points."""
    with world.database.read() as connection:
        rows = connection.execute(select(interaction)).all()
        found = connection.execute(select(interaction.c.note).where(notes_to_read(reader))).scalars().all()
        entries = [queries.logged(connection, reader, row.id) for row in rows]
        last = [queries.last_together(connection, reader, [one], world.now) for one in people.values()]
        points = talking_points(connection, reader, list(people.values()), world.now)
    notes = (
        [*found],
        [row.note for row in rows if may_read_note(reader, row)],
        [entry.note for entry in entries],
        [one.words for one in last if one],
        [point.text for each in points.values() for point in each],
    )
    return [{note.removeprefix("Secret of ") for note in some if note} for some in notes]
