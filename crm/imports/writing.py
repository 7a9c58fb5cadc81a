"""What an export writes: the CSVs that ``exchange.py`` reads back without loss, vCard 4.0 and iCalendar."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from crm.domain.language import gettext as _
from crm.domain.vocabulary import word
from crm.imports.records import (
    ContactRecord,
    DateRecord,
    InteractionRecord,
    PostalAddress,
    Record,
    row_identity,
)
from crm.imports.sheets import SHEETS, Column

YEARLESS = 2000
"""The year a calendar shows for a date without one: a leap year, for the sake of 29 February."""


def csv_lines(kind: str, records: Iterable[Record]) -> Iterator[str]:
    """The rows of one exchange file, header first, each ending in a newline; made as they are asked for."""
    columns = SHEETS[kind].columns
    if any(column.spare for column in columns):
        records = list(records)
        filled = {column for column in columns if any(map(column.says, records))}
        columns = tuple(column for column in columns if not column.spare or column in filled)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    yield _taken(buffer)
    for record in records:
        writer.writerow([_cell(column, record) for column in columns])
        yield _taken(buffer)


def _cell(column: Column, record: Record) -> str:
    return column.write(getattr(record, column.field)).replace("\0", "") if column.says(record) else ""


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


# Content lines, as vCard and iCalendar share them.


def _escaped(text: str) -> str:
    text = _CONTROL.sub("", re.sub(r"\r\n?", "\n", text))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def _parameter(text: str) -> str:
    """A quoted parameter value, with the escapes of RFC 6868."""
    text = (
        _CONTROL.sub("", re.sub(r"\r\n?", "\n", text))
        .replace("^", "^^")
        .replace("\n", "^n")
        .replace('"', "^'")
    )
    return f'"{text}"'


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 bytes, never inside a character, ending in CRLF."""
    pieces, piece, size = [], "", 0
    for letter in line:
        width = len(letter.encode("utf-8", "replace"))
        if size + width > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + letter, size + width
    return "\r\n".join([*pieces, piece]) + "\r\n"


def _write_lines(lines: Iterable[str]) -> bytes:
    return "".join(map(_folded, lines)).encode("utf-8", "replace")


# vCard 4.0.


def write_vcards(contacts: Iterable[ContactRecord]) -> bytes:
    """All contacts as one vCard 4.0 file, without what only In Person knows (kind, tier, owner)."""
    return b"".join(_write_lines(_card_lines(contact)) for contact in contacts)


def _card_lines(contact: ContactRecord) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    if contact.uid:
        yield f"UID;VALUE=text:{_escaped(contact.uid)}"
    yield f"FN:{_escaped(contact.name)}"
    yield f"N:{_escaped(contact.family_name or '')};{_escaped(contact.given_name or '')};;;"
    labels = dict(contact.labels)
    for name, values in (("EMAIL", contact.emails), ("TEL", contact.phones)):
        yield from _way_lines(name, values, labels)
    for name, value in (("ORG", contact.organisation), ("TITLE", contact.title), ("TZ", contact.time_zone)):
        if value:
            yield f"{name}:{_escaped(value)}"
    if contact.tags:
        yield "CATEGORIES:" + ",".join(map(_escaped, contact.tags))
    yield from _address_lines(contact)
    if contact.birthday:
        yield f"BDAY:{_compact(contact.birthday)}"
    if contact.deceased_on:
        yield f"DEATHDATE:{_compact(contact.deceased_on.isoformat())}"
    for occasion in contact.occasions:
        if occasion.kind == "anniversary":
            yield f"ANNIVERSARY:{_compact(occasion.date)}"
    if contact.notes:
        yield f"NOTE:{_escaped(contact.notes)}"
    yield "END:VCARD"


_TYPES = {"mobile": "cell", "work": "work", "home": "home"}


def _way_lines(name: str, values: Iterable[str], labels: Mapping[str, str]) -> Iterator[str]:
    """Emails or phones in order; a label that vCard has no type for stands beside it, in one group with it."""
    for rank, value in enumerate(values, 1):
        label = labels.get(value)
        group = f"{name.lower()}{rank}." if label and label not in _TYPES else ""
        kind = f";TYPE={_TYPES[label]}" if label in _TYPES else ""
        yield f"{group}{name};PREF={min(rank, 100)}{kind}:{_escaped(value)}"
        if group:
            yield f"{group}X-ABLabel:{_escaped(label or '')}"


def _address_lines(contact: ContactRecord) -> Iterator[str]:
    """The addresses; the contact's own city and country go with the first, or stand alone."""
    addresses = contact.addresses
    if not addresses and (contact.city or contact.country):
        addresses = (PostalAddress(""),)
    for rank, address in enumerate(addresses, 1):
        kind = f";TYPE={address.label}" if address.label in ("home", "work") else ""
        label = f";LABEL={_parameter(address.text)}" if address.text else ""
        city, country = (contact.city or "", contact.country or "") if rank == 1 else ("", "")
        parts = ["", "", address.text, city, "", "", country]
        yield f"ADR;PREF={min(rank, 100)}{kind}{label}:" + ";".join(map(_escaped, parts))


def _compact(day: str) -> str:
    """``1980-03-22`` as ``19800322``, ``--03-22`` as ``--0322``."""
    return f"--{day[2:4]}{day[5:7]}" if day.startswith("--") else day.replace("-", "")


# iCalendar.


def write_calendar(
    interactions: Iterable[InteractionRecord],
    dates: Iterable[DateRecord],
    *,
    stamp: datetime,
    channels: Mapping[str, str],
) -> bytes:
    """Interactions as past appointments and dates as whole days, in one iCalendar file.

    ``stamp`` is the aware moment of writing, ``channels`` maps channel keys to their labels.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//In Person//EN", "CALSCALE:GREGORIAN"]
    for interaction in interactions:
        lines += _event(f"{row_identity(interaction)}@in-person", stamp, _appointment(interaction, channels))
    for day in dates:
        lines += _event(f"{row_identity(day)}@in-person", stamp, _whole_day(day))
    return _write_lines([*lines, "END:VCALENDAR"])


def _event(uid: str, stamp: datetime, lines: Iterable[str]) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_escaped(uid)}",
        f"DTSTAMP:{_utc(stamp)}",
        *lines,
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _appointment(interaction: InteractionRecord, channels: Mapping[str, str]) -> Iterator[str]:
    label = channels.get(interaction.channel, interaction.channel)
    yield f"DTSTART:{_utc(interaction.occurred_at)}"
    summary = _("{channel} with {people}").format(channel=word(label), people=", ".join(interaction.contacts))
    yield f"SUMMARY:{_escaped(summary)}"
    words = "\n\n".join(text for text in (interaction.summary, interaction.note) if text)
    if words:
        yield f"DESCRIPTION:{_escaped(words)}"
    if interaction.outcome == "attempted":
        yield "STATUS:CANCELLED"


def _whole_day(record: DateRecord) -> Iterator[str]:
    yearless = record.date.startswith("--")
    day = date.fromisoformat(f"{YEARLESS}{record.date[1:]}" if yearless else record.date)
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    if record.yearly:
        # A plain yearly rule would leave out 29 February three years in four.
        yield "RRULE:FREQ=YEARLY" + (";BYMONTH=2;BYMONTHDAY=-1" if (day.month, day.day) == (2, 29) else "")
    yield f"SUMMARY:{_escaped(record.contact + ': ' + (record.label or record.kind))}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
