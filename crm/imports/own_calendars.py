"""The users' own calendars: connected and ended, read when they are due, and what of them is kept.

Only start and end of what takes time is kept, for the weeks ahead. The address is sealed, and nobody is shown more of
it than its host.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from crm.accounts.queries import own_words
from crm.domain.language import gettext as _
from crm.domain.own_calendar import AHEAD, GOOD, LASTING, SENTENCES, WAITING
from crm.domain.places.locations import city_in
from crm.domain.principal import Principal
from crm.imports.busy import Busy, Wanted
from crm.imports.busy_fetch import NOTHING_SEEN, Outcome, Seen, Source, fetch
from crm.imports.own_readings import lease_next, of_user, read_each, wait_after
from crm.imports.phrases import packed, unpacked, worded
from crm.outgoing.wire import Network
from crm.planning.home import require_planner
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.sealed import Unsealable, seal, unseal
from crm.storage.tables import busy, calendar_stay, own_calendar

LEASE = timedelta(minutes=5)
"""Longer than the longest reading; who was stopped meanwhile is tried again after it."""
ENOUGH = timedelta(days=42)
"""A reading that reaches so far ahead need not be repeated while the calendar stays the same."""
BEFORE = timedelta(days=1)


@dataclass(frozen=True)
class OwnCalendar:
    """A connected calendar as its user sees it; ``stretches`` is how many busy times lie ahead."""

    kind: str
    host: str
    state: str
    notes: tuple[str, ...]
    tried_at: datetime | None
    read_at: datetime | None
    stretches: int

    @property
    def is_good(self) -> bool:
        """Whether the last reading ended well."""
        return self.state == GOOD

    @property
    def sentence(self) -> str:
        """How the last reading ended."""
        return _(SENTENCES[self.state]).format(host=self.host)


def own(connection: Connection, principal: Principal, at: datetime) -> OwnCalendar | None:
    """The user's calendar, if one is connected."""
    row = connection.execute(select(own_calendar).where(*of_user(own_calendar, principal))).one_or_none()
    if row is None:
        return None
    ahead = select(func.count()).select_from(busy).where(*of_user(busy, principal), busy.c.ends_at > at)
    number = connection.execute(ahead).scalar_one()
    return OwnCalendar(
        row.kind,
        row.host,
        row.state,
        tuple(worded(unpacked(note)) for note in row.notes),
        row.tried_at,
        row.read_at,
        number,
    )


def wanted_of(connection: Connection, principal: Principal, settings: Settings, at: datetime) -> Wanted:
    """What to look at in the user's calendar."""
    user_id = require_planner(principal)
    words = own_words(connection, principal)[user_id]
    mine = frozenset(word.casefold() for word in words if "@" in word)
    return Wanted(at - BEFORE, at + AHEAD, principal.user_zone, mine, settings.url)


def connect(
    connection: Connection,
    principal: Principal,
    key: bytes,
    source: Source,
    at: datetime,
    outcome: Outcome | None = None,
) -> None:
    """This is the user's calendar from now on, read with that outcome or due to be read; an earlier one is forgotten."""
    user_id = require_planner(principal)
    disconnect(connection, principal)
    values = {
        "workspace_id": principal.workspace_id,
        "user_id": user_id,
        "kind": source.kind,
        "sealed": seal(key, place_of(principal.workspace_id, user_id), source.packed()),
        "host": source.host,
        "created_at": at,
        "state": WAITING,
        "notes": [],
        "next_at": at,
        "failures": 0,
    }
    connection.execute(own_calendar.insert(), values)
    if outcome is not None:
        _keep(connection, Claim(principal, at, 0), outcome, at)


def disconnect(connection: Connection, principal: Principal) -> None:
    """Forget the address and every busy time."""
    require_planner(principal)
    for table in (busy, calendar_stay, own_calendar):
        connection.execute(table.delete().where(*of_user(table, principal)))


def place_of(workspace_id: int, user_id: int) -> str:
    """Whose calendar a sealed address is of."""
    return f"calendar {workspace_id}/{user_id}"


# Reading


