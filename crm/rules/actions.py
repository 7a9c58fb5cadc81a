"""Changing rules."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from crm.domain.language import gettext as _
from crm.domain.principal import Principal
from crm.domain.rule_data import KEY, rule_data
from crm.domain.rules import ALL, Rule
from crm.errors import Conflict, Forbidden, Invalid
from crm.rules.states import RuleState, rule_states, state_of, stored_rule
from crm.storage.database import take_turns
from crm.storage.flags import MOST_RULES
from crm.storage.insertion import insert_into
from crm.storage.tables import rule
from crm.storage.text import fold
from crm.storage.types import to_micros

RESERVED = ("new", "rhythm")
UNDO_DAYS = 7
"""How long a deleted rule can be brought back."""

_ORDER = {one.key: place for place, one in enumerate(ALL)}
_SHIPPED = {one.key: one for one in ALL}


def switch_rule(connection: Connection, principal: Principal, key: str, enabled: bool, at: datetime) -> None:
    """Switch a rule on or off for the whole workspace; doing it twice is doing it once."""
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    state_of(connection, principal, key)
    row = {**_row(_stored(connection, principal), key), "enabled": enabled, "changed_at": at}
    _write(connection, principal, [row])


def save_rule(
    connection: Connection, principal: Principal, changed: Rule, at: datetime, version: int | None = None
) -> RuleState:
    """Keep a rule under its key, new or changed; what it was before can be brought back by `undo_change`.

    Raises Conflict where somebody saved it after ``version`` was read, Invalid where the name is taken.
    """
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    states = rule_states(connection, principal)
    known = next((state for state in states if state.rule.key == changed.key), None)
    if version is not None and (known.version if known else 0) != version:
        raise Conflict(_("Somebody else changed this rule at the same time."))
    refuse_taken_name(changed, [state.rule for state in states])
    if known is None and len(states) >= MOST_RULES:
        raise _too_many()
    _keep(connection, principal, [changed], at)
    return state_of(connection, principal, changed.key)


def save_together(
    connection: Connection, principal: Principal, changed: Sequence[Rule], at: datetime
) -> None:
    """Keep several rules at once: they may swap their names, and only what they are in the end is asked for.

    Raises Invalid where two rules would have one name, or where there would be too many.
    """
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    rules = {state.rule.key: state.rule for state in rule_states(connection, principal)}
    rules |= {one.key: one for one in changed}
    for one in changed:
        refuse_taken_name(one, list(rules.values()))
    if changed and len(rules) > MOST_RULES:
        raise _too_many()
    _keep(connection, principal, changed, at)


def _keep(connection: Connection, principal: Principal, changed: Sequence[Rule], at: datetime) -> None:
    stored = _stored(connection, principal)
    for one in changed:
        row = _row(stored, one.key)
        data = None if one == _SHIPPED.get(one.key) else rule_data(one)
        definition = {"rule": data, "deleted": False, "before": _kept(row), "at": to_micros(at)}
        stored[one.key] = {**row, "definition": definition, "changed_at": at}
    _write(connection, principal, [stored[one.key] for one in changed])


def _too_many() -> Invalid:
    said = _("A workspace can have at most {n} rules. Delete one first.")
    return Invalid(said.format(n=MOST_RULES))


def delete_rule(connection: Connection, principal: Principal, key: str, at: datetime) -> RuleState:
    """Delete a rule of the workspace's own; one that ships goes back to how it ships. `undo_change` brings it back.

    Raises Conflict where another rule has by now the name that it ships with.
    """
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    found = state_of(connection, principal, key)
    _forget_deleted(connection, principal, at)
    row = _row(_stored(connection, principal), key)
    definition = {
        "rule": row["definition"].get("rule"),
        "deleted": True,
        "before": _kept(row),
        "at": to_micros(at),
    }
    if not found.is_own:
        _refuse_name_taken_since(key, {}, rule_states(connection, principal))
        definition |= {"rule": None, "deleted": False}
    _write(connection, principal, [{**row, "definition": definition, "changed_at": at}])
    return found


def undo_change(connection: Connection, principal: Principal, key: str, version: int, at: datetime) -> None:
    """Bring back what a rule was before its last change, made at ``version``.

    Raises Conflict where it was changed again, or where another rule has its name by now.
    """
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    row = _row(_stored(connection, principal), key)
    before = row["definition"].get("before")
    if before is None or row["definition"].get("at") != version:
        raise Conflict(_("This rule has been changed again since, so it cannot be undone."))
    states = rule_states(connection, principal)
    here = any(state.rule.key == key for state in states)
    if not here and not before.get("deleted") and len(states) >= MOST_RULES:
        raise _too_many()
    _refuse_name_taken_since(key, before, states)
    definition = {**before, "before": _kept(row), "at": to_micros(at)}
    _write(connection, principal, [{**row, "definition": definition, "changed_at": at}])


def _refuse_name_taken_since(key: str, before: Mapping[str, Any], states: Sequence[RuleState]) -> None:
    if before.get("deleted"):
        return
    back = stored_rule(key, before["rule"]) if before.get("rule") else _SHIPPED[key]
    if _has_taken_name(back, [state.rule for state in states]):
        said = _("Another rule is now called “{rule}”. Give that one another name first.")
        raise Conflict(said.format(rule=back.title))


def move_rule(
    connection: Connection, principal: Principal, key: str, by: int, at: datetime
) -> tuple[list[str], bool]:
    """Move a rule ``by`` places down the list, up where negative; at the ends it stays.

    Gives the keys in their order, and whether it moved.
    """
    require_editor(principal)
    take_turns_with_rules(connection, principal)
    state_of(connection, principal, key)
    order = [state.rule.key for state in rule_states(connection, principal)]
    place = order.index(key)
    to = max(0, min(len(order) - 1, place + by))
    order.insert(to, order.pop(place))
    put_in_order(connection, principal, order, at)
    return order, to != place


def put_in_order(connection: Connection, principal: Principal, order: Sequence[str], at: datetime) -> None:
    """Write every rule's place: one means nothing without the others'. It is no change of any rule."""
    take_turns_with_rules(connection, principal)
    stored, rows = _stored(connection, principal), []
    for place, key in enumerate(order):
        row = _row(stored, key)
        rows.append({**row, "position": place, "changed_at": row["changed_at"] or at})
    _write(connection, principal, rows)


def version_at(at: datetime) -> int:
    """The version that a definition changed at this moment has."""
    return to_micros(at)


def new_key(name: str, taken: Sequence[str]) -> str:
    """A key that nobody has, made from a name: "Quiet in Lisbon" is ``quiet_in_lisbon``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50]
    stem = stem if KEY.fullmatch(stem) else f"rule_{stem}".strip("_")
    numbered = (f"{stem}_{number}" for number in range(2, len(taken) + 4))
    used = {*taken, *RESERVED}
    return stem if stem not in used else next(one for one in numbered if one not in used)


