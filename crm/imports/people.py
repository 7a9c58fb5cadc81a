"""Writing down organisations and contacts from files: new ones, and the cells that changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from crm.accounts.addresses import normal_email
from crm.contacts import rows
from crm.contacts.actions import (
    add_contacts,
    edit_organisation,
    find_or_add_organisations,
    reindex,
)
from crm.contacts.drafts import NOBODY, NewContact, one_line
from crm.errors import Invalid
from crm.imports import facts
from crm.imports.cells import excerpt
from crm.imports.matching import Match
from crm.imports.records import (
    CONTACTS,
    ORGANISATIONS,
    ContactRecord,
    DateRecord,
    OrganisationRecord,
    PostalAddress,
    identities,
)
from crm.imports.report import Change, FileReport
from crm.imports.run import Run, UnknownUser, sentence_of
from crm.imports.sources import marks, parse_marks
from crm.imports.stored import (
    NOBODY_WORD,
    cells_of,
    contact_records,
    draft_of,
    occasion_of,
    organisation_draft,
    organisation_records,
    plain_birthdays,
)
from crm.storage.database import new_id
from crm.storage.tables import (
    contact,
    contact_address,
    contact_date,
    contact_email,
    contact_phone,
    contact_tag,
)
from crm.storage.text import fold

LISTS = ("emails", "phones", "tags", "addresses")
STICKY = {"owner": None, "kind": "other", "tier": "none", "created_on": None}
"""Fields that are never empty here: an empty cell leaves them, unless it held something the last time."""


# Organisations.


def import_organisations(run: Run, records: Sequence[OrganisationRecord], report: FileReport) -> None:
    """Write down the organisations of one file; the same name is the same organisation."""
    for record in records:
        if one_line(record.name) is None:
            report.error(f"{record.where}, column name", "The cell holds no sign that could be shown.")
    records = [record for record in records if one_line(record.name)]
    keys = [fold(record.name) for record in records]
    run.sources.load("organisation", keys)
    before = {
        fold(one.name): row_id for row_id, one in organisation_records(run.connection, run.principal).items()
    }
    names = [line for record in records if (line := one_line(record.name))]
    ids = find_or_add_organisations(run.connection, run.principal, names, run.at)
    run.traces.made("organisation", {row_id for name, row_id in ids.items() if fold(name) not in before})
    stored = organisation_records(run.connection, run.principal, list(ids.values()))
    counted: set[int] = set()
    for record, key in zip(records, keys, strict=True):
        row_id = ids[one_line(record.name) or ""]
        is_new = key not in before and row_id not in counted
        counted.add(row_id)
        try:
            stored[row_id] = _import_organisation(run, record, key, row_id, stored[row_id], report, is_new)
        except Invalid as refusal:
            report.error(record.where, sentence_of(refusal))
        run.progress(1)


def _import_organisation(
    run: Run,
    record: OrganisationRecord,
    key: str,
    row_id: int,
    stored: OrganisationRecord,
    report: FileReport,
    is_new: bool,
) -> OrganisationRecord:
    source = run.sources.get("organisation", key)
    said = marks(cells_of(ORGANISATIONS, record, record.given))
    wanted = _changed_cells(ORGANISATIONS, record, source.content if source else "", said)
    if not is_new:
        wanted = {name: value for name, value in wanted.items() if name != "name"}
    merged = replace(stored, **wanted, given=record.given)
    draft = organisation_draft(merged)
    merged = replace(
        merged,
        name=one_line(draft.name) or "",
        kind=rows.organisation_values(draft)["kind"],
        tags=tuple(sorted({tag for tag in map(one_line, draft.tags) if tag})),
    )
    changes = _differences(ORGANISATIONS, stored, merged, record.given)
    run.sources.remember(
        "organisation",
        key,
        row_id,
        marks(cells_of(ORGANISATIONS, record, record.given), source.content if source else ""),
    )
    if changes:
        edit_organisation(run.connection, run.principal, row_id, draft)
        if not is_new:
            run.traces.changed("organisation", row_id, {name: getattr(stored, name) for name in changes})
    _count(report, "organisations", is_new, bool(changes))
    if not is_new:
        _show(report, record.where, stored.name, changes)
    return merged


def _count(report: FileReport, sort: str, is_new: bool, is_changed: bool) -> None:
    counts = report.new if is_new else report.changed if is_changed else report.unchanged
    counts[sort] += 1


def _show(report: FileReport, where: str, name: str, changes: dict[str, tuple[str, str]]) -> None:
    for column, (old, new) in changes.items():
        report.show(Change(where, name, column.replace("_", " "), old[:200], new[:200]))


def _changed_cells(kind: str, record: Any, before: str, said: str) -> dict[str, Any]:
    """The fields whose cells say something else than the last time, with their values; all where there was no last time."""
    last, now = parse_marks(before), parse_marks(said)
    found = {}
    for name in cells_of(kind, record, record.given):
        if last.get(name) == now.get(name):
            continue
        value = getattr(record, name)
        if name in STICKY and value in (None, "") and kind in (CONTACTS, ORGANISATIONS):
            if name not in last:
                continue
            value = STICKY[name]
            if name == "created_on":
                continue
        found[name] = value
    return found


def _differences(kind: str, stored: Any, merged: Any, fields: frozenset[str]) -> dict[str, tuple[str, str]]:
    old, new = cells_of(kind, stored, fields), cells_of(kind, merged, fields)
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}


# Contacts.


@dataclass
class _Contacts:
    """The rows of one file on their way: those about people who are here, and those about new ones."""

    run: Run
    report: FileReport
    fills: bool
    stored: dict[int, ContactRecord]
    fresh: dict[int, ContactRecord] = field(default_factory=dict)
    changed: dict[int, ContactRecord] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    sources: dict[str, tuple[int, str]] = field(default_factory=dict)
    occasions: list[tuple[int, str, DateRecord]] = field(default_factory=list)


def import_contacts(
    run: Run, records: Sequence[ContactRecord], report: FileReport, *, fills: bool = False
) -> None:
    """Write down the people of one file.

    ``fills`` is for vCards: emails, phones, addresses and tags are added to those that are here, and what stands
    here is replaced only by what changed in the card since it was last imported.
    """
    keys = [_key(record, key) for record, key in zip(records, identities(records), strict=True)]
    run.sources.load("contact", [*keys, *(one.uid for one in records if one.uid)])
    run.people.load((email for one in records for email in one.emails), (one.name for one in records))
    sources = (run.sources.get("contact", key) for key in [*keys, *(one.uid for one in records if one.uid)])
    ids = {source.row_id for source in sources if source}
    stored = contact_records(
        run.connection, run.principal, sorted(ids | {i for i in run.people.known if i > 0})
    )
    work = _Contacts(run, report, fills, stored)
    for record, key in zip(records, keys, strict=True):
        _import_contact(work, record, key)
        run.progress(1)
    _write(work)


def _key(record: ContactRecord, identity: str) -> str:
    """A card's own identity if it has one, else the row's."""
    return f"uid:{record.uid}" if record.uid else identity


def _import_contact(work: _Contacts, record: ContactRecord, key: str) -> None:
    run, report = work.run, work.report
    try:
        row = _settled(run, record)
        draft_of(replace(row, owner=None))
    except UnknownUser as unknown:
        report.error(f"{record.where}, column owner", str(unknown))
        return
    except Invalid as refusal:
        (report.skip if work.fills else report.error)(record.where, sentence_of(refusal))
        return
    source = run.sources.get("contact", key)
    if source and source.row_id in work.stored and _is_surely(row, source.content):
        row_id: int | None = source.row_id
    else:
        source = None
        match = _match(work, row)
        row_id = match.row_id
        if match.question:
            report.ask(record.where, match.question)
        if match.waits:
            return
    if row_id is None:
        row_id = -1 - len(work.fresh)
        work.fresh[row_id] = row
        report.new["contacts"] += 1
        report.name(row.name)
    else:
        _change(work, row, row_id, source.content if source else "", record.where)
    now = work.fresh.get(row_id) or work.stored[row_id]
    work.claimed.add(row_id)
    run.people.add(row_id, now.name, now.emails, now.organisation, _owner_id(run, now, row_id), now.phones)
    said = cells_of(CONTACTS, row, row.given)
    work.sources[key] = (row_id, marks(said, source.content if source else ""))
    for one in record.occasions:
        day = DateRecord(key, one.kind, one.date, True, one.label, frozenset({"yearly"}), record.where)
        work.occasions.append((row_id, key, day))


def _match(work: _Contacts, row: ContactRecord) -> Match:
    """Who a row is about that no earlier file knows; a card of an export carries the identity of a row."""
    exported = work.run.sources.get("contact", row.uid) if row.uid else None
    if exported and exported.row_id in work.stored:
        return Match(exported.row_id)
    return work.run.people.find(row, work.claimed)


def _is_surely(row: ContactRecord, before: str) -> bool:
    """Whether a row known from an earlier file is about the same person: a bare name alone does not say so."""
    if row.emails or row.uid:
        return True
    last, now = parse_marks(before), parse_marks(marks(cells_of(CONTACTS, row, row.given)))
    return all(last.get(name) == mark for name, mark in now.items())


def _settled(run: Run, record: ContactRecord) -> ContactRecord:
    """The record in the form in which it is kept, so that the same words are no change."""
    draft = draft_of(replace(record, owner=None))
    owner = record.owner
    if owner:
        owner = NOBODY_WORD if run.user_id(owner) is None else normal_email(owner)
    return replace(
        record,
        name=draft.name,
        given_name=draft.given_name,
        family_name=draft.family_name,
        title=draft.title,
        organisation=one_line(record.organisation),
        kind=draft.kind if record.kind else None,
        city=draft.city,
        country=draft.country,
        time_zone=draft.time_zone,
        notes=draft.notes,
        owner=owner,
        emails=tuple(way.value for way in draft.emails),
        phones=tuple(way.value for way in draft.phones),
        addresses=tuple(PostalAddress(way.value, way.label) for way in draft.addresses),
        tags=draft.tags,
        deceased_on=record.deceased_on if record.deceased_on and record.deceased_on <= run.today else None,
    )


def _change(work: _Contacts, row: ContactRecord, row_id: int, before: str, where: str) -> None:
    stored = work.fresh.get(row_id) or work.changed.get(row_id) or work.stored[row_id]
    said = marks(cells_of(CONTACTS, row, row.given))
    wanted = _changed_cells(CONTACTS, row, before, said)
    if work.fills:
        _ask_of_birthday(work, row, stored, wanted, bool(before), where)
        wanted = _filled(stored, wanted, bool(before))
    if wanted.get("owner") == NOBODY_WORD:
        wanted["owner"] = None
    if "organisation" in wanted and fold(wanted["organisation"] or "") == fold(stored.organisation or ""):
        del wanted["organisation"]
    merged = replace(stored, **wanted)
    merged = replace(
        merged,
        labels=_labelled(row, stored, merged, known_before=bool(before)),
        deceased_on=stored.deceased_on or row.deceased_on,
    )
    changes = _differences(CONTACTS, stored, merged, frozenset(wanted))
    if merged.labels != stored.labels:
        changes["labels"] = _shown_labels(stored), _shown_labels(merged)
    if merged.deceased_on != stored.deceased_on:
        changes["deceased_on"] = "", str(merged.deceased_on)
    work.report.changed["contacts"] += bool(changes)
    work.report.unchanged["contacts"] += not changes
    if not changes:
        return
    _show(work.report, where, stored.name, changes)
    if row_id in work.fresh:
        work.fresh[row_id] = merged
        return
    old = {name: _plain(getattr(stored, name)) for name in changes}
    work.run.traces.changed("contact", row_id, old)
    work.changed[row_id] = work.stored[row_id] = merged


def _labelled(
    row: ContactRecord, stored: ContactRecord, merged: ContactRecord, *, known_before: bool
) -> tuple[tuple[str, str], ...]:
    """The labels here, and the row's of what has none; once a file was read, of what is new in it alone."""
    settled = {*dict(stored.labels), *((*stored.emails, *stored.phones) if known_before else ())}
    fresh = {value: word for value, word in row.labels if value not in settled}
    values = {*merged.emails, *merged.phones}
    found = {**dict(stored.labels), **fresh}
    return tuple(sorted((value, word) for value, word in found.items() if value in values))


