"""Address books of other programs as CSV (Google, Outlook, LinkedIn, HubSpot …), read into contacts.

Like a card of a vCard file, a row becomes a contact or a sentence that says why not; the others are kept.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from crm.contacts.drafts import EMAIL_LIMIT, is_email
from crm.domain.formulas import IS_FORMULA, is_formula, restore
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.imports import columns
from crm.imports.cells import NEWEST_DAY, OLDEST_DAY, clean_phone, excerpt, is_time_zone, tidy_line
from crm.imports.columns import LEAVE_OUT, Meaning
from crm.imports.records import (
    ADDRESS_BOOK,
    ColumnSaid,
    ContactRecord,
    Occasion,
    ParsedFile,
    PostalAddress,
    Problem,
    Question,
    Skipped,
    UnreadableFile,
    refuse_endless,
)
from crm.storage.text import fold

HEADER_LINES = 20
"""How far down a header is looked for: LinkedIn's exports begin with notes."""
COLUMNS_LIMIT = 500
NOTICE_LIMIT = 1_000
CELLS = re.compile(r"\s*:::\s*|\s*;\s*|\n")
LEFT_OPEN = (
    "A quotation mark is left open here, so nothing after this line was read. Close it and import again."
)

Remembered = Mapping[str, Sequence[str]]
"""What a team said of the columns of a header, by its fingerprint."""


@dataclass(frozen=True)
class Table:
    """A CSV file with its header found: the header's line, its cells, and what separates cells."""

    data: bytes
    line: int
    delimiter: str
    header: tuple[str, ...]
    meanings: tuple[Meaning, ...]

    @property
    def is_known(self) -> bool:
        """Whether enough of it is understood to read people from it."""
        return columns.says_who(self.meanings)


def table_of(data: bytes, remembered: Remembered | None = None) -> Table | None:
    """The file as a table with a header, whether its columns are understood or not; None where it is none."""
    head = data[: 4 * TEXT_LIMIT]
    lines = _text(head[: head.rfind(b"\n") + 1] or head).splitlines()[:HEADER_LINES]
    found: list[tuple[int, Table]] = []
    for number, line in enumerate(lines, 1):
        for delimiter in ",;\t":
            header = tuple(tidy_line(cell) for cell in _first_row(line, delimiter))
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


def is_remembered(table: Table, remembered: Remembered | None) -> bool:
    """Whether somebody said what its columns mean."""
    return columns.fingerprint(table.header) in (remembered or {})


def knows_more(table: Table, names: frozenset[str]) -> bool:
    """Whether more of its columns are understood as an address book's than by an exchange sheet of these names."""
    ours = sum(re.sub(r"[\s-]+", "_", cell.casefold()) in names for cell in table.header)
    return table.is_known and columns.known(table.meanings) >= 2 and columns.known(table.meanings) > ours


def read_address_book(name: str, data: bytes, table: Table) -> ParsedFile:
    """Read every row; one that cannot be used is skipped with a sentence."""
    refuse_endless(name, data)
    notices = _Notices(name)
    if not table.is_known:
        message = "Say which columns hold the name, or the email, of a person: none of them does now."
        errors = (Problem(f"{name} line {table.line}", message),)
        return ParsedFile(name, ADDRESS_BOOK, errors=errors, columns=columns_said(table))
    rows = list(_rows(table, notices))
    order = _day_order(table, rows)
    records = [record for line, cells in rows if (record := _contact(table, line, cells, order, notices))]
    left_out = _left_out(table, rows)
    if left_out:
        notices.skipped.insert(0, Skipped(f"{name} line {table.line}", left_out))
    return ParsedFile(
        name,
        ADDRESS_BOOK,
        tuple(records),
        (),
        tuple(notices.skipped),
        tuple(notices.uncertain),
        columns=columns_said(table, rows[0][1] if rows else ()),
    )


