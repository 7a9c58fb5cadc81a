"""``/api/v1/flags`` and ``/api/v1/rules``."""

from typing import Any

from pydantic import BaseModel, Field

from crm.rules import actions, queries
from crm.rules.accounts import organisation_flags
from crm.rules.shapes import FlagShape, RuleShape, flag_shape, rule_shape, strongest_first
from crm.rules.states import rule_states, state_of
from crm.web.api import ApiRouter, AsOf, Call, Sent

router = ApiRouter()


class AskedFlags(AsOf):
    """Which flags, as of when."""

    rule: str | None = Field(None, max_length=200, description="Only this rule, even if it is switched off.")


class RuleList(BaseModel):
    """Every rule in its order; there are never more than one page of them."""

    items: list[RuleShape]
    next: str | None


class Switch(Sent):
    """Whether a rule is on."""

    enabled: bool


@router.get("/flags", list[FlagShape], AskedFlags)
def flags(call: Call) -> list[dict[str, Any]]:
    """Whom the rules flag, strongest first, with the evidence: as `crm flags --json` prints it."""
    asked: AskedFlags = call.query
    at = asked.at(call)
    rules = None if asked.rule is None else [state_of(*call.where, asked.rule).rule]
    people = queries.flags(*call.where, at, rules=rules)
    accounts = organisation_flags(*call.where, at, rules=rules)
    return [flag_shape(one) for one in strongest_first(people, accounts)]


@router.get("/rules", RuleList)
def listed(call: Call) -> dict[str, Any]:
    """Every rule in its order, each as `crm rules list --json` prints it."""
    return {"items": [rule_shape(one) for one in rule_states(*call.where)], "next": None}


@router.get("/rules/{key}", RuleShape)
def one(call: Call) -> dict[str, Any]:
    """One rule."""
    return rule_shape(state_of(*call.where, call.text("key")))


@router.patch("/rules/{key}", RuleShape, Switch)
def switch(call: Call) -> dict[str, Any]:
    """Switch a rule on or off. Its words are changed on its page, or by importing a rules.toml."""
    actions.switch_rule(*call.where, call.text("key"), call.sent.enabled, call.at)
    return rule_shape(state_of(*call.where, call.text("key")))
