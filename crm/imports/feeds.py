"""Feeds, which machines wrote: which one a file is, told by how it begins, and its reader: calendars, mail, chats and phones."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

from crm.imports.archives import NO_CHAT, TEXTS, all_of, is_archive, member_of, members_of, others
from crm.imports.calendars import read_calendar
from crm.imports.json_stream import Readable
from crm.imports.linkedin import begins_as_linkedin, read_linkedin
from crm.imports.log_mailboxes import LogMailbox
from crm.imports.mailboxes import is_mail, mails_in, mails_under
from crm.imports.mails import MailReader
from crm.imports.phone_backups import begins_as_backup, read_backup
from crm.imports.phrases import phrase
from crm.imports.records import (
    CALENDAR,
    FILE_LIMIT,
    LINKEDIN,
    MAIL,
    PHONE,
    SIGNAL,
    TELEGRAM,
    VCARD,
    WHATSAPP,
    X_ARCHIVE,
    ParsedFile,
    UnreadableFile,
)
from crm.imports.sightings import FeedSetting, Notices, Sighting, decode_text
from crm.imports.signal_chats import ME, begins_as_signal, begins_as_signal_text, read_signal
from crm.imports.telegram import begins_as_telegram, read_telegram
from crm.imports.whatsapp import begins_as_chat, read_whatsapp
from crm.imports.x_archive import NAMED, begins_as_x, is_x_file, read_x
from crm.imports.zips import first_names, heads

HEAD = 65_536
"""Bytes at the beginning of a file that tell what it is."""

Reader = Callable[[BinaryIO, Notices, FeedSetting], Iterator[Sighting]]


def _calendar(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    if not _is_zip(stream):
        yield from _calendar_of(whole(stream, notices.file), notices, setting)
        return
    for data, name in all_of(stream, notices.file, CALENDARS):
        inner = replace(notices, file=f"{notices.file}: {PurePosixPath(name).name}")
        try:
            yield from _calendar_of(data, inner, setting)
        except UnreadableFile as fault:
            notices.leave_out(fault.where, fault.message)
    if more := others(stream, notices.file, CALENDARS):
        notices.leave_out(notices.file, more)


def _calendar_of(data: bytes, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    return read_calendar(
        data,
        notices,
        zone=setting.zone,
        now=setting.now,
        keep_text=setting.keep_text,
        since=setting.since,
    )


def _mail(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    log = LogMailbox.of(setting) if setting.log_mailbox else None
    reader = MailReader(notices, setting.now, keep_text=setting.keep_text, log=log)
    if setting.folder is not None:
        yield from reader.sightings(mails_under(setting.folder, notices, body=reader.body))
    else:
        yield from reader.sightings(mails_in(stream, notices, body=reader.body))
    reader.tell()


def _whatsapp(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    data, member = _content(stream, notices.file, is_chat)
    return read_whatsapp(data, notices, setting, f"{notices.file.removesuffix('.zip')} {member}".strip())


def _phone(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    if _is_zip(stream):
        data, _ = member_of(stream, notices.file, is_backup)
        return read_backup(BytesIO(data), notices, setting)
    return read_backup(stream, notices, setting)


def _telegram(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    if not _is_zip(stream):
        yield from read_telegram(stream, notices, setting)
        return
    for member, _ in members_of(stream, notices.file, is_telegram, _JSON):
        yield from read_telegram(member, notices, setting)
        return
    raise UnreadableFile(notices.file, NO_CHAT)


def _linkedin(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    data, _ = _content(stream, notices.file, is_linkedin, _MESSAGES)
    return read_linkedin(data, notices, setting)


def _x(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    files: Iterable[Readable] = [stream]
    if _is_zip(stream):
        files = (member for member, _ in members_of(stream, notices.file, is_x_file, NAMED))
    return read_x(files, notices, setting)


def _signal(stream: BinaryIO, notices: Notices, setting: FeedSetting) -> Iterator[Sighting]:
    if begins_as_signal(_head(stream)):
        return read_signal(stream, notices, setting)
    data = whole(stream, notices.file)
    return read_whatsapp(data, notices, setting, notices.file, app=SIGNAL, me=ME)


def _content(
    stream: BinaryIO, name: str, wanted: Callable[[str, bytes], bool], named: re.Pattern[str] = TEXTS
) -> tuple[bytes, str]:
    """The file, out of its archive if it lies in one, and its name there."""
    return member_of(stream, name, wanted, named) if _is_zip(stream) else (whole(stream, name), "")


def _is_zip(stream: BinaryIO) -> bool:
    head = stream.read(4)
    stream.seek(0)
    return head == b"PK\x03\x04"


def _head(stream: BinaryIO) -> str:
    head = stream.read(HEAD)
    stream.seek(0)
    return decode_text(head)


def is_chat(name: str, head: bytes) -> bool:
    """Whether a file of an archive is its chat."""
    return name.lower().endswith(".txt") and begins_as_chat(decode_text(head))


def is_backup(name: str, head: bytes) -> bool:
    """Whether a file of an archive is the backup of a phone."""
    return name.lower().endswith(".xml") and begins_as_backup(decode_text(head))


def is_telegram(name: str, head: bytes) -> bool:
    """Whether a file of an archive is an export of Telegram."""
    return begins_as_telegram(decode_text(head))


def is_linkedin(name: str, head: bytes) -> bool:
    """Whether a file of an archive holds LinkedIn's messages."""
    return begins_as_linkedin(decode_text(head))


