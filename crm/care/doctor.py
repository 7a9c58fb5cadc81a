"""``crm doctor``: is everything in order, and if not, what to do about it."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, func, select, text

from crm.care import archive, calendars, clocks, mailbox, scheduled, signing, weekly_mails
from crm.care.backup import has_users, newest_change
from crm.care.findings import Check, Finding, State
from crm.errors import Refusal, UsageError
from crm.mail.message import Mailbox
from crm.mail.transport import SmtpSettings, greet
from crm.nudges.queries import clock_of
from crm.settings import COMMA_IN_KEY, SHORT_KEY, Settings, unknown_settings
from crm.storage import sqlite
from crm.storage.database import Database
from crm.storage.migrate import fault_of_schema, is_newest
from crm.storage.tables import mail_hold, outbox, user, workspace

NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.glusterfs",
    "glusterfs",
    "fuse.ceph",
    "ceph",
    "afs",
    "lustre",
    "beegfs",
}
LEAST_FREE_BYTES = 200 * 1024 * 1024
CLOCK_TOLERANCE = timedelta(minutes=5)
RECENT = timedelta(days=7)
BACKUP_OLD = timedelta(days=2)


def examine(settings: Settings, database: Database, at: datetime) -> list[Finding]:
    """Ask every question; a question that cannot be answered is itself a finding."""
    findings = _ask(OF_THE_SETTINGS, settings, database, at)
    if (path := _missing(database)) is not None:
        return [*findings, _no_database(path)]
    findings += _ask(OF_THE_DATABASE, settings, database, at)
    if any(finding.state == "wrong" for finding in findings if finding.check in ("database", "schema")):
        return findings
    return findings + _ask(OF_THE_DATA, settings, database, at)


def _ask(checks: dict[str, Check], settings: Settings, database: Database, at: datetime) -> list[Finding]:
    return [found for name, check in checks.items() for found in _asked(name, check, settings, database, at)]


def _asked(
    name: str, check: Check, settings: Settings, database: Database, at: datetime
) -> Iterator[Finding]:
    try:
        yield from check(settings, database, at)
    except Refusal as refusal:
        yield Finding(name, "wrong", refusal.sentence, "Fix this first; the other answers may depend on it.")
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""
        sentence = f"This could not be checked: {where}{fault.strerror or fault}."
        remedy = "Run the doctor as the user who runs crm, and give that user access there."
        yield Finding(name, "wrong", sentence, remedy)
    except Exception as fault:  # without its words, which may hold names
        sentence = f"This could not be checked: {type(fault).__name__}."
        yield Finding(name, "wrong", sentence, "This is a fault in In Person: please report it.")


def _missing(database: Database) -> Path | None:
    """The SQLite file where it is not there: opening it would make it, as the user who asks."""
    path = Path(database.url.database or "") if database.is_sqlite else None
    return path if path is not None and path.name and not path.exists() else None


def _no_database(path: Path) -> Finding:
    return Finding(
        "database",
        "wrong",
        f"There is no database at {path} yet.",
        "The first start of `crm serve` makes it, as the user who runs it.",
    )


def _database(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    with database.read() as connection:
        if not database.is_sqlite:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            yield Finding("database", "good", f"PostgreSQL {version} answers.")
            return
        version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
        whole = sqlite.is_whole(connection)
    yield _sqlite_version(version)
    if not whole:
        yield Finding(
            "database",
            "wrong",
            "The database file is damaged.",
            "Stop the program and restore the last backup: `crm restore FILE --yes`.",
        )
    if database.url.database:
        yield from _file(Path(database.url.database))


def _sqlite_version(version: str) -> Finding:
    if sqlite.is_safe():
        return Finding("database", "good", f"SQLite {version} answers.")
    return Finding(
        "database",
        "note",
        f"SQLite {version} answers; before 3.51.3 it supports only one server process, and a second one is refused.",
        "To run more, install the package pysqlite3, or use PostgreSQL.",
    )


def _file(path: Path) -> Iterator[Finding]:
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield Finding(
            "database",
            "wrong",
            f"{path} or its folder is read-only.",
            "Let this user write to both.",
        )
    kind = _file_system(path)
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            "database",
            "wrong",
            f"The database is on a network file system ({kind}), where SQLite's locks are not reliable.",
            "Move it to a local disk, or use PostgreSQL.",
        )


def _file_system(path: Path) -> str:
    """The type of the file system that holds the path, where the system tells; else an empty string."""
    mounts = Path("/proc/mounts")
    return mounted(path.resolve(), mounts.read_text(encoding="utf-8")) if mounts.exists() else ""


def mounted(path: Path, mounts: str) -> str:
    """The type of the file system that holds a path, by the lines of ``/proc/mounts``: of two on one point, the later
    hides the other."""
    entries = [line.split()[1:3] for line in mounts.splitlines()]
    holding = [(where, kind) for where, kind in entries if path.is_relative_to(where.replace("\\040", " "))]
    return max(reversed(holding), key=lambda pair: len(pair[0]))[1] if holding else ""


def _schema(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    if (fault := fault_of_schema(database)) is not None:
        yield Finding("schema", "wrong", *fault)
    else:
        yield Finding("schema", "good", "The database has the schema that this version needs.")


def _mail(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    try:
        sender = Mailbox.parse(settings.mail_from)
    except ValueError as fault:
        yield Finding(
            "mail", "wrong", f"CRM_MAIL_FROM: {fault}", "Write it like In Person <crm@example.org>."
        )
        return
    if not settings.smtp_url:
        yield Finding(
            "mail",
            "note",
            "No mail server is set, so no nudges go out.",
            "Set CRM_SMTP_URL and CRM_MAIL_FROM.",
        )
        return
    if sender.domain == "localhost":
        yield Finding(
            "mail",
            "note",
            "Mails come from an address at localhost, which many servers refuse.",
            "Set CRM_MAIL_FROM.",
        )
    fault_said = greet(SmtpSettings.parse(settings.smtp_url))
    if fault_said:
        yield Finding(
            "mail", "wrong", fault_said, "Check CRM_SMTP_URL, and that the server accepts this machine."
        )
    else:
        yield Finding("mail", "good", "The mail server answers and accepts our sign-in.")


def _outbox(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    with database.read() as connection:
        held = (
            connection.execute(select(mail_hold.c.reason).where(mail_hold.c.released_at.is_(None)))
            .scalars()
            .first()
        )
        counts = _recent_faults(connection, at)
        waiting, next_try = connection.execute(
            select(func.count(), func.min(outbox.c.next_try_at)).where(outbox.c.state == "retry")
        ).one()
    if held:
        yield Finding(
            "outbox",
            "wrong",
            f"All mail is held: {held}.",
            "Look at Team, Heartbeat, then run `crm nudge --release`.",
        )
    for state, number in counts.items():
        yield Finding(
            "outbox",
            "wrong",
            f"{number} mail(s) from the last 7 days ended as {state}.",
            "See why under Team, Heartbeat.",
        )
    if waiting:
        yield Finding(
            "outbox",
            "note",
            f"{waiting} mail(s) could not be handed over yet; the next try is at {next_try:%Y-%m-%d %H:%M} UTC.",
            "See why under Team, Heartbeat.",
        )
    if not held and not counts:
        yield Finding("outbox", "good", "No mail failed in the last 7 days.")


def _recent_faults(connection: Connection, at: datetime) -> dict[str, int]:
    rows = connection.execute(
        select(outbox.c.state, func.count().label("number"))
        .where(outbox.c.state.in_(("failed", "unknown")), outbox.c.changed_at > at - RECENT)
        .group_by(outbox.c.state)
        .order_by(outbox.c.state)
    )
    return {row.state: row.number for row in rows}


def _scheduler(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """One that was stopped as it should be leaves no sign."""
    with database.read() as connection:
        clock = clock_of(connection, at)
    if clock.seen_at is None:
        yield Finding(
            "scheduler", "note", "No scheduler is running on this database.", "Start one with `crm serve`."
        )
    elif not clock.alive:
        yield Finding(
            "scheduler",
            "wrong",
            f"The last sign of a scheduler was at {clock.seen_at:%Y-%m-%d %H:%M} UTC.",
            "Start `crm serve` with CRM_SCHEDULER=on in at least one process.",
        )
    else:
        yield Finding("scheduler", "good", "A scheduler is running.")


def _clock(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """A clock that is behind shows in what was written already; one that is ahead, in another clock beside it."""
    with database.read() as connection:
        newest = newest_change(connection)
        server = (
            None if database.is_sqlite else connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        )
    hardware = clocks.hardware_clock()
    remedy = "Set this machine's clock, ideally with a time service."
    if newest is not None and newest > at + CLOCK_TOLERANCE:
        yield Finding(
            "clock",
            "wrong",
            f"The clock is behind: something was logged at {newest:%Y-%m-%d %H:%M} UTC.",
            remedy,
        )
    elif server is not None and abs(server - at) > CLOCK_TOLERANCE:
        yield Finding(
            "clock", "wrong", f"The database server's clock says {server:%Y-%m-%d %H:%M %Z}.", remedy
        )
    elif hardware is not None and abs(hardware - at) > clocks.HARDWARE_TOLERANCE:
        yield Finding(
            "clock",
            "wrong",
            f"It is {at:%Y-%m-%d %H:%M} UTC, but the hardware clock says {hardware:%Y-%m-%d %H:%M}.",
            remedy,
        )
    elif not clocks.is_kept():
        yield Finding(
            "clock",
            "note",
            f"It is {at:%Y-%m-%d %H:%M} UTC, but no time service keeps the clock right.",
            remedy,
        )
    else:
        yield Finding("clock", "good", f"It is {at:%Y-%m-%d %H:%M} UTC, and nothing contradicts it.")


def _zones(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    known = available_timezones()
    with database.read() as connection:
        used = set(connection.execute(select(workspace.c.time_zone)).scalars())
        used |= set(connection.execute(select(user.c.time_zone)).scalars())
    unknown = sorted(used - known)
    if unknown or not known:
        yield Finding(
            "time zones",
            "wrong",
            f"There is no time zone data for {', '.join(unknown) or 'any zone'}.",
            "Install or update the package tzdata.",
        )
    else:
        ZoneInfo(settings.time_zone)
        yield Finding("time zones", "good", f"All {len(used)} time zones in use are known.")


def _disk(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    place = (
        Path(database.url.database).parent
        if database.is_sqlite and database.url.database
        else settings.data_dir
    )
    if not place.exists():
        yield Finding("disk", "note", f"{place} does not exist yet.")
        return
    yield _room(place)
    backups = Path(settings.backup_dir or place)
    if backups.exists() and not _same_disk(backups, place):
        yield _room(backups)


def _room(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    words = f"{free / 1024**3:.1f} GiB are free in {place}."
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk",
            "wrong",
            words,
            "Free some space: when the disk is full, nothing can be saved or backed up.",
        )
    return Finding("disk", "good", words)


def _backups(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    if not settings.backup_dir:
        remedy = "Set CRM_BACKUP_DIR, or run `crm backup` from cron."
        yield Finding("backups", "note", "No backups are made automatically.", remedy)
        return
    folder = Path(settings.backup_dir)
    today = at.astimezone(UTC).date()
    found = scheduled.made(folder, today)
    if not _may_be_written(folder):
        remedy = "Give it to the user who runs crm, or name another in CRM_BACKUP_DIR."
        yield Finding("backups", "wrong", f"No backup can be made: {folder} cannot be written to.", remedy)
        return
    yield from _ahead(folder, today)
    if not found:
        remedy = "One is made within minutes once `crm serve` runs with CRM_SCHEDULER=on; if not, its log says why."
        state: State = "wrong" if _has_users_since(database, at - BACKUP_OLD) else "note"
        yield Finding("backups", state, f"There is no daily backup in {folder} yet.", remedy)
        return
    if today - max(found) > BACKUP_OLD:
        remedy = "The log of `crm serve` says why none has been made since."
        yield Finding("backups", "wrong", f"The newest backup in {folder} is from {max(found)}.", remedy)
        return
    yield _newest_backup(folder, found)
    if database.is_sqlite and _same_disk(folder, Path(database.url.database or ".")):
        remedy = "Copy them to another machine, or put CRM_BACKUP_DIR on another disk."
        yield Finding("backups", "note", "The backups and the database are on the same disk.", remedy)


def _ahead(folder: Path, today: date) -> Iterator[Finding]:
    for day, path in scheduled.made(folder).items():
        if day > today:
            words = f"{path} is from {day}, which is still to come: it was made while the clock was ahead."
            yield Finding("backups", "note", words, "If the clock is right now, remove that file.")


def _newest_backup(folder: Path, found: dict[date, Path]) -> Finding:
    day, newest = list(found.items())[-1]
    try:
        with archive.opened(newest) as opened:
            is_peopled = has_users(opened.manifest)
    except Refusal:
        words = f"The newest backup, {newest}, is damaged or cannot be read."
        return Finding("backups", "wrong", words, "Remove it: a new one is made within minutes.")
    older = None if is_peopled else scheduled.older_with_users(list(found.values()))
    if older:
        words = f"The newest backup, {newest}, contains no users, but {older} does."
        remedy = "Check CRM_DATA_DIR and CRM_DATABASE_URL; if the database is lost, run `crm restore` with that file."
        return Finding("backups", "wrong", words, remedy)
    return Finding("backups", "good", f"{len(found)} backup(s) in {folder}; the one from {day} is intact.")


def _has_users_since(database: Database, moment: datetime) -> bool:
    """Whether somebody joined so long ago; no where the database cannot say."""
    with suppress(Refusal):
        if is_newest(database):
            with database.read() as connection:
                oldest = connection.execute(select(func.min(user.c.created_at))).scalar()
            return oldest is not None and oldest < moment
    return False


def _may_be_written(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself where it is not there yet."""
    there = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if os.access(place, os.F_OK)
    )
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _settings(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    is_good = True
    for finding in chain(_contradictions(settings), _secret(settings), _strange()):
        is_good = False
        yield finding
    if is_good:
        yield Finding("settings", "good", "The settings are consistent.")


def _strange() -> Iterator[Finding]:
    for sentence in unknown_settings():
        yield Finding(
            "settings", "note", sentence, "Correct its name, or unset it; docs/settings.md lists them all."
        )


def _contradictions(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.url).hostname or ""
    local = host in ("127.0.0.1", "localhost", "::1")
    if settings.host in ("0.0.0.0", "::") and not settings.base_url:  # noqa: S104 (nothing is bound here)
        words = f"Other machines can connect, but links lead to {settings.url}, which only works on this one."
        yield Finding("settings", "wrong", words, "Set CRM_BASE_URL to the address people use.")
    elif local and settings.smtp_url:
        yield Finding(
            "settings",
            "note",
            f"Mails are sent, but their links lead to {settings.url}, which only works on this machine.",
            "Set CRM_BASE_URL to the address people use.",
        )
    if settings.url.startswith("http://") and not local:
        words = "People reach this over plain http, so passwords travel unencrypted."
        yield Finding("settings", "note", words, "Put a proxy with https in front.")
    if settings.scheduler == "off" and (settings.smtp_url or settings.backup_dir):
        remedy = "Make sure another process has it on, or run `crm nudge` and `crm backup` from cron."
        yield Finding("settings", "note", "This process has CRM_SCHEDULER=off.", remedy)


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.has_short_key:
        yield Finding("settings", "wrong", *SHORT_KEY)
    if settings.has_comma_in_key:
        yield Finding("settings", "note", *COMMA_IN_KEY)
    if settings.secret_key:
        return
    path = settings.key_file
    if not path.exists():
        return
    try:
        _ = settings.key
    except UsageError as refusal:
        yield Finding(
            "settings", "wrong", refusal.sentence, "Until this is fixed, `crm serve` will not start."
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("settings", "wrong", f"Other users can read {path}.", f"Run `chmod 600 {path}`.")


OF_THE_SETTINGS: dict[str, Check] = {
    "settings": _settings,
    "disk": _disk,
    "mail": _mail,
    "signature": signing.check,
    "inbox": mailbox.inbox,
}
OF_THE_DATABASE: dict[str, Check] = {
    "backups": _backups,
    "database": _database,
    "schema": _schema,
}
OF_THE_DATA: dict[str, Check] = {
    "clock": _clock,
    "time zones": _zones,
    "outbox": _outbox,
    "weekly mail": weekly_mails.check,
    "scheduler": _scheduler,
    "addresses": mailbox.addresses,
    "calendars": calendars.check,
    "mailboxes": mailbox.own_mailboxes,
    "sources": mailbox.sources,
}
"""Questions that only a database of this program's schema can answer."""
