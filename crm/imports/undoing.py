"""Undoing an import as a whole: what it brought goes, what people changed or added since stays."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from crm.contacts.may_change import require_editor
from crm.contacts.organisation_actions import find_or_add_organisations
from crm.contacts.queries import people_now
from crm.domain.channels import by_key
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Conflict, NotFound
from crm.imports.cell_changes import restored_value
from crm.imports.channels import channels_before, put_back
from crm.imports.earlier_traces import lead_on, trace_made
from crm.imports.facts import DATE_RECORD, TABLES
from crm.imports.log import entries_of, restored_entry
from crm.imports.meetings import QUESTION, forget_questions, put_questions_back, question_stamps
from crm.imports.records import CHANNELS, CONTACTS, ORGANISATIONS, QUESTIONS, digest
from crm.imports.rewriting import write_changes, write_organisation
from crm.imports.rule_states import rules_stamp, states_before
from crm.imports.run import Run
from crm.imports.said_before import PutBack, tell_as_before, tell_cells_as_before
from crm.imports.sources import VERSION, stamp_of
from crm.imports.stored import contact_records, organisation_records
from crm.interactions.actions import Entry, delete_interaction, edit_interaction, restore_interaction
from crm.interactions.queries import channels
from crm.rules.actions import take_turns_with_rules
from crm.storage.blocks import blocks
from crm.storage.stored_metrics import refresh, scope_of
from crm.storage.tables import (
    ask,
    contact,
    contact_date,
    favour,
    import_batch,
    import_trace,
    interaction,
    interaction_contact,
    interaction_user,
    organisation,
    organisation_tag,
    promise,
    response,
    rule,
    signal,
    source_record,
)

SORTS = {
    "organisation": "organisations",
    "contact": "contacts",
    "interaction": "interactions",
    "ask": "asks",
    "promise": "promises",
    "signal": "signals",
    "favour": "favours",
    DATE_RECORD: "dates",
    "rules": "rules",
    CHANNELS: CHANNELS,
    QUESTION: QUESTIONS,
}


@dataclass
class Undone:
    """What undoing did, counted by sort: taken away, put back as it was, and left because it changed since."""

    removed: Counter[str] = field(default_factory=Counter)
    restored: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


# The state in which an import leaves a row.


def write_traces(run: Run) -> None:
    """Keep what the import made and changed, each row with its state now."""
    stamps = {
        (record, row_id): stamp
        for record, ids in run.traces.ids().items()
        for row_id, stamp in _stamps(run.connection, run.principal, record, ids).items()
    }
    run.traces.write(run.connection, run.principal, run.batch_id, stamps)


def _stamps(connection: Connection, principal: Principal, record: str, ids: Sequence[int]) -> dict[int, str]:
    if record == "rules":
        return {ids[0]: rules_stamp(connection, principal)}
    if record == CHANNELS:
        return {ids[0]: digest(repr(channels_before(connection, principal)))}
    if record == QUESTION:
        return question_stamps(connection, principal, ids)
    tables = {"contact": contact, "interaction": interaction, "organisation": organisation, **TABLES}
    table = tables[record]
    found: dict[int, str] = {}
    for block in blocks(ids):
        columns = [one for one in table.c if table is not organisation or one.name != "version"]
        rows = connection.execute(select(*columns).where(*_these(table, principal, block))).all()
        if record in ("contact", "interaction"):
            found.update({row.id: str(row.version) for row in rows})
        elif record == "organisation":
            tags = _organisation_tags(connection, principal, block)
            found.update({row.id: stamp_of(row, sorted(tags.get(row.id, ()))) for row in rows})
        else:
            found.update({row.id: stamp_of(row) for row in rows})
    return found


def _these(table: Table, principal: Principal, ids: Sequence[int]) -> tuple[Any, ...]:
    return table.c.workspace_id == principal.workspace_id, table.c.id.in_(ids)


def _organisation_tags(
    connection: Connection, principal: Principal, ids: Sequence[int]
) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    mine = select(organisation_tag.c.organisation_id, organisation_tag.c.tag).where(
        organisation_tag.c.workspace_id == principal.workspace_id,
        organisation_tag.c.organisation_id.in_(ids),
    )
    for row_id, tag in connection.execute(mine):
        found.setdefault(row_id, []).append(tag)
    return found


# Undoing.


def undo(connection: Connection, principal: Principal, batch_id: int, at: datetime) -> Undone:
    """Take an import back in the caller's transaction; NotFound where there is none, Conflict the second time."""
    require_editor(principal)
    mine = (import_batch.c.workspace_id == principal.workspace_id, import_batch.c.id == batch_id)
    batch = connection.execute(select(import_batch).where(*mine).with_for_update()).one_or_none()
    if batch is None:
        raise NotFound
    if batch.undone_at is not None:
        raise Conflict(_("This import has already been undone."))
    work = _Undoing(Run(connection, principal, at, batch_id, lambda done: None))
    work.take_back()
    work.done.removed[QUESTIONS] += forget_questions(connection, principal, batch_id)
    connection.execute(update(import_batch).where(*mine).values(undone_at=at))
    return work.done


