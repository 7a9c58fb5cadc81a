"""``/metrics``: the state of this process and of the installation, for a Prometheus. Numbers only, of nobody."""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from starlette.requests import Request

from crm import __version__
from crm.care import scheduled
from crm.errors import Unavailable
from crm.nudges.missed import number_missed
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import mail_hold, outbox, scheduler_pulse
from crm.storage.tables.nudges import MAIL_STATES
from crm.web.site import Site
from crm.web.vitals import Sample, family

LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers by which a proxy says that somebody else is asking."""


def may_read(settings: Settings, request: Request) -> bool:
    """With ``CRM_METRICS_TOKEN``, whoever has it; otherwise this machine alone, and not through a proxy."""
    if settings.metrics_token:
        given = request.headers.get("authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {settings.metrics_token}".encode())
    host = request.client.host if request.client else ""
    return host in LOOPBACK and not any(name in request.headers for name in PASSED_ON)


def _backups(settings: Settings, at: datetime) -> Iterator[str]:
    """Where backups are wanted and there is none, 0: an alarm on their age has a figure to look at."""
    moments: list[Sample] = []
    if settings.backup_dir:
        made = scheduled.made(Path(settings.backup_dir), at.astimezone(UTC).date())
        newest = list(made.values())[-1:]
        moments = [("", {}, max((path.stat().st_mtime for path in newest), default=0))]
    yield from family("crm_backup_seconds", "gauge", "When the newest daily backup was made.", moments)


def text(site: Site, at: datetime) -> str:
    """Everything, in the text format of Prometheus. A database that does not answer is a figure too."""
    lines = [*_process(), *site.vitals.lines(), *_backups(site.settings, at)]
    try:
        known = list(_installation(site.settings, site.database, at))
    except Unavailable:
        known = []
    lines += family("crm_database_up", "gauge", "1 if the database answers.", [("", {}, float(bool(known)))])
    lines += family("crm_time_seconds", "gauge", "This machine's clock.", [("", {}, at.timestamp())])
    return "\n".join([*lines, *known]) + "\n"


def _process() -> Iterator[str]:
    yield from family("crm_info", "gauge", "The version that runs.", [("", {"version": __version__}, 1)])
    spent = os.times()
    processor: list[Sample] = [("", {}, spent.user + spent.system)]
    yield from family("process_cpu_seconds_total", "counter", "Time on the processor.", processor)
    own = Path("/proc/self")
    if own.is_dir():
        pages = int((own / "statm").read_text().split()[1])
        memory: list[Sample] = [("", {}, pages * os.sysconf("SC_PAGE_SIZE"))]
        yield from family("process_resident_memory_bytes", "gauge", "Memory in use.", memory)
        files: list[Sample] = [("", {}, sum(1 for _ in (own / "fd").iterdir()))]
        yield from family("process_open_fds", "gauge", "Open files and connections.", files)


def _installation(settings: Settings, database: Database, at: datetime) -> Iterator[str]:
    with database.read() as connection:
        counted = {row.state: row.number for row in connection.execute(
            select(outbox.c.state, func.count().label("number")).group_by(outbox.c.state)
        )}  # fmt: skip
        held = connection.execute(
            select(func.count()).select_from(mail_hold).where(mail_hold.c.released_at.is_(None))
        ).scalar_one()
        seen = connection.execute(select(func.max(scheduler_pulse.c.seen_at))).scalar_one()
        late = number_missed(connection, settings, at)
    mails: list[Sample] = [("", {"state": state}, counted.get(state, 0)) for state in MAIL_STATES]
    yield from family("crm_mails", "gauge", "Mails in the outbox, by state.", mails)
    sentence = "Weekly mails of the last 7 days that were not out within an hour of their time."
    yield from family("crm_nudges_missed", "gauge", sentence, [("", {}, late)])
    yield from family("crm_mail_held", "gauge", "1 while all mail is held.", [("", {}, float(held > 0))])
    ticks: list[Sample] = [("", {}, seen.timestamp() if seen else 0)]
    told = "When a scheduler last looked; 0 where none did, or the last was stopped."
    yield from family("crm_scheduler_seen_seconds", "gauge", told, ticks)
