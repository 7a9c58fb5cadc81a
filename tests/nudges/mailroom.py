"""A team that is due a mail, a mail server that notes each message before it answers, and processes to kill."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import insert, select

from crm.mail.message import Mailbox
from crm.mail.smtp_settings import SmtpSettings
from crm.mail.transport import deliver
from crm.nudges.compose import Writer
from crm.nudges.sending import Deliver, Outcome, Postman
from crm.settings import Settings
from crm.storage.database import Database, new_ids
from crm.storage.tables import outbox, user
from crm.templating import environment
from tests.builders import NOW, World
from tests.mail.servers import free_port
from tests.nursery import NURSERY
from tests.web.site import settings

TEMPLATES = environment()
PHASES = ("mail", "rcpt", "data", "noted", "answered")


def team(world: World, size: int, **columns: Any) -> list[int]:
    """So many members whose mail is due on Monday at noon, and who want one even when nobody is due."""
    row = {
        "workspace_id": world.workspace_id, "role": "member", "active": True, "time_zone": "UTC", "nudge_on": True,
        "nudge_weekday": 0, "nudge_minute": 720, "nudge_when_empty": True, "preferences": {}, "budget_call": 3,
        "budget_in_person": 1, "budget_by_hand": 2, "budget_total": 6, "first_run_done": True,
        "created_at": NOW - timedelta(days=90), **columns,
    }  # fmt: skip
    with world.database.write() as connection:
        ids = new_ids(connection, size)
        rows = [{**row, "id": one, "email": f"user{one}@team.example", "name": f"User {one}"} for one in ids]
        connection.execute(insert(user), rows)
    return ids


def member(world: World, **columns: Any) -> Any:
    """One admin, due at noon on Monday, who owns two people to reach."""
    principal = world.user(
        **{"created_at": NOW - timedelta(days=90), "nudge_minute": 720, "city": "Boston", **columns}
    )
    for name in ("Marta Kowalczyk", "Elena Duarte"):
        one = world.contact(name, owner_id=principal.user_id, city="Boston", given_name=name.split()[0])
        for days in (3, 20, 40, 60):
            world.log("email", days, one)
    return principal


def postman(
    database: Database,
    at: datetime | Callable[[], datetime] = NOW,
    hand_over: Deliver | None = None,
    port: int | None = None,
    timeout: float = 1,
    **values: Any,
) -> Postman:
    """A process that works on the outbox at a moment, by SMTP on ``port`` or by ``hand_over``."""
    chosen: Settings = settings()
    now = at if callable(at) else lambda: at
    if port is not None:
        server = SmtpSettings("127.0.0.1", port)
        hand_over = lambda _, message, begin: deliver(server, message, timeout=timeout, on_handover=begin)  # noqa: E731
    return Postman(
        database, Writer(chosen, TEMPLATES), Mailbox("crm@example.org"), hand_over, now, "test", **values
    )


def states(database: Database) -> dict[int, str]:
    """User → state of their one mail; fails if a user has two."""
    with database.read() as connection:
        rows = connection.execute(select(outbox.c.user_id, outbox.c.state)).all()
    assert len({row.user_id for row in rows}) == len(rows), rows
    return {row.user_id: row.state for row in rows}


def only(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1, outcomes
    return outcomes[0]


@dataclass
class Ledger:
    """The mail server's book: every Message-ID it took, written down before it answers. ``at`` is told each phase."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    at: Callable[[str], None] = lambda phase: None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        self.at("mail")
        return "250 ok"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        self.at("rcpt")
        return "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.at("data")
        message = message_from_bytes(envelope.content)
        self.taken.append((envelope.rcpt_tos[0], str(message["Message-ID"])))
        self.at("noted")
        return "250 queued"


