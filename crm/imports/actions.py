"""Applying what files say, in one transaction or not at all; the same files again change nothing."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from crm.contacts.may_change import require_editor
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.errors import Invalid
from crm.imports import channels, columns, facts, log, organisations, people, rule_states, undoing
from crm.imports.choices import remember
from crm.imports.garbage import uncollected
from crm.imports.monica import MONICA
from crm.imports.noticed import NO_WISHES, Wishes, import_sightings
from crm.imports.queries import UPLOAD_LIFE
from crm.imports.records import (
    ADDRESS_BOOK,
    CHANNELS,
    CONTACTS,
    EXCHANGE,
    FEEDS,
    INTERACTIONS,
    ORGANISATIONS,
    RULES,
    VCARD,
    ContactRecord,
    InteractionRecord,
    ParsedFile,
)
from crm.imports.report import FileReport, total
from crm.imports.run import Progress, Run
from crm.storage.database import Database, new_id, new_ids
from crm.storage.stored_metrics import refresh, scope_of
from crm.storage.tables import (
    contact,
    contact_email,
    contact_metrics,
    contact_phone,
    import_batch,
    import_upload,
    interaction,
    interaction_contact,
    interaction_user,
    source_record,
    workspace,
)

ORDER = (*EXCHANGE, RULES)
"""People before what is said about them, in whatever order the files were named."""
ALONE = (VCARD, ADDRESS_BOOK, MONICA)
"""Each of these files is a transaction of its own; what is broken in it is left out, and the rest is brought in."""
MANY = 1_000
"""After so many new things the tables that grow most are looked at again."""
WRITTEN = (
    *(source_record, interaction, interaction_contact, interaction_user),
    *(contact, contact_email, contact_phone, contact_metrics),
)

Sitting = Sequence[ParsedFile | FileReport]
"""Files as read, in the order in which they were named; a FileReport is one that could not be read."""


Group = list[tuple[ParsedFile, FileReport]]
"""Files that are imported together or not at all."""
FAILED = -1


class _Undone(Exception):
    """Carries the end of a transaction that is to leave nothing."""


@uncollected()
def apply(
    database: Database,
    principal: Principal,
    files: Sitting,
    at: datetime,
    *,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
    wishes: Wishes = NO_WISHES,
) -> list[FileReport]:
    """Import files that were given together; returns one report each, in their order.

    Exchange files are one transaction: an error in any of them, or a damaged one, and none is written.
    Each vCard file, address book and calendar is a transaction of its own. With ``dry_run`` everything is tried, each
    file after those before it, and nothing written.
    """
    require_editor(principal)
    reports = [one if isinstance(one, FileReport) else FileReport.of(one) for one in files]
    pairs = [(one, report) for one, report in zip(files, reports, strict=True) if isinstance(one, ParsedFile)]
    exchange = [pair for pair in pairs if pair[0].kind in ORDER]
    unreadable = any(report.kind is None and report.may_be_exchange for report in reports)
    alone = [[pair] for kinds in (ALONE, FEEDS) for pair in pairs if pair[0].kind in kinds]
    groups = [group for group in (exchange, *alone) if group]
    work = _Work(principal, at, progress, wishes, exchange if unreadable else None)
    if dry_run:
        _try(database, groups, work)
        return reports
    for group in groups:
        with suppress(_Undone), database.write() as connection:
            batch_id = work.on(connection, group)
            if batch_id == FAILED:
                raise _Undone
            for _, report in group:
                report.batch_id = batch_id
    if total(reports, "new").total() >= MANY:
        database.gather_statistics(*WRITTEN)
    return reports


def _try(database: Database, groups: Sequence[Group], work: "_Work") -> None:
    """All of it as if it were imported, so that a calendar knows the people of the address book before it."""
    with suppress(_Undone), database.write() as connection:
        for group in groups:
            tried = connection.begin_nested()
            if work.on(connection, group) == FAILED:
                tried.rollback()
        raise _Undone


@dataclass(frozen=True)
class _Work:
    """What is the same for all files of one sitting; ``blocked`` are those that wait for one that could not be read."""

    principal: Principal
    at: datetime
    progress: Progress
    wishes: Wishes
    blocked: Group | None

    def on(self, connection: Connection, group: Group) -> int | None:
        """Import these files; FAILED where nothing of them is to stay, else the id of the import, if it wrote anything."""
        wishes = NO_WISHES if group[0][0].kind in ORDER else self.wishes
        batch_id = apply_within(connection, self.principal, group, self.at, self.progress, wishes)
        if group is self.blocked or any(report.errors for _, report in group):
            for _, report in group:
                report.forget_counts()
            return FAILED
        return batch_id


def apply_within(
    connection: Connection,
    principal: Principal,
    files: Sequence[tuple[ParsedFile, FileReport]],
    at: datetime,
    progress: Progress = lambda done: None,
    wishes: Wishes = NO_WISHES,
) -> int | None:
    """Import files in the caller's transaction, which is to be rolled back where a report has errors.

    Returns the id of the import, under which it can be undone; None where it wrote nothing.
    """
    _one_at_a_time(connection, principal)
    batch_id = new_id(connection)
    connection.execute(
        import_batch.insert(),
        {
            "workspace_id": principal.workspace_id,
            "id": batch_id,
            "files": [parsed.file for parsed, _ in files],
            "user_id": principal.user_id,
            "counts": {},
            "applied_at": at,
        },
    )
    run = Run(connection, principal, at, batch_id, progress)
    for parsed, report in sorted(files, key=_order):
        _import(run, parsed, report, wishes)
        run.sources.flush()
    if not any(report.errors for _, report in files):
        return batch_id if _finish(run, [report for _, report in files]) else None
    return None


def _order(pair: tuple[ParsedFile, FileReport]) -> int:
    return ORDER.index(pair[0].kind) if pair[0].kind in ORDER else 0


def _one_at_a_time(connection: Connection, principal: Principal) -> None:
    """Two imports at once would each find that nobody is here yet."""
    mine = select(workspace.c.id).where(workspace.c.id == principal.workspace_id)
    connection.execute(mine.with_for_update())


def _import(run: Run, parsed: ParsedFile, report: FileReport, wishes: Wishes) -> None:
    records: Any = parsed.records
    if parsed.kind == MONICA:
        log_of = [one for one in records if isinstance(one, InteractionRecord)]
        records = [one for one in records if isinstance(one, ContactRecord)]
    if parsed.kind == CHANNELS:
        channels.import_channels(run, records, report)
    elif parsed.kind == ORGANISATIONS:
        organisations.import_organisations(run, records, report)
    elif parsed.kind in (CONTACTS, *ALONE):
        fills = parsed.kind in ALONE
        records = (*records, *report.taken_anyway(wishes.people))
        people.import_contacts(run, records, report, fills=fills, birthdays=wishes.birthdays)
        if parsed.kind == MONICA:
            log.import_interactions(run, log_of, report)
    elif parsed.kind == INTERACTIONS:
        log.import_interactions(run, records, report)
    elif parsed.kind == RULES:
        rule_states.import_rules(run, parsed, report)
    elif parsed.kind in FEEDS:
        import_sightings(run, parsed, report, wishes)
    else:
        facts.import_facts(run, parsed.kind, records, report)


def _finish(run: Run, reports: list[FileReport]) -> bool:
    """Bring the metrics up to date and keep the import's record; an import that wrote nothing leaves none."""
    refresh(
        run.connection,
        scope_of(run.connection, run.principal, run.at, tuple(run.touched)),
        sorted(run.touched),
    )
    undoing.write_traces(run)
    mine = (import_batch.c.workspace_id == run.principal.workspace_id, import_batch.c.id == run.batch_id)
    if not run.traces and not run.sources.written:
        run.connection.execute(import_batch.delete().where(*mine))
        return False
    counts = {name: dict(total(reports, name)) for name in ("new", "changed", "unchanged")}
    run.connection.execute(
        update(import_batch)
        .where(*mine)
        .values(counts=counts, report=[report.as_page() for report in reports])
    )
    return True