class _Undoing:
    """One import being undone: facts and interactions first, then the people and organisations they were about."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.connection, self.principal = run.connection, run.principal
        self.done = Undone()
        self.touched: set[int] = set()
        self.traces: dict[str, dict[int, Row[Any]]] = {}
        self.found_as: dict[tuple[str, int], str] = {}
        rows = self.connection.execute(
            select(import_trace).where(
                import_trace.c.workspace_id == self.principal.workspace_id,
                import_trace.c.batch_id == run.batch_id,
            )
        )
        for row in rows:
            self.traces.setdefault(row.record, {})[row.row_id] = row

    def take_back(self) -> None:
        """Do it."""
        for record, table in TABLES.items():
            self._facts(record, table)
        self._questions()
        self._interactions()
        self._contacts()
        self._organisations()
        self._rules()
        self._channels()
        ids = sorted(self.touched)
        refresh(self.connection, scope_of(self.connection, self.principal, self.run.at, ids), ids)

    def _untouched(self, record: str) -> tuple[list[int], dict[int, dict[str, Any]]]:
        """Rows still as the import left them: those it made, and the old values of those it changed."""
        traces = self.traces.get(record, {})
        now = _stamps(self.connection, self.principal, record, list(traces)) if traces else {}
        same = {row_id: row for row_id, row in traces.items() if now.get(row_id) == row.after}
        self.done.kept[SORTS[record]] += sum(1 for row_id in traces if row_id in now and row_id not in same)
        made = [row_id for row_id, row in same.items() if row.before is None]
        changed = {row_id: dict(row.before) for row_id, row in same.items() if row.before is not None}
        for row_id, before in changed.items():
            if VERSION in before:
                self.found_as[record, row_id] = before.pop(VERSION)
        return made, changed

    def _facts(self, record: str, table: Table) -> None:
        made, changed = self._untouched(record)
        for block in blocks([*made, *changed]):
            people = select(table.c.contact_id).where(*_these(table, self.principal, block))
            self.touched.update(self.connection.execute(people).scalars())
        self._delete(table, record, made)
        for row_id, before in changed.items():
            values = {name: _restored(name, value) for name, value in before.items()}
            self.connection.execute(
                table.update().where(*_these(table, self.principal, [row_id])).values(**values)
            )
            self.done.restored[SORTS[record]] += 1
        self._are_as_before(record, changed)

    def _delete(self, table: Table, record: str, ids: Sequence[int]) -> None:
        for block in blocks(ids):
            self.connection.execute(table.delete().where(*_these(table, self.principal, block)))
            self._forget_sources(record, block)
        self.done.removed[SORTS[record]] += len(ids)

    def _forget_sources(self, record: str, ids: Sequence[int]) -> None:
        mine = source_record.c
        self.connection.execute(
            source_record.delete().where(
                mine.workspace_id == self.principal.workspace_id,
                mine.record == record,
                mine.row_id.in_(ids),
            )
        )

    # The log.

    def _interactions(self) -> None:
        traced, changed = self._untouched("interaction")
        changed = self._restorable(changed)
        stood = entries_of(self.run, list(changed))
        again = {
            row_id: self._put_back(row_id, entry, changed[row_id]) for row_id, (_, entry) in stood.items()
        }
        self.done.restored["interactions"] += len(again)
        tell_as_before(self.run, again)
        self._leads_on("interaction", again)
        made = self._interactions_made()
        free = (made - self._changed_since(made)) | set(traced)
        free -= self._hung_on(free)
        made.update(traced)
        self.done.kept["interactions"] += len(made) - len(free)
        for block in blocks(sorted(free)):
            people = select(interaction_contact.c.contact_id).where(
                interaction_contact.c.workspace_id == self.principal.workspace_id,
                interaction_contact.c.interaction_id.in_(block),
            )
            self.touched.update(self.connection.execute(people).scalars())
            for table in (interaction_contact, interaction_user):
                self.connection.execute(
                    table.delete().where(
                        table.c.workspace_id == self.principal.workspace_id,
                        table.c.interaction_id.in_(block),
                    )
                )
        self._delete(interaction, "interaction", sorted(free))

    def _put_back(self, row_id: int, stood: Entry, before: dict[str, Any]) -> PutBack:
        """One interaction as it was, in the log or out of it."""
        connection, principal, at = self.connection, self.principal, self.run.at
        was_out = before.pop("restored", False)
        if before.get("deleted"):
            restore_interaction(connection, principal, row_id, at)
            return PutBack(stood)
        entry = restored_entry(before)
        edit_interaction(connection, principal, row_id, entry, at)
        if not was_out:
            return PutBack(entry, stood)
        delete_interaction(connection, principal, row_id, at)
        return PutBack(entry, taken_at=at)

    def _restorable(self, changed: Mapping[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """Those that can be as they were: with somebody who is still here, as the person of now, by a way there still is."""
        named = {one for before in changed.values() for one in before["contact_ids"]}
        now = people_now(self.connection, self.principal, named)
        ways = by_key(channels(self.connection, self.principal))
        found = {}
        for row_id, before in changed.items():
            people = list(dict.fromkeys(now[one] for one in before["contact_ids"] if one in now))
            if before.get("deleted") or (people and before["channel"] in ways):
                found[row_id] = {**before, "contact_ids": people}
        self.done.kept["interactions"] += len(changed) - len(found)
        return found

    def _interactions_made(self) -> set[int]:
        mine = source_record.c
        brought = select(mine.row_id).where(
            mine.workspace_id == self.principal.workspace_id,
            mine.record == "interaction",
            mine.batch_id == self.run.batch_id,
        )
        ids = list(self.connection.execute(brought).scalars())
        traced = self.traces.get("interaction", {})
        applied_at = select(import_batch.c.applied_at).where(
            import_batch.c.workspace_id == self.principal.workspace_id,
            import_batch.c.id == self.run.batch_id,
        )
        made_at = self.connection.execute(applied_at).scalar_one()
        found: set[int] = set()
        for block in blocks(row_id for row_id in ids if row_id not in traced):
            rows = select(interaction.c.id).where(
                *_these(interaction, self.principal, block), interaction.c.created_at == made_at
            )
            found.update(self.connection.execute(rows).scalars())
        return found

    def _changed_since(self, made: set[int]) -> set[int]:
        """Those somebody changed or deleted since."""
        found: set[int] = set()
        for block in blocks(sorted(made)):
            changed = select(interaction.c.id).where(
                *_these(interaction, self.principal, block),
                (interaction.c.version > 1)
                | interaction.c.deleted_at.is_not(None)
                | (interaction.c.changed_at != interaction.c.created_at),
            )
            found.update(self.connection.execute(changed).scalars())
        return found

    def _hung_on(self, ids: set[int]) -> set[int]:
        """Those on which somebody hung something."""
        found: set[int] = set()
        for block in blocks(sorted(ids)):
            for table in (response, ask, promise, signal, favour):
                hung = select(table.c.interaction_id).where(
                    table.c.workspace_id == self.principal.workspace_id, table.c.interaction_id.in_(block)
                )
                found.update(self.connection.execute(hung).scalars())
        return found

    def _questions(self) -> None:
        _, changed = self._untouched(QUESTION)
        gone = put_questions_back(self.connection, self.principal, self.run.batch_id, changed)
        self.done.removed[QUESTIONS] += len(gone)
        self.done.restored[QUESTIONS] += len(changed) - len(gone)
        self._are_as_before(QUESTION, changed.keys() - gone)

    # People and organisations.

    def _contacts(self) -> None:
        made, changed = self._untouched("contact")
        busy = self._busy(made)
        free = [row_id for row_id in made if row_id not in busy]
        self.done.kept["contacts"] += len(busy)
        for block in blocks(free):
            table = contact_date.c
            theirs = select(table.id).where(
                table.workspace_id == self.principal.workspace_id, table.contact_id.in_(block)
            )
            self._forget_sources(DATE_RECORD, list(self.connection.execute(theirs).scalars()))
        self._delete(contact, "contact", free)
        self.touched.difference_update(free)
        self._restore_contacts(changed)

    def _busy(self, ids: Iterable[int]) -> set[int]:
        """Those with something that stays: an interaction, an ask, an answer to a suggestion …"""
        found: set[int] = set()
        tables = (interaction_contact, ask, promise, signal, favour, response)
        for block in blocks(ids):
            for table in tables:
                held = select(table.c.contact_id).where(
                    table.c.workspace_id == self.principal.workspace_id, table.c.contact_id.in_(block)
                )
                found.update(self.connection.execute(held.distinct()).scalars())
        return found

    def _restore_contacts(self, changed: Mapping[int, dict[str, Any]]) -> None:
        stored = contact_records(self.connection, self.principal, list(changed))
        before = {
            row_id: replace(
                record, **{name: restored_value(name, value) for name, value in changed[row_id].items()}
            )
            for row_id, record in stored.items()
        }
        names = [one.organisation for one in before.values() if one.organisation]
        write_changes(
            self.run,
            before,
            find_or_add_organisations(self.connection, self.principal, names, self.run.at),
        )
        self.touched.update(before)
        self.done.restored["contacts"] += len(before)
        tell_cells_as_before(self.run, "contact", CONTACTS, stored, before)
        self._leads_on("contact", before)

    # What is as it was before.

    def _are_as_before(self, record: str, ids: Iterable[int]) -> None:
        """The rows are as before the import: the same file brings the same changes again, and imports before it find
        them as they left them."""
        wanted = list(ids)
        self._forget_content(record, wanted)
        self._leads_on(record, wanted)

    def _leads_on(self, record: str, wanted: Iterable[int]) -> None:
        found = {one: self.found_as[record, one] for one in wanted if (record, one) in self.found_as}
        if not found:
            return
        now = _stamps(self.connection, self.principal, record, list(found))
        traced = lead_on(self.run, record, found, now)
        if record == "interaction":
            trace_made(self.run, {one: now[one] for one in found.keys() - traced if found[one] == "1"})

    def _forget_content(self, record: str, ids: Iterable[int]) -> None:
        mine = source_record.c
        for block in blocks(ids):
            self.connection.execute(
                source_record.update()
                .where(
                    mine.workspace_id == self.principal.workspace_id,
                    mine.record == record,
                    mine.row_id.in_(block),
                )
                .values(content_hash="")
            )

    def _organisations(self) -> None:
        made, changed = self._untouched("organisation")
        used: set[int] = set()
        for block in blocks(made):
            members = select(contact.c.organisation_id).where(
                contact.c.workspace_id == self.principal.workspace_id, contact.c.organisation_id.in_(block)
            )
            used.update(self.connection.execute(members.distinct()).scalars())
        self._delete(organisation, "organisation", [row_id for row_id in made if row_id not in used])
        self.done.kept["organisations"] += len(used)
        stored = organisation_records(self.connection, self.principal, list(changed))
        before: dict[int, Any] = {}
        for row_id, record in stored.items():
            values: dict[str, Any] = {
                name: restored_value(name, value) for name, value in changed[row_id].items()
            }
            before[row_id] = replace(record, **values)
            write_organisation(self.run, row_id, before[row_id])
            self.done.restored["organisations"] += 1
        tell_cells_as_before(self.run, "organisation", ORGANISATIONS, stored, before)
        self._leads_on("organisation", before)

    def _rules(self) -> None:
        take_turns_with_rules(self.connection, self.principal)
        _, changed = self._untouched("rules")
        for before in changed.values():
            mine = rule.c.workspace_id == self.principal.workspace_id
            kept = {key: (enabled, position) for key, enabled, position in before["rows"]}
            for key, *_ in states_before(self.run):
                if key in kept:
                    enabled, position = kept[key]
                    values = {"enabled": enabled, "position": position, "changed_at": self.run.at}
                    if "definitions" in before:
                        values["definition"] = before["definitions"].get(key)
                    self.connection.execute(rule.update().where(mine, rule.c.key == key).values(**values))
                else:
                    self.connection.execute(rule.delete().where(mine, rule.c.key == key))
            self.done.restored["rules"] += 1
        self._are_as_before("rules", changed)

    def _channels(self) -> None:
        """Marks as they were, and channels that came go, unless something happened by them since."""
        _, changed = self._untouched(CHANNELS)
        for before in changed.values():
            restored, kept = put_back(self.connection, self.principal, before["rows"], self.run.at)
            self.done.restored[CHANNELS] += restored
            self.done.kept[CHANNELS] += kept


def _restored(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and name not in ("yearly", "theme") else value
