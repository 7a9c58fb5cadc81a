"""A plan as JSON gives it, on the command line and in the API."""

from datetime import tzinfo
from typing import Any

from pydantic import BaseModel

from crm.contacts.shapes import PersonShape, person
from crm.domain.diary import Slot
from crm.planning.queries import PlanView, Suggested
from crm.planning.talking import TalkingPoint


class BudgetShape(BaseModel):
    """How much of what a week may hold."""

    call: int
    in_person: int
    by_hand: int


class SlotShape(BaseModel):
    """When: a moment with the offset of the user's zone, or only a day."""

    starts_at: str | None
    day: str | None
    minutes: int | None
    note: str | None


class PointShape(BaseModel):
    """One fact to talk about."""

    kind: str
    text: str
    day: str | None
    channel: str | None


class SuggestionShape(BaseModel):
    """Whom, by which act, when, why and what came of it."""

    contact: PersonShape
    act: str
    slot: SlotShape
    reason: str
    rules: list[str]
    evidence: dict[str, int | float | None]
    talking_points: list[PointShape]
    state: str


class PlanShape(BaseModel):
    """One user's suggestions for one ISO week."""

    user: str
    week: str
    budget: BudgetShape
    suggestions: list[SuggestionShape]


def plan_shape(view: PlanView, email: str) -> dict[str, Any]:
    """One plan; ``email`` is its user's."""
    budget = view.budget
    return {
        "user": email,
        "week": str(view.week),
        "budget": {"call": budget.call, "in_person": budget.in_person, "by_hand": budget.by_hand},
        "suggestions": [_suggestion(one) for one in view.suggestions],
    }


def _suggestion(one: Suggested) -> dict[str, Any]:
    return {
        "contact": person(one.contact),
        "act": one.act,
        "slot": _slot(one.slot, one.zone),
        "reason": one.reason,
        "rules": list(one.rules),
        "evidence": dict(one.evidence),
        "talking_points": [_point(point) for point in one.talking_points],
        "state": one.state,
    }


def _slot(slot: Slot, zone: tzinfo) -> dict[str, Any]:
    local = slot.starts_at and slot.starts_at.astimezone(zone)
    return {
        "starts_at": local and local.isoformat(),
        "day": slot.day and slot.day.isoformat(),
        "minutes": slot.minutes,
        "note": slot.note,
    }


def _point(point: TalkingPoint) -> dict[str, Any]:
    return {
        "kind": point.kind,
        "text": point.text,
        "day": point.day and point.day.isoformat(),
        "channel": point.channel,
    }