def _shown_labels(record: ContactRecord) -> str:
    return ", ".join(f"{value}: {word}" for value, word in record.labels)


def _ask_of_birthday(
    work: _Contacts,
    row: ContactRecord,
    stored: ContactRecord,
    wanted: dict[str, Any],
    known_before: bool,
    where: str,
) -> None:
    """A birthday that speaks against the one here changes nothing, and is asked about."""
    here, there = stored.birthday, wanted.get("birthday")
    if known_before or not here or not there or here == there:
        return
    if here[-5:] != there[-5:] or "--" not in (here[:2], there[:2]):
        question = (
            f"{excerpt(row.name)}'s birthday is {there} in the file and {here} here. What is here stays."
        )
        work.report.ask(where, question)


def _filled(stored: ContactRecord, wanted: dict[str, Any], known_before: bool) -> dict[str, Any]:
    """What a card adds to somebody who is here."""
    found = {}
    for name, value in wanted.items():
        here = getattr(stored, name)
        if name in LISTS:
            have = {_compared(one) for one in here}
            found[name] = (*here, *(one for one in value if _compared(one) not in have | {""}))
        elif not here or known_before or ("@" in here and name == "name") or _has_the_year(name, here, value):
            found[name] = value
    if "tags" in found:
        found["tags"] = tuple(sorted(set(found["tags"])))
    return found


