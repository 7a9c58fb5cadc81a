"""Zip archives, read within bounds: so many entries, so much in all, nothing written anywhere."""

import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from crm.domain.manner import numeral
from crm.imports.phrases import phrase
from crm.imports.records import UnreadableFile

ENTRIES = 200_000
EXPANSION = 30
"""How many times its own size an archive may unpack to, beyond a floor."""
FLOOR = 256 * 1024 * 1024
NAME_LIMIT = 1_000

_HEAD = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_BYTES = _END.size + 65_535
_DIRECTORY_BYTES = 256 * 1024
"""How much of a directory is looked at to tell what an archive is."""


class Entry(NamedTuple):
    """One file of an archive, to be opened and closed by whoever reads it."""

    name: str
    stream: BinaryIO


def first_names(head: bytes) -> list[str]:
    """The names of the entries that begin in these first bytes; nothing where it is no zip archive."""
    names: list[str] = []
    at = 0
    while 0 <= at <= len(head) - _HEAD.size and head.startswith(b"PK\x03\x04", at):
        *_, length, _ = _HEAD.unpack_from(head, at)
        names.append(head[at + _HEAD.size :][:length].decode("utf-8", "replace")[:NAME_LIMIT])
        at = head.find(b"PK\x03\x04", at + _HEAD.size + length)
    return names


def heads(stream: BinaryIO) -> bytes:
    """The heads of the entries one after the other, without what is in them, as the directory at the end has them."""
    return b"".join(_HEAD.pack(b"PK\x03\x04", *[0] * 8, len(name), 0) + name for name in _directory(stream))


def _directory(stream: BinaryIO) -> Iterator[bytes]:
    """The names that stand first in the directory at an archive's end; nothing where there is none."""
    length = stream.seek(0, 2)
    stream.seek(max(0, length - _END_BYTES))
    tail = stream.read(_END_BYTES)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        return
    *_, begins, _ = _END.unpack_from(tail, at)
    stream.seek(min(begins, length))
    directory, at = stream.read(_DIRECTORY_BYTES), 0
    while directory.startswith(b"PK\x01\x02", at) and len(directory) >= at + _ENTRY.size:
        *_, name, extra, comment, _, _, _, _ = _ENTRY.unpack_from(directory, at)
        yield directory[at + _ENTRY.size :][: min(name, NAME_LIMIT)]
        at += _ENTRY.size + name + extra + comment


def entries(stream: BinaryIO, file: str) -> Iterator[Entry]:
    """The files of an archive by name, one after the other; raises UnreadableFile for what is no honest archive."""
    try:
        archive = zipfile.ZipFile(stream)
        infos = sorted(
            (info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename
        )
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as fault:
        raise UnreadableFile(
            file, phrase("This zip archive is damaged or incomplete. Make it again.")
        ) from fault
    _refuse_bombs(stream, file, infos)
    for info in infos:
        try:
            opened = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as fault:
            raise UnreadableFile(
                file, phrase("“{name}” in it cannot be unpacked.", name=info.filename[:80])
            ) from fault
        except RuntimeError as fault:
            raise UnreadableFile(
                file, phrase("This zip archive has a password. Make one without it.")
            ) from fault
        with opened:
            yield Entry(info.filename[:NAME_LIMIT], opened)  # type: ignore[arg-type]


def _refuse_bombs(stream: BinaryIO, file: str, infos: list[zipfile.ZipInfo]) -> None:
    size = stream.seek(0, 2)
    if len(infos) > ENTRIES:
        raise UnreadableFile(
            file,
            phrase("This zip archive contains more than {limit} files. Split it.", limit=numeral(ENTRIES)),
        )
    if sum(info.file_size for info in infos) > FLOOR + EXPANSION * size:
        raise UnreadableFile(
            file,
            phrase("This zip archive unpacks to far more than a real one would. Nothing in it was imported."),
        )
