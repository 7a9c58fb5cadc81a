"""Reading sources, when they are due or when asked for: what is there is imported as its file would be."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from crm.accounts.queries import command_line
from crm.domain import mailbox_words, own_calendar
from crm.domain.mailbox_words import PASSED_OVER
from crm.domain.principal import Principal
from crm.domain.synced import GOOD
from crm.imports import actions
from crm.imports.own_readings import EVERY, LONGEST_WAIT, read_each
from crm.imports.read_on import gone_through
from crm.imports.reading import Given, read_all, reading_for
from crm.imports.records import CALENDAR, MAIL, VCARD
from crm.imports.report import FileReport
from crm.imports.synced import Kept, ended, fetched, kept
from crm.imports.synced_kinds import Fetched
from crm.outgoing.wire import Network
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import synced_source

_ENDINGS = {VCARD: "vcf", MAIL: "mbox", CALENDAR: "ics"}
_LASTING = sorted({*mailbox_words.LASTING, *own_calendar.LASTING})


def read(
    database: Database,
    principal: Principal,
    one: Kept,
    network: Network,
    at: datetime,
    *,
    dry_run: bool = False,
) -> tuple[Fetched, FileReport | None]:
    """Read one source and import what is there; how that ended, and what came of it where there was anything."""
    got, report = fetched(one, network, at), None
    if got.state == GOOD and got.content:
        with database.read() as connection:
            reading = reading_for(
                connection, principal, at, kind=got.kind, log_mailbox=got.log_mailbox, since=got.since
            )
        parsed = read_all([Given(f"{one.name}{os.extsep}{_ENDINGS[got.kind]}", got.content)], reading)
        (report,) = actions.apply(database, principal, parsed, at, dry_run=dry_run)
        got = _as_gone_through(one, got, report, dry_run=dry_run)
    if not dry_run:
        with database.write() as connection:
            ended(connection, principal, one, got, at)
    return got, report


def _as_gone_through(one: Kept, got: Fetched, report: FileReport, *, dry_run: bool) -> Fetched:
    """The same with how going through it ended; it was read no further than that."""
    state = gone_through(report, one.state, piece_by_piece=got.kind == MAIL and not dry_run)
    if state in (GOOD, PASSED_OVER):
        return replace(got, state=state)
    return replace(got, state=state, seen=None, more=False)


def is_any_due(connection: Connection, at: datetime) -> bool:
    """Whether some source waits to be read, of whichever workspace."""
    return connection.execute(select(synced_source.c.id).where(_due(at)).limit(1)).first() is not None


def _due(at: datetime) -> ColumnElement[bool]:
    """Once an hour; once a day where only a person mends what is wrong; now where nobody tried since it was asked for."""
    table = synced_source.c
    hourly = and_(table.tried_at <= at - EVERY, table.state.not_in(_LASTING))
    return or_(table.tried_at.is_(None), hourly, table.tried_at <= at - LONGEST_WAIT)


def claim_next(database: Database, key: bytes, at: datetime) -> tuple[Principal, Kept] | None:
    """The source that has waited longest; nobody else gets it until it is due again."""
    table = synced_source.c
    oldest = select(table.workspace_id, table.id).where(_due(at)).limit(1)
    oldest = oldest.order_by(table.tried_at.is_not(None), table.tried_at, table.workspace_id, table.id)
    with database.write() as connection:
        if not database.is_sqlite:
            oldest = oldest.with_for_update(skip_locked=True)
        row = connection.execute(oldest).one_or_none()
        if row is None:
            return None
        mine = (table.workspace_id == row.workspace_id, table.id == row.id)
        connection.execute(synced_source.update().where(*mine).values(tried_at=at))
        principal = command_line(connection, row.workspace_id)
        (one,) = (each for each in kept(connection, principal, key) if each.id == row.id)
    return principal, one


def read_due(
    database: Database,
    settings: Settings,
    network: Network,
    now: Callable[[], datetime],
    going: Callable[[], bool],
) -> int:
    """Read every source that is due, one after the other, for as long as ``going``; how many were read."""
    return read_each(
        lambda: claim_next(database, settings.key, now()),
        lambda claim: read(database, *claim, network, now()),
        going,
    )
