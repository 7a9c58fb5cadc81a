"""What the log says of each contact: clocks, windows, the gaps between contact days, and who waits for whom."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
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
    type_coerce,
)

from crm.domain import channels as packed
from crm.domain.metrics import PRIOR_FROM, PRIOR_TO, WINDOWS
from crm.domain.rhythm import MEMORY_DAYS
from crm.storage.frame import Frame, only, whole_day
from crm.storage.participation import has, is_in_person, is_live, is_personal
from crm.storage.tables import contact, interaction_contact

NEVER = -(2**62)
FADED_DAYS = 700 * int(MEMORY_DAYS)
"""Older days weigh as little as this one, since an exponent much beyond 700 is an error on PostgreSQL."""


def _participation(frame: Frame) -> list[ColumnElement[bool]]:
    took_part = interaction_contact.c
    conditions: list[ColumnElement[bool]] = [
        took_part.workspace_id == frame.workspace_id,
        took_part.counts,
        type_coerce(took_part.occurred_at, BigInteger) <= frame.at,
    ]
    return conditions + only(took_part.contact_id, frame.contact_ids)


def log_facts(frame: Frame, names: Collection[str] | None = None) -> Subquery:
    """Clocks, windows and the moments of the last outbound, answering and responding interaction of each contact.

    ``names``, if given, are the columns asked for, since each costs its share of a walk through the log; the others are
    there and say nothing.
    """
    log, today = interaction_contact.c, frame.today
    day, at = whole_day(log.day), type_coerce(log.occurred_at, BigInteger)
    reach, flow = log.reach, log.flow
    personal, live = is_personal(log), is_live(log)
    is_out, is_in = has(flow, packed.OUTBOUND), has(flow, packed.INBOUND)
    is_digital = ~personal
    answers = or_(~is_out, live)
    responds = or_(~is_in, live)
    columns: list[ColumnElement[Any]] = [
        func.max(day).label("last_day"),
        func.min(day).label("first_day"),
        func.max(case((personal, day))).label("last_personal_day"),
        func.max(case((personal, at))).label("last_personal_at"),
        func.max(case((is_in_person(log), day))).label("last_in_person_day"),
        func.max(case((live, day))).label("last_live_day"),
        func.max(case((and_(is_out, is_digital), day))).label("outbound_day"),
        func.max(case((and_(is_out, is_digital), at))).label("outbound_at"),
        func.max(case((answers, at))).label("answer_at"),
        func.max(case((responds, at))).label("response_at"),
    ]
    for days in WINDOWS:
        inside = day > today - days
        columns.append(_sum(case((inside, reach), else_=0)).label(f"reach_{days}"))
        columns.append(_sum(case((inside, flow), else_=0)).label(f"flow_{days}"))
    before = and_(day > today - PRIOR_FROM, day <= today - PRIOR_TO)
    columns.append(_sum(case((before, reach), else_=0)).label("reach_prior"))
    asked = [
        column if names is None or column.name in names else null().label(column.name) for column in columns
    ]
    return (
        select(log.contact_id, *asked)
        .where(*_participation(frame))
        .group_by(log.contact_id)
        .subquery("log_facts")
    )


def _sum(expression: ColumnElement[int]) -> ColumnElement[int]:
    """A sum that stays a 64-bit integer on PostgreSQL too."""
    return cast(func.sum(expression), BigInteger)


def rhythm_facts(frame: Frame) -> Subquery:
    """Per contact: its distinct contact days less one, C, and the weighted sums of the gaps (PRODUCT.md section 4)."""
    log, today = interaction_contact.c, frame.today
    days = (
        select(log.contact_id, whole_day(log.day).label("day"))
        .where(*_participation(frame))
        .group_by(log.contact_id, log.day)
        .subquery()
    )
    before = func.lag(days.c.day).over(partition_by=days.c.contact_id, order_by=days.c.day)
    weight = func.exp(_faded(today - days.c.day) / -MEMORY_DAYS)
    gaps = select(
        days.c.contact_id, days.c.day, weight.label("weight"), (days.c.day - before).label("gap")
    ).subquery()
    strength = func.sum(gaps.c.weight)
    of_gap = case((gaps.c.gap.is_not(None), gaps.c.weight), else_=0.0)
    log_gap = case((gaps.c.gap.is_not(None), gaps.c.weight * func.ln(gaps.c.gap * 1.0)), else_=0.0)
    since_last = func.exp(_faded(today - func.max(gaps.c.day)) / MEMORY_DAYS)
    return (
        select(
            gaps.c.contact_id,
            (func.count() - 1).label("gaps"),
            strength.label("strength"),
            (func.sum(log_gap) * since_last).label("gap_log"),
            (func.sum(of_gap) * since_last).label("gap_weight"),
        )
        .group_by(gaps.c.contact_id)
        .subquery("rhythm_facts")
    )


def was_in_touch(frame: Frame) -> ColumnElement[bool]:
    """Whether anything that counts had happened with the contact."""
    return exists(
        select(literal(1)).where(*_participation(frame), interaction_contact.c.contact_id == contact.c.id)
    )


def _faded(age: ColumnElement[int]) -> ColumnElement[int]:
    return case((age > FADED_DAYS, FADED_DAYS), else_=age)


def _later(frame: Frame, facts: Subquery, after: ColumnElement[int]) -> tuple[Any, list[ColumnElement[bool]]]:
    """The contact's counted interactions after a moment, found by the index; one that is missing is the beginning."""
    log = interaction_contact.alias()
    return log.c, [
        log.c.workspace_id == frame.workspace_id,
        log.c.contact_id == facts.c.contact_id,
        log.c.counts,
        type_coerce(log.c.occurred_at, BigInteger) > func.coalesce(after, NEVER),
        type_coerce(log.c.occurred_at, BigInteger) <= frame.at,
    ]


def streak(frame: Frame, facts: Subquery) -> ColumnElement[int]:
    """How many since the last personal interaction: everything counted since the last personal interaction is digital."""
    _, where = _later(frame, facts, facts.c.last_personal_at)
    return select(func.count()).where(*where).scalar_subquery()


def waiting_day(frame: Frame, facts: Subquery) -> ColumnElement[int]:
    """The day of the oldest digital inbound interaction that came after we last wrote, spoke or met."""
    log, where = _later(frame, facts, facts.c.response_at)
    digital_inbound = [has(log.flow, packed.INBOUND), ~is_personal(log)]
    return select(func.min(whole_day(log.day))).where(*where, *digital_inbound).scalar_subquery()


def gift_day(frame: Frame) -> ColumnElement[int]:
    """The last day the contact sent a gift; ``channel = 'gift'`` is spelled out so that its small index serves."""
    log = interaction_contact.alias().c
    where = [log.workspace_id == frame.workspace_id, log.contact_id == contact.c.id, log.counts]
    where += [
        log.channel == literal_column("'gift'"),
        log.direction == "inbound",
        type_coerce(log.occurred_at, BigInteger) <= frame.at,
    ]
    return select(func.max(whole_day(log.day))).where(*where).scalar_subquery()
