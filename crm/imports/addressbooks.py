"""Address books of other programs as CSV (Google, Outlook, LinkedIn, HubSpot …), read into contacts.

Like a card of a vCard file, a row becomes a contact or a sentence that says why not; the others are kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.contacts.drafts import EMAIL_LIMIT, KIND_LIMIT, TAG_LIMIT, is_email
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.phones import digits_of
from crm.domain.targets import TIERS
from crm.imports.cells import (
    NO_ANNIVERSARY,
    NO_DATE,
    NOTE_TOO_LONG,
    PHONE_LIMIT,
    PHONE_TOO_LONG,
    clean_phone,
    excerpt,
    fax_note,
    is_time_zone,
    name_of,
    no_email,
    no_person,
    tidy_line,
)
from crm.imports.columns import LEAVE_OUT, Meaning
from crm.imports.phrases import either, phrase
from crm.imports.records import (
    ADDRESS_BOOK,
    ContactRecord,
    Occasion,
    ParsedFile,
    PostalAddress,
    Problem,
    Question,
    Skipped,
    refuse_endless,
)
from crm.imports.tables import Table, columns_said, left_out, rows_of
from crm.imports.written_days import DAY_FIRST, MONTH_FIRST, day_order, read_day, written

NOTICE_LIMIT = 1_000
FEWEST_DIGITS = 3
"""What has fewer is hardly a phone number."""
CELLS = re.compile(r"\s*:::\s*|\s*;\s*|\n")
_EMAILS = re.compile(rf"{CELLS.pattern}|\s*,\s*(?=[^\s,;]+@)")
_NAMED = re.compile(r"[^<>]*<([^<>]+)>|mailto:(.+)", re.IGNORECASE)
_NO_DAY = re.compile(r"0[./-]0[./-]0*")
"""What Outlook writes where there is no day."""


def read_address_book(name: str, data: bytes, table: Table) -> ParsedFile:
    """Read every row; one that cannot be used is skipped with a sentence."""
    refuse_endless(name, data)
    notices = _Notices(name)
    if not table.is_known:
        message = phrase("Choose which columns hold a person’s name or email: none of them does yet.")
        errors = (Problem(f"{name} line {table.line}", message),)
        return ParsedFile(name, ADDRESS_BOOK, errors=errors, columns=columns_said(table))
    rows = _usable(table, notices)
    order = _day_order(table, [cells for _, cells in rows])
    records = [record for line, cells in rows if (record := _contact(table, line, cells, order, notices))]
    unread = left_out(table, [cells for _, cells in rows])
    if unread:
        notices.skipped.insert(0, Skipped(f"{name} line {table.line}", unread))
    return ParsedFile(
        name,
        ADDRESS_BOOK,
        tuple(records),
        (),
        tuple(notices.skipped),
        tuple(notices.uncertain),
        columns=columns_said(table, rows[0][1] if rows else ()),
    )


def _usable(table: Table, notices: "_Notices") -> list[tuple[int, list[str]]]:
    found = []
    for row in rows_of(table):
        if row.fault:
            notices.leave_out(row.line, row.fault)
        else:
            found.append((row.line, row.cells))
        if row.question and all(row.question != each.question for each in notices.uncertain):
            notices.ask(row.line, row.question)
    return found


def _day_order(table: Table, rows: Sequence[Sequence[str]]) -> str:
    """Whether days stand before months: as some day tells, or as somebody says of the birthdays."""
    places = [place for place, one in enumerate(table.meanings) if one.field in ("birthday", "anniversary")]
    told = day_order(cells[place] for cells in rows for place in places if place < len(cells))
    said = (order for one in table.meanings if (order := _SAID_ORDERS.get(one.field)))
    return told or next(said, "")


@dataclass
class _Notices:
    file: str
    skipped: list[Skipped] = field(default_factory=list)
    uncertain: list[Question] = field(default_factory=list)

    def where(self, line: int) -> str:
        return f"{self.file} line {line}"

    def leave_out(self, line: int, why: str, record: ContactRecord | None = None) -> None:
        if len(self.skipped) < NOTICE_LIMIT:
            self.skipped.append(Skipped(self.where(line), why, record))

    def ask(self, line: int, question: str) -> None:
        if len(self.uncertain) < NOTICE_LIMIT:
            self.uncertain.append(Question(self.where(line), question))


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
    phones, phone_labels = _phones(row, line, notices)
    parts = (row.one("given_name"), row.one("middle_name"), row.one("family_name"))
    said = _name(row, parts) or next(iter(emails), "")
    name = said or row.one("organisation")
    if not name:
        notices.leave_out(line, phrase("No name and no email. There is nobody to keep."))
        return None
    if max(map(len, (name, *parts, row.one("organisation"), row.one("title")))) > LINE_LIMIT:
        notices.leave_out(
            line,
            phrase(
                "A name or title is longer than {limit} characters, so the row was left out.",
                limit=numeral(LINE_LIMIT),
            ),
        )
        return None
    values = {"name": name, "emails": emails, "phones": phones, **_details(row, line, order, notices)}
    given = frozenset(key for key, value in values.items() if value)
    labels = tuple(sorted({**email_labels, **phone_labels}.items()))
    record = ContactRecord(**values, labels=labels, given=given, where=notices.where(line))
    if not said:
        notices.leave_out(line, phrase("No name and no email, only “{name}”.", name=excerpt(name)), record)
        return None
    if record.is_nobody:
        notices.leave_out(line, no_person(record.name, record.emails[0]), record)
        return None
    return record


def _details(row: _Row, line: int, order: str, notices: _Notices) -> dict[str, Any]:
    """What the row says beside what they are called and how they are reached."""
    addresses, city, country = _places(row, line, notices)
    return {
        "given_name": row.one("given_name") or None,
        "family_name": row.one("family_name") or None,
        "organisation": row.one("organisation") or None,
        "title": row.one("title") or None,
        "kind": _fitting(row.one("kind"), KIND_LIMIT, line, notices),
        "tier": _tier(row, line, notices),
        "tags": _tags(row, line, notices),
        "city": city,
        "country": country,
        "time_zone": _time_zone(row, line, notices),
        "addresses": addresses,
        "birthday": _birthday(row, line, order, notices),
        "notes": _notes(row, line, notices),
        "occasions": _anniversaries(row, line, order, notices),
    }


def _fitting(text: str, limit: int, line: int, notices: _Notices) -> str | None:
    """The text, unless it is longer than can be kept."""
    if len(text) <= limit:
        return text or None
    why = phrase(
        "“{text}” is longer than {limit} characters and was left out.",
        text=excerpt(text),
        limit=numeral(limit),
    )
    notices.leave_out(line, why)
    return None


def _time_zone(row: _Row, line: int, notices: _Notices) -> str | None:
    zone = row.one("time_zone")
    if not zone or (len(zone) <= 100 and is_time_zone(zone)):
        return zone or None
    why = phrase("“{name}” is not a time zone such as Europe/Berlin, and was left out.", name=excerpt(zone))
    notices.leave_out(line, why)
    return None


def _notes(row: _Row, line: int, notices: _Notices) -> str | None:
    """Notes, then fax and pager numbers: a contact's phones are for talking."""
    faxes = [fax_note(number, is_fax="fax" in label) for number, label in _numbers(row) if _is_fax(label)]
    text = "\n".join((*(cell for _, cell in row.all("notes")), *faxes))
    if len(text) > TEXT_LIMIT:
        notices.leave_out(line, phrase(NOTE_TOO_LONG, limit=numeral(TEXT_LIMIT)))
        return None
    return text or None


