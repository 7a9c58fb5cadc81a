"""Writing down interactions from files, in blocks and past the form: what Core can insert in lists."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, select

from crm.contacts.queries import people_now
from crm.domain.channels import by_key
from crm.domain.file_places import cell_of
from crm.imports.bulk import insert_rows
from crm.imports.cells import excerpt, write_moment
from crm.imports.log_checks import authors_of, refuse_unknown_channels, users_of
from crm.imports.phrases import phrase
from crm.imports.records import InteractionRecord, digest, identities
from crm.imports.report import SHOWN, Change, FileReport
from crm.imports.run import Run
from crm.imports.shown import lists_shown, shown
from crm.imports.sources import VERSION, Source, parse_marks
from crm.interactions.actions import Entry, edit_interaction, interaction_values, participation_rows
from crm.interactions.private_notes import may_read_note
from crm.interactions.queries import channels
from crm.storage.blocks import blocks
from crm.storage.database import new_ids
from crm.storage.tables import contact, interaction, interaction_contact, interaction_user
from crm.storage.types import from_micros, to_micros

BLOCK = 5_000
OWN_ID = re.compile(r"in-person:(\d{1,18})-(\d{1,18})")


def own_source_id(row_id: int, created_at: datetime) -> str:
    """The ``source_id`` an export gives to what was logged here: it finds its row again and no other."""
    return f"in-person:{row_id}-{to_micros(created_at)}"


def kept(text: str | None) -> str | None:
    """Text as a file can say it: blank is nothing."""
    return text if text and not text.isspace() else None


def import_interactions(run: Run, records: Sequence[InteractionRecord], report: FileReport) -> None:
    """Write down the interactions of one file."""
    keys = identities(records)
    run.sources.load("interaction", keys)
    known = _known(run, records, keys)
    fresh: list[tuple[str, InteractionRecord]] = []
    met: set[str] = set()
    changed = []
    for record, key in zip(records, keys, strict=True):
        if key in met:
            report.skip(
                record.where,
                phrase("The source_id “{key}” was in the file before; the first row counts.", key=key[:40]),
            )
            continue
        met.add(key)
        source = run.sources.get("interaction", key)
        if key not in known:
            fresh.append((key, record))
        elif not record.source_id or (source and _says_the_same(record, source)):
            report.unchanged["interactions"] += 1
        else:
            changed.append((known[key], key, record))
    run.progress(len(records) - len(fresh))
    people = _people(run, [record for _, record in fresh] + [record for *_, record in changed], report)
    fresh = [one for one in fresh if people.keys() >= set(one[1].contacts)]
    changed = [one for one in changed if people.keys() >= set(one[2].contacts)]
    users = users_of(run, records, report)
    authors = authors_of(run, records, report)
    refuse_unknown_channels(run, records, report)
    if report.errors:
        return
    _change(run, changed, people, users, authors, report)
    _insert(run, fresh, people, users, report)
    _give_notes_away(run, fresh, authors)


# What a row with a source_id said: a mark for each cell, and whom it named, so that a later file changes no more than it
# says otherwise.

_WHO, _BY, _SOME = "who", "by", "some"
_ONCE, _AGAIN = (
    ("summary", "note"),
    ("channel", "direction", "outcome", "contacts", "users", "private_to"),
)
"""Cells that seldom repeat, and those that come again and again."""


def _marks(record: InteractionRecord) -> dict[str, str]:
    """A mark for each of its cells; a day without a time stands for other moments on other days, and is the same day."""
    given = record.given
    found = {"occurred_at": str(record.on or write_moment(record.occurred_at))}
    for name in _AGAIN:
        if name in given:
            found[name] = _mark(getattr(record, name))
    for name in _ONCE:
        if name in given:
            found[name] = digest(value) if (value := getattr(record, name)) else ""
    return found


@lru_cache(maxsize=4096)
def _mark(value: str | tuple[str, ...] | None) -> str:
    return digest(repr(value)) if value else ""


def _account(record: InteractionRecord, entry: Entry) -> str:
    """What a new row says."""
    return _written({**_marks(record), _WHO: _listed(entry.contact_ids), _BY: _listed(entry.user_ids)})


def _account_anew(
    record: InteractionRecord, entry: Entry, last: Mapping[str, str], unsaid: Collection[str]
) -> str:
    """What the row says now, with what earlier files said in cells that this one lacks, or that say nothing in it."""
    marks = {name: mark for name, mark in _marks(record).items() if name not in unsaid}
    said = {**last, **marks, _BY: _listed(entry.user_ids)}
    if "contacts" not in unsaid:
        said[_WHO] = _listed(entry.contact_ids)
    else:
        said[_SOME] = ",".join(dict.fromkeys((*_some(last), _mark(record.contacts))))
        if _WHO in last:
            said[_WHO] = _listed(dict.fromkeys((*_ids(last, _WHO), *entry.contact_ids)))
    return _written(said)


def _some(last: Mapping[str, str]) -> list[str]:
    """The marks of what exports of one person each said of who took part."""
    return last[_SOME].split(",") if _SOME in last else []


def _written(said: Mapping[str, str]) -> str:
    return " ".join(map("=".join, said.items()))


def _listed(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def _unsaid(record: InteractionRecord, row: Row[Any]) -> set[str]:
    """Cells of the row that say nothing: a private note that was kept from whoever wrote the file is not an empty one, and
    one person's export names nobody else."""
    found = {"contacts"} if record.others else set()
    if row.note_private and record.private_to is None and kept(record.note) is None:
        found |= {"note", "private_to"}
    return found


