"""Which rows of which table are one person's alone: what imports know by them, and what users answered to the mail of them,
goes with the person, and is given to them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select

from crm.domain.blanking import Marks
from crm.domain.principal import Principal
from crm.storage.blocks import blocks
from crm.storage.tables import (
    MATTERS,
    contact,
    interaction,
    interaction_contact,
    mail_reply,
    removed_matter,
)


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


def log_of(connection: Connection, principal: Principal, contact_id: int) -> tuple[list[int], list[int]]:
    """Interactions with this person alone, and those with others as well; deleted ones among them."""
    took_part, other = interaction_contact.c, interaction_contact.alias()
    with_others = exists().where(
        other.c.workspace_id == took_part.workspace_id,
        other.c.interaction_id == took_part.interaction_id,
        other.c.contact_id != contact_id,
    )
    mine = (took_part.workspace_id == principal.workspace_id, took_part.contact_id == contact_id)
    rows = connection.execute(
        select(took_part.interaction_id, with_others.label("shared")).where(*mine)
    ).all()
    return [row[0] for row in rows if not row.shared], [row[0] for row in rows if row.shared]


def replies_of(
    connection: Connection, principal: Principal, people: Sequence[int], alone: Sequence[int], told: Marks
) -> set[int]:
    """What users answered to the weekly mail of them, whose records were these, or of what goes."""
    table = mail_reply.c
    mine = table.workspace_id == principal.workspace_id
    of_nobody = select(table.id, table.text).where(mine, table.contact_id.is_(None))
    found = {row.id for row in connection.execute(of_nobody) if told.tell_in(row.text)}
    theirs = [
        table.contact_id.in_(people),
        *(table.interaction_id.in_(block) for block in blocks(alone)),
    ]
    for these in theirs:
        found.update(connection.execute(select(table.id).where(mine, these)).scalars())
    return found
