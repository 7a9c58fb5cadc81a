"""The rhythm of many people at one day after another: their contact days are read once, and each adds its gap."""

from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from crm.domain.rhythm import Running
from crm.storage.frame import whole_day
from crm.storage.tables import interaction_contact

Told = dict[int, tuple[int, float, float, float]]
"""What ``told_rhythm`` is told: gaps, strength, gap_log and gap_weight by contact id."""


class RunningRhythm:
    """Asked for days that only go forward."""

    def __init__(self, connection: Connection, workspace_id: int, chosen: Select[Any]) -> None:
        log = interaction_contact.c
        day = whole_day(log.day)
        mine = [log.workspace_id == workspace_id, log.contact_id.in_(chosen), log.counts]
        days = select(day, log.contact_id).where(*mine).group_by(log.contact_id, day)
        self._ahead = sorted((tuple(row) for row in connection.execute(days)), reverse=True)
        self._now: dict[int, Running] = {}

    def by(self, today: int) -> Told:
        """The sums of everybody who had been in touch by the end of that day, an ordinal."""
        while self._ahead and self._ahead[-1][0] <= today:
            day, contact_id = self._ahead.pop()
            before = self._now.get(contact_id)
            self._now[contact_id] = Running(day) if before is None else before.then(day)
        return {
            contact_id: (one.gaps, one.strength_on(today), one.gap_log, one.gap_weight)
            for contact_id, one in self._now.items()
        }


def told_rhythm(name: str) -> CTE:
    """``crm.storage.log_facts.rhythm_facts`` with the sums that the parameter ``name`` tells; read from it once."""
    told = func.json_each(bindparam(name, type_=JSON)).table_valued("key", "value").c

    def number(place: int, sort: Any, label: str) -> ColumnElement[Any]:
        return cast(told.value.op("->>")(literal_column(str(place))), sort).label(label)

    return (
        select(
            cast(told.key, BigInteger).label("contact_id"),
            number(0, Integer, "gaps"),
            number(1, Double, "strength"),
            number(2, Double, "gap_log"),
            number(3, Double, "gap_weight"),
        )
        .cte("rhythm_facts")
        .prefix_with("MATERIALIZED")
    )
