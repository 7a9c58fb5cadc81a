"""Writing down organisations from files: new ones, and the cells that changed."""

from collections.abc import Sequence
from dataclasses import replace

from crm.contacts import rows
from crm.contacts.drafts import NewOrganisation, one_line
from crm.contacts.organisation_actions import find_or_add_organisations
from crm.domain.file_places import cell_of
from crm.errors import Invalid
from crm.imports.cell_changes import changed_cells, differences, kept_value, show_changes
from crm.imports.phrases import phrase
from crm.imports.records import ORGANISATIONS, OrganisationRecord
from crm.imports.report import FileReport
from crm.imports.rewriting import write_organisation
from crm.imports.run import Run, sentence_of
from crm.imports.sources import marks
from crm.imports.stored import cells_of, organisation_draft, organisation_records
from crm.storage.text import fold


def import_organisations(run: Run, records: Sequence[OrganisationRecord], report: FileReport) -> None:
    """Write down the organisations of one file; the same name is the same organisation."""
    for record in records:
        if one_line(record.name) is None:
            report.error(
                cell_of(record.where, "name"), phrase("The cell contains nothing that can be shown.")
            )
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
    before = source.content if source else ""
    cells = cells_of(ORGANISATIONS, record, record.given)
    wanted = changed_cells(ORGANISATIONS, record, before, marks(cells))
    if not is_new:
        wanted.pop("name", None)
    merged = replace(stored, **wanted, given=record.given)
    draft = organisation_draft(merged)
    merged = _as_kept(merged, draft)
    changes = differences(ORGANISATIONS, stored, merged, record.given)
    run.sources.remember("organisation", key, row_id, marks(cells, before))
    if changes:
        write_organisation(run, row_id, merged)
    if changes and not is_new:
        run.traces.changed(
            "organisation", row_id, {name: kept_value(getattr(stored, name)) for name in changes}
        )
        show_changes(report, record.where, stored, merged, changes, run.principal.user_zone)
    counts = report.new if is_new else report.changed if changes else report.unchanged
    counts[ORGANISATIONS] += 1
    return merged


def _as_kept(record: OrganisationRecord, draft: NewOrganisation) -> OrganisationRecord:
    """The record in the form in which it is kept, so that the same words are no change."""
    return replace(
        record,
        name=one_line(draft.name) or "",
        kind=rows.organisation_values(draft)["kind"],
        tags=tuple(sorted({tag for tag in map(one_line, draft.tags) if tag})),
    )
