"""The rhythm of people whose log was read before: contact days of long ago are kept as sums, and only later ones are read.

The sums stand with the stored metrics, as of ``settled_on``, the last contact day they hold. Every weight of section 4
of PRODUCT.md fades by the same factor with each day, so that sums grow older as a whole. A change on such a day
lets them go: ``crm.storage.stored_metrics.refresh`` is told the first day that it may concern.
"""

from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, Subquery, and_, case, func, select, type_coerce

from crm.storage.frame import Frame, only, whole_day
from crm.storage.log_facts import counted, grown, moment_before, rhythm_sums, weight_of
from crm.storage.tables import contact_metrics, interaction_contact

SETTLED_DAYS = 45
"""What is older seldom changes: more than a month, which is what people write down late."""
SETTLED = ("settled_on", "settled_days", "settled_strength", "settled_gap_log", "settled_gap_weight")
"""What is kept: the last contact day, how many there are, and C, Σ wᵢ·ln(gapᵢ) and Σ wᵢ as of that day."""


def rhythm_carried_on(frame: Frame) -> CTE:
    """The columns of ``crm.storage.log_facts.rhythm_facts`` and SETTLED anew, for those chosen who have a stored row."""
    kept, today = contact_metrics.c, frame.today
    added = _added(frame)
    last = func.coalesce(added.c.last, whole_day(kept.settled_on))
    old_last = func.coalesce(added.c.old_last, whole_day(kept.settled_on))
    before = case((kept.settled_on.is_not(None), kept.settled_days), else_=0)
    days, old_days = (
        func.nullif(before + func.coalesce(one, 0), 0) for one in (added.c.days, added.c.old_days)
    )
    settled_on: Any = type_coerce(old_last, contact_metrics.c.settled_on.type)
    own = and_(kept.workspace_id == frame.workspace_id, *only(kept.contact_id, frame.contact_ids))
    return (
        select(
            kept.contact_id,
            (days - 1).label("gaps"),
            _carried("strength", added.c.strength, today).label("strength"),
            (_carried("gap_log", added.c.gap_log, today) * grown(today - last)).label("gap_log"),
            (_carried("gap_weight", added.c.gap_weight, today) * grown(today - last)).label("gap_weight"),
            settled_on.label("settled_on"),
            old_days.label("settled_days"),
            *(
                (_carried(name, added.c[f"old_{name}"], today) * grown(today - old_last)).label(
                    f"settled_{name}"
                )
                for name in ("strength", "gap_log", "gap_weight")
            ),
        )
        .select_from(contact_metrics.outerjoin(added, added.c.contact_id == kept.contact_id))
        .where(own)
        .cte("rhythm_facts")
        .prefix_with("MATERIALIZED")
    )


def _carried(name: str, added: ColumnElement[Any], today: ColumnElement[int]) -> ColumnElement[Any]:
    """A settled sum as it weighs today, and what was added to it."""
    kept = contact_metrics.c
    weight = weight_of(today - whole_day(kept.settled_on))
    return func.coalesce(kept[f"settled_{name}"] * weight, 0.0) + func.coalesce(added, 0.0)


def _added(frame: Frame) -> Subquery:
    """By contact, what the days after the settled ones bring as they weigh today: all of them, and those old enough to settle."""
    day, today = _later_days(frame).subquery().c, frame.today
    gap = day.day - func.coalesce(day.before, day.settled_on)
    sums = rhythm_sums(day.day, gap, today)
    is_old = day.day <= today - SETTLED_DAYS
    return (
        select(
            day.contact_id,
            *(one.label(name) for name, one in sums.items()),
            *(one.filter(is_old).label(f"old_{name}") for name, one in sums.items()),
        )
        .group_by(day.contact_id)
        .subquery("added")
    )


def _later_days(frame: Frame) -> Select[Any]:
    """The contact days after the settled ones, each with the one before it; the first may have none."""
    kept, log = contact_metrics.c, interaction_contact.c
    settled_on, day = whole_day(kept.settled_on), whole_day(log.day)
    since = func.coalesce(settled_on, 0)
    days = (
        select(kept.contact_id, settled_on.label("settled_on"), day.label("day"))
        .join_from(contact_metrics, interaction_contact, log.contact_id == kept.contact_id)
        .where(kept.workspace_id == frame.workspace_id, *only(kept.contact_id, frame.contact_ids))
        .where(*counted(log, frame), type_coerce(log.occurred_at, BigInteger) >= moment_before(since))
        .where(day > since)
        .distinct()
        .subquery()
    )
    before = func.lag(days.c.day).over(partition_by=days.c.contact_id, order_by=days.c.day)
    return select(days.c.contact_id, days.c.settled_on, days.c.day, before.label("before"))
