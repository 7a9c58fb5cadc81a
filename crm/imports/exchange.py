"""Reading the CSV files of the exchange format: told apart by their headers, checked cell by cell."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from crm.domain.file_places import cell_of
from crm.domain.formulas import IS_FORMULA, is_formula, unwrapped
from crm.domain.lengths import TEXT_LIMIT
from crm.domain.manner import numeral
from crm.imports import records as said
from crm.imports.cells import Setting, excerpt, tidy_line, too_long
from crm.imports.garbage import uncollected
from crm.imports.phrases import either, listed, phrase
from crm.imports.records import (
    ParsedFile,
    Problem,
    Question,
    Record,
    Skipped,
    UnknownHeader,
    UnreadableFile,
    refuse_endless,
)
from crm.imports.sheets import SHEETS, Column, Sheet

ERROR_LIMIT = 100

Reader = Callable[[str], Any]


# From bytes to rows.


def decode(name: str, data: bytes) -> str:
    """The text of a UTF-8 file, with or without byte order mark; else UnreadableFile naming the line."""
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if data.startswith(mark):
            raise UnreadableFile(
                name, phrase("This file is UTF-16 text. Save it as “CSV UTF-8” and import it again.")
            )
    if (at := data.find(b"\0")) >= 0:
        where = f"{name} line {line_of(data, at)}"
        raise UnreadableFile(
            where,
            phrase(
                "There is a zero byte here, so this is not a text file, or it is damaged. Export it again."
            ),
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        at = fault.start + 3 * data.startswith(b"\xef\xbb\xbf")
        raise UnreadableFile(
            f"{name} line {line_of(data, at)}",
            phrase(
                "The byte {byte} is not UTF-8 text; the file seems to be in Latin-1 or a Windows "
                "encoding. Save it as “CSV UTF-8” and import it again.",
                byte="0x" + data[at : at + 1].hex().upper(),
            ),
        ) from None


def line_of(data: bytes, at: int) -> int:
    """The number of the line that holds the byte at this place, the first being 1."""
    before = data[:at]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


_SEPARATOR_SAID = re.compile(r'\A"?sep=[,;\t]"?(?=[\r\n])', re.IGNORECASE)
"""Excel's own first line, which is no row."""