CALENDARS, CARDS = re.compile(r"\.ics$", re.IGNORECASE), re.compile(r"\.vcf$", re.IGNORECASE)
_JSON, _MESSAGES = re.compile(r"\.json$", re.IGNORECASE), re.compile(r"(^|/)messages\.csv$", re.IGNORECASE)
_IN_ARCHIVES = (
    (re.compile(r"(^|/)_chat\.txt$|whatsapp[^/]*\.txt$"), WHATSAPP),
    (re.compile(r"\.xml$"), PHONE),
    (re.compile(r"\.csv$"), LINKEDIN),
    (re.compile(r"\.js$"), X_ARCHIVE),
    (re.compile(r"\.json$"), TELEGRAM),
    (CALENDARS, CALENDAR),
    (CARDS, VCARD),
)
"""Which archive it is, told by the names of the files that come first in it; else it is a chat with its pictures.

A chat goes first: with it lies whatever was sent in it.
"""
READERS: dict[str, Reader] = {
    CALENDAR: _calendar,
    MAIL: _mail,
    WHATSAPP: _whatsapp,
    PHONE: _phone,
    TELEGRAM: _telegram,
    SIGNAL: _signal,
    LINKEDIN: _linkedin,
    X_ARCHIVE: _x,
}
_BEGINNINGS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (begins_as_backup, PHONE),
    (begins_as_x, X_ARCHIVE),
    (begins_as_telegram, TELEGRAM),
    (begins_as_signal, SIGNAL),
    (begins_as_signal_text, SIGNAL),
    (begins_as_chat, WHATSAPP),
    (begins_as_linkedin, LINKEDIN),
)


def whole(stream: BinaryIO, name: str) -> bytes:
    """A file that has to fit into memory."""
    data = stream.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise UnreadableFile(
            name,
            phrase(
                "This file is larger than {limit} MiB. Split it and import the parts.",
                limit=FILE_LIMIT // 2**20,
            ),
        )
    return data


def head_of(stream: BinaryIO) -> bytes:
    """What tells what a file is: how it begins, and of an archive that begins with pictures what else is in it.

    The stream is at its beginning afterwards.
    """
    head = stream.read(HEAD)
    if is_archive(head) and not is_mail(head) and _kind_in_archive(head) is None:
        head = heads(stream) or head
    stream.seek(0)
    return head


def feed_kind(head: bytes) -> str | None:
    """Which sort of feed begins so, or None."""
    text = decode_text(head)
    if re.match(r"\s*BEGIN:VCALENDAR", text, re.IGNORECASE):
        return CALENDAR
    if is_archive(head):
        kind = _kind_of_archive(head)
        return kind if kind in READERS else None
    if is_mail(head):
        return MAIL
    return next((kind for begins, kind in _BEGINNINGS if begins(text)), None)


def packs_cards(head: bytes) -> bool:
    """Whether a file that begins so is an archive of vCards."""
    return is_archive(head) and _kind_of_archive(head) == VCARD


def _kind_of_archive(head: bytes) -> str:
    kind = _kind_in_archive(head)
    if kind != WHATSAPP and is_mail(head):
        return MAIL
    return kind or WHATSAPP


def _kind_in_archive(head: bytes) -> str | None:
    names = [name.lower() for name in first_names(head)]
    return next((kind for name, kind in _IN_ARCHIVES if any(map(name.search, names))), None)


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