def _said(source: Source | None) -> dict[str, str]:
    """What the row said the last time; nothing where a machine brought it, or an import before each cell had its mark."""
    return parse_marks(source.content) if source and not source.content.startswith("{") else {}


def _says_the_same(record: InteractionRecord, source: Source) -> bool:
    last = _said(source)
    return source.content == _digest_of(record) if not last else not _told(record, last)


def _told(record: InteractionRecord, last: Mapping[str, str]) -> set[str]:
    """The cells that say something else than the last time."""
    told = {name for name, mark in _marks(record).items() if last.get(name) != mark}
    return told - {"contacts"} if record.others and _mark(record.contacts) in _some(last) else told


def _digest_of(record: InteractionRecord) -> str:
    """What was kept of a row before each cell had its mark."""
    said = (record.on or write_moment(record.occurred_at), record.channel, record.direction, record.outcome)
    private = (record.private_to,) if record.private_to else ()
    words = (*map(str, said), record.contacts, record.users, record.summary, record.note, *private)
    return digest(repr(words))


def _known(run: Run, records: Sequence[InteractionRecord], keys: list[str]) -> dict[str, int]:
    """The rows that are here by key: as imported, by their own source_id, or by the one an export gave them."""
    found = {key: source.row_id for key in keys if (source := run.sources.get("interaction", key))}
    present = _present(run, found.values())
    found = {key: row_id for key, row_id in found.items() if row_id in present}
    table = interaction.c
    mine = table.workspace_id == run.principal.workspace_id
    others = [one.source_id for one in records if one.source_id and one.source_id not in found]
    for block in blocks(others):
        # Unordered: to save itself a sort, SQLite would walk the whole log by its key instead of looking these up.
        rows = select(table.source_id, table.id).where(mine, table.source_id.in_(block))
        for source_id, row_id in run.connection.execute(rows):
            found[source_id] = min(row_id, found.get(source_id, row_id))
    own = {one: match for one in others if one not in found and (match := OWN_ID.fullmatch(one))}
    created = _present(run, (int(match.group(1)) for match in own.values()))
    for source_id, match in own.items():
        row_id = int(match.group(1))
        if row_id in created and to_micros(created[row_id]) == int(match.group(2)):
            found[source_id] = row_id
    return found


def _present(run: Run, ids: Iterable[int]) -> dict[int, datetime]:
    """Those of these interactions that are here, with the moment they were written down."""
    table = interaction.c
    found: dict[int, datetime] = {}
    for block in blocks(ids):
        rows = select(table.id, table.created_at).where(
            table.workspace_id == run.principal.workspace_id, table.id.in_(block)
        )
        found.update({row.id: row.created_at for row in run.connection.execute(rows)})
    return found