def _name(row: _Row, parts: Sequence[str]) -> str:
    return row.one("name") or name_of(parts[0], parts[2], parts[1]) or row.one("nickname")


def _tier(row: _Row, line: int, notices: _Notices) -> str | None:
    text = row.one("tier")
    if not text or text.casefold() in TIERS:
        return text.casefold() or None
    why = phrase(
        "“{tier}” is not a tier and was left out; expected {words}.", tier=excerpt(text), words=either(TIERS)
    )
    notices.leave_out(line, why)
    return None


def _emails(row: _Row, line: int, notices: _Notices) -> tuple[tuple[str, ...], dict[str, str]]:
    found: dict[str, str] = {}
    for meaning, cell in row.all("email"):
        for email in filter(None, map(_bare, _EMAILS.split(cell))):
            if is_email(email) and len(email) <= EMAIL_LIMIT:
                found.setdefault(email, row.label(meaning))
            else:
                notices.leave_out(line, no_email(email))
    return tuple(found), {email: label for email, label in found.items() if label}


def _bare(text: str) -> str:
    """An address without the name or the “mailto:” before it."""
    named = _NAMED.fullmatch(tidy_line(text))
    return tidy_line(named[1] or named[2]) if named else tidy_line(text)


def _phones(row: _Row, line: int, notices: _Notices) -> tuple[tuple[str, ...], dict[str, str]]:
    found: dict[str, str] = {}
    for phone, label in _numbers(row, line, notices):
        if not _is_fax(label):
            found.setdefault(phone, label)
    for phone in found:
        if len(digits_of(phone)) < FEWEST_DIGITS:
            notices.ask(line, phrase("“{phone}” is kept as a phone number. Is it one?", phone=excerpt(phone)))
    return tuple(found), {phone: label for phone, label in found.items() if label}


