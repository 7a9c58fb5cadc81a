"""The metrics of every contact, as of any moment, from one set-based definition over the log.

``as_of`` gives the relation for any contacts at any moment. ``crm.storage.stored_metrics`` keeps its rows of today.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    RowMapping,
    Select,
    Subquery,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.sql.visitors import iterate

from crm.domain import channels as packed
from crm.domain.expressions import Value, names_in
from crm.domain.metrics import COUNTED, WINDOWS
from crm.domain.score import layers
from crm.domain.targets import CLOCKS, Targets
from crm.storage.compiler import compile_value
from crm.storage.frame import PARAMETERS, Frame, Scope, frame_of, only, whole_day
from crm.storage.list_facts import ask_facts, favour_facts, next_dates, promise_facts
from crm.storage.log_facts import (
    clock_facts,
    gift_day,
    rhythm_facts,
    streak,
    waiting_day,
    was_in_touch,
    window_facts,
)
from crm.storage.tables import contact

__all__ = ["Scope", "as_of", "kept", "of_chosen", "relation", "rows_of"]

RAW = ("strength", "gap_log", "gap_weight")
"""Sums over the gaps between contact days, from which the rhythm is worked out."""


def as_of(scope: Scope) -> Subquery:
    """One row a listed contact: ``contact_id``, its own columns, every metric, ``part_*``, ``score`` and ``zone``.

    Its own are ``tier``, ``kind``, ``owner_id`` and ``target_*``.

    Archived, deceased and merged contacts are listed too; whoever reads decides whom to leave out.
    """
    return relation(frame_of(scope), scope.targets)


def kept(scope: Scope) -> Subquery:
    """The same with ``Scope.parameters`` in place of values.

    Built once for each set of targets, since building it costs more than running it: use it in statements that are
    kept as well.
    """
    return _of_everyone(scope.targets) if scope.contact_ids is None else of_chosen(scope.targets)


@lru_cache(maxsize=32)
def of_chosen(targets: Targets) -> Subquery:
    """``kept`` for a scope that names its contacts."""
    return relation(PARAMETERS, targets)


@lru_cache(maxsize=32)
def _of_everyone(targets: Targets) -> Subquery:
    return relation(replace(PARAMETERS, contact_ids=None), targets)


def rows_of(connection: Connection, scope: Scope) -> Sequence[RowMapping]:
    """The rows of ``as_of``, in no order."""
    return connection.execute(_every_column(kept(scope)), scope.parameters()).mappings().all()


@lru_cache(maxsize=32)
def _every_column(rows: Subquery) -> Select[Any]:
    return select(rows)


def relation(
    frame: Frame,
    targets: Targets,
    names: Collection[str] | None = None,
    rhythm: FromClause | None = None,
) -> Subquery:
    """The rows of ``as_of`` for a frame of values or of parameters; ``names``, if given, are the columns asked for.

    ``rhythm`` stands in for ``rhythm_facts`` where somebody has worked those out.
    """
    steps = layers(targets)
    wanted = None if names is None else _needed(steps, names)
    found = _counted(frame, _Beside(frame, rhythm), wanted)
    for step in steps:
        columns = {column.name: column for column in found.c}
        added = [
            compile_value(value, columns).label(name)
            for name, value in step.items()
            if wanted is None or name in wanted
        ]
        found = select(*found.c, *added).subquery()
    return found


def _needed(steps: Iterable[Mapping[str, Value]], names: Collection[str]) -> set[str]:
    """The names, and those of everything they are worked out from."""
    known = {name: value for step in steps for name, value in step.items()}
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += names_in(known[name]) if name in known else ()
    return needed


def _field(sums: ColumnElement[int], place: int) -> ColumnElement[int]:
    """One of the three counters packed into a sum; see ``crm.domain.channels``."""
    shifted = sums.op("/")(place) if place > 1 else sums
    return cast(shifted.op("%")(packed.MASK + 1), Integer)


def _windows(facts: Subquery) -> dict[str, ColumnElement[Any]]:
    found: dict[str, ColumnElement[Any]] = {}
    for days in WINDOWS:
        reach, flow = facts.c[f"reach_{days}"], facts.c[f"flow_{days}"]
        total, personal = _field(reach, packed.FIRST), _field(reach, packed.PERSONAL)
        found[f"total_{days}"] = total
        found[f"personal_{days}"] = personal
        found[f"digital_{days}"] = total - personal
        found[f"in_person_{days}"] = _field(reach, packed.IN_PERSON)
        found[f"live_{days}"] = _field(flow, packed.LIVE)
        found[f"inbound_{days}"] = _field(flow, packed.INBOUND)
        found[f"outbound_{days}"] = _field(flow, packed.OUTBOUND)
    found["prior_total_365"] = _field(facts.c.reach_prior, packed.FIRST)
    found["prior_personal_365"] = _field(facts.c.reach_prior, packed.PERSONAL)
    return {name: func.coalesce(value, 0) for name, value in found.items()}


def needs_rhythm(targets: Targets, names: Collection[str]) -> bool:
    """Whether any of these names is worked out from the gaps between contact days."""
    return not _needed(layers(targets), names).isdisjoint((*RAW, "gaps"))


def _counted(frame: Frame, beside: "_Beside", wanted: Collection[str] | None) -> Subquery:
    """Every listed contact with its counted metrics, or those wanted; the rest follows by arithmetic."""
    names = [name for name in COUNTED if wanted is None or name in wanted]
    facts = clock_facts(frame)
    if wanted is not None:
        read = _parts(_columns(frame, facts, beside, names))
        facts = clock_facts(frame, {"last_day", *_read(facts, read)}) if _read(facts, read) else facts
        beside.windows = window_facts(frame, _read(beside.windows, read))
    columns = _columns(frame, facts, beside, names)
    raw = [name for name in RAW if wanted is None or name in wanted]
    columns += [func.coalesce(beside.rhythm.c[name], 0.0).label(name) for name in raw]
    parts = _parts(columns)
    return _listed(frame, facts if _read(facts, parts) else None, columns, beside.read_by(parts))


def _columns(frame: Frame, facts: CTE, beside: "_Beside", names: Iterable[str]) -> list[ColumnElement[Any]]:
    counted = {**_from_log(frame, facts), **_windows(beside.windows), **_from_lists(frame, beside)}
    return [counted[name].label(name) for name in names]


def _parts(columns: Iterable[ColumnElement[Any]]) -> set[int]:
    """The ids of all the columns are made of."""
    return {id(one) for column in columns for one in iterate(column)}


def _read(joined: FromClause, parts: Collection[int]) -> set[str]:
    """The names of those columns of what is joined that are among the parts."""
    return {column.name for column in joined.c if id(column) in parts}


class _Beside:
    """What is joined to the facts of the log, each only where a column reads it."""

    def __init__(self, frame: Frame, rhythm: FromClause | None) -> None:
        self.windows = window_facts(frame)
        self.rhythm: FromClause = rhythm_facts(frame) if rhythm is None else rhythm
        self.dates, self.asks = next_dates(frame), ask_facts(frame)
        self.promises, self.favours = promise_facts(frame), favour_facts(frame)

    def read_by(self, parts: Collection[int]) -> list[FromClause]:
        everything = (self.windows, self.rhythm, self.dates, self.asks, self.promises, self.favours)
        return [one for one in everything if _read(one, parts)]


def _from_log(frame: Frame, facts: CTE) -> dict[str, ColumnElement[Any]]:
    today = frame.today
    created = whole_day(contact.c.created_on)
    first = case((facts.c.first_day < created, facts.c.first_day), else_=created)
    unanswered = or_(facts.c.answer_at.is_(None), facts.c.answer_at < facts.c.outbound_at)
    return {
        "days_since_any": today - facts.c.last_day,
        "days_since_personal": today - facts.c.last_personal_day,
        "days_since_in_person": today - facts.c.last_in_person_day,
        "days_since_live": today - facts.c.last_live_day,
        "known_days": today - first,
        "digital_streak": case((facts.c.last_day.is_(None), 0), else_=streak(frame, facts)),
        "unanswered_days": case((unanswered, today - facts.c.outbound_day)),
        "waiting_days": today - waiting_day(frame, facts),
    }


def _from_lists(frame: Frame, beside: _Beside) -> dict[str, ColumnElement[Any]]:
    dates, asks, promises = beside.dates.c, beside.asks.c, beside.promises.c
    favour, gift = beside.favours.c.favour_day, gift_day(frame)
    last_favour = case((or_(favour.is_(None), gift > favour), gift), else_=favour)
    return {
        "gaps": cast(func.coalesce(beside.rhythm.c.gaps, 0), Integer),
        "days_to_date": dates.days_to_date,
        "days_to_renewal": dates.days_to_renewal,
        "open_asks": func.coalesce(asks.open_asks, 0),
        "days_to_ask": asks.days_to_ask,
        "oldest_ask_days": asks.oldest_ask_days,
        "open_promises": func.coalesce(promises.open_promises, 0),
        "days_to_our_promise": promises.days_to_our_promise,
        "days_since_favour": frame.today - last_favour,
    }


def _listed(frame: Frame, facts: CTE | None, columns: list[Any], others: Iterable[FromClause]) -> Subquery:
    joined: Any = contact
    for facet in [*([] if facts is None else [facts]), *others]:
        joined = joined.outerjoin(facet, facet.c.contact_id == contact.c.id)
    heard = was_in_touch(frame) if facts is None else facts.c.last_day.is_not(None)
    own = [contact.c[name] for name in ("tier", "kind", "owner_id", *(f"target_{clock}" for clock in CLOCKS))]
    return (
        select(contact.c.id.label("contact_id"), *own, *columns)
        .select_from(joined)
        .where(contact.c.workspace_id == frame.workspace_id, *only(contact.c.id, frame.contact_ids))
        .where(or_(whole_day(contact.c.created_on) <= frame.today, heard))
        .subquery("counted")
    )