def _people(run: Run, records: Sequence[InteractionRecord], report: FileReport) -> dict[str, int]:
    """Whom the rows mean, but for those that are not clear: they are left out whole, and make nobody new."""
    doubts = run.doubts(reference for record in records for reference in record.contacts)
    clear = []
    for record in records:
        doubtful = [doubts[one] for one in record.contacts if one in doubts]
        if doubtful:
            report.ask(cell_of(record.where, "contacts"), doubtful[0])
        else:
            clear.append(record)
    return run.settle((reference for record in clear for reference in record.contacts), report)


# New rows.

_TOOK_PART = (
    "workspace_id",
    "contact_id",
    "interaction_id",
    "occurred_at",
    "day",
    "counts",
    "reach",
    "flow",
    "channel",
    "direction",
)
_BY_USERS = ("workspace_id", "interaction_id", "user_id")


def _insert(
    run: Run,
    fresh: list[tuple[str, InteractionRecord]],
    people: dict[str, int],
    users: dict[str, int | None],
    report: FileReport,
) -> None:
    for start in range(0, len(fresh), BLOCK):
        block = fresh[start : start + BLOCK]
        entries = [(key, record, _entry(run, record, people, users)) for key, record in block]
        insert_entries(
            run,
            [
                (key, _account(record, entry) if record.source_id else "", entry)
                for key, record, entry in entries
            ],
            report,
        )
        run.sources.flush()
        run.progress(len(block))


def _give_notes_away(
    run: Run, fresh: list[tuple[str, InteractionRecord]], authors: dict[str, int | None]
) -> None:
    """A private note is its author's, whoever brings it in."""
    by_author: dict[int | None, list[int]] = {}
    for key, record in fresh:
        source = run.sources.get("interaction", key) if record.private_to else None
        if source is not None and record.private_to is not None:
            by_author.setdefault(authors[record.private_to], []).append(source.row_id)
    mine = interaction.c.workspace_id == run.principal.workspace_id
    for author, ids in by_author.items():
        for block in blocks(ids):
            these = interaction.update().where(mine, interaction.c.id.in_(block))
            run.connection.execute(these.values(author_id=author))


def insert_entries(run: Run, block: Sequence[tuple[str, str, Entry]], report: FileReport) -> None:
    """Write down new interactions: the key of each, what its source says, and what is to be logged."""
    ways = by_key(channels(run.connection, run.principal))
    logged: list[tuple[Any, ...]] = []
    took_part: list[tuple[Any, ...]] = []
    by_users: list[tuple[int, int, int]] = []
    names: list[str] = []
    for row_id, (key, content, entry) in zip(new_ids(run.connection, len(block)), block, strict=True):
        way = ways[entry.channel]
        values = interaction_values(run.principal, entry, way, run.at)
        names = names or ["id", "created_at", *values]
        logged.append((row_id, run.at, *values.values()))
        took_part += [
            tuple(row.values()) for row in participation_rows(row_id, values, entry.contact_ids, way)
        ]
        by_users += [(run.principal.workspace_id, row_id, user_id) for user_id in entry.user_ids]
        run.touched.update(entry.contact_ids)
        run.sources.remember("interaction", key, row_id, content)
    insert_rows(run.connection, interaction, names, logged)
    insert_rows(run.connection, interaction_contact, _TOOK_PART, took_part)
    insert_rows(run.connection, interaction_user, _BY_USERS, by_users)
    report.new["interactions"] += len(logged)


def _entry(
    run: Run,
    record: InteractionRecord,
    people: dict[str, int],
    users: dict[str, int | None],
) -> Entry:
    """What is to be logged."""
    ids = [people[reference] for reference in record.contacts]
    if record.users:
        user_ids = [one for email in record.users if (one := users[email]) is not None]
    else:
        user_ids = [owner for one in ids if (owner := run.people.known[one].owner_id) is not None]
    return Entry(
        record.occurred_at,
        record.channel,
        tuple(dict.fromkeys(ids)),
        record.direction,
        record.outcome,
        tuple(dict.fromkeys(user_ids)),
        record.summary,
        record.note,
        note_private=record.private_to is not None,
        source_id=record.source_id,
    )


