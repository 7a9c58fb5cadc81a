"""The rules as they stand in a workspace: those that ship, as changed here, and its own; which are on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.rule_data import allowed_tiers, read_rule
from crm.domain.rules import ALL, Rule
from crm.errors import NotFound
from crm.storage.statements import built_once
from crm.storage.tables import rule


@dataclass(frozen=True)
class RuleState:
    """A rule as it stands in this workspace: whether it is on, whether its own, whether changed from what ships.

    ``version`` tells two definitions apart: the microseconds of the last change, 0 before the first.
    """

    rule: Rule
    enabled: bool
    is_own: bool = False
    is_changed: bool = False
    version: int = 0


def rule_states(connection: Connection, principal: Principal) -> list[RuleState]:
    """Every rule of the workspace in its order: those that ship, as changed here, and its own."""
    rows = connection.execute(*_rules(principal.workspace_id))
    kept = {row.key: row for row in rows}
    order = {one.key: place for place, one in enumerate(ALL)}
    states = [shipped_state(one, kept.get(one.key)) for one in ALL]
    for key, row in kept.items():
        stored = row.definition or {}
        if key not in order and stored.get("rule") and not stored.get("deleted"):
            own = stored_rule(key, stored["rule"])
            states.append(RuleState(own, row.enabled, is_own=True, version=stored.get("at", 0)))
    places = {key: row.position for key, row in kept.items()}
    return sorted(
        states,
        key=lambda state: (
            places.get(state.rule.key, order.get(state.rule.key, 0)),
            state.rule.key not in kept,
        ),
    )


@built_once
def _rules(whose: Any) -> Select[Any]:
    return select(rule).where(rule.c.workspace_id == whose)


def shipped_state(one: Rule, row: Row[Any] | None) -> RuleState:
    """A rule that ships, as its row in the workspace changes it."""
    if row is None:
        return RuleState(one, True)
    stored = row.definition or {}
    current = stored_rule(one.key, stored["rule"]) if stored.get("rule") else one
    return RuleState(current, row.enabled, is_changed=current != one, version=stored.get("at", 0))


def stored_rule(key: str, data: Mapping[str, Any]) -> Rule:
    """A rule as it was kept, without a tier that it may not name any more."""
    return read_rule(key, {**data, "tiers": list(allowed_tiers(key, data.get("tiers", ())))})


def active_rules(connection: Connection, principal: Principal) -> list[Rule]:
    """The rules that are switched on."""
    return [state.rule for state in rule_states(connection, principal) if state.enabled]


def state_of(connection: Connection, principal: Principal, key: str) -> RuleState:
    """The rule of that key as it stands in this workspace, or a refusal that names those there are."""
    states = rule_states(connection, principal)
    found = next((state for state in states if state.rule.key == key), None)
    if found is None:
        keys = ", ".join(state.rule.key for state in states)
        said = _("There is no rule called {key}. The rules are {keys}.")
        raise NotFound(said.format(key=repr(key[:60]), keys=keys))
    return found
