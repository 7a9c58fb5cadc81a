"""Writing down asks, promises, signals, favours and dates from files."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Table, select

from crm.contacts import rows
from crm.contacts.drafts import one_line
from crm.domain.file_places import cell_of
from crm.domain.language import N_
from crm.errors import Invalid
from crm.imports import records as said
from crm.imports.phrases import phrase
from crm.imports.report import Change, FileReport
from crm.imports.run import Run, sentence_of
from crm.imports.shown import shown
from crm.imports.sources import VERSION, marks, parse_marks
from crm.imports.stored import cells_of, occasion_of, written_day
from crm.storage.blocks import blocks
from crm.storage.database import new_ids
from crm.storage.tables import ask, contact, contact_date, favour, promise, signal


@dataclass(frozen=True)
class Fact:
    """One sort of fact. ``same`` are the columns that make it itself, ``story`` those that change as it goes on;
    ``day`` is the one that is the import's own day where the file says none."""

    kind: str
    table: Table
    same: Mapping[str, str]
    story: Mapping[str, str]
    day: str | None = None

    @property
    def record(self) -> str:
        """What source records call it."""
        return self.table.name


FACTS = {
    fact.kind: fact
    for fact in (
        Fact(
            said.ASKS,
            ask,
            {"text": "text", "opened_on": "opened_on"},
            {"due": "due", "closed_on": "closed_on"},
            "opened_on",
        ),
        Fact(
            said.PROMISES,
            promise,
            {"by": "by", "text": "text", "made_on": "made_on"},
            {"due": "due", "kept_on": "kept_on"},
            "made_on",
        ),
        Fact(
            said.SIGNALS,
            signal,
            {"type": "type", "text": "text", "heard_on": "heard_on"},
            {"theme": "theme"},
            "heard_on",
        ),
        Fact(said.FAVOURS, favour, {"text": "text", "received_on": "on"}, {}, "received_on"),
    )
}
_STAYS_DELETED = N_("This was deleted here, and stays deleted.")
DATE_RECORD = "contact_date"
TABLES = {**{fact.record: fact.table for fact in FACTS.values()}, DATE_RECORD: contact_date}


def import_facts(run: Run, kind: str, records: Sequence[Any], report: FileReport) -> None:
    """Write down the facts of one file; people nobody knows yet are written down with them."""
    doubts = run.doubts(one.contact for one in records)
    people = run.settle((one.contact for one in records if one.contact not in doubts), report)
    keys = said.identities(records)
    fact = DATE_RECORD if kind == said.DATES else FACTS[kind].record
    run.sources.load(fact, keys)
    about = []
    for record, key in zip(records, keys, strict=True):
        known = _contact_of(run, fact, key) if record.contact in doubts else None
        if known is not None:
            about.append((known, key, record))
        elif record.contact in doubts:
            report.ask(cell_of(record.where, "contact"), doubts[record.contact])
            run.progress(1)
        else:
            about.append((people[record.contact], key, record))
    if kind == said.DATES:
        _import_dates(run, about, report)
    else:
        _import(run, FACTS[kind], about, report)


def _contact_of(run: Run, record: str, key: str) -> int | None:
    """Whom a fact is about that was imported before, when its reference was clear."""
    source = run.sources.get(record, key)
    if source is None:
        return None
    table = TABLES[record]
    mine = select(table.c.contact_id).where(
        table.c.workspace_id == run.principal.workspace_id, table.c.id == source.row_id
    )
    return run.connection.execute(mine).scalar_one_or_none()


def _import(run: Run, fact: Fact, about: list[tuple[int, str, Any]], report: FileReport) -> None:
    keys = [key for _, key, _ in about]
    run.sources.load(fact.record, keys)
    here = _rows_of(run, fact.table, {who for who, _, _ in about})
    deleted = _deleted_here(run, fact.record, keys)
    taken: set[int] = set()
    fresh = []
    for who, key, record in about:
        row = _found(run, fact.record, key, here[who], taken, _is_same(fact, record))
        if row is not None:
            taken.add(row.id)
            _update(run, fact, row, key, record, report)
        elif key in deleted and not run.traces.is_made("contact", who):
            report.skip(record.where, phrase(_STAYS_DELETED))
        else:
            fresh.append((who, key, record))
        run.progress(1)
    _insert(run, fact, fresh, report)


def _deleted_here(run: Run, record: str, keys: Iterable[str]) -> set[str]:
    """What an earlier import brought and somebody took away since. It says nothing of a person who is new with this import."""
    known = {key: source.row_id for key in keys if (source := run.sources.get(record, key))}
    table, there = TABLES[record], set[int]()
    for block in blocks(sorted({*known.values()})):
        these = (table.c.workspace_id == run.principal.workspace_id, table.c.id.in_(block))
        there.update(run.connection.execute(select(table.c.id).where(*these)).scalars())
    return {key for key, row_id in known.items() if row_id not in there}