# Rows that say something else than the last time.


def _change(
    run: Run,
    changed: list[tuple[int, str, InteractionRecord]],
    people: dict[str, int],
    users: dict[str, int | None],
    authors: dict[str, int | None],
    report: FileReport,
) -> None:
    stored = entries_of(run, [row_id for row_id, _, _ in changed])
    last = _last_said(run, [key for _, key, _ in changed])
    for row_id, key, record in changed:
        row, before = stored[row_id]
        new = _entry(run, record, people, users)
        unsaid = _unsaid(record, row)
        told = _told(record, last[key]) - (unsaid - {"contacts"})
        if record.private_to and authors[record.private_to] != row.author_id:
            told -= {"note", "private_to"}
            if row.deleted_at is None and kept(record.note) not in (None, before.note):
                report.ask(cell_of(record.where, "note"), _note_of_another(record.private_to))
        after = _merged(before, new, told, last[key], record)
        run.sources.remember("interaction", key, row_id, _account_anew(record, new, last[key], unsaid))
        if not may_read_note(run.principal, row):
            after = _with(after, note=before.note)
        if row.deleted_at is not None:
            report.skip(record.where, phrase("This interaction was deleted here, and stays deleted."))
        elif after == before:
            report.unchanged["interactions"] += 1
        else:
            report.changed["interactions"] += 1
            _show(run, report, record, before, after)
            run.traces.changed("interaction", row_id, found_as(row, before))
            run.touched.update((*before.contact_ids, *after.contact_ids))
            edit_interaction(run.connection, run.principal, row_id, after, run.at)


def _note_of_another(email: str) -> str:
    return phrase(
        "Somebody else logged this interaction here, so the private note of {email} was left out.",
        email=excerpt(email),
    )