@contextlib.contextmanager
def mail_server(ledger: Ledger | None = None) -> Iterator[tuple[int, Ledger]]:
    ledger, port = ledger or Ledger(), free_port()
    controller = Controller(ledger, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, ledger
    finally:
        controller.stop()


def check(database: Database, ledger: Ledger, users: list[int]) -> Counter[str]:
    """What was promised: nobody's mail is lost, nobody gets two, and only *unknown* leaves a doubt.

    Returns how many mails ended in each state.
    """
    with database.read() as connection:
        rows = connection.execute(select(outbox)).all()
    assert sorted(row.user_id for row in rows) == sorted(users), "somebody has no row, or two"
    taken = Counter(ledger.taken)
    assert max(taken.values(), default=0) <= 1, "a mail went out twice"
    by_address = Counter(address for address, _ in ledger.taken)
    assert max(by_address.values(), default=0) <= 1, "somebody got two mails"
    for row in rows:
        times = taken[row.to_address, row.message_id]
        assert row.state in ("sent", "unknown"), f"lost: {row.state}, {row.reason}"
        assert times == 1 or row.state == "unknown", "sent, but it never arrived"
        assert by_address[row.to_address] == times, "it went out under another Message-ID"
    return Counter(row.state for row in rows)


class Workers:
    """Processes that send what is due; a kill costs a fork and not a start-up."""

    def __init__(self, database_url: str, port: int, variant: str = "") -> None:
        self._given = (database_url, port)
        self._variant = variant
        self._working: dict[Any, BaseProcess] = {}

    def bear(self, ahead: timedelta = timedelta()) -> int:
        """A worker whose clock is so far ahead of ours, at work from now on; its process id."""
        from tests.nudges.worker import work

        return self._begin(work, ahead)

    def tick(self, due: datetime) -> int:
        """A process with a live clock, by which the mails fall due when ours shows ``due``; its process id."""
        from tests.nudges.worker import tick

        return self._begin(tick, due)

    def _begin(self, what: Callable[..., None], when: timedelta | datetime) -> int:
        process = NURSERY.Process(target=what, args=(*self._given, when, self._variant), daemon=True)
        process.start()
        self._working[process.sentinel] = process
        assert process.pid is not None
        return process.pid

    def end_all(self, seconds: float = 60) -> None:
        """Ask everybody to end, as an operating system does, and wait for it."""
        for process in self._working.values():
            process.terminate()
        while self._working:
            assert self.ended(seconds)[1] == 0, "a process did not end well"

    def ended(self, seconds: float = 30) -> tuple[int, int]:
        """The next worker that ended, and its exit status (negative: by that signal)."""
        ready = wait(list(self._working), timeout=seconds)
        assert ready, f"nobody ended within {seconds} seconds"
        process = self._working.pop(ready[0])
        process.join()
        assert process.pid is not None
        assert process.exitcode is not None
        return process.pid, process.exitcode

    def close(self) -> None:
        for process in self._working.values():
            process.kill()
            process.join()


@contextlib.contextmanager
def workers(database_url: str, port: int, variant: str = "") -> Iterator[Workers]:
    working = Workers(database_url, port, variant)
    try:
        yield working
    finally:
        working.close()


def send_signal(pid: int, what: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)


def kill_around(bears: Workers, ledger: Ledger, phases: Iterator[str], kills: int) -> int:
    """Start worker after worker and kill each as the mail server sees the phase; then let one finish. Kills that hit.

    Each worker's clock is beyond the lease of the one before, as after a restart some minutes later.
    """
    hits = 0
    for attempt in range(kills):
        phase = next(phases)
        pid: list[int] = []
        countdown = [1 + attempt % 2]

        def strike(
            seen: str, phase: str = phase, pid: list[int] = pid, countdown: list[int] = countdown
        ) -> None:
            if seen != phase:
                return
            countdown[0] -= 1
            if countdown[0] == 0:
                while not pid:
                    time.sleep(0.001)
                send_signal(pid[0], signal.SIGKILL)

        ledger.at = strike
        pid.append(bears.bear(timedelta(minutes=4 * attempt)))
        _, status = bears.ended()
        hits += status == -signal.SIGKILL
    ledger.at = lambda phase: None
    bears.bear(timedelta(minutes=4 * kills))
    assert bears.ended()[1] == 0
    return hits