def header_names(cells: Iterable[str]) -> list[str]:
    """The cells of a header as names of columns, however they are spelt."""
    names = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in cells]
    return ["email" if name == "e_mail" else name for name in names]


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file, understood: which sheet it is and how its cells are separated."""

    sheet: Sheet
    delimiter: str
    names: list[str]


def recognise(name: str, text: str, kind: str | None = None) -> Header:
    """Tell which exchange file it is by its header alone, unless ``kind`` says so; else UnreadableFile.

    Commas separate cells; semicolons or tabs do where the header makes sense only so.
    """
    first = re.split(r"[\r\n]", text.lstrip("\r\n")[:TEXT_LIMIT], maxsplit=1)[0]
    for complete in (True, False):
        for delimiter in ",;\t":
            names = header_names(_first_row(first, delimiter))
            sheets = [SHEETS[kind]] if kind else _fitting(names, complete=complete)
            if kind and not sheets[0].names & set(names):
                continue
            if len(sheets) > 1:
                raise UnreadableFile(f"{name} line 1", _ambiguous(sheets))
            if sheets:
                return Header(sheets[0], delimiter, names)
    raise UnknownHeader(f"{name} line 1", _unknown_header(first))


def begins_as_exchange(data: bytes) -> str | None:
    """Which exchange file it is whose header is the first line; None where it is no such header."""
    try:
        return recognise("", data[:TEXT_LIMIT].decode("utf-8-sig", "replace")).sheet.kind
    except UnreadableFile:
        return None


def _first_row(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _fitting(names: list[str], *, complete: bool) -> list[Sheet]:
    """The sheets this header fits best: having all required columns, or else most of its columns known."""
    known = {sheet.kind: len(sheet.names & set(names)) for sheet in SHEETS.values()}
    if complete:
        able = [sheet for sheet in SHEETS.values() if set(sheet.required) <= set(names)]
    else:
        able = [sheet for sheet in SHEETS.values() if known[sheet.kind] >= max(2, (len(names) + 1) // 2)]
    best = max((known[sheet.kind] for sheet in able), default=0)
    return [sheet for sheet in able if known[sheet.kind] == best]


def _ambiguous(sheets: list[Sheet]) -> str:
    kinds = either([sheet.kind for sheet in sheets])
    telling = {sheet.kind: column for sheet in sheets if (column := _telling(sheet, sheets))}
    if not telling:
        return phrase(
            "This header could be {kinds}. Add such a column, or say which it is (--as {kind}).",
            kinds=kinds,
            kind=sheets[0].kind,
        )
    return phrase(
        "This header could be {kinds}. They are told apart by their columns: {columns}. Add such a column, or say "
        "which it is (--as {kind}).",
        kinds=kinds,
        columns=listed(
            [phrase("{kind} by “{column}”", kind=kind, column=one) for kind, one in telling.items()], "; "
        ),
        kind=sheets[0].kind,
    )


def _telling(sheet: Sheet, others: list[Sheet]) -> str:
    shared = {name for other in others if other is not sheet for name in other.names}
    tells = [column.name for column in sheet.columns if column.name not in shared]
    return "email" if "email" in tells else next(iter(tells), "")


def _unknown_header(line: str) -> str:
    return phrase(
        "This header is not that of an exchange file: it begins “{line}”. In Person reads "
        "{sheets}; contacts need the column name, interactions occurred_at, channel and "
        "contacts. For another program's address book, say which column is what (--map "
        "COLUMN=name).",
        line=excerpt(line),
        sheets=either(list(SHEETS)),
    )


@dataclass
class _Findings:
    """What reading one file turns up on the way; stops at ERROR_LIMIT errors."""

    file: str
    errors: list[Problem]
    skipped: list[Skipped]
    uncertain: list[Question]
    formulas: set[str] = field(default_factory=set)
    """The columns in which there was one."""

    def where(self, line: int, column: str = "") -> str:
        row = f"{self.file} line {line}"
        return cell_of(row, column) if column else row

    def error(self, line: int, column: str, message: str) -> None:
        self.errors.append(Problem(self.where(line, column), message))

    def ask(self, line: int, column: str, question: str) -> None:
        if len(self.uncertain) < ERROR_LIMIT:
            self.uncertain.append(Question(self.where(line, column), question))

    @property
    def full(self) -> bool:
        return len(self.errors) >= ERROR_LIMIT


@uncollected()
def read_exchange(
    name: str,
    data: bytes,
    *,
    zone: ZoneInfo,
    now: datetime,
    channels: Collection[str],
    kind: str | None = None,
) -> ParsedFile:
    """Read one exchange CSV. Raises UnreadableFile where its text or header cannot be understood.

    Anything wrong in a cell is an error in the answer, and then the caller refuses every file given together.
    """
    refuse_endless(name, data)
    text = _SEPARATOR_SAID.sub("", decode(name, data))
    header = recognise(name, text, kind)
    findings = _Findings(name, [], [], [])
    line = 1 + _blank_lines_before(text)
    columns = _columns(header, findings, line)
    setting = Setting(zone, now, frozenset(channels))
    records: list[Record] = []
    if not findings.errors:
        records = list(_records(text, header, columns, setting, findings))
    if findings.full:
        findings.errors.append(
            Problem(
                name, phrase("Reading stopped after {limit} errors; there may be more.", limit=ERROR_LIMIT)
            )
        )
    return ParsedFile(
        name,
        header.sheet.kind,
        tuple(records),
        tuple(findings.errors),
        tuple(findings.skipped),
        tuple(findings.uncertain),
    )


def _blank_lines_before(text: str) -> int:
    blank = text[: len(text) - len(text.lstrip("\r\n"))]
    return len(blank) - blank.count("\r\n")


def _columns(header: Header, findings: _Findings, line: int) -> list[Column | None]:
    """The column at each place of the header; None for one that is not ours."""
    known = {column.name: column for column in header.sheet.columns}
    for name in header.sheet.required:
        if name not in header.names:
            missing = phrase(
                "There is no column {column}, which {sheet} need.", column=name, sheet=header.sheet.kind
            )
            findings.error(line, name, missing)
    for name in sorted({name for name in header.names if name in known and header.names.count(name) > 1}):
        findings.error(line, name, phrase("The header names the column {column} twice.", column=name))
    for place, name in enumerate(header.names, 1):
        if name not in known:
            findings.skipped.append(
                Skipped(findings.where(line), _foreign_column(name, place, header.sheet.kind))
            )
    return [known.get(name) for name in header.names]


def _foreign_column(name: str, place: int, sheet: str) -> str:
    if name:
        return phrase(
            "The column {column} is not one of {sheet} and was left out.", column=excerpt(name), sheet=sheet
        )
    return phrase(
        "Column {place}, which has no name, is not one of {sheet} and was left out.", place=place, sheet=sheet
    )


def _rows(text: str, delimiter: str, findings: _Findings) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line; a broken one is an error and the last."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            findings.errors.append(_broken_row(text, delimiter, line, str(fault), findings))
            return
        yield line, cells


def _broken_row(text: str, delimiter: str, line: int, fault: str, findings: _Findings) -> Problem:
    if "limit" in fault:
        place = _place_of_long_cell(text, delimiter, line)
        where = findings.where(line, str(place))
        return Problem(
            where,
            phrase(
                "The cell contains over {limit} characters. Shorten it, or close an open quotation mark.",
                limit=numeral(TEXT_LIMIT),
            ),
        )
    return Problem(
        findings.where(line),
        phrase("A quotation mark is left open, or followed by more text. Inside a quoted cell, double it."),
    )


def _place_of_long_cell(text: str, delimiter: str, line: int) -> str:
    """The name of the column whose cell is too long for the CSV reader, in the row beginning at this line."""
    lines = io.StringIO(text, newline="")
    first = [next(lines) for _ in range(line)]
    names = next((row for row in csv.reader(first[:1], delimiter=delimiter)), []) if line > 1 else []
    rest, quoted, place, length = first[-1] + lines.read(), False, 0, 0
    for letter in rest:
        if letter == '"':
            quoted = not quoted
        elif letter == delimiter and not quoted:
            place, length = place + 1, 0
        length += 1
        if length > TEXT_LIMIT:
            break
    return tidy_line(names[place]) if place < len(names) else str(place + 1)


def _records(
    text: str, header: Header, columns: list[Column | None], setting: Setting, findings: _Findings
) -> Iterator[Record]:
    sheet, width = header.sheet, len(columns)
    used = [(place, column, _reader(column, setting)) for place, column in enumerate(columns) if column]
    given = frozenset(column.field for _, column, _ in used)
    rows = _rows(text, header.delimiter, findings)
    next((cells for _, cells in rows if cells), None)  # the header
    for line, cells in rows:
        if findings.full:
            return
        if not any(map(str.strip, cells)):
            continue
        if len(cells) != width:
            message = phrase(
                "This row has {cells} cells, the header {width}. Quote any cell that contains a comma.",
                cells=len(cells),
                width=width,
            )
            findings.errors.append(Problem(findings.where(line), message))
            continue
        values = _values(used, cells, findings, line)
        if values is not None and _settled(sheet, values, findings, line):
            record: Record = sheet.record(**values, given=given, where=findings.where(line))
            _question(record, setting, findings, line)
            yield record


def _reader(column: Column, setting: Setting) -> Reader:
    """A column's reader that remembers the cells it met last: channels, people and tags come again and again."""
    read = partial(_read_cell, column, setting)
    return read if column.unique else lru_cache(maxsize=4096)(read)