def _rows_of(run: Run, table: Table, people: set[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for block in blocks(sorted(people)):
        mine = select(table).where(
            table.c.workspace_id == run.principal.workspace_id, table.c.contact_id.in_(block)
        )
        for row in run.connection.execute(mine.order_by(table.c.id)):
            found[row.contact_id].append(row)
    return found


def _found(
    run: Run,
    record: str,
    key: str,
    here: list[Row[Any]],
    taken: set[int],
    is_same: Callable[[Row[Any]], bool],
) -> Row[Any] | None:
    source = run.sources.get(record, key)
    if source is not None:
        known = next((row for row in here if row.id == source.row_id), None)
        if known is not None:
            return known
    return next((row for row in here if row.id not in taken and is_same(row)), None)


def _is_same(fact: Fact, record: Any) -> Callable[[Row[Any]], bool]:
    wanted = {column: getattr(record, name) for column, name in fact.same.items()}
    if fact.day and wanted[fact.day] is None:
        del wanted[fact.day]
    return lambda row: all(getattr(row, column) == value for column, value in wanted.items())


def _update(run: Run, fact: Fact, row: Row[Any], key: str, record: Any, report: FileReport) -> None:
    source = run.sources.get(fact.record, key)
    before = source.content if source and source.row_id == row.id else ""
    cells = cells_of(fact.kind, record, frozenset(fact.story.values()) & record.given)
    last, now = parse_marks(before), parse_marks(marks(cells))
    changes = {
        column: getattr(record, name)
        for column, name in fact.story.items()
        if name in cells and last.get(name) != now.get(name) and getattr(row, column) != getattr(record, name)
    }
    run.sources.remember(fact.record, key, row.id, marks(cells, before))
    if not changes:
        report.unchanged[fact.kind] += 1
        return
    report.changed[fact.kind] += 1
    for column, value in changes.items():
        report.show(
            Change(
                record.where,
                record.contact,
                column.replace("_", " "),
                shown(column, getattr(row, column), run.principal.user_zone),
                shown(column, value, run.principal.user_zone),
            )
        )
    run.traces.changed(fact.record, row.id, {name: _cell(getattr(row, name)) or None for name in changes})
    _set(run, fact.table, row.id, changes)
    run.touched.add(row.contact_id)


def _cell(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""


def _set(run: Run, table: Table, row_id: int, values: dict[str, Any]) -> None:
    run.connection.execute(
        table.update()
        .where(table.c.workspace_id == run.principal.workspace_id, table.c.id == row_id)
        .values(**values)
    )


def _insert(run: Run, fact: Fact, fresh: list[tuple[int, str, Any]], report: FileReport) -> None:
    ids = new_ids(run.connection, len(fresh))
    values = []
    for row_id, (who, key, record) in zip(ids, fresh, strict=True):
        columns = {column: getattr(record, name) for column, name in {**fact.same, **fact.story}.items()}
        if fact.day and columns[fact.day] is None:
            columns[fact.day] = run.today
        values.append(
            {
                "workspace_id": run.principal.workspace_id,
                "id": row_id,
                "contact_id": who,
                "author_id": run.principal.user_id,
                **columns,
            }
        )
        cells = cells_of(fact.kind, record, frozenset(fact.story.values()) & record.given)
        run.sources.remember(fact.record, key, row_id, marks(cells))
    if values:
        run.connection.execute(fact.table.insert(), values)
    run.traces.made(fact.record, ids)
    run.touched.update(who for who, _, _ in fresh)
    report.new[fact.kind] += len(ids)


# Dates.


def import_dates_of(run: Run, about: Sequence[tuple[int, said.DateRecord]], report: FileReport) -> None:
    """Write down dates that came with people (vCards)."""
    keys = said.identities([one for _, one in about])
    _import_dates(
        run, [(who, key, one) for (who, one), key in zip(about, keys, strict=True)], report, from_cards=True
    )


def _import_dates(
    run: Run, about: list[tuple[int, str, said.DateRecord]], report: FileReport, *, from_cards: bool = False
) -> None:
    about = _without_deaths(run, about, report)
    keys = [key for _, key, _ in about]
    run.sources.load(DATE_RECORD, keys)
    here = _rows_of(run, contact_date, {who for who, _, _ in about})
    deleted = _deleted_here(run, DATE_RECORD, keys)
    taken: set[int] = set()
    fresh: list[tuple[int, str, said.DateRecord]] = []
    for who, key, record in about:
        row = _found(run, DATE_RECORD, key, here[who], taken, _is_same_date(record, from_cards))
        if row is not None:
            taken.add(row.id)
            _update_date(run, row, key, record, report)
        elif key not in deleted or run.traces.is_made("contact", who):
            fresh.append((who, key, record))
        elif from_cards:  # read again every hour
            report.unchanged[said.DATES] += 1
        else:
            report.skip(record.where, phrase(_STAYS_DELETED))
        if not from_cards:
            run.progress(1)
    _insert_dates(run, fresh, report)


def _without_deaths(
    run: Run, about: list[tuple[int, str, said.DateRecord]], report: FileReport
) -> list[tuple[int, str, said.DateRecord]]:
    """The rest, having written down who died, where a row of dates says so."""
    deaths = [one for one in about if said.is_death(one[2])]
    run.sources.load("contact", (_DIED + key for _, key, _ in deaths))
    for who, key, record in deaths:
        day = date.fromisoformat(record.date)
        if day > run.today:
            report.error(cell_of(record.where, "date"), phrase("That date of death is in the future."))
        elif _is_told_anew(run, _DIED + key, who) and _has_died(run, who, day):
            report.new[said.DATES] += 1
        else:
            report.unchanged[said.DATES] += 1
        run.progress(1)
    return [one for one in about if not said.is_death(one[2])]


_DIED = "died:"
"""Before the key of a row that says so: what it told is known of the person, since it makes no date."""


def _is_told_anew(run: Run, key: str, who: int) -> bool:
    """Whether this row did not say so before: what was cleared here since stays so."""
    known, told = run.sources.get("contact", key), marks({"deceased_on": key})
    run.sources.remember("contact", key, who, told)
    return known is None or (known.row_id, known.content) != (who, told)


def _has_died(run: Run, who: int, day: date) -> bool:
    """Write it down, unless a day is here, which stays."""
    table = contact.c
    mine = (table.workspace_id == run.principal.workspace_id, table.id == who, table.deceased_on.is_(None))
    told = contact.update().where(*mine).values(deceased_on=day, version=table.version + 1, changed_at=run.at)
    version = run.connection.execute(told.returning(table.version)).scalar_one_or_none()
    if version is None:
        return False
    run.traces.changed("contact", who, {VERSION: str(version - 1), "deceased_on": None})
    run.touched.add(who)
    return True


def _is_same_date(record: said.DateRecord, from_card: bool) -> Callable[[Row[Any]], bool]:
    """Cards mostly have no place for a label, so that one without says nothing about it."""
    try:
        label = one_line(record.label)
    except Invalid:
        label = record.label
    return lambda row: (
        (row.kind, written_day(row)) == (record.kind, record.date)
        and (row.label == label or (from_card and label is None))
    )


def _update_date(run: Run, row: Row[Any], key: str, record: said.DateRecord, report: FileReport) -> None:
    source = run.sources.get(DATE_RECORD, key)
    before = source.content if source and source.row_id == row.id else ""
    now = marks({"yearly": "yes" if record.yearly else "no"})
    run.sources.remember(DATE_RECORD, key, row.id, now)
    if before == now or row.yearly == record.yearly or "yearly" not in record.given:
        report.unchanged[said.DATES] += 1
        return
    report.changed[said.DATES] += 1
    old, new = (phrase("yes") if one else phrase("no") for one in (row.yearly, record.yearly))
    report.show(Change(record.where, record.contact, "yearly", old, new))
    run.traces.changed(DATE_RECORD, row.id, {"yearly": row.yearly})
    _set(run, contact_date, row.id, {"yearly": record.yearly})
    run.touched.add(row.contact_id)


def _insert_dates(run: Run, fresh: list[tuple[int, str, said.DateRecord]], report: FileReport) -> None:
    values = []
    kept = []
    for who, key, record in fresh:
        try:
            occasion = occasion_of(
                record.kind, record.date, yearly=record.yearly, label=one_line(record.label)
            )
            values.append({"contact_id": who, **rows.date_values(occasion)})
            kept.append((key, record))
        except Invalid as refusal:
            report.error(record.where, sentence_of(refusal))
    ids = new_ids(run.connection, len(values))
    for row_id, (key, record) in zip(ids, kept, strict=True):
        now = marks({"yearly": "yes" if record.yearly else "no"})
        run.sources.remember(DATE_RECORD, key, row_id, now)
    if values:
        mine = {"workspace_id": run.principal.workspace_id}
        run.connection.execute(
            contact_date.insert(),
            [{**mine, "id": row_id, **one} for row_id, one in zip(ids, values, strict=True)],
        )
    run.traces.made(DATE_RECORD, ids)
    run.touched.update(one["contact_id"] for one in values)
    report.new[said.DATES] += len(ids)
