"""Feeds, which machines wrote: which one a file is, told by how it begins, and its reader: calendars, mail, chats and phones."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from crm.imports.archives import is_archive, member_of
from crm.imports.calendars import read_calendar
from crm.imports.mailboxes import is_mail, mails_in, mails_under
from crm.imports.mails import MailReader
from crm.imports.phone_backups import begins_as_backup, read_backup
from crm.imports.records import CALENDAR, FILE_LIMIT, MAIL, PHONE, WHATSAPP, ParsedFile, UnreadableFile
from crm.imports.sightings import FeedSetting, Notices, Sighting, decode_text
from crm.imports.whatsapp import begins_as_chat, read_whatsapp
from crm.imports.zips import first_names

HEAD = 65_536
"""Bytes at the beginning of a file that tell what it is."""

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


def _whatsapp(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    data, name = _unpacked(stream, notices.file)
    return read_whatsapp(data, notices, setting, name)


def _phone(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    if _is_zip(stream):
        data, _ = member_of(stream, notices.file, is_backup)
        return read_backup(BytesIO(data), notices, setting)
    return read_backup(stream, notices, setting)


def _unpacked(stream: BinaryIO, name: str) -> tuple[bytes, str]:
    """The text to be read, out of its archive if it lies in one, and both names for what they tell."""
    if not _is_zip(stream):
        return whole(stream, name), name
    data, member = member_of(stream, name, is_chat)
    return data, f"{name.removesuffix('.zip')} {member}"


def _is_zip(stream: BinaryIO) -> bool:
    head = stream.read(4)
    stream.seek(0)
    return head == b"PK\x03\x04"


def is_chat(name: str, head: bytes) -> bool:
    """Whether a file of an archive is its chat."""
    return name.lower().endswith(".txt") and begins_as_chat(decode_text(head))


def is_backup(name: str, head: bytes) -> bool:
    """Whether a file of an archive is the backup of a phone."""
    return name.lower().endswith(".xml") and begins_as_backup(decode_text(head))


READERS: dict[str, Reader] = {CALENDAR: _calendar, MAIL: _mail, WHATSAPP: _whatsapp, PHONE: _phone}


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
    if is_mail(head):
        return MAIL
    if is_archive(head):
        return PHONE if any(name.lower().endswith(".xml") for name in first_names(head)) else WHATSAPP
    if begins_as_backup(text):
        return PHONE
    return WHATSAPP if begins_as_chat(text) else None


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
        choices=tuple(notices.choices),
        sightings=found,
    )