@dataclass(frozen=True)
class Claim:
    """The right to read one calendar until its lease ends. ``made_at``: when it was connected."""

    principal: Principal
    made_at: datetime
    failures: int
    sealed: str = ""
    seen: Seen = NOTHING_SEEN


def claim_next(database: Database, at: datetime, principal: Principal | None = None) -> Claim | None:
    """The calendar that has been due longest, or this user's, due or not; nobody else gets it for as long as a lease."""
    leased = lease_next(database, own_calendar, at, at + LEASE, principal)
    if leased is None:
        return None
    whose, row = leased
    return Claim(whose, row.created_at, row.failures, row.sealed, _seen(row, whose, at))


def _seen(row: Row[Any], whose: Principal, at: datetime) -> Seen:
    """The version we know, if what we know of it still reaches far enough and its days are still the user's."""
    still = (
        row.covers_until is not None and row.covers_until > at + ENOUGH and row.zone == str(whose.user_zone)
    )
    return Seen(row.etag, row.modified) if still else NOTHING_SEEN


def read(database: Database, settings: Settings, claim: Claim, network: Network, at: datetime) -> str:
    """Read a claimed calendar and keep what was found; the state it ended in. No transaction is open meanwhile."""
    whose = claim.principal
    try:
        place = place_of(whose.workspace_id, require_planner(whose))
        source = Source.unpacked(unseal(settings.key, place, claim.sealed))
    except Unsealable:
        outcome = Outcome("key")
    else:
        with database.read() as connection:
            wanted = wanted_of(connection, whose, settings, at)
        outcome = fetch(source, wanted, network, claim.seen)
    if outcome.state == WAITING:
        return WAITING  # it stands as it did, and is read when the lease ends
    with database.write() as connection:
        _keep(connection, claim, outcome, at)
    return outcome.state


def _keep(connection: Connection, claim: Claim, outcome: Outcome, at: datetime) -> None:
    """Write down how a reading ended, unless the calendar was disconnected or replaced meanwhile."""
    whose, good = claim.principal, outcome.state == GOOD
    failures = 0 if good else claim.failures + 1
    values: dict[str, Any] = {
        "state": outcome.state,
        "tried_at": at,
        "failures": failures,
        "next_at": at + wait_after(failures, lasting=outcome.state in LASTING),
    }
    if good:
        values["read_at"] = at
    if outcome.busy is not None:
        values["notes"] = list(map(packed, outcome.busy.notes))
        values["zone"] = str(whose.user_zone)
        values["covers_until"] = at + AHEAD
        values["etag"], values["modified"] = outcome.seen.etag, outcome.seen.modified
    of_then = own_calendar.c.created_at == claim.made_at
    kept = connection.execute(
        own_calendar.update().where(*of_user(own_calendar, whose), of_then).values(**values)
    )
    if kept.rowcount and outcome.busy is not None:
        _replace(connection, whose, outcome.busy)


def _replace(connection: Connection, whose: Principal, found: Busy) -> None:
    for table in (busy, calendar_stay):
        connection.execute(table.delete().where(*of_user(table, whose)))
    keys = {"workspace_id": whose.workspace_id, "user_id": whose.user_id}
    rows = [{**keys, "starts_at": one.starts_at, "ends_at": one.ends_at} for one in found.intervals]
    if rows:
        connection.execute(busy.insert(), rows)
    stays = {
        (one.first_day, city.town, city.country): {**keys, "last_day": one.last_day}
        for one in found.stays
        if (city := city_in(one.location))
    }
    if stays:
        named = ("first_day", "city", "country")
        connection.execute(
            calendar_stay.insert(),
            [{**row, **dict(zip(named, key, strict=True))} for key, row in stays.items()],
        )


def read_due(
    database: Database,
    settings: Settings,
    network: Network,
    now: Callable[[], datetime],
    going: Callable[[], bool],
) -> int:
    """Read every calendar that is due, one after the other, for as long as ``going``; how many were read."""
    return read_each(
        lambda: claim_next(database, now()),
        lambda claim: read(database, settings, claim, network, now()),
        going,
    )
