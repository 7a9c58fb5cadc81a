"""Reading the mailbox of CRM_IMAP_URL: mail that comes back, each once, whatever process reads it and wherever it stops.

Nothing is changed there, not even what is marked as read. How far it was read stands in the database; what makes a mail
itself does too, so that one that is read again (after a stop, or because the server numbered its mails anew) is known.
Of mail that is not about ours only the head is looked at.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm.domain.mailbox_words import GOOD, INTERRUPTED, LASTING, WAITING
from crm.imports.apart import Interrupted
from crm.imports.mail_heads import Headers
from crm.inbox import letters
from crm.outgoing.failures import Failed
from crm.outgoing.imap import Refused, Session, opened
from crm.outgoing.imap_address import ImapAddress
from crm.outgoing.wire import Network
from crm.settings import Settings
from crm.storage.blocks import blocks
from crm.storage.database import Database
from crm.storage.insertion import insert_unless_there
from crm.storage.tables import inbox

log = logging.getLogger("crm.inbox")

EVERY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LEASE = timedelta(minutes=5)
"""Longer than the longest visit; a process that was stopped meanwhile is followed by another after it."""
LOOK_BACK = timedelta(days=30)
"""Of a mailbox that is read for the first time: as long as the links of a mail hold."""
HEADS = 50
"""Heads that are fetched at once."""


class LostClaim(Exception):
    """Another process reads the mailbox now."""


@dataclass(frozen=True)
class Claim:
    """The right to read the mailbox until its lease ends; ``fence`` proves it."""

    place: str
    fence: int
    failures: int
    uidvalidity: int | None
    last_uid: int | None


def network_of(settings: Settings, address: ImapAddress) -> Network:
    """Whoever runs the server chose the host of CRM_IMAP_URL, so it may be of their own network."""
    return Network(settings.named_hosts | {address.named})


def claim(database: Database, place: str, at: datetime) -> Claim | None:
    """The claim, if the mailbox is due to be read and no other process reads it."""
    first = {"place": place, "state": WAITING, "next_at": at, "fence": 0, "failures": 0}
    with database.write() as connection:
        insert_unless_there(connection, inbox, first, ["place"])
        row = connection.execute(
            inbox.update()
            .where(inbox.c.place == place, inbox.c.next_at <= at)
            .values(next_at=at + LEASE, fence=inbox.c.fence + 1)
            .returning(*inbox.c)
        ).one_or_none()
    return None if row is None else Claim(place, row.fence, row.failures, row.uidvalidity, row.last_uid)


@dataclass(frozen=True)
class Reader:
    """One process that reads the mailbox; ``going`` says whether to go on with the next mail."""

    database: Database
    settings: Settings
    now: Callable[[], datetime]
    going: Callable[[], bool] = lambda: True

    def work(self) -> str | None:
        """Read what came since; the state it ended in, or None where there was nothing to do for this process."""
        address = ImapAddress.parse(self.settings.imap_url)
        held = claim(self.database, address.place, self.now())
        if held is None:
            return None
        try:
            with opened(address, network_of(self.settings, address)) as session:
                self._read(session, address.folder, held)
            state = GOOD
        except LostClaim:
            return None
        except Interrupted:
            state = INTERRUPTED
        except Failed as failed:
            state = str(failed.failure)
        except Refused as refused:
            state = refused.state
        self._settle(held, state)
        return state

    def _read(self, session: Session, name: str, held: Claim) -> None:
        folder = session.examine(name)
        if held.uidvalidity == folder.uidvalidity and held.last_uid is not None:
            uids = session.after(held.last_uid)
        else:
            first = self.now() - LOOK_BACK
            uids = session.since(first.year, first.month, first.day)
            if not uids:
                self._move_on(held, folder.uidvalidity, max(0, folder.next_uid - 1))
        for block in blocks(uids, HEADS):
            heads = session.heads(block)
            for uid in block:
                if not self.going():
                    return
                if uid in heads:
                    letters.take(self.database, self.settings, session, uid, Headers(heads[uid]), self.now())
            self._move_on(held, folder.uidvalidity, block[-1])

    def _move_on(self, held: Claim, uidvalidity: int, uid: int) -> None:
        """All up to that mail was read; LostClaim where another process took over."""
        self._change(held, uidvalidity=uidvalidity, last_uid=uid, next_at=self.now() + LEASE)

    def _settle(self, held: Claim, state: str) -> None:
        at, good = self.now(), state == GOOD
        failures = 0 if good else held.failures + 1
        wait = LONGEST_WAIT if state in LASTING else min(LONGEST_WAIT, EVERY * 2 ** min(failures, 8))
        values = {
            "state": state,
            "failures": failures,
            "tried_at": at,
            "next_at": at + (EVERY if good else wait),
        }
        try:
            self._change(held, **values, **({"read_at": at} if good else {}))
        except LostClaim:
            return

    def _change(self, held: Claim, **values: Any) -> None:
        mine = (inbox.c.place == held.place, inbox.c.fence == held.fence)
        with self.database.write() as connection:
            if connection.execute(inbox.update().where(*mine).values(**values)).rowcount == 0:
                raise LostClaim
