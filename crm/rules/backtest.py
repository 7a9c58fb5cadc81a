"""A rule against the past: whom it would have flagged at the end of each week of the last year, and what came after.

History is judged with what was dated by then: an interaction logged later but dated earlier counts from its date.
Tiers, targets, marks of channels and the rule are today's, and people archived since are left out as they are today.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    type_coerce,
)

from crm.domain.expressions import names_in
from crm.domain.principal import Principal
from crm.domain.rules import Rule
from crm.domain.weeks import end_of
from crm.rules.accounts import MET, accounts
from crm.storage.flags import matches
from crm.storage.frame import PARAMETERS, Scope
from crm.storage.metrics import needs_rhythm, relation
from crm.storage.participation import is_personal
from crm.storage.presence import is_present
from crm.storage.running_rhythm import RunningRhythm, told_rhythm
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact, interaction_contact, organisation
from crm.storage.types import to_micros

WEEKS = 52
SOON_DAYS = 14
QUARTER_DAYS = 91

Progress = Callable[[int], None]
"""Told how many steps are done since it was last told."""


@dataclass(frozen=True)
class Week:
    """One week of a backtest, as of the last instant of its Sunday in the workspace's zone.

    ``in_touch_anyway``: of the flagged, those with a personal interaction in the 14 days after; ``silent_quarter``: those
    with none of any sort in the 91 days after; ``None`` while those days have not passed.
    """

    week: str
    as_of: datetime
    flagged: int
    in_touch_anyway: int | None
    silent_quarter: int | None


def backtest(
    connection: Connection,
    principal: Principal,
    rule: Rule,
    at: datetime,
    progress: Progress = lambda done: None,
) -> list[Week]:
    """The rule at the end of each of the 52 last complete ISO weeks before ``at``, oldest first."""
    scope = scope_of(connection, principal, at)
    running = _running(connection, scope, rule)
    statement = _statement(principal, scope, rule, None if running is None else told_rhythm("rhythm"))
    found = []
    for day in sundays(at, principal.zone):
        moment = end_of(day, principal.zone)
        soon, quarter = (
            end_of(day + timedelta(days=days), principal.zone) for days in (SOON_DAYS, QUARTER_DAYS)
        )
        given = parameters(replace(scope, at=moment), soon=soon, quarter=quarter)
        if running is not None:
            given["rhythm"] = running.by(day.toordinal())
        flagged, anyway, silent = (int(number) for number in connection.execute(statement, given).one())
        local = moment.astimezone(principal.zone)
        judged = (anyway if soon <= at else None, silent if quarter <= at else None)
        found.append(Week(_name(day), local, flagged, *judged))
        progress(1)
    return found


def flagged_at(connection: Connection, principal: Principal, rule: Rule, at: datetime) -> int:
    """How many the rule flags at that moment, worked out from the log."""
    scope = scope_of(connection, principal, at)
    number = _statement(principal, scope, rule).with_only_columns(func.count())
    return int(connection.execute(number, parameters(scope, soon=at, quarter=at)).scalar_one())


def has_log(connection: Connection, principal: Principal, at: datetime) -> bool:
    """Whether anything that counts was on record by then: without it there is no past to judge by."""
    log = interaction_contact.c
    some = select(literal(1)).where(
        log.workspace_id == principal.workspace_id, log.counts, log.occurred_at <= at
    )
    return connection.execute(some.limit(1)).first() is not None


def sundays(at: datetime, zone: ZoneInfo) -> list[date]:
    """The Sundays of the 52 last weeks that are over at ``at``, oldest first."""
    today = at.astimezone(zone).date()
    last = today - timedelta(days=today.isoweekday() % 7)
    if end_of(last, zone) > at:
        last -= timedelta(weeks=1)
    return [last - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]


def _name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def parameters(scope: Scope, **ends: datetime) -> dict[str, Any]:
    """The values of a statement written with ``PARAMETERS`` for people it chooses itself, and of its ends of time."""
    values = {name: value for name, value in scope.parameters().items() if name != "contact_ids"}
    return values | {name: to_micros(end) for name, end in ends.items()}


def present(
    workspace_id: int | ColumnElement[int], *conditions: ColumnElement[bool], of: Any = contact
) -> Select[Any]:
    """The ids of people who are neither archived nor deceased, as flags take them; ``of`` is the table or an alias."""
    return select(of.c.id).where(of.c.workspace_id == workspace_id, is_present(of), *conditions)


def _running(connection: Connection, scope: Scope, rule: Rule) -> RunningRhythm | None:
    """The rhythm of the rule's people, where it asks for anything that is worked out from it."""
    if not needs_rhythm(scope.targets, set(names_in(rule.when))):
        return None
    return RunningRhythm(connection, scope.workspace_id, _people(scope.workspace_id, rule))


