"""What a saved interaction is answered with."""

from collections.abc import Mapping

from crm.domain.channels import Channel, is_broadcast
from crm.domain.log_sentences import saved_sentence
from crm.interactions import drafts, queries
from crm.interactions.actions import Entry
from crm.web.routing import Visit

FORESEEN = 12
"""Of how many people the form and the answer say what changes."""


def said_of(visit: Visit, way: Channel, entry: Entry, before: Mapping[int, str | None]) -> str:
    """What was saved, and who of the people changed zone by it; ``before`` are the zones as they were."""
    connection, principal = visit.connection, visit.principal
    people = queries.named(connection, principal, entry.contact_ids)
    after = queries.zones(connection, principal, entry.contact_ids[:FORESEEN])
    zones = [(before.get(one.id), after.get(one.id)) for one in people[:FORESEEN]]
    day = drafts.wall(entry.occurred_at, principal)[0]
    return saved_sentence(
        way,
        [one.given for one in people],
        zones,
        attempted=entry.outcome == "attempted",
        broadcast=is_broadcast(way, len(entry.contact_ids)),
        ahead=day if entry.occurred_at > visit.at else None,
        today=visit.today,
    )
