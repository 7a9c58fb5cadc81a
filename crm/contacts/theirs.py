"""Which rows of which table are one person's alone: what imports know by them goes with the person, and is given to them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.storage.tables import MATTERS, contact, interaction, removed_matter


def records_of(
    connection: Connection, principal: Principal, contact_id: int, people: Sequence[int], log: Any
) -> Iterator[tuple[str, Any]]:
    """The name of each record, as imports write it down, with the ids that are theirs: those of ``people``, the records that
    became them, those of ``log`` as they are given, and of what was written down about them, also where it was taken away."""
    yield contact.name, people
    yield interaction.name, log
    removed = removed_matter.c
    mine = (removed.workspace_id == principal.workspace_id, removed.contact_id == contact_id)
    away = defaultdict(set)
    for row in connection.execute(select(removed.record, removed.content).where(*mine)):
        away[row.record].add(row.content["id"])
    for one in MATTERS:
        here = select(one.c.id).where(
            one.c.workspace_id == principal.workspace_id, one.c.contact_id == contact_id
        )
        yield one.name, sorted(away[one.name].union(connection.execute(here).scalars()))
