"""Backups that are made by themselves: one a day into a folder, and only so many are kept."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from crm.care.backup import PART, back_up, holds_users
from crm.errors import Unavailable
from crm.storage.database import Database

NAME = re.compile(r"in-person-(\d{4}-\d{2}-\d{2})\.backup")
ABANDONED_AFTER = timedelta(days=1)


def made(folder: Path, until: date = date.max) -> dict[date, Path]:
    """The backups of a folder by their UTC day, oldest first; other files are none of ours.

    With ``until``, without those of later days, which were made while the clock was ahead.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    found = [(day, path) for path in paths if (day := _day(path.name))]
    return {day: path for day, path in found if day <= until}


def _day(name: str) -> date | None:
    """The day of a backup by its name; None for any other name, and for a day that there is not."""
    named = NAME.fullmatch(name)
    try:
        return date.fromisoformat(named[1]) if named else None
    except ValueError:
        return None


def back_up_daily(database: Database, folder: Path, keep: int, at: datetime) -> Path | None:
    """Make the day's backup, unless it is there or being made; then let go of all but the newest ``keep``.

    Old ones go only once the new one has been read back. Raises Unavailable where the folder cannot be used, where an old
    file cannot be removed, and where the newest has no users but an old one has: then all stay.
    """
    today = at.astimezone(UTC).date()
    path = folder / f"in-person-{today}.backup"
    with _alone(folder) as is_ours:
        if not is_ours:
            return None
        stuck = _remove(_abandoned(folder, at))
        is_new = today not in made(folder)
        if is_new:
            back_up(database, path, at)
        there = list(made(folder, today).values())
        outdated = there[:-keep]
        if is_new or outdated:
            _refuse_to_lose_users(there)
        stuck += _remove(outdated)
        if stuck:
            raise Unavailable(stuck[0])
    return path if is_new else None


def older_with_users(backups: list[Path]) -> Path | None:
    """Of backups, oldest first, whose newest has no users (that can be read): the newest that has."""
    if not backups or holds_users(backups[-1]):
        return None
    return next((path for path in reversed(backups[:-1]) if holds_users(path)), None)


def _refuse_to_lose_users(there: list[Path]) -> None:
    """Where the database has lost its users, nothing may go: the old backups are what can be restored."""
    kept = older_with_users(there)
    if kept:
        raise Unavailable(
            f"No old backup is deleted: the newest, {there[-1]}, contains no users that could be restored, but {kept} does. "
            "If yours is another database, set CRM_DATA_DIR or CRM_DATABASE_URL."
        )


def _remove(files: list[Path]) -> list[str]:
    """Remove files; a sentence for each that cannot be removed."""
    stuck = []
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            stuck.append(f"An old file cannot be removed: {path} ({fault.strerror}). Remove it by hand.")
    return stuck


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


def _abandoned(folder: Path, at: datetime) -> list[Path]:
    """What a process that was killed left half-written."""
    found = []
    for part in folder.glob(f"{PART}*"):
        with suppress(OSError):  # one that was being written is done
            if datetime.fromtimestamp(part.stat().st_mtime, UTC) < at - ABANDONED_AFTER:
                found.append(part)
    return found
