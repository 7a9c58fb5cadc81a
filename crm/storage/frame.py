"""A scope as SQL sees it: values for one statement, or parameters for one that is used again and again."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Integer, bindparam, literal, type_coerce

from crm.domain.targets import Targets
from crm.storage.types import to_micros


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

    def parameters(self) -> dict[str, Any]:
        """The values behind ``PARAMETERS``."""
        today = self.today
        day_of_year = today.timetuple().tm_yday
        return {
            "workspace_id": self.workspace_id,
            "at": to_micros(self.at),
            "today": today.toordinal(),
            "day_of_year": day_of_year,
            "rest_of_year": date(today.year, 12, 31).timetuple().tm_yday - day_of_year,
            "leap_now": int(calendar.isleap(today.year)),
            "leap_next": int(calendar.isleap(today.year + 1)),
            "contact_ids": list(self.contact_ids or ()),
        }


@dataclass(frozen=True)
class Frame:
    """The scope in SQL: the moment in microseconds, days as ordinals, and what the calendar of the year needs."""

    workspace_id: ColumnElement[int]
    at: ColumnElement[int]
    today: ColumnElement[int]
    day_of_year: ColumnElement[int]
    rest_of_year: ColumnElement[int]
    leap_now: ColumnElement[int]
    leap_next: ColumnElement[int]
    contact_ids: Any = None


_WIDE = ("workspace_id", "at")
_NAMES = (*_WIDE, "today", "day_of_year", "rest_of_year", "leap_now", "leap_next")


def frame_of(scope: Scope) -> Frame:
    """The scope's own values."""
    values = scope.parameters()
    columns = {name: literal(values[name], BigInteger if name in _WIDE else Integer) for name in _NAMES}
    return Frame(**columns, contact_ids=None if scope.contact_ids is None else values["contact_ids"])


PARAMETERS = Frame(
    **{name: bindparam(name, type_=BigInteger() if name in _WIDE else Integer()) for name in _NAMES},
    contact_ids=bindparam("contact_ids", expanding=True),
)
"""Named parameters for a statement about chosen contacts; ``Scope.parameters`` has their values."""


def whole_day(column: Any) -> ColumnElement[int]:
    """A day column as the whole number it is kept as."""
    return type_coerce(column, Integer)


def only(column: ColumnElement[int], ids: Iterable[int] | Any) -> list[ColumnElement[bool]]:
    """The condition that narrows to those contacts, if any are named."""
    return [] if ids is None else [column.in_(ids)]