def _has_the_year(name: str, here: str, there: str | None) -> bool:
    """Whether the card knows the year of a birthday of which only the day is here."""
    return bool(name == "birthday" and here.startswith("--") and there and there[4:] == here[1:])


def _compared(one: Any) -> str:
    """What counts in a phone number, tag or address: cards keep neither spaces nor signs that cannot be shown, nor
    a comma at the end of a line of an address."""
    text = one.text.replace(",", "") if isinstance(one, PostalAddress) else str(one)
    return "".join(sign for sign in fold(text) if sign.isprintable() and not sign.isspace())


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [[one.text, one.label] if isinstance(one, PostalAddress) else _plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def restored_value(name: str, value: Any) -> Any:
    """A value of a record as a trace kept it."""
    if name == "addresses":
        return tuple(PostalAddress(text, label) for text, label in value)
    if name == "labels":
        return tuple((way, word) for way, word in value)
    if name in LISTS:
        return tuple(value)
    return date.fromisoformat(value) if name in ("created_on", "deceased_on") and value else value


def _owner_id(run: Run, record: ContactRecord, row_id: int) -> int | None:
    if record.owner and record.owner != NOBODY_WORD:
        return run.users.get(record.owner)
    return run.default_owner if row_id < 0 and record.owner != NOBODY_WORD else None


# Writing.


def _write(work: _Contacts) -> None:
    run = work.run
    people = [*work.fresh.values(), *work.changed.values()]
    organisations = _organisation_ids(run, people, work.report)
    ids = list(work.fresh)
    drafts = [
        draft_of(one, organisations.get(one.organisation or ""), _owner_id(run, one, -1) or NOBODY)
        for one in work.fresh.values()
    ]
    written = (
        dict(zip(ids, add_contacts(run.connection, run.principal, drafts, run.at), strict=True))
        if drafts
        else {}
    )
    run.traces.made("contact", written.values())
    run.people.rename(written)
    write_changes(run, work.changed, organisations)
    run.touched.update(written.values(), work.changed)
    for key, (row_id, said) in work.sources.items():
        run.sources.remember("contact", key, written.get(row_id, row_id), said)
    if work.occasions:
        about = [(written.get(row_id, row_id), one) for row_id, _, one in work.occasions]
        facts.import_dates_of(run, about, work.report)


def _organisation_ids(run: Run, people: Sequence[ContactRecord], report: FileReport) -> dict[str, int]:
    names = list(dict.fromkeys(one.organisation for one in people if one.organisation))
    highest = new_id(run.connection)
    ids = find_or_add_organisations(run.connection, run.principal, names, run.at)
    made = {row_id for row_id in ids.values() if row_id > highest}
    run.traces.made("organisation", made)
    report.new["organisations"] += len(made)
    return ids


def write_changes(run: Run, changed: dict[int, ContactRecord], organisations: dict[str, int]) -> None:
    """Write the new state of people who are here; ways that stay keep their labels, people their targets."""
    if not changed:
        return
    born = plain_birthdays(run.connection, run.principal, list(changed))
    for row_id, record in changed.items():
        draft = draft_of(record, organisations.get(record.organisation or ""))
        values = rows.contact_values(draft, record.organisation, run.at)
        values = {name: value for name, value in values.items() if not name.startswith("target_")}
        owner = run.users.get(record.owner) if record.owner else None
        run.connection.execute(
            contact.update()
            .where(contact.c.workspace_id == run.principal.workspace_id, contact.c.id == row_id)
            .values(**values, owner_id=owner, created_on=record.created_on, version=contact.c.version + 1)
        )
        _rewrite_ways(run, row_id, draft)
        _rewrite_birthday(run, row_id, record.birthday, born.get(row_id))
    reindex(run.connection, run.principal, list(changed))


def _rewrite_ways(run: Run, row_id: int, draft: NewContact) -> None:
    made = {
        contact_email: rows.email_rows(run.principal, row_id, draft.emails),
        contact_phone: rows.phone_rows(run.principal, row_id, draft.phones),
        contact_address: rows.way_rows(run.principal, row_id, draft.addresses),
        contact_tag: rows.tag_rows(run.principal, row_id, draft.tags),
    }
    for table, values in made.items():
        run.connection.execute(
            table.delete().where(
                table.c.workspace_id == run.principal.workspace_id, table.c.contact_id == row_id
            )
        )
        if values:
            run.connection.execute(table.insert(), values)


def _rewrite_birthday(run: Run, row_id: int, birthday: str | None, stored: Any) -> None:
    wanted = occasion_of("birthday", birthday) if birthday else None
    if (
        stored is not None
        and wanted
        and (stored.year, stored.month, stored.day)
        == (
            wanted.year,
            wanted.month,
            wanted.day,
        )
    ):
        return
    if stored is not None:
        run.connection.execute(
            contact_date.delete().where(
                contact_date.c.workspace_id == run.principal.workspace_id, contact_date.c.id == stored.id
            )
        )
    if wanted:
        values = {
            "workspace_id": run.principal.workspace_id,
            "id": new_id(run.connection),
            "contact_id": row_id,
        }
        run.connection.execute(contact_date.insert(), {**values, **rows.date_values(wanted)})
