"""Today's metrics, stored: worked out again by whoever changes the log, and once they are no longer right.

Each row is marked before it is worked out: that takes its lock, so two writers about one contact work one after the
other and the later sees the earlier.
"""

import time as seconds
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    type_coerce,
)

from crm.domain.principal import Principal
from crm.domain.targets import Target, Targets
from crm.domain.weeks import local_instant
from crm.storage.blocks import blocks
from crm.storage.database import Database
from crm.storage.frame import PARAMETERS, Scope
from crm.storage.insertion import insert_of
from crm.storage.metrics import relation
from crm.storage.settled_rhythm import SETTLED, rhythm_carried_on
from crm.storage.statements import built_once, spelled_out
from crm.storage.tables import contact_metrics, interaction_contact, target
from crm.storage.types import to_micros

STALE = datetime(1970, 1, 1, tzinfo=UTC)
LOG_UNCHANGED = date.max
BLOCK = 1_000
"""So few that others wait for a fifth of a second, and that little memory is taken."""
NEVER = 1_000_000
"""More days than anybody was ever silent: where lists put those with whom it never happened."""
WORK_SECONDS, LET_IN_SECONDS = 1, 0.12
"""After so much work there is a pause: another process that waits for SQLite looks every tenth of a second."""
_BESIDE = ("workspace_id", "fresh_until", "then_on", "then_zone", "then_score", *SETTLED)
"""Columns that are no metric of today."""
_NO_FIGURES = (*_BESIDE, "contact_id", "silence")
_FIGURES = tuple(column.name for column in contact_metrics.c if column.name not in _NO_FIGURES)


def targets_of(connection: Connection, workspace_id: int) -> Targets:
    """The workspace's targets: the defaults with its own changes."""
    rows = connection.execute(*_targets(workspace_id))
    return Targets({(row.tier, row.kind): Target(row.any, row.personal, row.in_person) for row in rows})


@built_once
def _targets(whose: Any) -> Select[Any]:
    return select(target).where(target.c.workspace_id == whose)


def scope_of(
    connection: Connection, principal: Principal, at: datetime, contact_ids: Iterable[int] | None = None
) -> Scope:
    """The scope of the principal's workspace at a moment, with its targets."""
    chosen = None if contact_ids is None else tuple(contact_ids)
    return Scope(
        principal.workspace_id, at, principal.zone, targets_of(connection, principal.workspace_id), chosen
    )


def _mark(connection: Connection, workspace_id: int, contact_ids: list[int], changed_on: date) -> None:
    """Sums of contact days that may have changed are let go."""
    marks = {"workspace_id": workspace_id, "fresh_until": STALE, "changed_on": changed_on}
    rows = [{**marks, "contact_id": one} for one in contact_ids]
    connection.execute(_mark_statement(connection.dialect.name), rows)


@cache
def _mark_statement(dialect: str) -> Any:
    insert = insert_of(dialect, contact_metrics)
    settled_on = contact_metrics.c.settled_on
    changes = {
        "fresh_until": insert.excluded.fresh_until,
        "then_on": None,
        "settled_on": case((settled_on < bindparam("changed_on"), settled_on)),
    }
    return insert.on_conflict_do_update(index_elements=["workspace_id", "contact_id"], set_=changes)


def anything_stale(connection: Connection, workspace_id: int, at: datetime) -> bool:
    """Whether some stored row of the workspace is no longer right at ``at``."""
    return connection.execute(*_some_stale(workspace_id, at)).first() is not None


@built_once
def _some_stale(whose: Any, at: Any) -> Select[Any]:
    return select(literal(1)).where(_is_stale(whose, at)).limit(1)


def _is_stale(workspace_id: Any, at: Any) -> ColumnElement[bool]:
    return and_(contact_metrics.c.workspace_id == workspace_id, contact_metrics.c.fresh_until <= at)


def freshen(
    database: Database, principal: Principal, at: datetime, going: Callable[[], bool] = lambda: True
) -> None:
    """Work out whatever is stale in the principal's workspace at ``at``, a block a transaction, while it is ``going``.

    Whoever else wants to write waits for one block, not for everybody.
    """
    with database.read() as connection:
        is_stale = anything_stale(connection, principal.workspace_id, at)
    rested = seconds.monotonic()
    while is_stale and going():
        with database.write() as connection:
            is_stale = refresh_stale(connection, scope_of(connection, principal, at), BLOCK) == BLOCK
        if is_stale and database.is_sqlite and seconds.monotonic() - rested > WORK_SECONDS:
            seconds.sleep(LET_IN_SECONDS)
            rested = seconds.monotonic()


def refresh_stale(connection: Connection, scope: Scope, most: int | None = None) -> int:
    """Work out the stale rows of the workspace, the first ``most`` of them, as of ``scope.at``; returns how many it were."""
    mine = _is_stale(scope.workspace_id, scope.at)
    stale = (
        select(contact_metrics.c.contact_id).where(mine).order_by(contact_metrics.c.contact_id).limit(most)
    )
    ids = list(connection.execute(stale).scalars())
    refresh(connection, scope, ids, changed_on=LOG_UNCHANGED)
    return len(ids)


