"""Conditions on the rows of who took part in what: which of them count, and what a touch was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from crm.domain import channels as packed


def counted(
    workspace_id: int, contact_ids: Sequence[int], at: datetime, log: Any
) -> list[ColumnElement[bool]]:
    """What counts with these contacts by ``at``; ``log`` are the columns of the table or of an alias."""
    return [
        log.workspace_id == workspace_id,
        log.contact_id.in_(contact_ids),
        log.counts,
        log.occurred_at <= at,
    ]


def is_personal(log: Any) -> ColumnElement[bool]:
    """Not through a screen."""
    return has(log.reach, packed.PERSONAL)


def is_in_person(log: Any) -> ColumnElement[bool]:
    """Face to face."""
    return has(log.reach, packed.IN_PERSON)


def is_live(log: Any) -> ColumnElement[bool]:
    """Both at the same moment."""
    return has(log.flow, packed.LIVE)


def has(packed_column: ColumnElement[int], place: int) -> ColumnElement[bool]:
    """Whether a packed column (``reach``, ``flow``) has the mark of that place."""
    found: ColumnElement[bool] = packed_column.op("&")(literal_column(str(packed.MASK * place))) != 0
    return found
