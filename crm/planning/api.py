"""``/api/v1/plan``: the plan of the user a token acts for."""

from typing import Any

from pydantic import Field

from crm.domain.weeks import IsoWeek
from crm.errors import Invalid
from crm.planning.asked import plan_for
from crm.planning.shapes import PlanShape, plan_shape
from crm.web.api import ApiRouter, AsOf, Call

router = ApiRouter()


class AskedPlan(AsOf):
    """Which week, as of when."""

    week: str | None = Field(
        None, max_length=20, description="An ISO week, such as 2026-W48; else that of the home page."
    )


@router.get("/plan", PlanShape, AskedPlan, own_transactions=True, role="member")
def plan(call: Call) -> dict[str, Any]:
    """Your suggestions for a week, as `crm plan --json` prints them. Viewers have no plan."""
    asked: AskedPlan = call.query
    try:
        week = None if asked.week is None else IsoWeek.parse(asked.week)
    except ValueError as fault:
        raise Invalid(f"week: {fault}", fields={"week": str(fault)}) from None
    moment = None if asked.as_of is None else asked.at(call)
    view = plan_for(call.database, call.principal, week, call.at, moment)
    return plan_shape(view, call.bearer.email)
