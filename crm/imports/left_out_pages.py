"""What files left open and what was left out of them, as a table to work through beside the program they came from."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from crm.domain.formulas import neutralise
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.imports import queries
from crm.web.routing import Router, Visit
from crm.web.spreadsheets import csv_answer

router = Router()

COLUMNS = ("what", "where", "why")
LISTS = (
    ("errors", "message", N_("error")),
    ("uncertain", "question", N_("question")),
    ("skipped", "why", N_("left out")),
)
"""The lists of a report, under which name each keeps its words, and what it is called."""


@router.page("/import/preview/{upload_id}/left-out", access="member")
def of_preview(visit: Visit) -> Response:
    """Of files that wait."""
    return _table(queries.previews(visit.connection, visit.principal, visit.number("upload_id"), visit.at))


@router.page("/import/{batch_id}/left-out")
def of_import(visit: Visit) -> Response:
    """Of files that were imported."""
    return _table(queries.batch(visit.connection, visit.principal, visit.number("batch_id")).report)


def _table(reports: Sequence[dict[str, Any]]) -> Response:
    rows = (
        (_(what), neutralise(one["where"]), neutralise(one[words]))
        for report in reports
        for name, words, what in LISTS
        for one in report[name]
    )
    return csv_answer("left-out.csv", COLUMNS, rows)
