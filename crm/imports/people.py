"""Writing down people from files: new ones, and the cells that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from crm.accounts.addresses import normal_email
from crm.contacts.actions import add_contacts
from crm.contacts.drafts import NOBODY, one_line
from crm.contacts.organisation_actions import find_or_add_organisations
from crm.domain.file_places import cell_of
from crm.domain.phones import region_of, same_number
from crm.errors import Invalid
from crm.imports import facts
from crm.imports.card_keys import keys_of
from crm.imports.cell_changes import LISTS, changed_cells, differences, kept_value, show_changes
from crm.imports.matching import Match
from crm.imports.phrases import day_said
from crm.imports.records import CONTACTS, ContactRecord, DateRecord, PostalAddress
from crm.imports.report import Clash, FileReport
from crm.imports.rewriting import write_changes
from crm.imports.run import Run, UnknownUser, sentence_of
from crm.imports.sources import Source, marks, nearest, parse_marks
from crm.imports.stored import (
    NOBODY_WORD,
    cells_of,
    contact_records,
    draft_of,
)
from crm.storage.database import new_id
from crm.storage.tables import contact
from crm.storage.text import fold


@dataclass
class _Contacts:
    """The rows of one file on their way: those about people who are here, and those about new ones."""

    run: Run
    report: FileReport
    fills: bool
    stored: dict[int, ContactRecord]
    birthdays: frozenset[str] = frozenset()
    fresh: dict[int, ContactRecord] = field(default_factory=dict)
    changed: dict[int, ContactRecord] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    sources: dict[str, tuple[int, str]] = field(default_factory=dict)
    occasions: list[tuple[int, str, DateRecord]] = field(default_factory=list)
    _of_cards: dict[tuple[str, str] | ContactRecord, int] = field(default_factory=dict)

    def met(self, row: ContactRecord, row_id: int) -> None:
        """This row of the file was about that person."""
        if self.fills:
            self._of_cards.setdefault(_card_of(row), row_id)

    def met_before(self, row: ContactRecord) -> int | None:
        """Whom the same card was about earlier in this file."""
        return self._of_cards.get(_card_of(row))

    def said_before(self, source: Source | None, row_id: int | None, said: str) -> str:
        """What a row said the last time whose key is another now, or tells nobody for certain: a name was mended, an email
        added. A card that nobody knows for certain only fills what is empty."""
        if self.fills or row_id is None:
            return ""
        if source and source.row_id == row_id:
            return source.content
        return nearest(self._said_by_rows.get(row_id, ()), said)

    @cached_property
    def _said_by_rows(self) -> dict[int, list[str]]:
        """What rows of files said of each person: several files tell of one, and the row most like this one is its own."""
        return self.run.sources.said_by_rows("contact")


def _card_of(row: ContactRecord) -> tuple[str, str] | ContactRecord:
    """What makes a card itself: its identity and the name, which a program that gives all cards one identity tells
    apart; without one all it says."""
    return (row.uid, fold(row.name)) if row.uid else row


def import_contacts(
    run: Run,
    records: Sequence[ContactRecord],
    report: FileReport,
    *,
    fills: bool = False,
    birthdays: frozenset[str] = frozenset(),
) -> None:
    """Write down the people of one file; of the ``birthdays`` that clash, those of these marks are taken from it.

    ``fills`` is for vCards: emails, phones, addresses and tags are added to those that are here, and what stands
    here is replaced only by what changed in the card since it was last imported.
    """
    keys = keys_of(run, records)
    run.sources.load("contact", [*keys, *(one.uid for one in records if one.uid)])
    run.people.load((email for one in records for email in one.emails), (one.name for one in records))
    sources = (run.sources.get("contact", key) for key in [*keys, *(one.uid for one in records if one.uid)])
    ids = {source.row_id for source in sources if source}
    stored = contact_records(
        run.connection, run.principal, sorted(ids | {i for i in run.people.known if i > 0})
    )
    work = _Contacts(run, report, fills, stored, birthdays)
    for record, key in zip(records, keys, strict=True):
        _import_contact(work, record, key)
        run.progress(1)
    _write(work)


def _import_contact(work: _Contacts, record: ContactRecord, key: str) -> None:
    run, report = work.run, work.report
    try:
        row = _settled(run, record)
        draft_of(replace(row, owner=None))
    except UnknownUser as unknown:
        report.error(cell_of(record.where, "owner"), unknown.args[0])
        return
    except Invalid as refusal:
        (report.skip if work.fills else report.error)(record.where, sentence_of(refusal))
        return
    source = run.sources.get("contact", key)
    if source and source.row_id in work.stored and _is_surely(row, source.content):
        row_id: int | None = source.row_id
        before = source.content
    else:
        match = _match(work, row)
        row_id = match.row_id
        before = work.said_before(source, row_id, marks(cells_of(CONTACTS, row, row.given)))
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
        _change(work, row, row_id, before, record.where)
    now = work.fresh.get(row_id) or work.stored[row_id]
    work.claimed.add(row_id)
    work.met(row, row_id)
    run.people.add(row_id, now.name, now.emails, now.organisation, _owner_id(run, now, row_id), now.phones)
    work.sources[key] = (row_id, marks(_said(row), before))
    for one in record.occasions:
        day = DateRecord(key, one.kind, one.date, True, one.label, frozenset({"yearly"}), record.where)
        work.occasions.append((row_id, key, day))


def _match(work: _Contacts, row: ContactRecord) -> Match:
    """Who a row is about that no earlier file knows; a card of an export carries the identity of a row, and address books
    hold the same card twice."""
    exported = work.run.sources.get("contact", row.uid) if row.uid else None
    if exported and exported.row_id in work.stored:
        return Match(exported.row_id)
    again = work.met_before(row)
    if again is not None:
        return Match(again)
    return work.run.people.find(row, work.claimed, may_be_again=work.fills)


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
    said = marks(_said(row))
    wanted = changed_cells(CONTACTS, row, before, said)
    wanted.pop("labels", None)  # they are no difference, and follow below
    if work.fills:
        clash = None if before else _clash(row, row_id, stored, wanted, where)
        wanted = _filled(stored, wanted, bool(before), _regions(work.run, stored, row))
        if clash and clash.mark in work.birthdays:
            wanted["birthday"] = row.birthday
        elif clash:
            work.report.clash(clash)
    if wanted.get("owner") == NOBODY_WORD:
        wanted["owner"] = None
    if "organisation" in wanted and fold(wanted["organisation"] or "") == fold(stored.organisation or ""):
        del wanted["organisation"]
    merged = replace(stored, **wanted)
    merged = replace(
        merged,
        labels=_labelled(row, stored, merged, known_before=bool(before)),
        deceased_on=stored.deceased_on or (row.deceased_on if _tells_of_death(before, said) else None),
    )
    changes = differences(CONTACTS, stored, merged, frozenset(wanted))
    changes += [name for name in ("labels", "deceased_on") if getattr(merged, name) != getattr(stored, name)]
    work.report.changed["contacts"] += bool(changes)
    work.report.unchanged["contacts"] += not changes
    if not changes:
        return
    show_changes(work.report, where, stored, merged, changes, work.run.principal.user_zone)
    if row_id in work.fresh:
        work.fresh[row_id] = merged
        return
    old = {name: kept_value(getattr(stored, name)) for name in changes}
    work.run.traces.changed("contact", row_id, old)
    work.changed[row_id] = work.stored[row_id] = merged


def _said(row: ContactRecord) -> dict[str, str]:
    """What the cells of a row say, and of a card when they died, for which there is no cell."""
    died = {"deceased_on": row.deceased_on.isoformat()} if row.deceased_on else {}
    return {**cells_of(CONTACTS, row, row.given), **died}


def _tells_of_death(before: str, said: str) -> bool:
    """Whether the day somebody died was not said before: what was cleared here since stays so."""
    return parse_marks(before).get("deceased_on") != parse_marks(said).get("deceased_on")


def _labelled(
    row: ContactRecord, stored: ContactRecord, merged: ContactRecord, *, known_before: bool
) -> tuple[tuple[str, str], ...]:
    """The labels here, and the row's of what has none; once a file was read, of what is new in it alone."""
    settled = {*dict(stored.labels), *((*stored.emails, *stored.phones) if known_before else ())}
    fresh = {value: word for value, word in row.labels if value not in settled}
    values = {*merged.emails, *merged.phones}
    found = {**dict(stored.labels), **fresh}
    return tuple(sorted((value, word) for value, word in found.items() if value in values))


