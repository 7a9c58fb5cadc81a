"""The rhythm model against the workspace's own past: cases for ``crm.domain.rhythm_judge``, each from its past alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, exists, literal, select

from crm.domain.expressions import Metric
from crm.domain.principal import Principal
from crm.domain.rhythm import PRIOR_GAP_DAYS, quiet_chance
from crm.domain.rhythm_judge import Case, Verdict, judge
from crm.rules.backtest import after, end_of, present
from crm.storage.compiler import compile_value
from crm.storage.frame import PARAMETERS, Scope
from crm.storage.log_facts import log_facts, rhythm_facts
from crm.storage.stored_metrics import scope_of
from crm.storage.tables import contact, interaction_contact
from crm.storage.types import to_micros

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
    """Who would stay silent for ``horizon`` days more, foretold at twelve past days and compared with what happened.

    Everybody present of tier key, regular or warm counts at each day by which they had been in touch at least once.
    """
    scope = scope_of(connection, principal, at)
    statement = _cases(scope, horizon)
    days = cutoffs(at, scope, horizon)
    cases: list[Case] = []
    for day in days:
        moment, until = (end_of(one, principal.zone) for one in (day, day + timedelta(days=horizon)))
        given = {
            name: value
            for name, value in replace(scope, at=moment).parameters().items()
            if name != "contact_ids"
        }
        rows = connection.execute(statement, {**given, "until": to_micros(until)})
        cases += [_case(row) for row in rows]
        progress(1)
    return Judged(judge(horizon, cases), days)


def cutoffs(at: datetime, scope: Scope, horizon: int) -> tuple[date, ...]:
    """Twelve days, 30 apart, oldest first; after the last of them the horizon has just passed."""
    today = at.astimezone(scope.zone).date()
    over = today if end_of(today, scope.zone) <= at else today - timedelta(days=1)
    last = over - timedelta(days=horizon)
    return tuple(last - timedelta(days=DAYS_BETWEEN * ago) for ago in reversed(range(CUTOFFS)))


def _cases(scope: Scope, horizon: int) -> Select[Any]:
    other = contact.alias()
    frame = replace(PARAMETERS, contact_ids=present(scope.workspace_id, other.c.tier != "none", of=other))
    facts, rhythm = log_facts(frame), rhythm_facts(frame)
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
