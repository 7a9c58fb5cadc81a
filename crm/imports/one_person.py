"""Everything about one person: exchange files with them alone, all rows as JSON, and a page of text to read."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, or_, select, true, union

from crm.contacts.naming import Before, marks_of, once_called
from crm.contacts.queries import contact_named, person
from crm.contacts.theirs import log_of, records_of, replies_of
from crm.domain.formulas import restore
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.spans import capital
from crm.imports.cells import join_items, split_items, write_labels
from crm.imports.channels import own_channels
from crm.imports.export import ABOUT_PEOPLE, CHANNELS_FILE, OF_THE_TEAM, files_of, zipped
from crm.imports.records import EXCHANGE
from crm.imports.sheets import SHEETS
from crm.interactions.private_notes import is_authors, may_read_note
from crm.storage import journal
from crm.storage.tables import (
    contact,
    import_batch,
    import_trace,
    interaction,
    interaction_contact,
    interaction_user,
    left_behind,
    left_out,
    mail_reply,
    merge,
    metadata,
    open_meeting,
    open_meeting_contact,
    removed_matter,
    response,
    source_record,
    suggestion,
    user,
)
from crm.storage.types import from_micros

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
    before = once_called(connection, principal, contact_id)
    conditions[contact] = contact.c.id == contact_id
    conditions[merge] = merge.c.id.in_(before.merges)
    conditions[mail_reply] = mail_reply.c.id.in_(_replies(connection, principal, contact_id, before))
    conditions |= _beside(connection, principal, conditions, contact_id, before)
    whose_note = select(interaction.c.id, interaction.c.note_private, interaction.c.author_id)
    log = connection.execute(whose_note.where(mine[interaction], conditions[interaction])).all()
    team: dict[int, str] = dict(connection.execute(select(user.c.id, user.c.name).where(mine[user])).all())
    told = _Told(connection, principal, team, {row.id: row for row in log})
    found = {}
    for table, condition in conditions.items():
        rows = connection.execute(
            select(table).where(mine[table], condition, _visible(principal, table))
        ).all()
        if rows:
            found[table.name] = [told.row(table, row) for row in rows]
    return found


def _replies(connection: Connection, principal: Principal, contact_id: int, before: Before) -> list[int]:
    """Answers to the weekly mail that erasing would empty; a user is given their own."""
    told = marks_of(connection, principal, person(connection, principal, contact_id), before)
    alone, _shared = log_of(connection, principal, contact_id)
    return sorted(replies_of(connection, principal, before.ids, alone, told))


def _beside(
    connection: Connection,
    principal: Principal,
    conditions: Mapping[Table, ColumnElement[bool]],
    contact_id: int,
    before: Before,
) -> dict[Table, ColumnElement[bool]]:
    """What belongs to those rows without naming the contact, and what imports know by them, or by who became them."""
    own = principal.workspace_id
    log = select(interaction_contact.c.interaction_id).where(
        interaction_contact.c.workspace_id == own, conditions[interaction_contact]
    )
    meetings = select(open_meeting_contact.c.meeting_id).where(
        open_meeting_contact.c.workspace_id == own, conditions[open_meeting_contact]
    )
    records = list(records_of(connection, principal, contact_id, before.ids, log))
    found: dict[Table, ColumnElement[bool]] = {
        one: or_(*(and_(one.c.record == record, one.c.row_id.in_(ids)) for record, ids in records))
        for one in (source_record, import_trace, left_behind)
    }
    removed = select(removed_matter.c.id).where(
        removed_matter.c.workspace_id == own, conditions[removed_matter]
    )
    batches = union(
        *(
            select(one.c.batch_id).where(one.c.workspace_id == own, found[one])
            for one in (source_record, import_trace)
        )
    )
    return {
        **found,
        left_behind: or_(found[left_behind], left_behind.c.removed_id.in_(removed)),
        interaction: interaction.c.id.in_(log),
        interaction_user: interaction_user.c.interaction_id.in_(log),
        open_meeting: open_meeting.c.id.in_(meetings),
        import_batch: import_batch.c.id.in_(batches),
    }


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


@dataclass(frozen=True)
class _Told:
    """What is told of each row: to whom, with the names of the team, and the interactions whose notes are asked about."""

    connection: Connection
    principal: Principal
    team: Mapping[int, str]
    log: Mapping[int, Any]

    def row(self, table: Table, row: Row[Any]) -> dict[str, Any]:
        """A row without keys of ours; of an import only when and from which files, since others are in it too."""
        said = dict(row._mapping)
        if table is interaction and not may_read_note(self.principal, row):
            said["note"] = None
        if table in (source_record, import_trace) and row.record == interaction.name:
            said |= self._of_log(said)
        if table is import_batch:
            said = {"id": row.id, "files": row.files, "applied_at": row.applied_at}
        if table is merge:
            said["content"] = self._changes(row.content["changes"])
        return self._named({name: value for name, value in said.items() if name not in _KEYS})

    def _of_log(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What a source said of an interaction, and how it was before an import, without a private note of others."""
        row, before = self.log[said["row_id"]], said.get("before")
        found: dict[str, Any] = {}
        if "content_hash" in said and not may_read_note(self.principal, row):
            found["content_hash"] = None
        if before:
            when = before.get("occurred_at")
            found["before"] = {**before, "occurred_at": from_micros(when)} if when else dict(before)
            if (row.note_private or before.get("note_private")) and not is_authors(self.principal, row):
                found["before"].pop("note", None)
        return found

    def _changes(self, changes: Sequence[journal.Change]) -> list[dict[str, Any]]:
        """What a merge changed of the two records themselves; the rest stands in its own table, as it is now."""
        found = []
        for name, *sides in changes:
            if name.startswith(contact.name):
                kept = zip(("before", "after"), sides, strict=True)
                rows = {when: self._as_kept(name, row) for when, row in kept if row is not None}
                found.append({"table": name, **rows})
        return found

    def _as_kept(self, name: str, row: journal.Row) -> dict[str, Any]:
        typed = journal.as_typed(self.connection, name, row)
        return self._named({key: value for key, value in typed.items() if key not in _KEYS - {"contact_id"}})

    def _named(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Without what is empty, users by name."""
        return {
            name.removesuffix("_id") if name in _USERS else name: self.team.get(value, value)
            if name in _USERS
            else value
            for name, value in said.items()
            if value is not None
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
