"""Everything about one person: exchange files with them alone, all rows as JSON, and a page of text to read."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, true

from crm.contacts.queries import contact_named
from crm.domain.formulas import restore
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.spans import capital
from crm.imports.cells import join_items, split_items, write_labels
from crm.imports.channels import own_channels
from crm.imports.export import ABOUT_PEOPLE, CHANNELS_FILE, OF_THE_TEAM, files_of, zipped
from crm.imports.records import EXCHANGE
from crm.imports.sheets import SHEETS
from crm.interactions.private_notes import may_read_note
from crm.storage.tables import (
    contact,
    import_batch,
    import_trace,
    interaction,
    interaction_contact,
    interaction_user,
    left_out,
    mail_reply,
    merge,
    metadata,
    open_meeting,
    open_meeting_contact,
    response,
    source_record,
    suggestion,
    user,
)

THEIR_USERS_ALONE = (suggestion, left_out, response, open_meeting, mail_reply)
"""Plans, calendars and answers to one's mail are their user's alone; the command line sees everything."""
_USERS = {"owner_id", "author_id", "user_id", "removed_by", "said_by", "merged_by"}
_KEYS = {"workspace_id", "contact_id", "folded_name", "search", "folded", "digits", "fresh_until"}


OF_ONE = ("person.txt", "person.json")
ALL_NAMES = (*OF_ONE, *OF_THE_TEAM, *ABOUT_PEOPLE)
"""Every name that a file of some export may have."""


def person_files(
    connection: Connection, principal: Principal, contact_id: int, at: datetime
) -> Iterator[tuple[str, bytes]]:
    """Every file by name; NotFound where there is nobody. Private notes of others are in none of them.

    ``person.json`` maps each table to its rows: days and moments ISO 8601 (UTC), users by name.
    """
    name = contact_named(connection, principal, contact_id)[1]
    found = rows_about(connection, principal, contact_id)
    files = list(files_of(connection, principal, contact_id))
    yield "person.txt", _readable(name, dict(files), principal.team_day(at)).encode()
    words = json.dumps({"exported_at": at, **found}, ensure_ascii=False, indent=2, default=_plain)
    yield "person.json", words.encode("utf-8", "replace")
    yield from files


def names_of(connection: Connection, principal: Principal, *, one_person: bool) -> tuple[str, ...]:
    """The names of the files that an export writes."""
    if one_person:
        return (*OF_ONE, *ABOUT_PEOPLE)
    return tuple(
        one
        for one in (*OF_THE_TEAM, *ABOUT_PEOPLE)
        if one != CHANNELS_FILE or own_channels(connection, principal)
    )


def person_zip(connection: Connection, principal: Principal, contact_id: int, at: datetime) -> bytes:
    """The same in one archive."""
    return zipped(person_files(connection, principal, contact_id, at))


def rows_about(
    connection: Connection, principal: Principal, contact_id: int
) -> dict[str, list[dict[str, Any]]]:
    """The rows about one person by table, read from the metadata: whatever names a contact, and what belongs to that."""
    mine = {
        one: one.c.workspace_id == principal.workspace_id
        for one in metadata.sorted_tables
        if "workspace_id" in one.c
    }
    conditions: dict[Table, ColumnElement[bool]] = {
        one: one.c.contact_id == contact_id for one in mine if "contact_id" in one.c
    }
    conditions[contact] = contact.c.id == contact_id
    conditions[merge] = or_(merge.c.contact_id == contact_id, merge.c.gone_id == contact_id)
    conditions |= _beside(conditions, principal.workspace_id, contact_id)
    team: dict[int, str] = dict(connection.execute(select(user.c.id, user.c.name).where(mine[user])).all())
    found = {}
    for table, condition in conditions.items():
        rows = connection.execute(
            select(table).where(mine[table], condition, _visible(principal, table))
        ).all()
        if rows:
            found[table.name] = [_row(principal, table, row, team) for row in rows]
    return found


def _beside(
    conditions: Mapping[Table, ColumnElement[bool]], workspace_id: int, contact_id: int
) -> dict[Table, ColumnElement[bool]]:
    """What belongs to those rows without naming the contact."""
    log = select(interaction_contact.c.interaction_id).where(
        interaction_contact.c.workspace_id == workspace_id, conditions[interaction_contact]
    )
    meetings = select(open_meeting_contact.c.meeting_id).where(
        open_meeting_contact.c.workspace_id == workspace_id, conditions[open_meeting_contact]
    )
    sources = source_record.c
    batches = select(sources.batch_id).where(
        sources.workspace_id == workspace_id,
        sources.record == "contact",
        sources.row_id == contact_id,
    )
    found: dict[Table, ColumnElement[bool]] = {
        interaction: interaction.c.id.in_(log),
        interaction_user: interaction_user.c.interaction_id.in_(log),
        open_meeting: open_meeting.c.id.in_(meetings),
        import_batch: import_batch.c.id.in_(batches),
    }
    for one in (source_record, import_trace):
        found[one] = and_(one.c.record == "contact", one.c.row_id == contact_id)
    return found


def _visible(principal: Principal, table: Table) -> ColumnElement[bool]:
    if principal.user_id is None:
        return true()
    if table in THEIR_USERS_ALONE:
        return table.c.user_id == principal.user_id
    if table is open_meeting_contact:
        own = select(open_meeting.c.id).where(
            open_meeting.c.workspace_id == principal.workspace_id, _visible(principal, open_meeting)
        )
        return table.c.meeting_id.in_(own)
    return true()


def _row(principal: Principal, table: Table, row: Any, team: Mapping[int, str]) -> dict[str, Any]:
    """A row without keys of ours; of an import only when and from which files, since others are in it too."""
    said = {name: value for name, value in row._mapping.items() if name not in _KEYS and value is not None}
    if table is interaction and not may_read_note(principal, row):
        said.pop("note", None)
    if table is import_batch:
        said = {"id": row.id, "files": row.files, "applied_at": row.applied_at}
    if table is merge:
        said.pop("content")
    return {
        name.removesuffix("_id") if name in _USERS else name: team.get(value, value)
        if name in _USERS
        else value
        for name, value in said.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _readable(name: str, files: Mapping[str, bytes], day: date) -> str:
    """The exchange files as text: a heading a file, a line a value."""
    parts = [_("What is kept about {name}, on {day}").format(name=name, day=day.isoformat())]
    for kind in EXCHANGE:
        rows = list(csv.DictReader(io.StringIO(files.get(f"{kind}.csv", b"").decode())))
        if rows:
            heading = capital(_(kind))
            lists = {one.name for one in SHEETS[kind].columns if one.write in (join_items, write_labels)}
            parts.append(f"{heading}\n{'=' * len(heading)}")
            parts += [
                "\n".join(
                    f"{column}: {_said(cell, is_list=column in lists)}"
                    for column, cell in row.items()
                    if cell
                )
                for row in rows
            ]
    return "\n\n".join(parts) + "\n"


def _said(cell: str, *, is_list: bool) -> str:
    return "; ".join(map(restore, split_items(cell))) if is_list else restore(cell)
