"""What this process does by itself: the clock that looks for what is due.

APScheduler is a clock only. What is due stands in the database and is claimed there, so any number of processes may
run one.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from jinja2 import Environment

from crm import clock
from crm.accounts import queries
from crm.care.scheduled import back_up_daily
from crm.errors import Unavailable, UsageError
from crm.imports import own_calendars, own_mailboxes, synced_reading
from crm.imports.actions import forget_old_uploads
from crm.imports.own_readings import number_due
from crm.inbox import reading
from crm.nudges import pulse, sending
from crm.outgoing.wire import Network
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.stored_metrics import freshen
from crm.storage.tables import own_calendar, own_mailbox
from crm.templating import environment
from crm.web import idempotency
from crm.web.logs import report

log = logging.getLogger("crm.jobs")

SEND_EVERY = timedelta(seconds=30)
REFRESH_EVERY = timedelta(minutes=15)
"""Yesterday's metrics are stale from midnight on, which is another hour in every workspace."""
CALENDARS_EVERY = timedelta(minutes=1)
"""How often is looked whether somebody's calendar is due to be read."""
CALENDAR_READERS = 3
"""Calendars that are read at the same time: one that never answers holds up few others."""
MAILBOXES_EVERY = timedelta(minutes=1)
"""How often is looked whether somebody's mailbox is due to be read."""
SOURCES_EVERY = timedelta(minutes=1)
"""How often is looked whether an address book or a mailbox of the team is due to be read."""
INBOX_EVERY = timedelta(minutes=1)
"""How often is looked whether mail came back."""
TIDY_EVERY = timedelta(minutes=15)
"""How often what was kept for its day is taken away."""
BACKUP_EVERY = timedelta(minutes=10)
"""How often is looked whether the day has its backup."""
GRACE_SECONDS = 8.0


@dataclass
class Clockwork:
    """What happens at each tick."""

    database: Database
    settings: Settings
    process: str
    started_at: datetime
    templates: Environment = field(default_factory=environment)
    stopping: threading.Event = field(default_factory=threading.Event)
    _backup: threading.Thread | None = None
    _inbox: threading.Thread | None = None
    _mailboxes: threading.Thread | None = None
    _sources: threading.Thread | None = None
    _readers: list[threading.Thread] = field(default_factory=list)

    def send(self) -> None:
        """Show that the clock ticks, and send what is due."""
        self._tick()
        sending.work(
            self.database,
            self.settings,
            self.templates,
            clock.now,
            self.process,
            going=self._goes_on,
        )

    def _tick(self) -> None:
        with self.database.write() as connection:
            pulse.beat(connection, self.process, self.started_at, clock.now())

    def _goes_on(self) -> bool:
        """Whether the next mail is begun. If so, it shows that the clock ticks: a slow mail server has not stopped it."""
        if self.stopping.is_set():
            return False
        # Whoever writes just now keeps the beat from being noted, not the mail from going.
        with suppress(Unavailable):
            self._tick()
        return True

    def refresh(self) -> None:
        """Work out the stale metrics of every workspace, so that the first page of the day need not."""
        with self.database.read() as connection:
            teams = queries.workspaces(connection)
        for team in teams:
            with self.database.read() as connection:
                principal = queries.command_line(connection, team.id)
            freshen(self.database, principal, clock.now(), going=lambda: not self.stopping.is_set())

    def tidy(self) -> None:
        """Take away what was kept for a day that is over, also of teams that send nothing more: the answers to programs, and
        files that nobody imported."""
        with self.database.write() as connection:
            idempotency.forget_old(connection, clock.now())
            forget_old_uploads(connection, clock.now())

    def back_up(self) -> None:
        """Make the day's backup beside everything else: mail does not wait for it, and it ends with the process."""
        if not (self._backup and self._backup.is_alive()):
            self._backup = threading.Thread(target=self.guarded, args=(self._back_up,), daemon=True)
            self._backup.start()

    def _back_up(self) -> None:
        chosen = self.settings
        back_up_daily(self.database, Path(chosen.backup_dir), chosen.backup_keep, clock.now())

    def read_inbox(self) -> None:
        """Look beside everything else whether mail came back."""
        if not (self._inbox and self._inbox.is_alive()):
            self._inbox = threading.Thread(target=self.guarded, args=(self._read_inbox,), daemon=True)
            self._inbox.start()

    def _read_inbox(self) -> None:
        going = lambda: not self.stopping.is_set()  # noqa: E731
        reading.Reader(self.database, self.settings, clock.now, going).work()

    def read_mailboxes(self) -> None:
        """Read on in the mailboxes that are due, beside everything else."""
        with self.database.read() as connection:
            waiting = number_due(connection, own_mailbox, clock.now())
        if waiting and not (self._mailboxes and self._mailboxes.is_alive()):
            self._mailboxes = threading.Thread(target=self.guarded, args=(self._read_mailboxes,), daemon=True)
            self._mailboxes.start()

    def _read_mailboxes(self) -> None:
        network = Network(self.settings.named_hosts)
        own_mailboxes.read_due(
            self.database, self.settings, network, clock.now, going=lambda: not self.stopping.is_set()
        )

    def read_sources(self) -> None:
        """Read the team's address books and mailboxes that are due, beside everything else."""
        with self.database.read() as connection:
            waiting = synced_reading.is_any_due(connection, clock.now())
        if waiting and not (self._sources and self._sources.is_alive()):
            self._sources = threading.Thread(target=self.guarded, args=(self._read_sources,), daemon=True)
            self._sources.start()

    def _read_sources(self) -> None:
        network = Network(self.settings.named_hosts)
        synced_reading.read_due(
            self.database, self.settings, network, clock.now, going=lambda: not self.stopping.is_set()
        )

    def read_calendars(self) -> None:
        """Read the calendars that are due beside everything else, as a backup is made."""
        self._readers = [one for one in self._readers if one.is_alive()]
        with self.database.read() as connection:
            waiting = number_due(connection, own_calendar, clock.now())
        while len(self._readers) < min(CALENDAR_READERS, waiting):
            reader = threading.Thread(target=self.guarded, args=(self._read_calendars,), daemon=True)
            self._readers.append(reader)
            reader.start()

    def _read_calendars(self) -> None:
        network = Network(self.settings.named_hosts)
        own_calendars.read_due(
            self.database, self.settings, network, clock.now, going=lambda: not self.stopping.is_set()
        )

    def guarded(self, what: Callable[[], None]) -> None:
        """A tick that fails is told in the log, and the next one tries again.

        Words are told only of a database that cannot be reached and of a wrong setting: others may hold names.
        """
        try:
            what()
        except (Unavailable, UsageError) as refusal:
            log.warning("%s", refusal.sentence)
        except Exception:
            report(log, "a tick of the clock")


