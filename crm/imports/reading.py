"""Reading files somebody gave us, in a confined process of their own; small ones of our own format here."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.accounts.queries import own_words, own_zone, sole_user
from crm.domain.language import N_
from crm.domain.principal import Principal
from crm.imports import queries
from crm.imports.apart import is_by_others
from crm.imports.feeds import HEAD
from crm.imports.limits import processor_seconds
from crm.imports.mailboxes import folder_size, is_mail_folder
from crm.imports.phrases import phrase
from crm.imports.reader import DONE, REFUSED
from crm.imports.records import FEEDS, ParsedFile, UnreadableFile
from crm.imports.report import FileReport
from crm.imports.sightings import Spool
from crm.imports.sniff import display_name, own_kind, read_file
from crm.imports.tables import Remembered
from crm.interactions.queries import channels

FEED_LIMIT = 8 * 1024 * 1024 * 1024
"""Bytes of a mailbox that is read piece by piece."""
OURS_LIMIT = 4 * 1024 * 1024
"""Bytes of a file of our own format that is read here: so many do no harm, and a process takes longer to start."""
TOO_MUCH = N_(
    "Reading this file takes more time or memory than a real one should. Nothing in it was imported."
)

INTERRUPTED = N_("Reading this file was interrupted. Nothing in it was imported; import it again.")


class Given(NamedTuple):
    """One file as it was given: its name for sentences, and its content or where it lies."""

    name: str
    content: bytes | Path


class Reading(NamedTuple):
    """What reading depends on. ``kind`` is what the person says the files are."""

    zone: ZoneInfo
    now: datetime
    channels: Collection[str]
    kind: str | None = None
    keep_text: bool = False
    mappings: Remembered | None = None
    mine: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    own_zone: ZoneInfo | None = None
    log_mailbox: str = ""
    since: datetime | None = None


def reading_for(
    connection: Connection,
    principal: Principal,
    at: datetime,
    *,
    kind: str | None = None,
    keep_text: bool = False,
    mappings: Remembered | None = None,
    log_mailbox: str = "",
    since: datetime | None = None,
) -> Reading:
    """What reading depends on for somebody who brings files in at ``at``.

    On the command line that is the only active user, if there is one. ``mappings`` stand for those remembered.
    ``log_mailbox`` names the mailbox from which it comes, if that is one to which mails are forwarded; ``since`` is the
    moment up to which a calendar that is still the same was read.
    """
    keys = [one.key for one in channels(connection, principal)]
    words = own_words(connection, principal)
    me = principal.user_id if principal.user_id is not None else sole_user(connection, principal)
    return Reading(
        principal.zone,
        at,
        keys,
        kind,
        keep_text,
        queries.mappings(connection, principal) if mappings is None else mappings,
        tuple(words.pop(me, ())) if me is not None else (),
        tuple(word for one in words.values() for word in one),
        principal.user_zone if me is None or me == principal.user_id else own_zone(connection, principal, me),
        log_mailbox,
        since,
    )


def read_all(given: Iterable[Given], reading: Reading) -> list[ParsedFile | FileReport]:
    """Every file as read, or why it could not be, in their order."""
    return [_read(one, reading) for one in given]


def _read(one: Given, reading: Reading) -> ParsedFile | FileReport:
    name = display_name(one.name)
    try:
        if isinstance(one.content, Path) and one.content.is_dir():
            return _read_folder(one.content, name, reading)
        with _opened(one) as stream:
            head, size = stream.read(HEAD), stream.seek(0, os.SEEK_END)
            stream.seek(0)
            own = own_kind(head, reading.kind, reading.mappings)
            if own and size <= OURS_LIMIT:
                return _read_here(one.name, stream.read(), own, reading)
            return _read_apart(stream, size, name, reading)
    except UnreadableFile as fault:
        return FileReport.unreadable(name, fault)


def _read_folder(folder: Path, name: str, reading: Reading) -> ParsedFile | FileReport:
    if not is_mail_folder(folder):
        raise UnreadableFile(name, phrase("There is no mail in this folder. Give the files in it instead."))
    with Path(os.devnull).open("rb") as nothing:
        return _child(nothing, folder_size(folder), name, reading, folder)


def _read_here(name: str, data: bytes, kind: str, reading: Reading) -> ParsedFile:
    return read_file(
        name,
        data,
        zone=reading.zone,
        now=reading.now,
        channels=reading.channels,
        kind=kind,
    )


def _opened(one: Given) -> BinaryIO:
    return BytesIO(one.content) if isinstance(one.content, bytes) else one.content.open("rb")


def _read_apart(stream: BinaryIO, size: int, name: str, reading: Reading) -> ParsedFile | FileReport:
    if size > FEED_LIMIT:
        raise UnreadableFile(
            name, phrase("This file is larger than {limit} GiB. Split it.", limit=FEED_LIMIT // 2**30)
        )
    if not isinstance(stream, BytesIO):
        return _child(stream, size, name, reading)
    with tempfile.TemporaryFile() as copied:
        copied.write(stream.getbuffer())
        copied.seek(0)
        return _child(copied, size, name, reading)


def _child(
    source: IO[bytes], size: int, name: str, reading: Reading, folder: Path | None = None
) -> ParsedFile | FileReport:
    order = {
        "kind": reading.kind,
        "name": name,
        "zone": str(reading.zone),
        "now": reading.now.isoformat(),
        "channels": list(reading.channels),
        "keep_text": reading.keep_text,
        "mine": reading.mine,
        "ours": reading.ours,
        "own_zone": str(reading.own_zone or reading.zone),
        "said": dict(reading.mappings or {}),
        "size": size,
        "log_mailbox": reading.log_mailbox,
        "since": reading.since.isoformat() if reading.since else None,
        "folder": str(folder.absolute()) if folder else None,
    }
    spool = Spool(tempfile.TemporaryFile())  # noqa: SIM115 (it lives as long as what was read)
    if (fault := _fault_of_reading(order, source, spool)) is not None:
        raise UnreadableFile(name, phrase(fault))
    state, said = spool.answer()
    if state == REFUSED:
        where, message, columns = said
        return FileReport.unreadable(name, UnreadableFile(where, message), columns)
    if state != DONE:
        raise UnreadableFile(name, phrase(TOO_MUCH))
    holds = {"sightings": spool} if said.kind in FEEDS else {"records": tuple(spool)}
    parsed: ParsedFile = replace(said, **holds)
    return parsed


def _fault_of_reading(order: dict[str, Any], source: IO[bytes], spool: Spool) -> str | None:
    """Have the reader read the file; what is said where it met its limits, or was ended by somebody else."""
    with tempfile.TemporaryFile("w+") as wanted:  # what a team remembers may be longer than an argument
        json.dump(order, wanted)
        wanted.seek(0)
        try:
            subprocess.run(  # noqa: S603 (our own reader)
                [sys.executable, "-m", "crm.imports.reader", str(wanted.fileno())],
                stdin=source,
                stdout=spool.file,
                stderr=subprocess.DEVNULL,
                pass_fds=[wanted.fileno()],
                timeout=10 * processor_seconds(order["size"]),
                check=True,
                start_new_session=True,  # Ctrl+C is for us: what is being read is read to its end
            )
        except subprocess.TimeoutExpired:
            return TOO_MUCH
        except subprocess.CalledProcessError as ended:
            return INTERRUPTED if is_by_others(ended.returncode) else TOO_MUCH
    return None
