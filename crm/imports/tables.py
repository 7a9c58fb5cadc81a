"""Tables that other programs wrote as CSV: their header found and understood, and their rows one by one."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from crm.domain.formulas import IS_FORMULA, is_formula, restore, unwrapped
from crm.domain.language import N_
from crm.domain.lengths import TEXT_LIMIT
from crm.domain.manner import numeral
from crm.imports import columns
from crm.imports.cells import excerpt, tidy_line
from crm.imports.columns import LEAVE_OUT, Meaning
from crm.imports.exchange import header_names
from crm.imports.lettering import text_of
from crm.imports.phrases import listed, phrase
from crm.imports.records import ColumnSaid, UnreadableFile
from crm.storage.text import fold

HEADER_LINES = 20
"""How far down a header is looked for: LinkedIn's exports begin with notes."""
COLUMNS_LIMIT = 500
DELIMITERS = ",;\t|"
LEFT_OPEN = N_("A quotation mark is left open here, so this row was left out. Close it and import again.")
NOTHING_AFTER = N_(
    "A quotation mark is left open here, so nothing after this line was read. Close it and import again."
)
TOO_LONG = N_(
    "A cell here is longer than {limit} characters, so this row was left out. Shorten it and import again."
)
LEFT_OPEN_LIMIT = 50
"""Rows left open until the rest of a file is given up: each is looked for its end to the end of the file."""

Remembered = Mapping[str, Sequence[str]]
"""What a team said of the columns of a header, by its fingerprint."""


@dataclass(frozen=True)
class Table:
    """A CSV file with its header found: the header's last line, its cells, and what separates cells."""

    data: bytes
    line: int
    delimiter: str
    header: tuple[str, ...]
    meanings: tuple[Meaning, ...]

    @property
    def is_known(self) -> bool:
        """Whether enough of it is understood to read people from it."""
        return columns.says_who(self.meanings)


@dataclass(frozen=True)
class Row:
    """One row that holds anything: its line, its cells, why it cannot be used, if it cannot, and what is to be asked."""

    line: int
    cells: list[str]
    fault: str = ""
    question: str = ""


def table_of(data: bytes, remembered: Remembered | None = None) -> Table | None:
    """The file as a table with a header, whether its columns are understood or not; None where it is none."""
    found: list[tuple[int, Table]] = []
    for number, line in _first_lines(data):
        for delimiter in DELIMITERS:
            header = tuple(tidy_line(unwrapped(cell)) for cell in first_row(line, delimiter))
            if not 2 <= len(header) <= COLUMNS_LIMIT or not any(header):
                continue
            said = (remembered or {}).get(columns.fingerprint(header))
            if said is not None and len(said) == len(header):
                return Table(data, number, delimiter, header, tuple(columns.chosen(header, said)))
            meanings = tuple(columns.guessed(header))
            score = columns.known(meanings) if columns.says_who(meanings) else 0
            found.append((score, Table(data, number, delimiter, header, meanings)))
    return max(
        found, key=lambda one: (one[0], len(one[1].header) if one[1].line == 1 else 0), default=(0, None)
    )[1]


def require_table(name: str, data: bytes, remembered: Remembered | None) -> Table:
    """The file as a table, where a person says that it is one; else UnreadableFile."""
    found = table_of(data, remembered)
    if found is None:
        raise UnreadableFile(name, phrase("There is no table in this file: no line has two cells."))
    return found


class _Lines:
    """The lines of a table for the reader of rows, which can go back; ``ended``: it asked for more than there are."""

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self._lines, self.at, self.ended = lines, at, False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.ended = self.at >= len(self._lines)
        if self.ended:
            raise StopIteration
        self.at += 1
        return self._lines[self.at - 1]

    def end_of_row(self, began: int, delimiter: str) -> int | None:
        """Where a row ends that holds more than the reader can take; None where a quotation mark is left open in it."""
        marks = 0
        for end in range(began, len(self._lines)):
            marks += self._lines[end].count('"')
            if marks % 2 == 0:
                row = "".join(self._lines[began : end + 1])
                return end + 1 if _whole_row(delimiter).fullmatch(row) else None
        return None


@cache
def _whole_row(delimiter: str) -> re.Pattern[str]:
    """A row in which every cell that begins with a quotation mark ends with one."""
    sign = re.escape(delimiter)
    cell = rf'(?:"[^"]*+(?:""[^"]*+)*+"(?=[{sign}\r\n]|\Z)|(?!")[^{sign}\r\n]*+)'
    return re.compile(rf"{cell}(?:{sign}{cell})*+[\r\n]*")