def _clash(
    row: ContactRecord, row_id: int, stored: ContactRecord, wanted: dict[str, Any], where: str
) -> Clash | None:
    """A birthday of the file that speaks against the one here, where neither is merely the other without its year."""
    here, there = stored.birthday, wanted.get("birthday")
    if not here or not there or here == there:
        return None
    if here[-5:] == there[-5:] and "--" in (here[:2], there[:2]):
        return None
    return Clash(f"{row_id} {there}", where, row.name, day_said(there), day_said(here))


def _regions(run: Run, stored: ContactRecord, row: ContactRecord) -> tuple[str | None, str | None]:
    """Where the numbers here and those of the file are dialled: where they live."""
    ours, theirs = stored.country or row.country, row.country or stored.country
    return region_of(ours, run.principal.zone.key), region_of(theirs, run.principal.zone.key)


def _filled(
    stored: ContactRecord, wanted: dict[str, Any], known_before: bool, regions: tuple[str | None, str | None]
) -> dict[str, Any]:
    """What a card adds to somebody who is here; ``regions`` are those of their numbers here and on the card."""
    found = {}
    for name, value in wanted.items():
        here = getattr(stored, name)
        if name == "phones":
            found[name] = (*here, *_other_numbers(here, value, regions))
        elif name in LISTS:
            have = {_compared(one) for one in here}
            found[name] = (*here, *(one for one in value if _compared(one) not in have | {""}))
        elif not here or known_before or ("@" in here and name == "name") or _has_the_year(name, here, value):
            found[name] = value
    if "tags" in found:
        found["tags"] = tuple(sorted(set(found["tags"])))
    return found


