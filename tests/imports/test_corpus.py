"""Real files from real address books, where they are at hand: each ends in records or in one clear sentence."""

import calendar
import contextlib
import csv
import io
import mailbox
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import mktime_tz, parsedate_tz
from pathlib import Path
from time import gmtime
from zoneinfo import ZoneInfo

import pytest

from crm.imports.records import ContactRecord, ParsedFile, UnreadableFile
from crm.imports.sniff import read_file
from tests.builders import World
from tests.imports.files import bring, exported, good, news, summed
from tests.shipped import SHIPPED_KEYS

DATA = Path(__file__).parents[3] / "shared" / "data"
CARDS = sorted(DATA.glob("vcard/**/*.vcf"))
FILES = sorted(
    path
    for folder in ("vcard", "csv", "ical", "mail", "chat", "suites")
    for path in DATA.glob(f"{folder}/**/*")
)

pytestmark = pytest.mark.skipif(not CARDS, reason="the shared data are not here")


def read(path: Path) -> ParsedFile:
    return read_file(
        str(path),
        path.read_bytes(),
        zone=ZoneInfo("Europe/Berlin"),
        now=datetime(2026, 11, 23, tzinfo=UTC),
        channels=SHIPPED_KEYS,
    )


def read_or_refused(path: Path) -> ParsedFile | UnreadableFile:
    try:
        return read(path)
    except UnreadableFile as refused:
        return refused


def kind_of(found: ParsedFile | UnreadableFile) -> str:
    return found.kind if isinstance(found, ParsedFile) else ""


def name(path: Path) -> str:
    return str(path.relative_to(DATA))


@pytest.mark.parametrize("path", CARDS, ids=name)
def test_every_card_is_a_contact_or_skipped_with_a_reason(path: Path) -> None:
    begun = len(re.findall(rb"(?im)^begin:vcard\s*$", path.read_bytes()))
    parsed = read(path)
    skipped = [each for each in parsed.skipped if " card " in each.where]
    assert begun > 0
    assert len(parsed.records) == begun - len(skipped)
    assert all(each.why.endswith(".") for each in parsed.skipped)


def test_every_other_file_is_read_as_what_it_is_or_refused_by_its_name() -> None:
    for path in FILES:
        if not path.is_file() or path.suffix == ".vcf":
            continue
        found = read_or_refused(path)
        if isinstance(found, UnreadableFile):
            assert found.where.startswith(path.name), path
        assert kind_of(found) == kind_told_otherwise(path), path


def kind_told_otherwise(path: Path) -> str:
    """What a file is by its place and by marks that can be seen without a reader; nothing for what is none of ours."""
    folder, data = path.relative_to(DATA).parts[0], path.read_bytes()
    if path.suffix == ".ics":
        lines = [line.strip().upper() for line in data.splitlines()]
        return "calendar" if {b"BEGIN:VCALENDAR", b"BEGIN:VEVENT"} <= set(lines) else ""
    if folder == "mail":
        return "mail" if data.startswith(b"From ") or len(message_from_bytes(data)) > 1 else ""
    if folder == "chat":
        if path.parent.name == "telegram":
            return "telegram" if "export" in path.name else ""
        return {".txt": "whatsapp", ".xml": "phone"}.get(path.suffix, "")
    return "addressbook" if path.suffix == ".csv" else ""


def test_every_real_event_is_a_meeting_ahead_behind_or_left_out_with_a_reason() -> None:
    for path in DATA.glob("ical/**/*.ics"):
        lines = re.sub(r"\r?\n[ \t]", "", path.read_bytes().decode("utf-8", "replace")).splitlines()
        if "BEGIN:VCALENDAR" not in map(str.strip, lines) or any("METHOD:REPLY" in line for line in lines):
            continue
        simple = lines.count("BEGIN:VEVENT") and not any(
            line.startswith(("RRULE", "RDATE", "RECURRENCE-ID")) for line in lines
        )
        uids = {line for line in lines if line.startswith("UID")}
        if simple and len(uids) == lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT"):
            parsed = read(path)
            passed = sum(
                int(match.group(1).replace(",", ""))
                if (match := re.match(r"([\d,]+) meeting", one.why))
                else 1
                for one in parsed.skipped
            )
            assert len(parsed.sightings) + passed == len(uids), path


def test_every_real_mail_is_one_of_ours_or_left_out_with_a_reason_and_counts_are_those_of_the_library() -> (
    None
):
    """The standard library's mailboxes and its older parser are the second opinion."""
    told = 0
    for path in (
        path for path in DATA.glob("mail/**/*") if path.is_file() and kind_of(read_or_refused(path)) == "mail"
    ):
        mails = messages(path)
        parsed = read(path)
        ids = {str(one["message-id"]) for one in mails}
        assert len(parsed.sightings) + left_out(parsed) in (len(ids), len(mails)), (
            path
        )  # a copy may be left out, too
        moments = {
            calendar.timegm(gmtime(mktime_tz(when)))
            for one in mails
            if (when := parsedate_tz(plain_date(one)))
        }
        assert {one.occurred_at.timestamp() for one in parsed.sightings} <= moments or not moments, path
        told += len(parsed.sightings)
    assert told > 40


def messages(path: Path) -> list[Message]:
    if path.read_bytes().startswith(b"From ") and path.suffix in (".mbox", ".txt"):
        with contextlib.closing(mailbox.mbox(path)) as box:
            return list(box)
    return [message_from_bytes(path.read_bytes())]


def left_out(parsed: ParsedFile) -> int:
    numbers = (re.match(r"([\d,]+) mails? left out", one.why) for one in parsed.skipped)
    return sum(int(match.group(1).replace(",", "")) if match else 1 for match in numbers)


def plain_date(mail: Message) -> str:
    return re.sub(r"\s*:\s*", ":", re.sub(r"\([^()]*\)", "", str(mail["date"])))


def test_real_names_survive() -> None:
    names = {
        record.name for path in CARDS for record in read(path).records if isinstance(record, ContactRecord)
    }
    assert {"ダブル バイト", "Mr. John Richter James Doe Sr.", "Dummy, Dummy", "HiAscii Śuterry"} <= names


def test_every_card_arrives_once_and_stays_itself(world: World) -> None:
    cards = [(name(path), path.read_bytes()) for path in CARDS]
    good(bring(world, *cards))
    first = exported(world)
    again = good(bring(world, *cards))
    assert (news(again), exported(world)) == ({}, first)
    other = World.create(world.database, "Another team")
    good(bring(other, *first.items()))
    assert exported(other) == first


def test_another_programs_people_arrive(world: World) -> None:
    for path in DATA.glob("csv/**/contacts*.csv"):
        data = path.read_bytes()
        lines = list(csv.reader(io.StringIO(data.decode())))
        (report,) = good(bring(world, (name(path), data)))
        assert report.kind == "addressbook"
        assert report.new["contacts"] == len(lines) - 1 == 500
        again = good(bring(world, (name(path), data)))
        assert (news(again), summed(again, "changed")) == ({}, {})
