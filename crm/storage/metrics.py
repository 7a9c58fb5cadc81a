"""The metrics of every contact, as of any moment, from one set-based definition over the log.

``as_of`` gives the relation for any contacts at any moment. ``crm.storage.stored_metrics`` keeps its rows of today.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from crm.domain import channels as packed
from crm.domain.metrics import COUNTED, PRIOR_FROM, PRIOR_TO, WINDOWS
from crm.domain.rhythm import MEMORY_DAYS
from crm.domain.score import layers
from crm.domain.targets import CLOCKS, Targets
from crm.storage.compiler import compile_value
from crm.storage.tables import ask, contact, contact_date, favour, interaction_contact, promise

NEVER = -(2**62)
FADED_DAYS = 700 * int(MEMORY_DAYS)
"""Older days weigh as little as this one, since an exponent much beyond 700 is an error on PostgreSQL."""
LEAP_DAY = 60


@dataclass(frozen=True)
class Scope:
    """Whose metrics, as of when. ``contact_ids`` narrows to those contacts; ``None`` is the whole workspace."""

    workspace_id: int
    at: datetime
    zone: ZoneInfo
    targets: Targets = field(default_factory=Targets)
    contact_ids: tuple[int, ...] | None = None

    @property
    def today(self) -> date:
        """The calendar day of the moment in the workspace's time zone."""
        return self.at.astimezone(self.zone).date()


def as_of(scope: Scope) -> Subquery:
    """One row a listed contact: ``contact_id``, ``tier``, ``kind``, ``target_*``, every metric, ``part_*``, ``score``, ``zone``.

    Archived, deceased and merged contacts are listed too; whoever reads decides whom to leave out.
    """
    relation: Subquery = _counted(scope)
    for layer in layers(scope.targets):
        columns = {column.name: column for column in relation.c}
        added = [compile_value(value, columns).label(name) for name, value in layer.values.items()]
        relation = select(*relation.c, *added).subquery()
    return relation


def _day(column: Any) -> ColumnElement[int]:
    """A day column as the whole number it is kept as."""
    return type_coerce(column, Integer)


def _field(sums: ColumnElement[int], place: int) -> ColumnElement[int]:
    shifted = sums.op("/")(place) if place > 1 else sums
    return cast(shifted.op("%")(packed.MASK + 1), Integer)


def _participation(scope: Scope) -> list[ColumnElement[bool]]:
    took_part = interaction_contact.c
    conditions: list[ColumnElement[bool]] = [
        took_part.workspace_id == scope.workspace_id,
        took_part.counts,
        took_part.occurred_at <= scope.at,
    ]
    return conditions + _only(took_part.contact_id, scope.contact_ids)


def _only(column: ColumnElement[int], ids: Iterable[int] | None) -> list[ColumnElement[bool]]:
    return [] if ids is None else [column.in_(list(ids))]