def _other_numbers(
    here: Sequence[str], there: Sequence[str], regions: tuple[str | None, str | None]
) -> list[str]:
    """The numbers of the card that are not here in any spelling, each once."""
    ours, theirs = regions
    found: list[str] = []
    for number in there:
        is_here = any(
            _compared(one) == _compared(number) or same_number(one, number, (ours, theirs)) for one in here
        )
        is_twice = any(same_number(one, number, (theirs, theirs)) for one in found)
        if _compared(number) and not is_here and not is_twice:
            found.append(number)
    return found


def _has_the_year(name: str, here: str, there: str | None) -> bool:
    """Whether the card knows the year of a birthday of which only the day is here."""
    return bool(name == "birthday" and here.startswith("--") and there and there[4:] == here[1:])


def _compared(one: Any) -> str:
    """What counts in a tag, address or number: cards keep neither spaces nor signs that cannot be shown, nor
    a comma at the end of a line of an address."""
    text = one.text.replace(",", "") if isinstance(one, PostalAddress) else str(one)
    return "".join(sign for sign in fold(text) if sign.isprintable() and not sign.isspace())


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
    _put_away({written[row_id]: one.archived_at for row_id, one in work.fresh.items()}, run)
    run.traces.made("contact", written.values())
    run.people.rename(written)
    write_changes(run, work.changed, organisations)
    run.touched.update(written.values(), work.changed)
    for key, (row_id, said) in work.sources.items():
        run.sources.remember("contact", key, written.get(row_id, row_id), said)
    if work.occasions:
        once: dict[tuple[Any, ...], DateRecord] = {}
        for row_id, _, one in work.occasions:
            once.setdefault((written.get(row_id, row_id), one.kind, one.date, one.label), one)
        facts.import_dates_of(run, [(who, one) for (who, *_), one in once.items()], work.report)


def _put_away(archived: Mapping[int, datetime | None], run: Run) -> None:
    """People who came as archived are."""
    for row_id, at in archived.items():
        if at is not None:
            these = (contact.c.workspace_id == run.principal.workspace_id, contact.c.id == row_id)
            run.connection.execute(contact.update().where(*these).values(archived_at=at))


def _organisation_ids(run: Run, people: Sequence[ContactRecord], report: FileReport) -> dict[str, int]:
    names = list(dict.fromkeys(one.organisation for one in people if one.organisation))
    highest = new_id(run.connection)
    ids = find_or_add_organisations(run.connection, run.principal, names, run.at)
    made = {row_id for row_id in ids.values() if row_id > highest}
    run.traces.made("organisation", made)
    report.new["organisations"] += len(made)
    return ids
