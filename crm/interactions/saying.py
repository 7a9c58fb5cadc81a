"""What a saved interaction is answered with."""

from collections.abc import Sequence

from crm.domain.channels import Channel, is_broadcast
from crm.domain.log_sentences import saved_sentence
from crm.interactions import drafts
from crm.interactions.actions import Entry, Logged
from crm.interactions.queries import Person, unmistakable
from crm.web.routing import Visit

FORESEEN = 12
"""Of how many people the form and the answer say what changes."""


def said_of(visit: Visit, way: Channel, entry: Entry, people: Sequence[Person], logged: Logged) -> str:
    """What was saved, and who of the people changed zone by it."""
    day = drafts.wall(entry.occurred_at, visit.principal)[0]
    return saved_sentence(
        way,
        [
            *unmistakable(visit.connection, visit.principal, people[:FORESEEN]),
            *(one.given for one in people[FORESEEN:]),
        ],
        [logged.zones[one.id] for one in people[:FORESEEN]],
        attempted=entry.outcome == "attempted",
        broadcast=is_broadcast(way, len(entry.contact_ids)),
        ahead=day if entry.occurred_at > visit.at else None,
        today=visit.today,
    )