def _numbers(row: _Row, line: int = 0, notices: _Notices | None = None) -> list[tuple[str, str]]:
    """Phone and fax numbers, each with what it is for."""
    said = [
        (clean_phone(one), row.label(meaning))
        for meaning, cell in row.all("phone")
        for one in CELLS.split(cell)
    ]
    numbers = [(" ".join(phone.split()), label) for phone, label in said if phone.strip()]
    for phone, _ in numbers:
        if len(phone) > PHONE_LIMIT and notices:
            notices.leave_out(line, phrase(PHONE_TOO_LONG, phone=excerpt(phone)))
    return [(phone, label) for phone, label in numbers if len(phone) <= PHONE_LIMIT]


def _is_fax(label: str) -> bool:
    """Whether it is no number to talk on, as Google and others say in a column of its own."""
    return "fax" in label or "pager" in label


def _tags(row: _Row, line: int, notices: _Notices) -> tuple[str, ...]:
    """Groups as tags; those beginning with an asterisk are an address book's own lists."""
    tags = (tidy_line(tag).strip('"') for _, cell in row.all("tags") for tag in re.split(r":::|[,;\n]", cell))
    named = (tag for tag in dict.fromkeys(tags) if not tag.startswith("*"))
    return tuple(tag for one in named if (tag := _fitting(one, TAG_LIMIT, line, notices)))


def _places(
    row: _Row, line: int, notices: _Notices
) -> tuple[tuple[PostalAddress, ...], str | None, str | None]:
    """Postal addresses, and the first city and country among them; a town alone is no address."""
    addresses, city, country = [], "", ""
    for group, label in row.groups():
        town, land = tidy_line(row.part(group, "city")), tidy_line(row.part(group, "country"))
        if not (city or country):
            city, country = town, land
        whole, street = row.part(group, "address"), row.part(group, "street")
        code, region = row.part(group, "postcode"), row.part(group, "region")
        if not whole and (street or code):
            whole = "\n".join((street, " ".join(filter(None, (town, region, code))), land))
        lines = filter(None, (tidy_line(part) for part in whole.split("\n")))
        if text := _fitting("\n".join(lines), LINE_LIMIT, line, notices):
            addresses.append(PostalAddress(text, label if label in ("home", "work") else None))
    kept = [_fitting(one, LINE_LIMIT, line, notices) for one in (city, country)]
    return tuple(dict.fromkeys(addresses)), kept[0], kept[1]


# Days.

_SAID_ORDERS = {"birthday_day_first": DAY_FIRST, "birthday_month_first": MONTH_FIRST}


def _birthday(row: _Row, line: int, order: str, notices: _Notices) -> str | None:
    for name, said in {"birthday": order, **_SAID_ORDERS}.items():
        text = row.one(name)
        if not text or _NO_DAY.fullmatch(text):
            continue
        day, other = _in_parts(row, text) or read_day(text, said)
        if other is not None:
            question = phrase(
                "“{text}” could be {day} or {other}. It was left out: choose under Columns which comes "
                "first.",
                text=excerpt(text),
                day=day,
                other=other,
            )
            notices.ask(line, question)
        elif day is None:
            notices.leave_out(
                line, phrase("“{text}” is not a valid birthday and was left out.", text=excerpt(text))
            )
        else:
            return day
    return None


def _anniversaries(row: _Row, line: int, order: str, notices: _Notices) -> tuple[Occasion, ...]:
    """Anniversaries, and what Google calls events: those with another label keep it."""
    found = []
    for meaning, cell in row.all("anniversary"):
        text, label = tidy_line(cell), row.label(meaning)
        if _NO_DAY.fullmatch(text):
            continue
        day, other = read_day(text, order)
        is_other = label not in ("", "anniversary")
        if day and other:
            question = phrase(
                "“{text}” could be {day} or {other}, and was left out. Write the year first, or choose under Columns which "
                "comes first in birthdays.",
                text=excerpt(text),
                day=day,
                other=other,
            )
            notices.ask(line, question)
        elif day:
            found.append(Occasion("other", day, label) if is_other else Occasion("anniversary", day))
        else:
            notices.leave_out(line, phrase(NO_DATE if is_other else NO_ANNIVERSARY, text=excerpt(text)))
    return tuple(found)


def _in_parts(row: _Row, text: str) -> tuple[str | None, None] | None:
    """The birthday of a program that has a column each for year, month and day, as Thunderbird does; else None."""
    month, year = row.one("birth_month"), row.one("birth_year")
    if not (month.isdecimal() and text.isdecimal() and len(text) <= 2):
        return None
    return written(int(year) if year.isdecimal() else None, int(month), int(text)), None