def columns_said(table: Table, example: Sequence[str] = ()) -> tuple[ColumnSaid, ...]:
    """The columns as a person may change them, each with a value of the first row."""
    cells = example or next((cells for _, cells in _rows(table, _Notices(""))), [])
    return tuple(
        ColumnSaid(head[:80], meaning.field, excerpt(cells[place]) if place < len(cells) else "")
        for place, (head, meaning) in enumerate(zip(table.header, table.meanings, strict=True))
    )


@dataclass
class _Notices:
    file: str
    skipped: list[Skipped] = field(default_factory=list)
    uncertain: list[Question] = field(default_factory=list)

    def where(self, line: int) -> str:
        return f"{self.file} line {line}"

    def leave_out(self, line: int, why: str) -> None:
        if len(self.skipped) < NOTICE_LIMIT:
            self.skipped.append(Skipped(self.where(line), why))

    def ask(self, line: int, question: str) -> None:
        if len(self.uncertain) < NOTICE_LIMIT:
            self.uncertain.append(Question(self.where(line), question))


# From bytes to rows.


def _text(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, else in that of Western Windows, which old Outlooks write."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\0", "")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.replace("\0", "")


def _first_row(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(table: Table, notices: _Notices) -> Iterator[tuple[int, list[str]]]:
    """Each row that holds anything, with its line; a quotation mark left open ends the reading."""
    stream = io.StringIO(_text(table.data), newline="")
    for _ in range(table.line):
        stream.readline()
    reader = csv.reader(stream, delimiter=table.delimiter)
    width = len(table.header)
    while True:
        line = table.line + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            notices.leave_out(line, LEFT_OPEN)
            return
        if any(map(str.strip, cells[width:])):
            notices.leave_out(
                line, f"This row has {len(cells)} cells, the header {width}, so it was left out."
            )
        elif any(map(str.strip, cells)):
            if any(map(is_formula, cells)):
                notices.ask(line, IS_FORMULA)
            yield (
                line,
                [tidy_line(restore(cell)) if "\n" not in cell else restore(cell).strip() for cell in cells],
            )


def _left_out(table: Table, rows: list[tuple[int, list[str]]]) -> str:
    """One sentence about the columns with anything in them that have no meaning here."""
    used = {place for _, cells in rows for place, cell in enumerate(cells) if cell}
    names = [
        excerpt(table.header[place]) or f"column {place + 1}"
        for place, one in enumerate(table.meanings)
        if one.field == LEAVE_OUT and not one.label_of and place in used
    ]
    if not names:
        return ""
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"Columns that were left out: {', '.join(names[:12])}{more}."


# From a row to a contact.


class _Row:
    """The cells of one row by what they mean."""

    def __init__(self, table: Table, cells: Sequence[str]) -> None:
        self._cells = [
            (meaning, cell)
            for meaning, cell in zip(table.meanings, cells, strict=False)
            if cell and meaning.field != LEAVE_OUT
        ]
        self.labels = {
            meaning.label_of: cell.removeprefix("* ").casefold()[:80]
            for meaning, cell in zip(table.meanings, cells, strict=False)
            if cell and meaning.label_of
        }

    def one(self, name: str) -> str:
        return next((tidy_line(cell) for meaning, cell in self._cells if meaning.field == name), "")

    def all(self, name: str) -> list[tuple[Meaning, str]]:
        return [(meaning, cell) for meaning, cell in self._cells if meaning.field == name]

    def label(self, meaning: Meaning) -> str:
        return self.labels.get(meaning.group, meaning.purpose)

    def groups(self) -> list[tuple[str, str]]:
        """The postal addresses of the row, each as its group and what it is for."""
        fields = ("address", "street", "city", "region", "postcode", "country")
        found = {m.group: self.label(m) for m, _ in self._cells if m.field in fields}
        return list(found.items())

    def part(self, group: str, name: str) -> str:
        return next((cell for m, cell in self._cells if (m.field, m.group) == (name, group)), "")


def _contact(
    table: Table, line: int, cells: Sequence[str], order: str, notices: _Notices
) -> ContactRecord | None:
    row = _Row(table, cells)
    emails, email_labels = _emails(row, line, notices)
    phones, phone_labels = _phones(row)
    parts = (row.one("given_name"), row.one("middle_name"), row.one("family_name"))
    name = (
        row.one("name") or " ".join(filter(None, parts)) or row.one("organisation") or next(iter(emails), "")
    )
    if not name:
        notices.leave_out(line, "No name, organisation or email. There is nobody to keep.")
        return None
    if max(map(len, (name, *parts, row.one("organisation"), row.one("title")))) > LINE_LIMIT:
        notices.leave_out(
            line, f"A name or title has more than {numeral(LINE_LIMIT)} characters, so the row was left out."
        )
        return None
    addresses, city, country = _places(row)
    values: dict[str, Any] = {
        "name": name,
        "given_name": parts[0] or None,
        "family_name": parts[2] or None,
        "emails": emails,
        "phones": phones,
        "organisation": row.one("organisation") or None,
        "title": row.one("title") or None,
        "kind": row.one("kind")[:40] or None,
        "tags": _tags(row),
        "city": city or None,
        "country": country or None,
        "time_zone": zone if is_time_zone(zone := row.one("time_zone")[:100]) else None,
        "addresses": addresses,
        "birthday": _birthday(row, line, order, notices),
        "notes": "\n".join(cell for _, cell in row.all("notes"))[:TEXT_LIMIT] or None,
        "occasions": _anniversaries(row, order),
    }
    said = frozenset(key for key, value in values.items() if value)
    labels = tuple(sorted({**email_labels, **phone_labels}.items()))
    return ContactRecord(**values, labels=labels, given=said, where=notices.where(line))


def _emails(row: _Row, line: int, notices: _Notices) -> tuple[tuple[str, ...], dict[str, str]]:
    found: dict[str, str] = {}
    for meaning, cell in row.all("email"):
        for email in filter(None, map(tidy_line, CELLS.split(cell))):
            if is_email(email) and len(email) <= EMAIL_LIMIT:
                found.setdefault(email, row.label(meaning))
            else:
                notices.leave_out(line, f"“{excerpt(email)}” is not an email address and was left out.")
    return tuple(found), {email: label for email, label in found.items() if label}


def _phones(row: _Row) -> tuple[tuple[str, ...], dict[str, str]]:
    found: dict[str, str] = {}
    for meaning, cell in row.all("phone"):
        for phone in filter(None, map(clean_phone, CELLS.split(cell))):
            if "fax" not in row.label(meaning) and len(phone) <= 100:
                found.setdefault(phone, row.label(meaning))
    return tuple(found), {phone: label for phone, label in found.items() if label}


def _tags(row: _Row) -> tuple[str, ...]:
    """Groups as tags; those beginning with an asterisk are an address book's own lists."""
    tags = (tidy_line(tag)[:80] for _, cell in row.all("tags") for tag in re.split(r":::|[,;\n]", cell))
    return tuple(dict.fromkeys(tag for tag in tags if tag and not tag.startswith("*")))


def _places(row: _Row) -> tuple[tuple[PostalAddress, ...], str, str]:
    """Postal addresses, and the first city and country among them; a town alone is no address."""
    addresses, city, country = [], "", ""
    for group, label in row.groups():
        town = tidy_line(row.part(group, "city"))[:LINE_LIMIT]
        land = tidy_line(row.part(group, "country"))[:LINE_LIMIT]
        if not (city or country):
            city, country = town, land
        whole, street = row.part(group, "address"), row.part(group, "street")
        code, region = row.part(group, "postcode"), row.part(group, "region")
        if not whole and (street or code):
            whole = "\n".join((street, " ".join(filter(None, (town, region, code))), land))
        lines = filter(None, (tidy_line(part) for part in whole.split("\n")))
        text = "\n".join(lines)[:LINE_LIMIT]
        if text:
            addresses.append(PostalAddress(text, label if label in ("home", "work") else None))
    return tuple(dict.fromkeys(addresses)), city, country


# Days, in whatever order their parts stand.

_WHOLE = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", re.ASCII)
_YEARLESS = re.compile(r"\s*--(\d{1,2})-(\d{1,2})", re.ASCII)
_PARTS = re.compile(r"\s*(\d{1,2})([-/.])\s*(\d{1,2})[-/.]\s*(\d{4})(?: .*)?", re.ASCII)
_DAY_FIRST, _MONTH_FIRST = "day", "month"
_BIRTHDAYS = ("birthday", "birthday_day_first", "birthday_month_first")


def _day_order(table: Table, rows: Sequence[tuple[int, Sequence[str]]]) -> str:
    """Whether days stand before months, where some day of the file tells; "" where none does."""
    places = [place for place, one in enumerate(table.meanings) if one.field in ("birthday", "anniversary")]
    for _, cells in rows:
        for place in places:
            match = _PARTS.fullmatch(cells[place]) if place < len(cells) else None
            if match and (int(match[1]) > 12 or match[2] == "."):
                return _DAY_FIRST
            if match and int(match[3]) > 12:
                return _MONTH_FIRST
    return ""


def _birthday(row: _Row, line: int, order: str, notices: _Notices) -> str | None:
    for name, said in zip(_BIRTHDAYS, (order, _DAY_FIRST, _MONTH_FIRST), strict=True):
        text = row.one(name)
        if not text or text.startswith("0/0/"):
            continue
        day, other = _read_day(text, said)
        if other is not None:
            question = f"“{excerpt(text)}” may be {day} or {other}. It was left out: say in Columns which comes first."
            notices.ask(line, question)
        elif day is None:
            notices.leave_out(line, f"“{excerpt(text)}” is not a day for a birthday and was left out.")
        else:
            return day
    return None


def _anniversaries(row: _Row, order: str) -> tuple[Occasion, ...]:
    """Anniversaries, and what Google calls events: those with another label keep it."""
    found = []
    for meaning, cell in row.all("anniversary"):
        day, other = _read_day(tidy_line(cell), order)
        label = row.label(meaning)
        if day and other is None:
            is_other = label not in ("", "anniversary")
            found.append(Occasion("other", day, label) if is_other else Occasion("anniversary", day))
    return tuple(found)


def _read_day(text: str, order: str) -> tuple[str | None, str | None]:
    """The day as files write it, and the other one it may be as well where nothing tells."""
    if match := _WHOLE.fullmatch(text):
        return _written(int(match[1]), int(match[2]), int(match[3])), None
    if match := _YEARLESS.fullmatch(text):
        return _written(None, int(match[1]), int(match[2])), None
    match = _PARTS.fullmatch(text)
    if not match:
        return None, None
    one, two, year = int(match[1]), int(match[3]), int(match[4])
    day_first, month_first = _written(year, two, one), _written(year, one, two)
    if order:
        return (day_first if order == _DAY_FIRST else month_first), None
    if day_first and month_first and day_first != month_first:
        return day_first, month_first
    return day_first or month_first, None


def _written(year: int | None, month: int, day: int) -> str | None:
    try:
        found = date(year or 2000, month, day)
    except ValueError:
        return None
    if year is None or year in (0, 1604):  # 1604 is Apple's year for no year
        return f"--{found:%m-%d}"
    return found.isoformat() if OLDEST_DAY <= found.year <= NEWEST_DAY else None


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


def require_table(name: str, data: bytes, remembered: Remembered | None) -> Table:
    """The file as a table, where a person says that it is one; else UnreadableFile."""
    found = table_of(data, remembered)
    if found is None:
        raise UnreadableFile(name, "There is no table in this file: no line of it has two cells.")
    return found
