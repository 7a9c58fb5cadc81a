"""The backup file: one zip for either database, whose every byte is vouched for.

Inside: ``tables/<name>.jsonl`` with one JSON array a row, columns in the order that ``manifest.json`` names, and the
manifest with counts. The zip's comment is the SHA-256 of all bytes before it, so a file that was cut or changed
anywhere is recognised before anything is read from it.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter

from crm.errors import Invalid, Unavailable

FORMAT = 1
_PREFIX = b"in-person-backup sha256:"
_SEAL = len(_PREFIX) + 64
_ZIP = b"PK\x03\x04"
_FIRST = b"tables/"
"""With what the name of the first member begins, after 30 bytes."""
_BLOCK = 1 << 20
_UNREADABLE = (KeyError, TypeError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a member can end in that is not what it should be: not there, no text, no JSON, packed in another way."""


def _aware(words: str) -> str:
    if datetime.fromisoformat(words).tzinfo is None:
        raise ValueError("a moment without a zone")
    return words


Instant: TypeAlias = Annotated[str, AfterValidator(_aware)]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True)
class Contents:
    """One table in the archive: its columns and how many rows it has."""

    columns: list[str]
    rows: Count


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself. Moments are ISO 8601 in UTC; ``newest_change`` is null for an empty database."""

    format: int
    version: str
    revision: str
    made_at: Instant
    last_id: Count
    newest_change: Instant | None
    tables: dict[str, Contents]


class Writer:
    """Writes an archive into an open file; rows are streamed, so memory does not grow with the database."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.tables: dict[str, Contents] = {}

    def table(self, name: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> None:
        """Add one table."""
        count = 0
        with self._zip.open(f"tables/{name}.jsonl", "w", force_zip64=True) as member:
            for row in rows:
                member.write(
                    json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                )
                count += 1
        self.tables[name] = Contents(columns, count)

    def close(self, manifest: Manifest) -> None:
        """Write the manifest and leave room for the seal."""
        self._zip.writestr("manifest.json", json.dumps(asdict(manifest), indent=1))
        self._zip.comment = _PREFIX + b"0" * 64
        self._zip.close()

    def abandon(self) -> None:
        """Let go of a file that could not be written to its end, while it is open; it is of no use."""
        with suppress(OSError, ValueError):
            self._zip.close()


def seal(path: Path) -> None:
    """Put the hash of the file into its own last bytes, and see it safely on the disk."""
    digest = _digest(path)
    with path.open("r+b") as file:
        file.seek(-64, os.SEEK_END)
        file.write(digest.encode())
        file.flush()
        os.fsync(file.fileno())


def is_one(path: Path) -> bool:
    """Whether a file is an archive, whole or not, or is empty: what a backup may replace."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(30 + len(_FIRST))
    return start == b"" or (start.startswith(_ZIP) and start.endswith(_FIRST))


def _digest(path: Path) -> str:
    """SHA-256 of everything before the seal."""
    left = path.stat().st_size - _SEAL
    found = hashlib.sha256()
    with path.open("rb") as file:
        while left > 0:
            block = file.read(min(left, _BLOCK))
            if not block:
                break
            found.update(block)
            left -= len(block)
    return found.hexdigest()


class Archive:
    """A verified archive, open for reading."""

    def __init__(self, opened: zipfile.ZipFile, path: Path) -> None:
        self._zip = opened
        self._path = path
        self.manifest = _manifest(opened, path)

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table, by column: as many as the manifest says, or a refusal."""
        contents, count = self.manifest.tables[table], 0
        try:
            with self._zip.open(f"tables/{table}.jsonl") as member:
                for line in member:
                    yield dict(zip(contents.columns, _row(line), strict=True))
                    count += 1
        except _UNREADABLE:
            raise self.misfit(table) from None
        if count != contents.rows:
            raise self.misfit(table)

    def misfit(self, table: str) -> Invalid:
        """The refusal for a table that is not what the archive says, or not what the database takes."""
        return Invalid(
            f"{self._path} is intact, but its table {table} does not match, so nothing was restored. Use another backup."
        )


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Verify an archive and open it; refuses a damaged file, another sort of file, and a newer format."""
    try:
        _verify(path)
        with zipfile.ZipFile(path) as found:
            yield Archive(found, path)
    except FileNotFoundError:
        raise Unavailable(f"There is no file {path}.") from None
    except OSError as fault:
        raise Unavailable(f"{path} cannot be read: {fault.strerror or fault}.") from None
    except zipfile.BadZipFile:
        raise _damaged(path) from None


def _verify(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0, os.SEEK_END)
        if file.tell() > _SEAL:
            file.seek(-_SEAL, os.SEEK_END)
        end = file.read()
    if not end.startswith(_PREFIX):
        if start == _ZIP:
            raise _damaged(path)
        raise Invalid(f"{path} is not a backup of In Person.")
    if end.removeprefix(_PREFIX) != _digest(path).encode():
        raise _damaged(path)


def _damaged(path: Path) -> Invalid:
    return Invalid(f"{path} is damaged or cut short, so nothing was restored. Use another backup.")


def _row(line: bytes) -> list[Any]:
    values = json.loads(line)
    if not isinstance(values, list):
        raise TypeError("a row is a list")
    return values


def _manifest(found: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        said = found.read("manifest.json")
        _refuse_newer(json.loads(said), path)
        return _MANIFEST.validate_json(said, strict=True)
    except _UNREADABLE:
        raise Invalid(
            f"{path} does not say what is in it, so nothing was restored. Use another backup."
        ) from None


def _refuse_newer(said: Any, path: Path) -> None:
    """Before the rest is looked at: a newer format may have another shape."""
    if isinstance(said, dict) and type(said.get("format")) is int and said["format"] > FORMAT:
        raise newer(path, str(said.get("version", "unknown")))


def newer(path: Path, version: str) -> Invalid:
    """The refusal for a file of a later program."""
    return Invalid(
        f"{path} was made by a newer version of In Person ({version[:40]}). Install that version first."
    )


_MANIFEST = TypeAdapter(Manifest)
