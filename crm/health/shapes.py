"""Health as JSON gives it, on the command line and in the API."""

from typing import Any

from pydantic import BaseModel

from crm.contacts.shapes import PersonShape, Zone, person
from crm.domain.score import ZONE_WORDS
from crm.health.queries import Standing


class PartsShape(BaseModel):
    """The points that add up to a score."""

    any: int | float | None
    personal: int | float | None
    in_person: int | float | None
    balance: int | float | None


class HealthShape(BaseModel):
    """How one contact stands, with every metric by name."""

    contact: PersonShape
    score: int | None
    parts: PartsShape
    zone: Zone | None
    metrics: dict[str, int | float | None]


def health_shape(one: Standing) -> dict[str, Any]:
    """How one contact stands."""
    return {
        "contact": person(one),
        "score": one.score,
        "parts": dict(one.parts),
        "zone": ZONE_WORDS[one.zone] if one.zone else None,
        "metrics": dict(one.metrics),
    }
