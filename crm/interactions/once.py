"""An entry that carries a key is logged once, however often it is sent.

The key is the entry's ``source_id`` and stays for good, also while it is out of the log: a device may send again after
weeks what was saved and taken back meanwhile.
"""

from typing import Any

from sqlalchemy import Connection, Select, select

from crm.domain.principal import Principal
from crm.interactions.queries import logged
from crm.interactions.reading import Sent
from crm.storage.statements import built_once
from crm.storage.tables import interaction, user


def once_key(once: str) -> str:
    """The ``source_id`` of an entry with this key."""
    return f"once:{once}"


def already(
    connection: Connection, principal: Principal, once: str | None, *, taken_out: bool = False
) -> int | None:
    """The id of what was logged with this key, in the log or, with ``taken_out``, out of it again.

    Of two requests of one user at once, the second waits here until the first is done.
    """
    if once is None:
        return None
    if connection.dialect.name != "sqlite":  # where one writes at a time
        me = (user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
        connection.execute(select(user.c.id).where(*me).with_for_update())
    statement = _with_key(principal.workspace_id, principal.user_id, once_key(once), taken_out=taken_out)
    found: int | None = connection.execute(*statement).scalar()
    return found


@built_once
def _with_key(workspace_id: Any, user_id: Any, key: Any, *, taken_out: bool) -> Select[Any]:
    table = interaction.c
    known = select(table.id).where(
        table.workspace_id == workspace_id, table.source_id == key, table.author_id == user_id
    )
    return known if taken_out else known.where(table.deleted_at.is_(None))


def is_same(connection: Connection, principal: Principal, interaction_id: int, sent: Sent) -> bool:
    """Whether the form says what is in the log: the same people, by the same channel, in the same words."""
    there = logged(connection, principal, interaction_id)
    names = {person.name for person in there.people}
    said = (sent.entry.channel, sent.entry.summary, sent.entry.note)
    is_said = (there.channel, there.summary, there.note) == said
    return is_said and names == {*(person.name for person in sent.people), *sent.newcomers}
