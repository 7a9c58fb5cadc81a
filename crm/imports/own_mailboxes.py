"""The users' own mailboxes: connected and ended, and read on from where they were when they are due.

Only who, when, which way and the subject are kept, of mail with people who are here. Nothing is changed there. Address and
password are sealed, and nobody is shown more of them than the host.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from crm.domain.language import gettext as _
from crm.domain.mailbox_words import GOOD, LASTING, PASSED_OVER, SENTENCES, WAITING
from crm.domain.principal import Principal
from crm.imports import actions
from crm.imports.busy_fetch import Source
from crm.imports.mailbox_source import Mails, address_of, fetch_mails
from crm.imports.noticed import Wishes
from crm.imports.own_readings import lease_next, of_user, read_each, wait_after
from crm.imports.read_on import gone_through, state_to_keep
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import MAIL
from crm.imports.report import FileReport
from crm.outgoing.failures import Failed
from crm.outgoing.imap import Refused
from crm.outgoing.wire import Network
from crm.planning.home import require_planner
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.sealed import Unsealable, seal, unseal
from crm.storage.tables import own_mailbox

AT_ONCE = 2_000
"""Mails of one reading, held in memory; a reading that leaves some is followed by the next at once."""
LEASE = timedelta(minutes=30)
"""Longer than the longest reading; who was stopped meanwhile is followed by another after it."""

_READ = (GOOD, PASSED_OVER)


@dataclass(frozen=True)
class OwnMailbox:
    """A connected mailbox as its user sees it; ``logged`` is how many interactions it has brought."""

    host: str
    state: str
    tried_at: datetime | None
    read_at: datetime | None
    logged: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it as far as we know."""
        return self.state in (GOOD, WAITING)

    @property
    def sentence(self) -> str:
        """How the last reading ended."""
        return _(SENTENCES[self.state]).format(host=self.host)


def own(connection: Connection, principal: Principal) -> OwnMailbox | None:
    """The user's mailbox, if one is connected."""
    row = connection.execute(select(own_mailbox).where(*of_user(own_mailbox, principal))).one_or_none()
    return OwnMailbox(row.host, row.state, row.tried_at, row.read_at, row.logged) if row else None


def connect(connection: Connection, principal: Principal, key: bytes, access: Source, at: datetime) -> None:
    """This is the user's mailbox from now on, due to be read; an earlier one is forgotten. Invalid for no address."""
    user_id = require_planner(principal)
    host = address_of(access).host
    disconnect(connection, principal)
    place = place_of(principal.workspace_id, user_id)
    row = {
        "workspace_id": principal.workspace_id,
        "user_id": user_id,
        "sealed": seal(key, place, access.packed()),
    }
    row |= {
        "host": host,
        "created_at": at,
        "state": WAITING,
        "seen": {},
        "logged": 0,
        "next_at": at,
        "failures": 0,
    }
    connection.execute(own_mailbox.insert(), row)


def disconnect(connection: Connection, principal: Principal) -> None:
    """Forget address and password; what it brought stays in the log."""
    require_planner(principal)
    connection.execute(own_mailbox.delete().where(*of_user(own_mailbox, principal)))


def ask_again(
    connection: Connection, principal: Principal, at: datetime, *, from_start: bool = False
) -> bool:
    """Due now, from its beginning if wanted; false where none is connected."""
    require_planner(principal)
    values: dict[str, Any] = {"next_at": at, **({"seen": {}} if from_start else {})}
    return (
        connection.execute(
            own_mailbox.update().where(*of_user(own_mailbox, principal)).values(**values)
        ).rowcount
        > 0
    )


def place_of(workspace_id: int, user_id: int) -> str:
    """Whose mailbox a sealed address is of."""
    return f"mailbox {workspace_id}/{user_id}"


# Reading


@dataclass(frozen=True)
class Claim:
    """The right to read one mailbox until its lease ends, ``until``; ``made_at``: when it was connected."""

    principal: Principal
    made_at: datetime
    until: datetime
    failures: int
    sealed: str
    seen: Mapping[str, Any]
    state: str


def claim_next(database: Database, at: datetime) -> Claim | None:
    """The mailbox that has been due longest; nobody else gets it for as long as a lease."""
    until = at + LEASE
    leased = lease_next(database, own_mailbox, at, until)
    if leased is None:
        return None
    whose, row = leased
    return Claim(whose, row.created_at, until, row.failures, row.sealed, row.seen, row.state)


def read(database: Database, settings: Settings, claim: Claim, network: Network, at: datetime) -> str:
    """Read a claimed mailbox and log what came; the state it ended in. No transaction is open while it is asked."""
    whose = claim.principal
    mails, state = None, GOOD
    try:
        place = place_of(whose.workspace_id, require_planner(whose))
        access = Source.unpacked(unseal(settings.key, place, claim.sealed))
        mails = fetch_mails(access, network, claim.seen, AT_ONCE)
    except Unsealable:
        state = "key"
    except Failed as failed:
        state = str(failed.failure)
    except Refused as refused:
        state = refused.state
    logged = 0
    if mails is not None and mails.content:
        report = _brought(database, whose, mails, at)
        state = gone_through(report, claim.state, piece_by_piece=True)
        logged = int(report.new.get("interactions", 0))
        mails = mails if state in _READ else None
    with database.write() as connection:
        _keep(connection, claim, state, mails, logged, at)
    return state


def _brought(database: Database, whose: Principal, mails: Mails, at: datetime) -> FileReport:
    """Import them as the mailbox file that they are."""
    with database.read() as connection:
        reading = reading_for(connection, whose, at, kind=MAIL)
    parsed = read_all([Given("Your mailbox.mbox", mails.content)], reading)
    (report,) = actions.apply(database, whose, parsed, at, wishes=Wishes(unasked=True))
    return report


def _keep(
    connection: Connection, claim: Claim, state: str, mails: Mails | None, logged: int, at: datetime
) -> None:
    """Write down how a reading ended and how far it came, unless it was disconnected or asked for anew meanwhile."""
    failures = 0 if state in _READ else claim.failures + 1
    kept = state_to_keep(state, claim.state, from_start=not claim.seen)
    values: dict[str, Any] = {"state": kept, "tried_at": at, "failures": failures}
    values["next_at"] = (
        at if mails is not None and mails.more else at + wait_after(failures, lasting=state in LASTING)
    )
    if mails is not None:
        values |= {"read_at": at, "seen": dict(mails.seen), "logged": own_mailbox.c.logged + logged}
    held = (own_mailbox.c.created_at == claim.made_at, own_mailbox.c.next_at == claim.until)
    connection.execute(
        own_mailbox.update().where(*of_user(own_mailbox, claim.principal), *held).values(**values)
    )


def read_due(
    database: Database,
    settings: Settings,
    network: Network,
    now: Callable[[], datetime],
    going: Callable[[], bool],
) -> int:
    """Read every mailbox that is due, one after the other, for as long as ``going``; how many were read."""
    return read_each(
        lambda: claim_next(database, now()),
        lambda claim: read(database, settings, claim, network, now()),
        going,
    )