def _statement(
    principal: Principal, scope: Scope, rule: Rule, rhythm: FromClause | None = None
) -> Select[Any]:
    """The counts of one week, written once for every week: its moments are parameters, and so is a told ``rhythm``."""
    if rule.about == "organisations":
        return _count(_flagged_accounts(principal, scope, rule), _works_there)
    return _count(_flagged_people(scope, rule, rhythm), _same_person)


def _people(workspace_id: int, rule: Rule) -> Select[Any]:
    other = contact.alias()
    return present(workspace_id, other.c.tier.in_(rule.tiers), of=other)


def _flagged_people(scope: Scope, rule: Rule, rhythm: FromClause | None) -> Subquery:
    """Whom the rule flags: only people of its tiers are worked out."""
    frame = replace(PARAMETERS, contact_ids=_people(scope.workspace_id, rule))
    metrics = relation(frame, scope.targets, set(names_in(rule.when)), rhythm)
    matched = matches(metrics, [replace(rule, high_when=None)], PARAMETERS.workspace_id).subquery()
    return select(matched.c.contact_id.label("id")).subquery("flagged")


def _flagged_accounts(principal: Principal, scope: Scope, rule: Rule) -> Subquery:
    """Which organisations the rule flags: only people of those of its tiers are worked out."""
    other, firm = contact.alias(), organisation.alias()
    firms = select(firm.c.id).where(firm.c.workspace_id == scope.workspace_id, firm.c.tier.in_(rule.tiers))
    staff = present(scope.workspace_id, other.c.organisation_id.in_(firms), of=other)
    metrics = relation(replace(PARAMETERS, contact_ids=staff), scope.targets, {MET})
    matched = matches(accounts(principal, metrics), [rule], PARAMETERS.workspace_id).subquery()
    return select(matched.c.id).subquery("flagged")


Whose = Callable[[Any, Subquery], ColumnElement[bool]]


def _same_person(log: Any, flagged: Subquery) -> ColumnElement[bool]:
    same: ColumnElement[bool] = log.contact_id == flagged.c.id
    return same


def _works_there(log: Any, flagged: Subquery) -> ColumnElement[bool]:
    other = contact.alias()
    staff = present(PARAMETERS.workspace_id, other.c.organisation_id == flagged.c.id, of=other)
    found: ColumnElement[bool] = log.contact_id.in_(staff)
    return found


def _count(flagged: Subquery, whose: Whose) -> Select[Any]:
    """How many are flagged, how many of them were in personal contact soon after, how many silent for a quarter."""
    anyway = _happened(flagged, whose, "soon", personal=True)
    silent = ~_happened(flagged, whose, "quarter")
    counts: list[ColumnElement[Any]] = [func.count(), _how_many(anyway), _how_many(silent)]
    return select(*counts).select_from(flagged)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _happened(flagged: Subquery, whose: Whose, until: str, personal: bool = False) -> ColumnElement[bool]:
    log = interaction_contact.alias().c
    conditions = [log.workspace_id == PARAMETERS.workspace_id, whose(log, flagged), *after(log, until)]
    if personal:
        conditions.append(is_personal(log))
    return exists(select(literal(1)).where(*conditions).correlate(flagged))


def after(log: Any, until: str) -> Iterable[ColumnElement[bool]]:
    """Counted interactions after the frame's moment, up to and with the one that is the parameter ``until``."""
    at = type_coerce(log.occurred_at, BigInteger)
    return [log.counts, at > PARAMETERS.at, at <= bindparam(until, type_=BigInteger())]
