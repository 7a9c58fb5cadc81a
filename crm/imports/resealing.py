"""After the secret key was changed: what a key before it sealed is sealed by the newest, so that the old one can go."""

from collections.abc import Callable

from sqlalchemy import Column, Connection, Table, select

from crm.domain.keys import Key
from crm.imports import own_calendars, own_mailboxes, synced
from crm.storage.database import Database
from crm.storage.sealed import Unsealable, seal, unseal
from crm.storage.tables import own_calendar, own_mailbox, synced_source

SEALED: tuple[tuple[Table, Column[int], Callable[[int, int], str]], ...] = (
    (own_calendar, own_calendar.c.user_id, own_calendars.place_of),
    (own_mailbox, own_mailbox.c.user_id, own_mailboxes.place_of),
    (synced_source, synced_source.c.id, synced.place_of),
)
"""Every table with a sealed column, what names its rows within a workspace, and the place that is sealed with it."""


def reseal(database: Database, key: Key) -> int:
    """Seal anew whatever a key before this one sealed; how many. What none of the keys opens stays as it is."""
    if not key.former:
        return 0
    with database.write() as connection:
        return sum(_resealed(connection, *one, key) for one in SEALED)


def _resealed(
    connection: Connection, table: Table, own: Column[int], place_of: Callable[[int, int], str], key: Key
) -> int:
    number = 0
    for row in connection.execute(select(table.c.workspace_id, own.label("own"), table.c.sealed)).all():
        place = place_of(row.workspace_id, row.own)
        if _is_open(bytes(key), place, row.sealed) or not _is_open(key, place, row.sealed):
            continue
        anew = seal(key, place, unseal(key, place, row.sealed))
        this = (table.c.workspace_id == row.workspace_id, own == row.own, table.c.sealed == row.sealed)
        number += connection.execute(table.update().where(*this).values(sealed=anew)).rowcount
    return number


def _is_open(key: bytes, place: str, sealed: str) -> bool:
    try:
        unseal(key, place, sealed)
    except Unsealable:
        return False
    return True