def _read_cell(column: Column, setting: Setting, cell: str) -> Any:
    if len(cell) > TEXT_LIMIT:
        raise ValueError(too_long(cell, TEXT_LIMIT))
    return column.read(cell, setting)


def _values(
    used: list[tuple[int, Column, Reader]], cells: list[str], findings: _Findings, line: int
) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    good = True
    for place, column, read in used:
        cell = unwrapped(cells[place])
        value = column.empty
        if cell and not cell.isspace():
            if column.name not in findings.formulas and is_formula(cell):
                findings.formulas.add(column.name)
                findings.ask(line, column.name, phrase(IS_FORMULA))
            try:
                value = read(cell)
            except ValueError as fault:
                findings.error(line, column.name, fault.args[0])
                good = False
                continue
        if column.required and value in (None, "", ()) and column.name != "name":
            findings.error(line, column.name, _empty(column.name))
            good = False
        values[column.field] = value
    return values if good else None


def _settled(sheet: Sheet, values: dict[str, Any], findings: _Findings, line: int) -> bool:
    if "name" in values and not values["name"] and sheet.kind == said.ORGANISATIONS:
        findings.error(line, "name", _empty("name"))
        return False
    if sheet.finish is None:
        return True
    try:
        sheet.finish(values)
    except ValueError as fault:
        findings.error(line, "yearly" if sheet.kind == said.DATES else "name", fault.args[0])
        return False
    return True


def _empty(column: str) -> str:
    return phrase("The cell is empty; every row needs {column}.", column=column)


def _question(record: Record, setting: Setting, findings: _Findings, line: int) -> None:
    if not isinstance(record, said.InteractionRecord) or record.on is None:
        return
    if record.on > setting.now.astimezone(setting.zone).date():
        findings.ask(
            line,
            "occurred_at",
            phrase(
                "This day is still to come and has no time, so it was read as now. If it is planned, "
                "give it a time."
            ),
        )