def refresh(
    connection: Connection, scope: Scope, contact_ids: Sequence[int], *, changed_on: date = date.min
) -> dict[int, str | None]:
    """Work out the stored rows of these contacts as of ``scope.at``, in the transaction of the change that made them stale.

    ``changed_on`` is the first day whose log may have changed. Returns the zone of each that is listed.
    """
    zones: dict[int, str | None] = {}
    for block in blocks(sorted(contact_ids), BLOCK):
        _mark(connection, scope.workspace_id, block, min(changed_on, scope.today))
        narrowed = Scope(scope.workspace_id, scope.at, scope.zone, scope.targets, tuple(block))
        stored = _store(connection, narrowed)
        if len(stored) < len(block):
            _settle_unlisted(connection, narrowed)
        zones |= stored
    return zones


def _store(connection: Connection, scope: Scope) -> dict[int, str | None]:
    """Returns the zone of each of the contacts that is listed."""
    dialect: Any = type(connection.dialect)
    statement = _store_statement(dialect, scope.targets)
    values = {**scope.parameters(), "midnight": to_micros(next_midnight(scope))}
    return {row.contact_id: row.zone for row in connection.execute(statement, values)}


@lru_cache(maxsize=32)
def _store_statement(dialect: Any, targets: Targets) -> TextClause:
    """The statement that stores the metrics of chosen contacts."""
    rhythm = rhythm_carried_on(PARAMETERS)
    rows = relation(PARAMETERS, targets, rhythm=rhythm)
    chosen: list[ColumnElement[Any]] = [PARAMETERS.workspace_id, rows.c.contact_id]
    chosen += [_fresh_until(rows), _silence(rows), *(rows.c[name] for name in _FIGURES)]
    chosen += [rhythm.c[name] for name in SETTLED]
    found = select(*chosen).join_from(rows, rhythm, rhythm.c.contact_id == rows.c.contact_id)
    found = found.where(literal(1) == 1)  # SQLite needs a WHERE between SELECT and ON CONFLICT
    insert = insert_of(dialect.name, contact_metrics)
    names = ["fresh_until", "silence", *_FIGURES, *SETTLED]
    insert = insert.from_select(["workspace_id", "contact_id", *names], found)
    changes = {name: insert.excluded[name] for name in names}
    insert = insert.on_conflict_do_update(index_elements=["workspace_id", "contact_id"], set_=changes)
    return spelled_out(insert.returning(contact_metrics.c.contact_id, contact_metrics.c.zone), dialect)


def _fresh_until(rows: Subquery) -> ColumnElement[Any]:
    """The next interaction logged ahead, or the midnight that is a parameter, whichever comes first."""
    log = interaction_contact.alias().c
    at = type_coerce(log.occurred_at, BigInteger)
    ahead = (
        select(func.min(at))
        .where(log.workspace_id == PARAMETERS.workspace_id, log.contact_id == rows.c.contact_id)
        .where(log.counts, at > PARAMETERS.at)
        .scalar_subquery()
    )
    midnight = bindparam("midnight", type_=BigInteger())
    return case((ahead < midnight, ahead), else_=midnight)


def _silence(rows: Subquery) -> ColumnElement[int]:
    """Minus the days since personal contact; whoever never had any comes first, without a record next, without a zone last."""
    days = case(
        (rows.c.days_since_any.is_(None), NEVER - 1), else_=func.coalesce(rows.c.days_since_personal, NEVER)
    )
    return case((rows.c.zone.is_(None), NEVER), else_=0) * 2 - days


def _settle_unlisted(connection: Connection, scope: Scope) -> None:
    """Contacts not listed (yet, or any more) keep an empty row that is looked at again tomorrow."""
    chosen = {"whose": scope.workspace_id, "now": scope.at, "ids": list(scope.contact_ids or ())}
    connection.execute(_settle_statement(), {**chosen, "midnight": next_midnight(scope)})


@cache
def _settle_statement() -> Any:
    table = contact_metrics.c
    mine = (table.workspace_id == bindparam("whose"), table.contact_id.in_(bindparam("ids", expanding=True)))
    values: dict[str, Any] = {
        **dict.fromkeys(_FIGURES),
        "silence": NEVER,
        "fresh_until": bindparam("midnight"),
    }
    return contact_metrics.update().where(*mine, table.fresh_until <= bindparam("now")).values(values)


def next_midnight(scope: Scope) -> datetime:
    """The first instant of the next calendar day in the workspace's zone."""
    return local_instant(scope.today + timedelta(days=1), time(), scope.zone)


def is_listed() -> ColumnElement[bool]:
    """Whether a stored row says anything: contacts not listed (yet, or any more) keep an empty one."""
    return contact_metrics.c.tier.is_not(None)


@lru_cache(maxsize=64)
def current(workspace_id: int) -> Subquery:
    """The stored metrics as a relation with the columns of ``crm.storage.metrics.as_of`` and ``silence``; refresh stale
    rows first."""
    columns = [column for column in contact_metrics.c if column.name not in _BESIDE]
    mine = contact_metrics.c.workspace_id == workspace_id
    return select(*columns).where(mine, is_listed()).subquery("current_metrics")