# What the columns of other programs mean.


def remember_columns(
    connection: Connection, principal: Principal, header: Sequence[str], fields: Sequence[str], at: datetime
) -> None:
    """Read tables with this header so from now on, whoever brings one."""
    require_editor(principal)
    if len(fields) != len(header) or not set(fields) <= set(columns.FIELDS):
        raise Invalid(_("Choose one of the meanings offered for each column."))
    remember(connection, principal, columns.fingerprint(header), fields, at)


# Uploads, between preview and apply.


def keep_uploads(
    connection: Connection,
    principal: Principal,
    files: Sequence[tuple[str, bytes]],
    reports: Sequence[FileReport],
    at: datetime,
) -> int:
    """Keep files until their owner has looked at the preview, in place of earlier ones; returns the id of the group."""
    require_editor(principal)
    mine = import_upload.c.workspace_id == principal.workspace_id
    connection.execute(import_upload.delete().where(mine, import_upload.c.user_id == principal.user_id))
    ids = new_ids(connection, len(files))
    connection.execute(
        import_upload.insert(),
        [
            {
                "workspace_id": principal.workspace_id,
                "id": row_id,
                "user_id": principal.user_id,
                "group_id": ids[0],
                "name": name,
                "content": base64.b64encode(data).decode("ascii"),
                "report": report.as_page(),
                "created_at": at,
            }
            for row_id, (name, data), report in zip(ids, files, reports, strict=True)
        ],
    )
    return ids[0]


def forget_uploads(connection: Connection, principal: Principal, group_id: int) -> None:
    """Remove files that were applied, or are not wanted after all."""
    connection.execute(
        import_upload.delete().where(
            import_upload.c.workspace_id == principal.workspace_id,
            import_upload.c.user_id == principal.user_id,
            import_upload.c.group_id == group_id,
        )
    )


def forget_old_uploads(connection: Connection, at: datetime) -> None:
    """Remove files of every team that nobody came back for within a day."""
    connection.execute(import_upload.delete().where(import_upload.c.created_at < at - UPLOAD_LIFE))
