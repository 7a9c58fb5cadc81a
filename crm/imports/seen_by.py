"""Which interactions a machine saw, and which of them people logged as well."""

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from crm.domain.principal import Principal
from crm.storage.tables import interaction, source_record


@dataclass(frozen=True)
class SeenBy:
    """Interactions by who told of them: ``alone`` a source did, of ``both`` somebody wrote down as well."""

    alone: frozenset[int]
    both: frozenset[int]


def seen_by(connection: Connection, principal: Principal, source: str) -> SeenBy:
    """The interactions that a source such as ``ical:`` or ``mail:`` saw.

    An interaction that it brought carries its key as ``source_id``; one that was here already, or came by a file of
    its own as well, does not.
    """
    keys, log = source_record.c, interaction.c
    rows = connection.execute(
        select(keys.row_id, or_(log.source_id.is_(None), log.source_id != keys.source_key).label("both"))
        .join(interaction, (log.workspace_id == keys.workspace_id) & (log.id == keys.row_id))
        .where(
            keys.workspace_id == principal.workspace_id,
            keys.record == "interaction",
            keys.source_key.startswith(source, autoescape=True),
            log.deleted_at.is_(None),
        )
    ).all()
    both = frozenset(row.row_id for row in rows if row.both)
    return SeenBy(frozenset(row.row_id for row in rows) - both, both)