def _log_facts(scope: Scope) -> Subquery:
    """Clocks, windows and the moments of the last outbound, answering and responding interaction of each contact."""
    log, today = interaction_contact.c, scope.today.toordinal()
    day, at = _day(log.day), type_coerce(log.occurred_at, BigInteger)
    reach, flow = log.reach, log.flow
    is_personal = _has(reach, packed.PERSONAL)
    is_live, is_out, is_in = _has(flow, packed.LIVE), _has(flow, packed.OUTBOUND), _has(flow, packed.INBOUND)
    is_digital = ~is_personal
    answers = or_(~is_out, is_live)
    responds = or_(~is_in, is_live)
    columns: list[ColumnElement[Any]] = [
        func.max(day).label("last_day"),
        func.min(day).label("first_day"),
        func.max(case((is_personal, day))).label("last_personal_day"),
        func.max(case((is_personal, at))).label("last_personal_at"),
        func.max(case((_has(reach, packed.IN_PERSON), day))).label("last_in_person_day"),
        func.max(case((is_live, day))).label("last_live_day"),
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
    return (
        select(log.contact_id, *columns)
        .where(*_participation(scope))
        .group_by(log.contact_id)
        .subquery("log_facts")
    )


def _has(packed_column: ColumnElement[int], place: int) -> ColumnElement[bool]:
    return packed_column.op("&")(literal_column(str(packed.MASK * place))) != 0


def _sum(expression: ColumnElement[int]) -> ColumnElement[int]:
    """A sum that stays a 64-bit integer on PostgreSQL too."""
    return cast(func.sum(expression), BigInteger)


def _rhythm_facts(scope: Scope) -> Subquery:
    """Per contact: its distinct contact days less one, C, and the weighted sums of the gaps (PRODUCT.md section 4)."""
    log, today = interaction_contact.c, scope.today.toordinal()
    days = (
        select(log.contact_id, _day(log.day).label("day"))
        .where(*_participation(scope))
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


def _faded(age: ColumnElement[int]) -> ColumnElement[int]:
    return case((age > FADED_DAYS, FADED_DAYS), else_=age)


def _later(scope: Scope, facts: Subquery, after: ColumnElement[int]) -> tuple[Any, list[ColumnElement[bool]]]:
    """The contact's counted interactions after a moment, found by the index; one that is missing is the beginning."""
    log = interaction_contact.alias()
    return log.c, [
        log.c.workspace_id == scope.workspace_id,
        log.c.contact_id == facts.c.contact_id,
        log.c.counts,
        type_coerce(log.c.occurred_at, BigInteger) > func.coalesce(after, NEVER),
        log.c.occurred_at <= scope.at,
    ]


def _streak(scope: Scope, facts: Subquery) -> ColumnElement[int]:
    """Everything counted since the last personal interaction is digital."""
    _, where = _later(scope, facts, facts.c.last_personal_at)
    return select(func.count()).where(*where).scalar_subquery()


def _waiting_day(scope: Scope, facts: Subquery) -> ColumnElement[int]:
    log, where = _later(scope, facts, facts.c.response_at)
    digital_inbound = [_has(log.flow, packed.INBOUND), ~_has(log.reach, packed.PERSONAL)]
    return select(func.min(_day(log.day))).where(*where, *digital_inbound).scalar_subquery()


def _gift_day(scope: Scope) -> ColumnElement[int]:
    """The last day the contact sent a gift; ``channel = 'gift'`` is spelled out so that its small index serves."""
    log = interaction_contact.alias().c
    where = [log.workspace_id == scope.workspace_id, log.contact_id == contact.c.id, log.counts]
    where += [
        log.channel == literal_column("'gift'"),
        log.direction == "inbound",
        log.occurred_at <= scope.at,
    ]
    return select(func.max(_day(log.day))).where(*where).scalar_subquery()


def _next_dates(scope: Scope) -> Subquery:
    """Days to the next date and the next renewal of each contact."""
    table, today = contact_date.c, scope.today
    days = case((table.yearly, _days_to_yearly(today)), else_=_day(table.on_day) - today.toordinal())
    ahead = select(table.contact_id, table.kind, days.label("days")).where(
        table.workspace_id == scope.workspace_id, *_only(table.contact_id, scope.contact_ids)
    )
    dates = ahead.subquery()
    renewal = dates.c.kind == "renewal"
    return (
        select(
            dates.c.contact_id,
            func.min(case((~renewal, dates.c.days))).label("days_to_date"),
            func.min(case((renewal, dates.c.days))).label("days_to_renewal"),
        )
        .where(dates.c.days >= 0)
        .group_by(dates.c.contact_id)
        .subquery("next_dates")
    )


def _days_to_yearly(today: date) -> ColumnElement[int]:
    """Days to the next return of a yearly date; 29 February is kept on the 28th where there is no 29th."""
    leap_day = contact_date.c.leap_day
    day_of_year = today.timetuple().tm_yday
    this_year = _in_year(leap_day, today.year)
    rest_of_year = date(today.year, 12, 31).timetuple().tm_yday - day_of_year
    return case(
        (this_year >= day_of_year, this_year - day_of_year),
        else_=_in_year(leap_day, today.year + 1) + rest_of_year,
    )


def _in_year(leap_day: ColumnElement[int], year: int) -> ColumnElement[int]:
    """The day of that year of a day counted in a leap year, where 29 February is day 60."""
    if calendar.isleap(year):
        return leap_day
    return case((leap_day >= LEAP_DAY, leap_day - 1), else_=leap_day)


def _ask_facts(scope: Scope) -> Subquery:
    table, today = ask.c, scope.today
    return (
        select(
            table.contact_id,
            cast(func.count(), Integer).label("open_asks"),
            (func.min(_day(table.due)) - today.toordinal()).label("days_to_ask"),
            (today.toordinal() - func.min(_day(table.opened_on))).label("oldest_ask_days"),
        )
        .where(table.workspace_id == scope.workspace_id, *_only(table.contact_id, scope.contact_ids))
        .where(table.opened_on <= today, or_(table.closed_on.is_(None), table.closed_on > today))
        .group_by(table.contact_id)
        .subquery("ask_facts")
    )


def _promise_facts(scope: Scope) -> Subquery:
    table, today = promise.c, scope.today
    ours = case((table.by == "us", _day(table.due)))
    return (
        select(
            table.contact_id,
            cast(func.count(), Integer).label("open_promises"),
            (func.min(ours) - today.toordinal()).label("days_to_our_promise"),
        )
        .where(table.workspace_id == scope.workspace_id, *_only(table.contact_id, scope.contact_ids))
        .where(table.made_on <= today, or_(table.kept_on.is_(None), table.kept_on > today))
        .group_by(table.contact_id)
        .subquery("promise_facts")
    )


def _favour_facts(scope: Scope) -> Subquery:
    table = favour.c
    return (
        select(table.contact_id, func.max(_day(table.received_on)).label("favour_day"))
        .where(table.workspace_id == scope.workspace_id, *_only(table.contact_id, scope.contact_ids))
        .where(table.received_on <= scope.today)
        .group_by(table.contact_id)
        .subquery("favour_facts")
    )


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


def _counted(scope: Scope) -> Subquery:
    """Every listed contact with its counted metrics; the rest follows by arithmetic."""
    today = scope.today.toordinal()
    facts, rhythm = _log_facts(scope), _rhythm_facts(scope)
    dates, asks, promises, favours = (
        _next_dates(scope),
        _ask_facts(scope),
        _promise_facts(scope),
        _favour_facts(scope),
    )
    created = _day(contact.c.created_on)
    first = case((facts.c.first_day < created, facts.c.first_day), else_=created)
    unanswered = or_(facts.c.answer_at.is_(None), facts.c.answer_at < facts.c.outbound_at)
    favour_day, gift_day = favours.c.favour_day, _gift_day(scope)
    last_favour = case((or_(favour_day.is_(None), gift_day > favour_day), gift_day), else_=favour_day)
    counted: dict[str, ColumnElement[Any]] = {
        "days_since_any": today - facts.c.last_day,
        "days_since_personal": today - facts.c.last_personal_day,
        "days_since_in_person": today - facts.c.last_in_person_day,
        "days_since_live": today - facts.c.last_live_day,
        "known_days": today - first,
        **_windows(facts),
        "digital_streak": case((facts.c.contact_id.is_(None), 0), else_=_streak(scope, facts)),
        "gaps": cast(func.coalesce(rhythm.c.gaps, 0), Integer),
        "days_to_date": dates.c.days_to_date,
        "days_to_renewal": dates.c.days_to_renewal,
        "open_asks": func.coalesce(asks.c.open_asks, 0),
        "days_to_ask": asks.c.days_to_ask,
        "oldest_ask_days": asks.c.oldest_ask_days,
        "open_promises": func.coalesce(promises.c.open_promises, 0),
        "days_to_our_promise": promises.c.days_to_our_promise,
        "days_since_favour": today - last_favour,
        "unanswered_days": case((unanswered, today - facts.c.outbound_day)),
        "waiting_days": today - _waiting_day(scope, facts),
    }
    columns = [counted[name].label(name) for name in COUNTED]
    return _listed(scope, facts, columns, rhythm, dates, asks, promises, favours)


def _listed(
    scope: Scope, facts: Subquery, columns: list[Any], rhythm: Subquery, *others: Subquery
) -> Subquery:
    joined: Any = contact.outerjoin(facts, facts.c.contact_id == contact.c.id)
    for facet in (rhythm, *others):
        joined = joined.outerjoin(facet, facet.c.contact_id == contact.c.id)
    own = [contact.c.tier, contact.c.kind, *(contact.c[f"target_{clock}"] for clock in CLOCKS)]
    raw = [func.coalesce(rhythm.c[name], 0.0).label(name) for name in ("strength", "gap_log", "gap_weight")]
    return (
        select(contact.c.id.label("contact_id"), *own, *columns, *raw)
        .select_from(joined)
        .where(contact.c.workspace_id == scope.workspace_id, *_only(contact.c.id, scope.contact_ids))
        .where(or_(contact.c.created_on <= scope.today, facts.c.first_day.is_not(None)))
        .subquery("counted")
    )
