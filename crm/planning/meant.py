"""The days that a stored suggestion is about, as they stood when it was made."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row

from crm.domain.candidates import DAYS_TO
from crm.domain.principal import Principal
from crm.domain.rules import WRITTEN_DOWN


def occasion_on(row: Row[Any], principal: Principal, today: date) -> date | None:
    """The day of the occasion that is a reason of it; none once that is over."""
    day = _day(row, "occasion", principal)
    return day if day is not None and day >= today else None


def due_on(row: Row[Any], principal: Principal) -> date | None:
    """The day by which what was promised or is to be asked is due, where that is a reason of it."""
    days = (_day(row, rule, principal) for rule in WRITTEN_DOWN)
    return min((day for day in days if day is not None), default=None)


def _day(row: Row[Any], rule: str, principal: Principal) -> date | None:
    days = row.evidence.get(DAYS_TO[rule]) if rule in row.rules else None
    return None if days is None else principal.team_day(row.made_at) + timedelta(days=int(days))
