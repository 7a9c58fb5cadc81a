"""What the log says of each contact: clocks, windows, the gaps between contact days, and who waits for whom."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
)

from crm.domain import channels as packed
from crm.domain.metrics import PRIOR_FROM, PRIOR_TO, WINDOWS
from crm.domain.rhythm import MEMORY_DAYS
from crm.storage.frame import Frame, only, whole_day
from crm.storage.participation import has, is_in_person, is_live, is_personal
from crm.storage.tables import contact, interaction_contact
from crm.storage.types import DAY_MICROS, EPOCH_ORDINAL

NEVER = -(2**62)
FADED_DAYS = 700 * int(MEMORY_DAYS)
"""Older days weigh as little as this one, since an exponent much beyond 700 is an error on PostgreSQL."""


def _participation(frame: Frame) -> list[ColumnElement[bool]]:
    return [
        *counted(interaction_contact.c, frame),
        *only(interaction_contact.c.contact_id, frame.contact_ids),
    ]


def counted(log: Any, frame: Frame) -> list[ColumnElement[bool]]:
    """What counts by the moment; ``log`` are the columns of the table or of an alias."""
    return [
        log.workspace_id == frame.workspace_id,
        log.counts,
        type_coerce(log.occurred_at, BigInteger) <= frame.at,
    ]


def clock_facts(frame: Frame, names: Collection[str] | None = None) -> CTE:
    """The first day and the newest interaction of each sort of every contact, each found from its end of the log.

    ``last_day`` is missing where nothing happened. ``names``, if given, are the columns asked for; the others are there
    and say nothing.
    """
    columns = [
        _first(frame, name) if names is None or name in names else null().label(name) for name in _ENDS
    ]
    mine = [contact.c.workspace_id == frame.workspace_id, *only(contact.c.id, frame.contact_ids)]
    found = select(contact.c.id.label("contact_id"), *columns).where(*mine)
    # Kept as rows: each column is read many times, and would be looked for as often.
    return found.cte("clock_facts").prefix_with("MATERIALIZED")


def _anything(log: Any) -> ColumnElement[bool]:
    return true()


def _written(log: Any) -> ColumnElement[bool]:
    """Outbound by screen."""
    return and_(has(log.flow, packed.OUTBOUND), ~is_personal(log))


def _answers(log: Any) -> ColumnElement[bool]:
    """They reached out, or both spoke."""
    return or_(~has(log.flow, packed.OUTBOUND), is_live(log))


def _responds(log: Any) -> ColumnElement[bool]:
    """We reached out, or both spoke."""
    return or_(~has(log.flow, packed.INBOUND), is_live(log))


_ENDS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "last_day": _anything,
    "first_day": _anything,
    "last_personal_day": is_personal,
    "last_personal_at": is_personal,
    "last_in_person_day": is_in_person,
    "last_live_day": is_live,
    "outbound_day": _written,
    "outbound_at": _written,
    "answer_at": _answers,
    "response_at": _responds,
}
"""The columns of ``clock_facts``: which interaction each looks for. ``…_day`` is its day, ``…_at`` its moment."""


def _first(frame: Frame, name: str) -> ColumnElement[int]:
    """One of them: the first that there is from the end of the log, or from its beginning."""
    log = interaction_contact.alias().c
    at = log.occurred_at
    said = whole_day(log.day) if name.endswith("_day") else type_coerce(at, BigInteger)
    return (
        select(said)
        .where(*counted(log, frame), log.contact_id == contact.c.id, _ENDS[name](log))
        .order_by(at if name == "first_day" else at.desc())
        .limit(1)
        .correlate(contact)
        .scalar_subquery()
        .label(name)
    )


def window_facts(frame: Frame, names: Collection[str] | None = None) -> Subquery:
    """The sums of each contact's windows, packed; nothing older than the longest of them is read.

    ``names``, if given, are the columns asked for, since each costs its share; the others are there and say nothing.
    """
    log, today = interaction_contact.c, frame.today
    day = whole_day(log.day)
    columns: list[ColumnElement[Any]] = []
    for days in WINDOWS:
        inside = day > today - days
        columns.append(_sum(log.reach, inside).label(f"reach_{days}"))
        columns.append(_sum(log.flow, inside).label(f"flow_{days}"))
    before = and_(day > today - PRIOR_FROM, day <= today - PRIOR_TO)
    columns.append(_sum(log.reach, before).label("reach_prior"))
    asked = [
        column if names is None or column.name in names else null().label(column.name) for column in columns
    ]
    return (
        select(log.contact_id, *asked)
        .where(
            *_participation(frame),
            type_coerce(log.occurred_at, BigInteger) >= moment_before(today - PRIOR_FROM),
        )
        .group_by(log.contact_id)
        .subquery("window_facts")
    )


def moment_before(day: ColumnElement[int]) -> ColumnElement[int]:
    """A moment before that day in every time zone, in microseconds: a bound of the key, which days are not in."""
    return cast(day - (EPOCH_ORDINAL + 1), BigInteger) * DAY_MICROS


def _sum(column: ColumnElement[int], where: ColumnElement[bool]) -> ColumnElement[int]:
    """A sum that stays a 64-bit integer on PostgreSQL too; missing where no row is meant."""
    return cast(func.sum(column).filter(where), BigInteger)


def rhythm_facts(frame: Frame) -> Subquery:
    """Per contact: its distinct contact days less one, C, and the weighted sums of the gaps (PRODUCT.md section 4)."""
    log, today = interaction_contact.c, frame.today
    # DISTINCT and not GROUP BY, for which SQLite sorts.
    days = (
        select(log.contact_id, whole_day(log.day).label("day"))
        .where(*_participation(frame))
        .distinct()
        .subquery()
    )
    before = func.lag(days.c.day).over(partition_by=days.c.contact_id, order_by=days.c.day)
    gaps = select(days.c.contact_id, days.c.day, (days.c.day - before).label("gap")).subquery()
    sums = rhythm_sums(gaps.c.day, gaps.c.gap, today)
    since_last = grown(today - sums["last"])
    return (
        select(
            gaps.c.contact_id,
            (sums["days"] - 1).label("gaps"),
            sums["strength"].label("strength"),
            (sums["gap_log"] * since_last).label("gap_log"),
            (sums["gap_weight"] * since_last).label("gap_weight"),
        )
        .group_by(gaps.c.contact_id)
        .subquery("rhythm_facts")
    )


def was_in_touch(frame: Frame) -> ColumnElement[bool]:
    """Whether anything that counts had happened with the contact."""
    return exists(
        select(literal(1)).where(*_participation(frame), interaction_contact.c.contact_id == contact.c.id)
    )


def rhythm_sums(
    day: ColumnElement[int], gap: ColumnElement[int], today: ColumnElement[int]
) -> dict[str, Any]:
    """Over contact days and the gap before each (missing before the first): how many, the last, C, Σ wᵢ·ln(gapᵢ) and Σ wᵢ.

    The weights are those of ``today``.
    """
    weight = weight_of(today - day)
    return {
        "days": func.count(),
        "last": func.max(day),
        "strength": func.sum(weight),
        "gap_log": func.sum(weight * func.ln(gap * 1.0)),
        "gap_weight": func.sum(case((gap.is_not(None), weight))),
    }


def weight_of(age: ColumnElement[int]) -> ColumnElement[Any]:
    """What a contact day so many days ago weighs."""
    return func.exp(_faded(age) / -MEMORY_DAYS)


def grown(age: ColumnElement[int]) -> ColumnElement[Any]:
    """By what a weight of today is larger on a day so many days ago."""
    return func.exp(_faded(age) / MEMORY_DAYS)


def _faded(age: ColumnElement[int]) -> ColumnElement[int]:
    return case((age > FADED_DAYS, FADED_DAYS), else_=age)


def _later(frame: Frame, facts: CTE, after: ColumnElement[int]) -> tuple[Any, list[ColumnElement[bool]]]:
    """The contact's counted interactions after a moment, found by the index; one that is missing is the beginning."""
    log = interaction_contact.alias()
    return log.c, [
        log.c.workspace_id == frame.workspace_id,
        log.c.contact_id == facts.c.contact_id,
        log.c.counts,
        type_coerce(log.c.occurred_at, BigInteger) > func.coalesce(after, NEVER),
        type_coerce(log.c.occurred_at, BigInteger) <= frame.at,
    ]


