"""Places elsewhere that are read again and again, each by its name: kept sealed, opened, read, and how that ended."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from crm.contacts.drafts import one_line
from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.synced import GOOD, WAITING
from crm.errors import Invalid, NotFound, require_admin
from crm.imports.busy_fetch import Source
from crm.imports.mailbox_source import address_of
from crm.imports.read_on import state_to_keep
from crm.imports.source_forms import NAME_LIMIT
from crm.imports.synced_kinds import IMAP, KINDS, Fetched, answered, sentence_of
from crm.outgoing.wire import Network
from crm.storage.database import new_id
from crm.storage.sealed import Unsealable, seal, unseal
from crm.storage.tables import synced_source
from crm.storage.text import fold


@dataclass(frozen=True)
class Kept:
    """A source as it is kept. ``access`` is None where the key of this server cannot open it."""

    id: int
    name: str
    kind: str
    host: str
    state: str
    read_at: datetime | None
    access: Source | None
    seen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """How the last reading ended."""
        return self.said_of(self.state)

    def said_of(self, state: str) -> str:
        """How a reading that ended so is told."""
        return sentence_of(self.kind, self.host, state)


def add(
    connection: Connection, principal: Principal, key: bytes, name: str, access: Source, at: datetime
) -> None:
    """Keep a source under a name that nobody else has; refuses other addresses than https (and http, which the wire judges)."""
    _require_admin(principal)
    shown = one_line(name, NAME_LIMIT)
    if shown is None:
        raise Invalid(_("A source needs a name."))
    if access.kind not in KINDS:
        words = _("There is no source of kind {kind}. The kinds are: {kinds}.")
        raise Invalid(words.format(kind=access.kind, kinds=", ".join(KINDS)))
    if access.kind == IMAP:
        address_of(access)
    if access.kind == "ics":
        access = replace(access, address=re.sub(r"^webcals?://", "https://", access.address.strip()))
    if not access.host:
        raise Invalid(_("The address of a source looks like https://dav.example.com/alice/."))
    if any(fold(one.name) == fold(shown) for one in kept(connection, principal, key)):
        raise Invalid(_("There is already a source called {name}.").format(name=shown))
    row_id = new_id(connection)
    row = {
        "workspace_id": principal.workspace_id,
        "id": row_id,
        "name": shown,
        "folded_name": fold(shown),
        "kind": access.kind,
        "sealed": seal(key, place_of(principal.workspace_id, row_id), access.packed()),
        "host": access.host,
        "seen": {},
        "state": WAITING,
        "created_at": at,
    }
    connection.execute(synced_source.insert(), row)


def one(connection: Connection, principal: Principal, key: bytes, source_id: int) -> Kept:
    """One source; NotFound where there is none."""
    found = [each for each in kept(connection, principal, key) if each.id == source_id]
    if not found:
        raise NotFound
    return found[0]


def remove(connection: Connection, principal: Principal, name: str) -> None:
    """Forget a source with its address and password; what it brought stays."""
    _require_admin(principal)
    gone = connection.execute(
        synced_source.delete().where(*_mine(principal), synced_source.c.folded_name == fold(name))
    )
    if gone.rowcount == 0:
        raise Invalid(_("There is no source called {name}.").format(name=name))


def kept(connection: Connection, principal: Principal, key: bytes, names: Sequence[str] = ()) -> list[Kept]:
    """These sources, or all of them, by name; Invalid for a name there is not."""
    _require_admin(principal)
    rows = connection.execute(
        select(synced_source).where(*_mine(principal)).order_by(synced_source.c.folded_name)
    ).all()
    there = {row.folded_name for row in rows}
    for name in names:
        if fold(name) not in there:
            known = ", ".join(row.name for row in rows)
            words = _("There is no source called {name}. The sources are: {names}.")
            raise Invalid(words.format(name=name, names=known or _("none yet")))
    wanted = {fold(name) for name in names} or there
    return [_opened(row, key) for row in rows if row.folded_name in wanted]


def _opened(row: Any, key: bytes) -> Kept:
    try:
        access = Source.unpacked(unseal(key, place_of(row.workspace_id, row.id), row.sealed))
    except Unsealable:
        access = None
    return Kept(row.id, row.name, row.kind, row.host, row.state, row.read_at, access, row.seen)


def fetched(one: Kept, network: Network, at: datetime) -> Fetched:
    """Read it; never raises for anything a server does. No transaction may be open meanwhile."""
    access = one.access
    if access is None:
        return Fetched("key")
    return answered(one.kind, lambda: KINDS[one.kind](access, network, one.seen, at))


def ended(connection: Connection, principal: Principal, one: Kept, got: Fetched, at: datetime) -> None:
    """Write down how reading ended, and how far it came."""
    state = state_to_keep(got.state, one.state, from_start=not one.seen)
    values: dict[str, Any] = {"state": state, "tried_at": None if got.more else at}
    if got.state == GOOD:
        values["read_at"] = at
    if got.seen is not None:
        values["seen"] = dict(got.seen)
    mine = (*_mine(principal), synced_source.c.id == one.id)
    connection.execute(synced_source.update().where(*mine).values(**values))


def ask_again(connection: Connection, principal: Principal, source_id: int) -> None:
    """Due now; NotFound where there is no such source."""
    _require_admin(principal)
    mine = (*_mine(principal), synced_source.c.id == source_id)
    if connection.execute(synced_source.update().where(*mine).values(tried_at=None)).rowcount == 0:
        raise NotFound


def _mine(principal: Principal) -> tuple[ColumnElement[bool], ...]:
    return (synced_source.c.workspace_id == principal.workspace_id,)


def place_of(workspace_id: int, row_id: int) -> str:
    """Which source a sealed address is of."""
    return f"synced source {workspace_id}/{row_id}"


def _require_admin(principal: Principal) -> None:
    require_admin(principal, _("Only an admin can see and change the sources that are read automatically."))
