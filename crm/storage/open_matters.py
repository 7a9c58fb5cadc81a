"""What is open: asks and promises that are begun and not settled."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from crm.storage.frame import whole_day

COURSES: Mapping[str, tuple[str, str]] = {
    "ask": ("opened_on", "closed_on"),
    "promise": ("made_on", "kept_on"),
}
"""By table: the days it began and was settled."""


def in_order(table: Any) -> tuple[ColumnElement[Any], ...]:
    """The order in which asks or promises are shown: the earliest due first, then the oldest; those due on no day last."""
    columns = table.c
    return columns.due.is_(None), columns.due, columns[COURSES[table.name][0]], columns.id


def is_open(table: Any, today: date | ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a row of ``ask`` or ``promise`` was open at the end of a day: begun by then, and not settled by then.

    ``today``: a day of the workspace, or its ordinal as SQL.
    """
    began, settled = (whole_day(table.c[name]) for name in COURSES[table.name])
    day = today.toordinal() if isinstance(today, date) else today
    return and_(began <= day, or_(settled.is_(None), settled > day))
