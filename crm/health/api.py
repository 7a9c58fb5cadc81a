"""``/api/v1/health``."""

from typing import Any

from crm.health.queries import standings
from crm.health.shapes import HealthShape, health_shape
from crm.web.api import ApiRouter, AsOf, Call

router = ApiRouter()


@router.get("/health", list[HealthShape], AsOf)
def health(call: Call) -> list[dict[str, Any]]:
    """Everybody's score, parts, zone and metrics, lowest score first: as `crm health --json` prints it."""
    asked: AsOf = call.query
    return [health_shape(one) for one in standings(*call.where, asked.at(call))]
