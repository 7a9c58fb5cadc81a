"""What is written is read back the same: the promise of the exchange format, for any text."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import icalendar
import vobject
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.channels import DIRECTIONS, OUTCOMES
from crm.domain.heard import DATE_KINDS, PROMISERS, SIGNAL_TYPES
from crm.domain.targets import KINDS, TIERS
from crm.imports.records import (
    ContactRecord,
    DateRecord,
    InteractionRecord,
    Occasion,
    PostalAddress,
    Record,
    SignalRecord,
)
from crm.imports.sheets import SHEETS
from crm.imports.sniff import read_file
from crm.imports.vcards import APPLES_NO_YEAR, read_vcards
from crm.imports.writing import csv_lines, write_calendar, write_vcards
from tests.shipped import SHIPPED_KEYS

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"

anything = st.characters(codec="utf-8", exclude_characters="\0")
on_a_line = st.characters(codec="utf-8", exclude_characters="\0" + BREAKS) | st.sampled_from("';\\\"=+-@,")
line = st.text(on_a_line, min_size=1, max_size=30).map(str.strip).filter(bool)
text = st.text(anything | st.sampled_from("';\\\"=+-@,\n\r\t"), min_size=1, max_size=60).filter(str.strip)
day = st.dates(date(1600, 1, 1), date(2200, 12, 31))
moment = st.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC))
yearless = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda found: f"--{found:%m-%d}")
recurring = day.map(date.isoformat) | yearless
email = st.from_regex(r"[a-z=+'-][a-z0-9.=+'-]{0,8}@[a-z0-9-]{1,8}\.org", fullmatch=True)
phone = st.text("+0123456789 ()-", min_size=1, max_size=15).map(str.strip).filter(bool)
address_line = st.text(
    st.characters(categories=["L", "N", "P"]) | st.sampled_from("[];= "), min_size=1, max_size=20
)
address_text = st.lists(address_line.map(str.strip).filter(bool), min_size=1, max_size=4).map("\n".join)
address = st.builds(
    PostalAddress, address_text, st.none() | st.sampled_from(["home", "work", "holiday home"])
)
time_zone = st.sampled_from(["Europe/Madrid", "UTC", "Asia/Tokyo"])


def several(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, unique=True, max_size=3).map(tuple)


def maybe(found: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | found


KIND = st.sampled_from(KINDS) | line.filter(lambda kind: kind.casefold() not in KINDS)
FIELDS: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "organisations": {
        "name": line,
        "kind": maybe(KIND),
        "tier": maybe(st.sampled_from(TIERS)),
        "domain": maybe(line),
        "city": maybe(line),
        "country": maybe(line),
        "tags": several(line),
        "notes": maybe(text),
        "archived_at": maybe(moment),
    },
    "contacts": {
        "name": line,
        "given_name": maybe(line),
        "family_name": maybe(line),
        "emails": several(email),
        "phones": several(phone),
        "organisation": maybe(line),
        "title": maybe(line),
        "kind": maybe(KIND),
        "tier": maybe(st.sampled_from(TIERS)),
        "owner": maybe(line),
        "tags": several(line),
        "city": maybe(line),
        "country": maybe(line),
        "time_zone": maybe(time_zone),
        "addresses": several(address),
        "birthday": maybe(recurring),
        "created_on": maybe(day),
        "notes": maybe(text),
        **{f"target_{clock}": maybe(st.integers(0, 999)) for clock in ("any", "personal", "in_person")},
        "labels": st.dictionaries(line, line, max_size=2).map(lambda found: tuple(sorted(found.items()))),
        "archived_at": maybe(moment),
    },
    "interactions": {
        "occurred_at": moment,
        "channel": st.sampled_from(SHIPPED_KEYS),
        "direction": st.sampled_from(DIRECTIONS),
        "outcome": st.sampled_from(OUTCOMES),
        "contacts": several(line).filter(bool),
        "users": several(line),
        "summary": maybe(text),
        "note": maybe(text),
        "source_id": maybe(line),
        "private_to": maybe(line),
        "others": st.none() | st.integers(1, 999_999),
    },
    "asks": {
        "contact": line,
        "text": text,
        "due": maybe(day),
        "opened_on": maybe(day),
        "closed_on": maybe(day),
    },
    "promises": {
        "contact": line,
        "by": st.sampled_from(PROMISERS),
        "text": text,
        "due": maybe(day),
        "made_on": maybe(day),
        "kept_on": maybe(day),
    },
    "signals": {
        "contact": line,
        "type": st.sampled_from(SIGNAL_TYPES),
        "text": text,
        "heard_on": maybe(day),
        "theme": maybe(line),
    },
    "channels": {
        "key": st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True),
        "label": line,
        **{mark: st.booleans() for mark in ("digital", "live", "in_person", "by_hand")},
    },
    "favours": {"contact": line, "text": text, "on": day},
    "dates": {
        "contact": line,
        "kind": st.sampled_from(DATE_KINDS),
        "date": recurring,
        "yearly": st.booleans(),
        "label": maybe(line),
    },
}


def a_record(kind: str) -> st.SearchStrategy[Record]:
    sheet = SHEETS[kind]
    built = st.builds(sheet.record, **FIELDS[kind], given=st.just(sheet.fields))
    return built.filter(lambda each: not isinstance(each, DateRecord) or each.yearly or each.date[0] != "-")


def whole_csv(kind: str, records: Iterable[Record]) -> bytes:
    return "".join(csv_lines(kind, records)).encode()


def test_every_field_of_every_sheet_takes_part() -> None:
    assert {kind: set(fields) for kind, fields in FIELDS.items()} == {
        kind: sheet.fields for kind, sheet in SHEETS.items()
    }


@given(st.data(), st.sampled_from(sorted(SHEETS)))
def test_reading_what_was_written_gives_the_same_records(data: st.DataObject, kind: str) -> None:
    records = data.draw(st.lists(a_record(kind), max_size=3))
    written = whole_csv(kind, records)
    parsed = read_file("x.csv", written, zone=ZoneInfo("Asia/Tokyo"), now=NOW, channels=SHIPPED_KEYS)
    assert (parsed.errors, parsed.skipped, parsed.uncertain) == ((), (), ())
    assert parsed.kind == kind
    header = csv_header(written)
    spoken = frozenset(column.field for column in SHEETS[kind].columns if column.name in header)
    assert [replace(one, given=spoken) for one in records] == list(parsed.records)
    assert whole_csv(kind, parsed.records) == written


@given(a_record("contacts"))
def test_no_cell_of_free_text_is_a_formula(record: Record) -> None:
    names, row = csv.reader(io.StringIO(whole_csv("contacts", [record]).decode(), newline=""))
    assert not [
        name
        for name, cell in zip(names, row, strict=True)
        if name != "birthday" and cell[:1] in tuple("=+-@\t\r\n")
    ]


def csv_header(written: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(written.decode(), newline="")))


def test_the_header_is_the_documented_one() -> None:
    assert next(csv_lines("promises", [])) == "contact,by,text,due,made_on,kept_on\r\n"
    heard = SignalRecord("a@b.example", "risk", "Late invoices", date(2026, 11, 2))
    assert csv_header(whole_csv("signals", [heard])) == ["contact", "type", "text", "heard_on"]
    themed = replace(heard, theme="Money")
    assert csv_header(whole_csv("signals", [heard, themed]))[4:] == ["theme"]


TIDY = st.text(
    st.characters(categories=["L", "N", "P", "S"]) | st.sampled_from(' ;,\\:^"'), min_size=1, max_size=120
)
tidy = TIDY.map(str.strip).filter(bool)
whole = st.lists(tidy, min_size=1, max_size=3).map("\n".join)
# A card of the year 1604 has no year: that is how Apple writes it.
on_a_card = recurring.filter(lambda day: not day.startswith(APPLES_NO_YEAR))
person = st.builds(
    ContactRecord,
    name=tidy,
    given_name=maybe(tidy),
    family_name=maybe(tidy),
    emails=several(email),
    phones=several(phone),
    organisation=maybe(tidy),
    title=maybe(tidy),
    tags=several(tidy.filter(lambda tag: not tag.startswith("* "))),
    city=maybe(tidy),
    country=maybe(tidy),
    time_zone=maybe(time_zone),
    birthday=maybe(on_a_card),
    occasions=several(st.builds(Occasion, st.just("anniversary"), on_a_card)),
    notes=maybe(whole),
    uid=maybe(tidy),
)


@given(st.lists(person, min_size=1, max_size=3))
def test_written_vcards_are_read_back(people: list[ContactRecord]) -> None:
    found = read_vcards("x.vcf", write_vcards(people))
    assert not found.skipped
    for theirs, ours in zip(found.records, people, strict=True):
        for name in (
            "name",
            "given_name",
            "family_name",
            "emails",
            "phones",
            "organisation",
            "title",
            "tags",
        ):
            assert getattr(theirs, name) == getattr(ours, name)
        for name in ("city", "country", "time_zone", "birthday", "occasions", "notes", "uid"):
            assert getattr(theirs, name) == getattr(ours, name)


def test_addresses_travel_by_vcard() -> None:
    home = PostalAddress('1 "High" St^\nLeeds; LS1', "home")
    ana = ContactRecord("Ana", addresses=(home, PostalAddress("2 Low St")), city="Leeds", country="UK")
    (read,) = read_vcards("x.vcf", write_vcards([ana])).records
    assert isinstance(read, ContactRecord)
    assert (read.addresses, read.city, read.country) == (ana.addresses, "Leeds", "UK")


@given(person)
def test_other_programs_read_our_vcards(contact: ContactRecord) -> None:
    written = write_vcards([contact])
    assert all(len(piece) <= 75 for piece in written.split(b"\r\n"))
    assert vobject.readOne(written.decode()).fn.value == contact.name.rstrip("\\") or contact.name.endswith(
        "\\"
    )


def calendar(*items: InteractionRecord | DateRecord) -> icalendar.Calendar:
    interactions = [item for item in items if isinstance(item, InteractionRecord)]
    dates = [item for item in items if isinstance(item, DateRecord)]
    data = write_calendar(interactions, dates, stamp=NOW, channels={"lunch": "Lunch or coffee"})
    return icalendar.Calendar.from_ical(data)


def test_interactions_are_appointments() -> None:
    lunch = InteractionRecord(
        NOW, "lunch", ("Ana; Ruiz", "Bo"), summary="Prices, and\nmore", source_id="a\r\nb"
    )
    (event,) = calendar(lunch).walk("VEVENT")
    assert event["SUMMARY"] == "Lunch or coffee with Ana; Ruiz, Bo"
    assert event["DESCRIPTION"] == "Prices, and\nmore"
    assert event.decoded("DTSTART") == NOW


def test_dates_are_whole_days_that_return() -> None:
    birthday = DateRecord("Ana", "birthday", "--02-29", yearly=True)
    renewal = DateRecord("Bo", "renewal", "2027-01-31", label="Support contract")
    first, second = calendar(birthday, renewal).walk("VEVENT")
    assert first.decoded("DTSTART") == date(2000, 2, 29)
    assert first["RRULE"].to_ical() == b"FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2"
    assert second["SUMMARY"] == "Bo: Support contract"
    assert "RRULE" not in second


@given(st.lists(a_record("interactions"), max_size=3), st.lists(a_record("dates"), max_size=3))
def test_any_calendar_can_be_read(interactions: list[InteractionRecord], dates: list[DateRecord]) -> None:
    assert len(calendar(*interactions, *dates).walk("VEVENT")) == len(interactions) + len(dates)
