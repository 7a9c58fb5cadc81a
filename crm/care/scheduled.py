"""Backups that are made by themselves: one a day into a folder, and only so many are kept."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from crm.care.backup import PART, back_up
from crm.errors import Unavailable
from crm.storage.database import Database

NAME = re.compile(r"in-person-(\d{4}-\d{2}-\d{2})\.backup")
ABANDONED_AFTER = timedelta(days=1)


def made(folder: Path) -> dict[date, Path]:
    """The backups of a folder by their UTC day, oldest first; other files are none of ours."""
    try:
        names = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    except OSError:
        return {}
    return {date.fromisoformat(path.name[10:20]): path for path in names}


def back_up_daily(database: Database, folder: Path, keep: int, at: datetime) -> Path | None:
    """Make the day's backup, unless it is there or being made; then let go of all but the newest ``keep``.

    Old ones go only once the new one has been read back. Raises Unavailable where the folder cannot be used.
    """
    today = at.astimezone(UTC).date()
    with _alone(folder) as is_ours:
        if not is_ours or today in made(folder):
            return None
        _sweep(folder, at)
        path = folder / f"in-person-{today}.backup"
        back_up(database, path, at)
        for old in list(made(folder).values())[:-keep]:
            old.unlink(missing_ok=True)
    return path


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process is at work in the folder; it ends with the process that holds it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / ".lock").open("a")
    except OSError as fault:
        raise Unavailable(f"No backup was made: {folder} cannot be written ({fault.strerror}).") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _sweep(folder: Path, at: datetime) -> None:
    """Remove what a process that was killed left half-written."""
    for part in folder.glob(f"{PART}*"):
        if datetime.fromtimestamp(part.stat().st_mtime, UTC) < at - ABANDONED_AFTER:
            part.unlink(missing_ok=True)