def _last_said(run: Run, keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """What the rows of these keys said the last time, naming people by the records they are now."""
    found = {key: _said(run.sources.get("interaction", key)) for key in keys}
    named = {one for said in found.values() for one in _ids(said, _WHO)}
    now = people_now(run.connection, run.principal, named)
    for said in found.values():
        if _WHO in said:
            said[_WHO] = _listed(now.get(one, one) for one in _ids(said, _WHO))
    return found


def _ids(said: Mapping[str, str], name: str) -> tuple[int, ...]:
    return tuple(int(one) for one in said.get(name, "").split(",") if one.isdecimal())


def _merged(
    before: Entry, new: Entry, told: set[str], last: Mapping[str, str], record: InteractionRecord
) -> Entry:
    values: dict[str, Any] = {name: getattr(new, name) for name in _COLUMNS if name in told}
    if "contacts" in told and record.others:
        values["contact_ids"] = tuple({*before.contact_ids, *new.contact_ids})
    elif "contacts" in told:
        values["contact_ids"] = _gone_on(before.contact_ids, new.contact_ids, last, _WHO)
    if "users" in told and record.users:
        values["user_ids"] = _gone_on(before.user_ids, new.user_ids, last, _BY)
    if told & {"note", "private_to"}:
        values["note_private"] = before.note_private or new.note_private
    return _with(before, **values)


def _gone_on(
    here: tuple[int, ...], named: tuple[int, ...], last: Mapping[str, str], name: str
) -> tuple[int, ...]:
    """Those who are here, with whom the file added and without whom it took out; never nobody."""
    if name not in last:
        return named
    before = set(_ids(last, name))
    return tuple((set(here) - (before - set(named))) | (set(named) - before)) or here


_COLUMNS = ("occurred_at", "channel", "direction", "outcome", "summary", "note")


def _with(entry: Entry, **values: Any) -> Entry:
    entry = replace(entry, **values)
    return replace(
        entry, contact_ids=tuple(sorted(entry.contact_ids)), user_ids=tuple(sorted(entry.user_ids))
    )


def entries_of(run: Run, ids: Sequence[int]) -> dict[int, tuple[Row[Any], Entry]]:
    """These interactions as they are stored, with what was logged."""
    people = _participants(run, interaction_contact, "contact_id", ids)
    users = _participants(run, interaction_user, "user_id", ids)
    found = {}
    for block in blocks(ids):
        mine = select(interaction).where(
            interaction.c.workspace_id == run.principal.workspace_id, interaction.c.id.in_(block)
        )
        for row in run.connection.execute(mine):
            found[row.id] = (
                row,
                Entry(
                    row.occurred_at,
                    row.channel,
                    tuple(sorted(people.get(row.id, ()))),
                    row.direction,
                    row.outcome,
                    tuple(sorted(users.get(row.id, ()))),
                    kept(row.summary),
                    kept(row.note),
                    row.note_private,
                    row.source_id,
                ),
            )
    return found


def _participants(run: Run, table: Any, column: str, ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for block in blocks(ids):
        mine = select(table.c.interaction_id, table.c[column]).where(
            table.c.workspace_id == run.principal.workspace_id, table.c.interaction_id.in_(block)
        )
        for row_id, one in run.connection.execute(mine):
            found.setdefault(row_id, []).append(one)
    return found


def _show(run: Run, report: FileReport, record: InteractionRecord, before: Entry, after: Entry) -> None:
    name, zone = ", ".join(record.contacts)[:100], run.principal.user_zone
    is_private = before.note_private or after.note_private
    for field in _COLUMNS:
        old, new = getattr(before, field), getattr(after, field)
        if old != new and not (field == "note" and is_private):
            was, now = (shown(field, value, zone) for value in (old, new))
            report.show(Change(record.where, name, field.replace("_", " "), was, now))
    if is_private and before.note != after.note:
        was = phrase("a private note") if before.note else ""
        now = phrase("another private note") if after.note else ""
        report.show(Change(record.where, name, "note", was, now))
    if after.note_private and not before.note_private:
        report.show(Change(record.where, name, "private to", "", record.private_to or ""))
    show_participants(run, report, record.where, name, before, after)


def show_participants(
    run: Run, report: FileReport, where: str, name: str, before: Entry, after: Entry
) -> None:
    """Keep for the page who takes part now, of people and of us."""
    if len(report.changes) >= SHOWN:
        return
    emails = {user_id: email for email, user_id in run.users.items()}
    for field, old, new in (
        ("contacts", before.contact_ids, after.contact_ids),
        ("users", before.user_ids, after.user_ids),
    ):
        if {*old} != {*new}:
            called = emails if field == "users" else _names(run, {*old, *new})
            was, now = ([called[one] for one in ids if one in called] for ids in (old, new))
            report.show(Change(where, name, field, *lists_shown(was, now)))


def _names(run: Run, ids: Iterable[int]) -> dict[int, str]:
    these = (contact.c.workspace_id == run.principal.workspace_id, contact.c.id.in_(ids))
    found = run.connection.execute(select(contact.c.id, contact.c.name).where(*these))
    return {row.id: row.name for row in found}


def found_as(row: Row[Any], entry: Entry) -> dict[str, Any]:
    """An entry as a trace keeps it, with the version of its row."""
    return {
        VERSION: str(row.version),
        "occurred_at": to_micros(entry.occurred_at),
        "channel": entry.channel,
        "contact_ids": list(entry.contact_ids),
        "direction": entry.direction,
        "outcome": entry.outcome,
        "user_ids": list(entry.user_ids),
        "summary": entry.summary,
        "note": entry.note,
        "note_private": entry.note_private,
    }


def restored_entry(kept: dict[str, Any]) -> Entry:
    """The entry a trace kept."""
    values = {**kept, "occurred_at": from_micros(kept["occurred_at"])}
    values["contact_ids"], values["user_ids"] = tuple(kept["contact_ids"]), tuple(kept["user_ids"])
    return Entry(**values)
