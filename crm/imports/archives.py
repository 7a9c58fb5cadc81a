"""The chats in a zip archive, read within bounds; photos beside it stay where they are."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from crm.domain.language import N_
from crm.imports.phrases import phrase
from crm.imports.records import FILE_LIMIT, UnreadableFile
from crm.imports.zips import Entry, entries

NO_CHAT = N_(
    "This archive contains no chat. Unpack it, and import what is in it. Save a spreadsheet as “CSV UTF-8”."
)
_CANDIDATES = 100
_HEAD = 4_096
_OFFICE = (
    b"[Content_Types].xml",
    b"_rels/",
    b"docProps/",
    b"xl/",
    b"word/",
    b"ppt/",
    b"mimetype",
    b"META-INF/",
)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a zip archive, and no office document."""
    return head.startswith(b"PK\x03\x04") and not head[30:60].startswith(_OFFICE)


TEXTS = re.compile(r"\.(txt|xml)$", re.IGNORECASE)


class Member:
    """One file of an archive while it is open; what is damaged in it raises UnreadableFile."""

    def __init__(self, entry: Entry, file: str) -> None:
        self._entry, self._file = entry, file

    def read(self, size: int) -> bytes:
        """At most so many bytes more."""
        return _read(self._entry, self._file, size)


def members_of(
    stream: BinaryIO, name: str, wanted: Callable[[str, bytes], bool], named: re.Pattern[str] = TEXTS
) -> Iterator[tuple[Member, str]]:
    """The files that are ``wanted`` by name and beginning, of those whose names fit, each open until the next is asked for."""
    fitting = (one for one in entries(stream, name) if named.search(one.name))
    for entry, _ in zip(fitting, range(_CANDIDATES), strict=False):
        if wanted(entry.name, _read(entry, name, _HEAD)):
            entry.stream.seek(0)
            yield Member(entry, name), PurePosixPath(entry.name).name


def member_of(
    stream: BinaryIO, name: str, wanted: Callable[[str, bytes], bool], named: re.Pattern[str] = TEXTS
) -> tuple[bytes, str]:
    """The content and the name of the only file that is ``wanted`` by its name and beginning.

    Raises UnreadableFile where there is none, or several, or one too large, locked or damaged.
    """
    found: list[tuple[bytes, str]] = []
    for member, inner in members_of(stream, name, wanted, named):
        found.append((member.read(FILE_LIMIT + 1), inner))
        if len(found) > 1:
            raise UnreadableFile(
                name, phrase("This archive contains several chats. Unpack it, and import them.")
            )
    if not found:
        raise UnreadableFile(name, phrase(NO_CHAT))
    if len(found[0][0]) > FILE_LIMIT:
        raise UnreadableFile(
            name,
            phrase(
                "The chat in this archive is larger than {limit} MiB. Export only part of it.",
                limit=FILE_LIMIT // 2**20,
            ),
        )
    return found[0]


def all_of(stream: BinaryIO, name: str, named: re.Pattern[str]) -> Iterator[tuple[bytes, str]]:
    """The content and name of every file whose name fits, each no larger than a file by itself may be."""
    for entry in entries(stream, name):
        if named.search(entry.name):
            data = _read(entry, name, FILE_LIMIT + 1)
            if len(data) > FILE_LIMIT:
                raise UnreadableFile(
                    name,
                    phrase(
                        "“{name}” in this archive is larger than {limit} MiB.",
                        name=entry.name[:80],
                        limit=FILE_LIMIT // 2**20,
                    ),
                )
            yield data, entry.name


def others(stream: BinaryIO, name: str, named: re.Pattern[str]) -> str | None:
    """A sentence about what else of an archive could be imported, beside the files whose names fit."""
    found = [
        one.name for one in entries(stream, name) if _READ.search(one.name) and not named.search(one.name)
    ]
    if not found:
        return None
    names = ", ".join(found[:3])
    if len(found) > 3:
        return phrase(
            "Unpack this archive to import what else is in it: {names} and {n} more.",
            names=names,
            n=len(found) - 3,
        )
    return phrase("Unpack this archive to import what else is in it: {names}.", names=names)


_READ = re.compile(r"\.(vcf|ics|mbox|eml)$", re.IGNORECASE)


def _read(entry: Entry, name: str, limit: int) -> bytes:
    """At most ``limit`` bytes, however many the archive promises."""
    try:
        return entry.stream.read(limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as fault:
        raise UnreadableFile(
            name, phrase("“{name}” in this archive is damaged. Export it again.", name=entry.name[:80])
        ) from fault
