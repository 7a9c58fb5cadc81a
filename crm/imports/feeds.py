"""Feeds, which machines wrote: which one a file is, told by how it begins, and its reader: calendars and mail."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from crm.imports.calendars import read_calendar
from crm.imports.mailboxes import is_mail, mails_in, mails_under
from crm.imports.mails import MailReader
from crm.imports.records import CALENDAR, FILE_LIMIT, MAIL, ParsedFile, UnreadableFile
from crm.imports.sightings import Notices, Sighting, decode_text

HEAD = 65_536
"""Bytes at the beginning of a file that tell what it is."""


@dataclass(frozen=True)
class FeedSetting:
    """What reading depends on: the workspace's zone, the moment, and whether what people wrote is kept.

    ``mine`` are the addresses, numbers and names of whoever brings the file in, ``ours`` those of the rest of the
    team; ``own_zone`` is where times without a zone were lived, ``said`` what people said of files that read in
    several ways, ``folder`` what is to be read where it is one.
    """

    zone: ZoneInfo
    now: datetime
    keep_text: bool = False
    mine: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    own_zone: ZoneInfo | None = None
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)
    folder: Path | None = None


Reader = Callable[[BinaryIO, Notices, FeedSetting], Iterator[Sighting]]


def _calendar(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    data = whole(stream, notices.file)
    return read_calendar(data, notices, zone=setting.zone, now=setting.now, keep_text=setting.keep_text)


def _mail(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    reader = MailReader(notices, setting.now, keep_text=setting.keep_text)
    if setting.folder is not None:
        yield from reader.sightings(mails_under(setting.folder, notices, body=reader.body))
    else:
        yield from reader.sightings(mails_in(stream, notices, body=reader.body))
    reader.tell()


READERS: dict[str, Reader] = {CALENDAR: _calendar, MAIL: _mail}


def whole(stream: BinaryIO, name: str) -> bytes:
    """A file that has to fit into memory."""
    data = stream.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise UnreadableFile(
            name, f"This file has more than {FILE_LIMIT // 2**20} MiB. Split it and import the parts."
        )
    return data


def feed_kind(head: bytes) -> str | None:
    """Which sort of feed begins so, or None."""
    text = decode_text(head)
    if re.match(r"\s*BEGIN:VCALENDAR", text, re.IGNORECASE):
        return CALENDAR
    return MAIL if is_mail(head) else None


def open_feed(kind: str, stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    """Read a feed piece by piece; ``notices`` is whole only after the last."""
    return READERS[kind](stream, notices, setting)


def read_feed(kind: str, stream: BinaryIO, name: str, setting: FeedSetting) -> ParsedFile:
    """Read a feed into memory."""
    notices = Notices(name)
    found = tuple(open_feed(kind, stream, notices, setting))
    return parsed_feed(kind, notices, found)


def parsed_feed(kind: str, notices: Notices, found: tuple[Sighting, ...] = ()) -> ParsedFile:
    """What was read, with what the reader had to say."""
    return ParsedFile(
        notices.file,
        kind,
        skipped=tuple(notices.skipped),
        uncertain=tuple(notices.uncertain),
        sightings=found,
    )
