"""The rhythm model against the workspace's own past: cases for ``crm.domain.rhythm_judge``, each from its past alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, case, exists, literal, select

from crm.domain.expressions import Metric
from crm.domain.principal import Principal
from crm.domain.rhythm import PRIOR_GAP_DAYS, quiet_chance
from crm.domain.rhythm_judge import Case, Verdict, judge
from crm.domain.weeks import end_of
from crm.rules.backtest import after, parameters, present
from crm.storage.compiler import compile_value
from crm.storage.frame import PARAMETERS, Scope
from crm.storage.log_facts import clock_facts
from crm.storage.running_rhythm import RunningRhythm, told_rhythm
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact, interaction_contact

HORIZONS = (30, 60)
CUTOFFS = 12
DAYS_BETWEEN = 30

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Judged:
    """A verdict with the days, oldest first, at whose end people were judged."""

    verdict: Verdict
    cutoffs: tuple[date, ...]


def judge_rhythm(
    connection: Connection,
    principal: Principal,
    horizon: int,
    at: datetime,
    progress: Progress = lambda done: None,
) -> Judged:
    """Who would stay silent for ``horizon`` days more, foretold at twelve past days and compared with what happened."""
    days = cutoffs(at, principal.zone, horizon)
    return Judged(judge(horizon, cases(connection, principal, horizon, days, progress)), days)


def cases(
    connection: Connection,
    principal: Principal,
    horizon: int,
    days: Sequence[date],
    progress: Progress = lambda done: None,
) -> list[Case]:
    """Everybody at the end of each of the days who is present, of tier key, regular or warm, and was in touch by then."""
    found: list[Case] = []
    scope = scope_of(connection, principal, end_of(days[0], principal.zone))
    running = RunningRhythm(connection, scope.workspace_id, _people(scope.workspace_id))
    statement = _cases(scope, horizon)
    for day in days:
        moment, until = (end_of(one, principal.zone) for one in (day, day + timedelta(days=horizon)))
        given = parameters(replace(scope, at=moment), until=until)
        given["rhythm"] = running.by(day.toordinal())
        found += [_case(row) for row in connection.execute(statement, given)]
        progress(1)
    return found


def cutoffs(at: datetime, zone: ZoneInfo, horizon: int) -> tuple[date, ...]:
    """Twelve days, 30 apart, oldest first; after the last of them the horizon has just passed."""
    today = at.astimezone(zone).date()
    over = today if end_of(today, zone) <= at else today - timedelta(days=1)
    last = over - timedelta(days=horizon)
    return tuple(last - timedelta(days=DAYS_BETWEEN * ago) for ago in reversed(range(CUTOFFS)))


def _people(workspace_id: int) -> Select[Any]:
    other = contact.alias()
    return present(workspace_id, other.c.tier != "none", of=other)


def _cases(scope: Scope, horizon: int) -> Select[Any]:
    frame = replace(PARAMETERS, contact_ids=_people(scope.workspace_id))
    facts, rhythm = clock_facts(frame, ("first_day", "last_day")), told_rhythm("rhythm")
    log = interaction_contact.alias().c
    same = [log.workspace_id == frame.workspace_id, log.contact_id == contact.c.id]
    spoke = exists(select(literal(1)).where(*same, *after(log, "until")).correlate(contact))
    days = frame.today - facts.c.last_day
    columns = {"days_since_any": days, "strength": rhythm.c.strength, **{one.name: one for one in contact.c}}
    chance = quiet_chance(Metric("strength"), Metric("days_since_any"), horizon)
    found: Select[Any] = (
        select(
            contact.c.id,
            compile_value(chance, columns).label("chance"),
            days.label("days"),
            (facts.c.last_day - facts.c.first_day).label("span"),
            rhythm.c.gaps,
            compile_value(scope.targets.expression("any"), columns).label("target"),
            case((spoke, 0), else_=1).label("silent"),
        )
        .select_from(
            contact.join(facts, facts.c.contact_id == contact.c.id).join(
                rhythm, rhythm.c.contact_id == contact.c.id
            )
        )
        .where(contact.c.workspace_id == frame.workspace_id)
        .order_by(contact.c.id)
    )
    return found


def _case(row: Any) -> Case:
    mean_gap = row.span / row.gaps if row.gaps else PRIOR_GAP_DAYS
    return Case(
        person=row.id,
        chance=float(row.chance),
        days=row.days,
        per_gap=row.days / mean_gap,
        per_target=row.days / row.target if row.target else 0.0,
        silent=bool(row.silent),
    )