class Clock:
    """The running clock of this process."""

    def __init__(self, scheduler: BackgroundScheduler, work: Clockwork) -> None:
        self._scheduler = scheduler
        self._work = work
        self._asked_at: float | None = None

    def ask(self) -> None:
        """It is to stop soon: the next mail is not begun."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        self._work.stopping.set()

    def stop(self) -> None:
        """Let a delivery in progress end, for as long as a stop may take, counted from when it was asked for."""
        self.ask()
        if not self._ends(self._scheduler.shutdown):
            log.warning("a mail was still being delivered; what became of it is settled at the next start")
        elif not self._ends(partial(self._work.guarded, self._end_pulse)):
            log.warning("the database was still being written to, so the end of the clock is not in it")

    def _ends(self, what: Callable[[], None]) -> bool:
        """Whether it is done in the time that is left; a request that outlasts its own holds up neither of them."""
        assert self._asked_at is not None
        ending = threading.Thread(target=what, daemon=True)
        ending.start()
        ending.join(max(0.5, GRACE_SECONDS - (time.monotonic() - self._asked_at)))
        return not ending.is_alive()

    def _end_pulse(self) -> None:
        with self._work.database.write() as connection:
            pulse.end(connection, self._work.process)


def start(database: Database, settings: Settings) -> Clock:
    """Start the clock."""
    now = clock.now()
    process = pulse.this_process()
    work = Clockwork(database, settings, process, now)
    # The jobs run in the scheduler's own thread, which does not keep the process from ending.
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": DebugExecutor()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    every = [
        (work.send, SEND_EVERY),
        (work.refresh, REFRESH_EVERY),
        (work.tidy, TIDY_EVERY),
        (work.read_calendars, CALENDARS_EVERY),
        (work.read_mailboxes, MAILBOXES_EVERY),
        (work.read_sources, SOURCES_EVERY),
    ]
    if settings.imap_url:
        every.append((work.read_inbox, INBOX_EVERY))
    if settings.backup_dir:
        every.append((work.back_up, BACKUP_EVERY))
    for what, how_often in every:
        seconds = how_often.total_seconds()
        scheduler.add_job(
            partial(work.guarded, what), "interval", seconds=seconds, next_run_time=now, name=what.__name__
        )
    scheduler.start()
    return Clock(scheduler, work)