def rows_of(table: Table) -> Iterator[Row]:
    """Each row that holds anything. One that ends within quotation marks is left out, and reading goes on a line below; so is
    one with a cell that is too long, and reading goes on after it."""
    source = _Lines(io.StringIO(_text(table.data), newline="").readlines(), table.line)
    reader = csv.reader(source, delimiter=table.delimiter)
    left_open = 0
    while True:
        began = source.at
        cells: list[str] | None = None
        with suppress(csv.Error):  # more between two quotation marks than a cell can hold
            cells = next(reader, None)
            if cells is None:
                return
        if cells is not None and not source.ended:
            if any(map(str.strip, cells)):
                yield _row(table, began + 1, cells)
            continue
        ends = source.end_of_row(began, table.delimiter) if cells is None else None
        if ends is not None:
            yield Row(began + 1, [], phrase(TOO_LONG, limit=numeral(TEXT_LIMIT)))
            source.at = ends
            reader = csv.reader(source, delimiter=table.delimiter)
            continue
        left_open += 1
        yield Row(began + 1, [], phrase(LEFT_OPEN if left_open < LEFT_OPEN_LIMIT else NOTHING_AFTER))
        if left_open == LEFT_OPEN_LIMIT:
            return
        source.at = began + 1
        reader = csv.reader(source, delimiter=table.delimiter)


def _row(table: Table, line: int, cells: list[str]) -> Row:
    width = len(table.header)
    if any(map(str.strip, cells[width:])):
        fault = phrase(
            "This row has {cells} cells, the header {width}, so it was left out.",
            cells=len(cells),
            width=width,
        )
        return Row(line, [], fault)
    cells = list(map(unwrapped, cells))
    asked = phrase(IS_FORMULA) if any(map(is_formula, cells)) else ""
    return Row(line, list(map(_tidy_cell, cells)), question=asked)


def _tidy_cell(cell: str) -> str:
    return tidy_line(restore(cell)) if "\n" not in cell else restore(cell).strip()


# What its columns are.


def is_remembered(table: Table, remembered: Remembered | None) -> bool:
    """Whether somebody said what its columns mean."""
    return columns.fingerprint(table.header) in (remembered or {})


def knows_more(table: Table, names: frozenset[str]) -> bool:
    """Whether it is rather an address book's than an exchange sheet of these names.

    It is where more of its columns are understood so; and where as many are, unless its header is spelt as exports
    spell it, in small letters and each name once.
    """
    ours = len(names & set(header_names(table.header)))
    known = columns.known([one for one in table.meanings if one.field != "tier"])  # a word of exports alone
    if not table.is_known or known < 2 or known < ours:
        return False
    return known > ours or _is_spelt_otherwise(table.header)


def _is_spelt_otherwise(header: Iterable[str]) -> bool:
    cells = list(header)
    return any(cell != cell.lower() for cell in cells) or len(set(cells)) < len(cells)


def columns_said(table: Table, example: Sequence[str] = ()) -> tuple[ColumnSaid, ...]:
    """The columns as a person may change them, each with a value of the first row."""
    cells = example or next((row.cells for row in rows_of(table) if row.cells), [])
    return tuple(
        ColumnSaid(head[:80], meaning.field, excerpt(cells[place]) if place < len(cells) else "")
        for place, (head, meaning) in enumerate(zip(table.header, table.meanings, strict=True))
    )


def columns_to_say(data: bytes) -> tuple[ColumnSaid, ...]:
    """The columns of a table nobody knows yet; none where it is no table."""
    table = table_of(data)
    return columns_said(table) if table else ()


def mapped(table: Table, said: Mapping[str, str]) -> list[str]:
    """The meaning of each column, where ``said`` gives some of them by name; capitals and accents do not matter."""
    wanted = {fold(name): field for name, field in said.items()}
    return [
        wanted.get(fold(name), meaning.field)
        for name, meaning in zip(table.header, table.meanings, strict=True)
    ]


def left_out(table: Table, rows: Iterable[Sequence[str]]) -> str:
    """One sentence about the columns with anything in them that have no meaning here."""
    used = {place for cells in rows for place, cell in enumerate(cells) if cell}
    names = [
        excerpt(table.header[place]) or phrase("column {number}", number=place + 1)
        for place, one in enumerate(table.meanings)
        if one.field == LEAVE_OUT and not one.label_of and place in used
    ]
    if not names:
        return ""
    columns = listed(names[:12])
    if len(names) > 12:
        return phrase(
            "Columns that were left out: {columns} and {n} more.", columns=columns, n=len(names) - 12
        )
    return phrase("Columns that were left out: {columns}.", columns=columns)


# From bytes to lines.


def _text(data: bytes) -> str:
    return text_of(data).replace("\0", "")


def _first_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The lines in which a header may stand, each with the number of its last: a quoted name may hold a line break."""
    head = data[: 4 * TEXT_LIMIT]
    end = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1
    begun = ""
    for number, line in enumerate(_text(head[:end] or head).splitlines()[:HEADER_LINES], 1):
        if begun or line.count('"') % 2:
            begun += f"{line} "
            if begun.count('"') % 2 == 0:
                yield number, begun.strip()
                begun = ""
        yield number, line


def first_row(line: str, delimiter: str) -> list[str]:
    """The cells of one line; none where it cannot be read."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
