"""What changed between two days: who was in which zone then, how many in each, and who moved."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, TextClause, bindparam, cast, select

from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.principal import Principal
from crm.domain.spans import short_day
from crm.domain.targets import Targets
from crm.domain.zone_moves import moves_sentence
from crm.errors import Unavailable
from crm.health.numbers import whole
from crm.storage.blocks import blocks
from crm.storage.database import Database
from crm.storage.frame import PARAMETERS
from crm.storage.metrics import relation
from crm.storage.statements import built_once, spelled_out
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact_metrics

BY_ITSELF = 300
"""So many people are compared with a month before without being asked; more are compared when somebody asks."""
MOST_MOVED = 12
BLOCK = 5_000


@dataclass(frozen=True)
class Stand:
    """The zone and score of one person on a day."""

    zone: str | None = None
    score: int | None = None


@dataclass(frozen=True)
class Moved:
    """Somebody whose zone is another now."""

    id: int
    name: str
    before: Stand
    now: Stand

    @property
    def change(self) -> int:
        """Points gained or, below nothing, lost."""
        return (self.now.score or 0) - (self.before.score or 0)


@dataclass(frozen=True)
class Comparison:
    """What changed since ``day``: how many were in each zone then, the moves in words, and who moved most."""

    day: date
    zones: Mapping[str, int]
    sentence: str
    moved: tuple[Moved, ...]
    more: int


def month_before(day: date) -> date:
    """The same day of the month before, or its last day."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def stands(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, Stand]:
    """How these people stood at a moment; whoever was not known then is left out."""
    rows = _rows(connection, principal, contact_ids, at, _statement)
    return {row.contact_id: Stand(row.zone, row.score) for row in rows}


def scores(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], at: datetime
) -> dict[int, int | None]:
    """Their scores alone, which need no rhythm and are found sooner."""
    rows = _rows(connection, principal, contact_ids, at, _score_statement)
    return {row.contact_id: row.score for row in rows}


def _rows(
    connection: Connection,
    principal: Principal,
    contact_ids: Sequence[int],
    at: datetime,
    statement: Callable[[Any, Targets], TextClause],
) -> Iterator[Row[Any]]:
    dialect: Any = type(connection.dialect)
    for block in blocks(sorted(contact_ids), BLOCK):
        scope = scope_of(connection, principal, at, block)
        yield from connection.execute(statement(dialect, scope.targets), scope.parameters())


def kept(
    connection: Connection, principal: Principal, contact_ids: Sequence[int], day: date
) -> dict[int, Stand]:
    """How those of these people stood at the end of that day of whom it is kept."""
    rows = connection.execute(*_kept(principal.workspace_id, list(contact_ids), day))
    return {row.contact_id: Stand(row.then_zone, row.then_score) for row in rows}


@built_once
def _kept(whose: Any, ids: Any, day: Any) -> Select[Any]:
    table = contact_metrics.c
    return select(table.contact_id, table.then_zone, table.then_score).where(
        table.workspace_id == whose, table.contact_id.in_(ids), table.then_on == day
    )


def keep(
    database: Database, principal: Principal, contact_ids: Sequence[int], day: date, at: datetime
) -> None:
    """Keep how these people stood at ``at``, the end of that day, until something about them changes.

    It is worked out once more under the locks that everybody takes who changes something about them.
    """
    table = contact_metrics.c
    own = (table.workspace_id == principal.workspace_id, table.contact_id.in_(contact_ids))
    with suppress(Unavailable), database.write() as connection:
        connection.execute(select(table.contact_id).where(*own).order_by(table.contact_id).with_for_update())
        found = stands(connection, principal, contact_ids, at)
        told = [(one, found.get(one, Stand())) for one in contact_ids]
        connection.execute(
            contact_metrics.update()
            .where(own[0], table.contact_id == bindparam("one"))
            .values(then_on=day, then_zone=bindparam("stood"), then_score=bindparam("points")),
            [{"one": one, "stood": stand.zone, "points": stand.score} for one, stand in told],
        )


@lru_cache(maxsize=32)
def _statement(dialect: Any, targets: Targets) -> TextClause:
    """Built once for each set of targets, since building it costs more than running it."""
    rows = relation(PARAMETERS, targets, ("zone", "score"))
    return spelled_out(
        select(rows.c.contact_id, rows.c.zone, cast(rows.c.score, Integer).label("score")), dialect
    )


@lru_cache(maxsize=32)
def _score_statement(dialect: Any, targets: Targets) -> TextClause:
    rows = relation(PARAMETERS, targets, ("score",))
    return spelled_out(select(rows.c.contact_id, cast(rows.c.score, Integer).label("score")), dialect)


def compare(people: Sequence[Any], before: Mapping[int, Stand], day: date) -> Comparison:
    """``people`` as they stand now (rows of the metrics with names) against how they stood on ``day``."""
    moves: Counter[tuple[str | None, str | None]] = Counter()
    zones: Counter[str] = Counter()
    moved = []
    for one in people:
        then, now = before.get(one.contact_id, Stand()), Stand(one.zone, whole(one.score))
        moves[then.zone, now.zone] += 1
        if then.zone:
            zones[then.zone] += 1
        if then.zone and then.zone != now.zone:
            moved.append(Moved(one.contact_id, one.name, then, now))
    moved.sort(key=lambda one: (one.change, one.name, one.id))
    shown = _ends(moved)
    return Comparison(day, zones, moves_sentence(moves), shown, len(moved) - len(shown))


def _ends(moved: Sequence[Moved]) -> tuple[Moved, ...]:
    """All of them, or those who lost and gained most."""
    if len(moved) <= MOST_MOVED:
        return tuple(moved)
    half = MOST_MOVED // 2
    return (*moved[:half], *moved[-half:])


def change_words(now: int, then: int, day: date, today: date) -> str:
    """ "4 more than on 26 Oct"."""
    when = short_day(day, today)
    if now == then:
        return _("No change since {day}").format(day=when)
    said = _("{number} more than on {day}") if now > then else _("{number} fewer than on {day}")
    return said.format(number=numeral(abs(now - then)), day=when)
