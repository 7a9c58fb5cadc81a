"""The metrics of every contact, as of any moment, from one set-based definition over the log.

``as_of`` gives the relation for any contacts at any moment. ``crm.storage.stored_metrics`` keeps its rows of today.
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Subquery, case, cast, func, or_, select

from crm.domain import channels as packed
from crm.domain.metrics import COUNTED, WINDOWS
from crm.domain.score import layers
from crm.domain.targets import CLOCKS, Targets
from crm.storage.compiler import compile_value
from crm.storage.frame import Frame, Scope, frame_of, only, whole_day
from crm.storage.list_facts import ask_facts, favour_facts, next_dates, promise_facts
from crm.storage.log_facts import gift_day, log_facts, rhythm_facts, streak, waiting_day
from crm.storage.tables import contact

__all__ = ["Scope", "as_of", "relation"]


def as_of(scope: Scope) -> Subquery:
    """One row a listed contact: ``contact_id``, ``tier``, ``kind``, ``target_*``, every metric, ``part_*``, ``score``, ``zone``.

    Archived, deceased and merged contacts are listed too; whoever reads decides whom to leave out.
    """
    return relation(frame_of(scope), scope.targets)


def relation(frame: Frame, targets: Targets) -> Subquery:
    """The rows of ``as_of`` for a frame of values or of parameters."""
    found: Subquery = _counted(frame)
    for layer in layers(targets):
        columns = {column.name: column for column in found.c}
        added = [compile_value(value, columns).label(name) for name, value in layer.values.items()]
        found = select(*found.c, *added).subquery()
    return found


def _field(sums: ColumnElement[int], place: int) -> ColumnElement[int]:
    """One of the three counters packed into a sum; see ``crm.domain.channels``."""
    shifted = sums.op("/")(place) if place > 1 else sums
    return cast(shifted.op("%")(packed.MASK + 1), Integer)


def _windows(facts: Subquery) -> dict[str, ColumnElement[Any]]:
    found: dict[str, ColumnElement[Any]] = {}
    for days in WINDOWS:
        reach, flow = facts.c[f"reach_{days}"], facts.c[f"flow_{days}"]
        total, personal = _field(reach, packed.FIRST), _field(reach, packed.PERSONAL)
        found[f"total_{days}"] = total
        found[f"personal_{days}"] = personal
        found[f"digital_{days}"] = total - personal
        found[f"in_person_{days}"] = _field(reach, packed.IN_PERSON)
        found[f"live_{days}"] = _field(flow, packed.LIVE)
        found[f"inbound_{days}"] = _field(flow, packed.INBOUND)
        found[f"outbound_{days}"] = _field(flow, packed.OUTBOUND)
    found["prior_total_365"] = _field(facts.c.reach_prior, packed.FIRST)
    found["prior_personal_365"] = _field(facts.c.reach_prior, packed.PERSONAL)
    return {name: func.coalesce(value, 0) for name, value in found.items()}


def _counted(frame: Frame) -> Subquery:
    """Every listed contact with its counted metrics; the rest follows by arithmetic."""
    today = frame.today
    facts, rhythm = log_facts(frame), rhythm_facts(frame)
    dates, asks, promises, favours = (
        next_dates(frame),
        ask_facts(frame),
        promise_facts(frame),
        favour_facts(frame),
    )
    created = whole_day(contact.c.created_on)
    first = case((facts.c.first_day < created, facts.c.first_day), else_=created)
    unanswered = or_(facts.c.answer_at.is_(None), facts.c.answer_at < facts.c.outbound_at)
    favour, gift = favours.c.favour_day, gift_day(frame)
    last_favour = case((or_(favour.is_(None), gift > favour), gift), else_=favour)
    counted: dict[str, ColumnElement[Any]] = {
        "days_since_any": today - facts.c.last_day,
        "days_since_personal": today - facts.c.last_personal_day,
        "days_since_in_person": today - facts.c.last_in_person_day,
        "days_since_live": today - facts.c.last_live_day,
        "known_days": today - first,
        **_windows(facts),
        "digital_streak": case((facts.c.contact_id.is_(None), 0), else_=streak(frame, facts)),
        "gaps": cast(func.coalesce(rhythm.c.gaps, 0), Integer),
        "days_to_date": dates.c.days_to_date,
        "days_to_renewal": dates.c.days_to_renewal,
        "open_asks": func.coalesce(asks.c.open_asks, 0),
        "days_to_ask": asks.c.days_to_ask,
        "oldest_ask_days": asks.c.oldest_ask_days,
        "open_promises": func.coalesce(promises.c.open_promises, 0),
        "days_to_our_promise": promises.c.days_to_our_promise,
        "days_since_favour": today - last_favour,
        "unanswered_days": case((unanswered, today - facts.c.outbound_day)),
        "waiting_days": today - waiting_day(frame, facts),
    }
    columns = [counted[name].label(name) for name in COUNTED]
    return _listed(frame, facts, columns, rhythm, dates, asks, promises, favours)


def _listed(
    frame: Frame, facts: Subquery, columns: list[Any], rhythm: Subquery, *others: Subquery
) -> Subquery:
    joined: Any = contact.outerjoin(facts, facts.c.contact_id == contact.c.id)
    for facet in (rhythm, *others):
        joined = joined.outerjoin(facet, facet.c.contact_id == contact.c.id)
    own = [contact.c.tier, contact.c.kind, *(contact.c[f"target_{clock}"] for clock in CLOCKS)]
    raw = [func.coalesce(rhythm.c[name], 0.0).label(name) for name in ("strength", "gap_log", "gap_weight")]
    return (
        select(contact.c.id.label("contact_id"), *own, *columns, *raw)
        .select_from(joined)
        .where(contact.c.workspace_id == frame.workspace_id, *only(contact.c.id, frame.contact_ids))
        .where(or_(whole_day(contact.c.created_on) <= frame.today, facts.c.first_day.is_not(None)))
        .subquery("counted")
    )