def streak(frame: Frame, facts: CTE) -> ColumnElement[int]:
    """How many since the last personal interaction: everything counted since the last personal interaction is digital."""
    _, where = _later(frame, facts, facts.c.last_personal_at)
    return select(func.count()).where(*where).scalar_subquery()


def waiting_day(frame: Frame, facts: CTE) -> ColumnElement[int]:
    """The day of the oldest digital inbound interaction that came after we last wrote, spoke or met."""
    log, where = _later(frame, facts, facts.c.response_at)
    digital_inbound = [has(log.flow, packed.INBOUND), ~is_personal(log)]
    return select(func.min(whole_day(log.day))).where(*where, *digital_inbound).scalar_subquery()


def gift_day(frame: Frame) -> ColumnElement[int]:
    """The last day the contact sent a gift; ``channel = 'gift'`` is spelled out so that its small index serves.

    The moment is no bound of a key here: SQLite would read the contact's whole log along that instead.
    """
    log = interaction_contact.alias().c
    where = [log.workspace_id == frame.workspace_id, log.contact_id == contact.c.id, log.counts]
    where += [
        log.channel == literal_column("'gift'"),
        log.direction == "inbound",
        type_coerce(log.occurred_at, BigInteger) + literal_column("0") <= frame.at,
    ]
    return select(func.max(whole_day(log.day))).where(*where).scalar_subquery()