def all_keys(connection: Connection, principal: Principal) -> list[str]:
    """Every key in use, also of deleted rules, which can come back."""
    rows = connection.execute(select(rule.c.key).where(rule.c.workspace_id == principal.workspace_id))
    return [*_SHIPPED, *rows.scalars()]


def refuse_taken_name(changed: Rule, rules: Sequence[Rule]) -> None:
    """Two rules of one name could not be told apart."""
    if _has_taken_name(changed, rules):
        sentence = _("Another rule is called “{rule}”. Choose another name.").format(rule=changed.title)
        raise Invalid(sentence, fields={"name": sentence})


def _has_taken_name(changed: Rule, rules: Sequence[Rule]) -> bool:
    return any(one.key != changed.key and is_called_alike(one, changed) for one in rules)


def is_called_alike(one: Rule, other: Rule) -> bool:
    """Whether they have a name in common, as it is written or as the reader reads it."""
    names, others = ({fold(each.name), fold(each.title)} for each in (one, other))
    return bool(names & others)


def require_editor(principal: Principal) -> None:
    """Rules are changed by members and admins."""
    if not principal.may_edit:
        raise Forbidden(_("Only members can change rules. Ask an admin to make you one."))


def take_turns_with_rules(connection: Connection, principal: Principal) -> None:
    """Of two who change rules at once the second sees what the first did: names, order and number are all rules' together."""
    take_turns(connection, f"rules of {principal.workspace_id}")


def _stored(connection: Connection, principal: Principal) -> dict[str, dict[str, Any]]:
    """The stored row of every rule that has one."""
    mine = select(rule).where(rule.c.workspace_id == principal.workspace_id)
    rows = connection.execute(mine)
    return {row.key: {**row._mapping, "definition": row.definition or {}} for row in rows}


def _row(stored: Mapping[str, dict[str, Any]], key: str) -> dict[str, Any]:
    """The stored row, or the one that would say what is so without it."""
    if key in stored:
        return stored[key]
    last = max((one["position"] for one in stored.values()), default=0)
    place = _ORDER.get(key, max(last + 1, len(ALL)))
    empty = {} if key in _SHIPPED else {"deleted": True}
    return {"key": key, "enabled": True, "position": place, "definition": empty, "changed_at": None}


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    definition = row["definition"]
    return {"rule": definition.get("rule"), "deleted": bool(definition.get("deleted"))}


def _write(connection: Connection, principal: Principal, rows: Sequence[dict[str, Any]]) -> None:
    insert = insert_into(connection, rule)
    names = ("enabled", "position", "definition", "changed_at")
    changes = {name: insert.excluded[name] for name in names}
    statement = insert.on_conflict_do_update(index_elements=["workspace_id", "key"], set_=changes)
    mine = {"workspace_id": principal.workspace_id}
    if rows:
        connection.execute(
            statement, [{**row, **mine, "definition": row["definition"] or None} for row in rows]
        )


def _forget_deleted(connection: Connection, principal: Principal, at: datetime) -> None:
    """Rules deleted long ago are gone for good."""
    mine = rule.c.workspace_id == principal.workspace_id
    old = select(rule.c.key, rule.c.definition).where(
        mine, rule.c.changed_at < at - timedelta(days=UNDO_DAYS)
    )
    gone = [row.key for row in connection.execute(old) if (row.definition or {}).get("deleted")]
    connection.execute(delete(rule).where(mine, rule.c.key.in_(gone)))
