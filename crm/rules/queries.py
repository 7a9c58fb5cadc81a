"""Which rules are on, whom they flag, and the evidence for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, bindparam, case, func, select

from crm.domain.flag_facts import FlagFacts
from crm.domain.flag_sentences import flag_sentence
from crm.domain.on_record import FROM_SILENCE
from crm.domain.principal import Principal
from crm.domain.rule_data import allowed_tiers, condition_data, read_rule
from crm.domain.rules import ALL, SEVERITIES, Rule
from crm.errors import NotFound
from crm.interactions.on_record import forgetful_users
from crm.rules.facts import facts_of
from crm.storage.flags import hits, matches
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.metrics import kept
from crm.storage.presence import is_first_email, is_present
from crm.storage.statements import built_once
from crm.storage.stored_metrics import current, scope_of
from crm.storage.tables import contact, contact_email, rule

Number = int | float | None
PAGE = 50


@dataclass(frozen=True)
class FlaggedContact:
    """The contact a flag is about. ``email`` is the first one, if any."""

    id: int
    name: str
    email: str | None
    kind: str
    tier: str
    owner_id: int | None
    organisation_id: int | None


@dataclass(frozen=True)
class Flag:
    """One rule's match: the rule's key, severity, sentence, evidence by metric, and suggested acts, best first."""

    contact: FlaggedContact
    rule: str
    severity: str
    sentence: str
    evidence: dict[str, Number]
    suggests: tuple[str, ...]


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


@dataclass(frozen=True)
class FlagPage:
    """A page of one rule's flags, the cursor of the next (None on the last)."""

    flags: tuple[Flag, ...]
    next: str | None


def rule_states(connection: Connection, principal: Principal) -> list[RuleState]:
    """Every rule of the workspace in its order: those that ship, as changed here, and its own."""
    rows = connection.execute(*_rules(principal.workspace_id))
    kept = {row.key: row for row in rows}
    order = {one.key: place for place, one in enumerate(ALL)}
    states = [shipped_state(one, kept.get(one.key)) for one in ALL]
    for key, row in kept.items():
        stored = row.definition or {}
        if key not in order and stored.get("rule") and not stored.get("deleted"):
            own = _stored(key, stored["rule"])
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
    current = _stored(one.key, stored["rule"]) if stored.get("rule") else one
    return RuleState(current, row.enabled, is_changed=current != one, version=stored.get("at", 0))


def _stored(key: str, data: Mapping[str, Any]) -> Rule:
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
        raise NotFound(f"There is no rule called {key[:60]!r}. The rules are {keys}.")
    return found


def flags(
    connection: Connection,
    principal: Principal,
    at: datetime,
    *,
    rules: Sequence[Rule] | None = None,
    relation: Subquery | None = None,
    contact_ids: Iterable[int] | None = None,
    owner_id: int | None = None,
) -> list[Flag]:
    """Every flag as of ``at``, strongest first, then by rule and name. Archived and deceased people have none.

    ``relation`` is where the metrics come from: by default worked out from the log, for pages the stored ones.
    """
    chosen = active_rules(connection, principal) if rules is None else rules
    asked = [one for one in chosen if one.about == "people"]
    if not asked:
        return []
    rows = _matching(connection, principal, at, asked, relation, contact_ids, owner_id)
    facts = facts_of(connection, principal, at, rows)
    doubtful = _doubtful(connection, principal, at, rows, asked)
    evidence = [one.evidence_names() for one in asked]
    found = [
        _flag(row, asked[place], evidence[place], is_high, told)
        for row in rows
        for place, is_high in hits(row, asked)
        for told in [facts[row.contact_id].of(asked[place].key, row.owner_id in doubtful)]
    ]
    positions = {one.key: place for place, one in enumerate(asked)}
    return sorted(
        found,
        key=lambda flag: (
            SEVERITIES.index(flag.severity),
            positions[flag.rule],
            flag.contact.name,
            flag.contact.id,
        ),
    )


def _matching(
    connection: Connection,
    principal: Principal,
    at: datetime,
    rules: Sequence[Rule],
    relation: Subquery | None,
    contact_ids: Iterable[int] | None,
    owner_id: int | None,
) -> Sequence[Row[Any]]:
    ids = None if contact_ids is None else list(contact_ids)
    metrics, given = metrics_of(connection, principal, at, relation, ids)
    is_kept = relation is None or relation is current(principal.workspace_id)
    build = _kept_match if is_kept else _match
    by_ids = ids is not None and relation is not None
    statement = build(metrics, tuple(rules), principal.workspace_id, by_ids, owner_id is not None)
    rows: Sequence[Row[Any]] = connection.execute(
        statement, {**given, "ids": ids or [], "whose": owner_id}
    ).all()
    return rows


def metrics_of(
    connection: Connection,
    principal: Principal,
    at: datetime,
    relation: Subquery | None,
    contact_ids: Sequence[int] | None = None,
) -> tuple[Subquery, dict[str, Any]]:
    """Where the metrics come from, and the values of its parameters: the log, unless a relation is given."""
    if relation is not None:
        return relation, {}
    scope = scope_of(connection, principal, at, contact_ids)
    return kept(scope), scope.parameters()


def _doubtful(
    connection: Connection,
    principal: Principal,
    at: datetime,
    rows: Sequence[Row[Any]],
    rules: Sequence[Rule],
) -> frozenset[int]:
    """Owners who log so few of their meetings that what these rules find may not be so."""
    is_asked = bool(rows) and any(one.key in FROM_SILENCE for one in rules)
    return forgetful_users(connection, principal, at) if is_asked else frozenset()


def flag_counts(
    connection: Connection, principal: Principal, relation: Subquery, rules: Sequence[Rule]
) -> dict[str, int]:
    """How many people each of these rules flags."""
    matched = matches(relation, rules, principal.workspace_id).subquery()
    statement = (
        select(matched.c.rule_mask, func.count().label("people"))
        .join(contact, same_contact(principal.workspace_id, matched))
        .where(is_present())
        .group_by(matched.c.rule_mask)
    )
    found = {one.key: 0 for one in rules}
    for mask, people in connection.execute(statement):
        for place, one in enumerate(rules):
            found[one.key] += people if mask >> place & 1 else 0
    return found


def flagged(
    connection: Connection,
    principal: Principal,
    at: datetime,
    relation: Subquery,
    rule: Rule,
    after: str | None = None,
    limit: int = PAGE,
) -> FlagPage:
    """A page of the people one rule flags, high severity first, then by name; ``after`` is the ``next`` before."""
    matched = matches(relation, [rule], principal.workspace_id).subquery()
    order: list[ColumnElement[Any]] = [
        case((matched.c.high_mask > 0, 0), else_=1),
        contact.c.folded_name,
        contact.c.id,
    ]
    keys = [column.label(f"key_{place}") for place, column in enumerate(order)]
    statement = (
        select(*keys)
        .select_from(matched.join(contact, same_contact(principal.workspace_id, matched)))
        .where(is_present())
    )
    if after:
        statement = statement.where(beyond(order, read_cursor(after, (int, str, int))))
    rows = [tuple(row) for row in connection.execute(statement.order_by(*order).limit(limit + 1))]
    ids = [row[-1] for row in rows[:limit]]
    found = flags(connection, principal, at, rules=[rule], relation=relation, contact_ids=ids)
    by_id = {flag.contact.id: flag for flag in found}
    following = write_cursor(rows[limit - 1]) if len(rows) > limit else None
    return FlagPage(tuple(by_id[one] for one in ids), following)


def same_contact(workspace_id: int, matched: Subquery) -> ColumnElement[bool]:
    """That a row of metrics is about the contact beside it."""
    return and_(contact.c.workspace_id == workspace_id, contact.c.id == matched.c.contact_id)


def _match(
    metrics: Subquery, rules: tuple[Rule, ...], workspace_id: int, by_ids: bool, by_owner: bool
) -> Select[Any]:
    """People that match any of the rules; ``ids`` and ``whose`` narrow them, where asked for."""
    matched = matches(metrics, rules, workspace_id).subquery()
    people = [contact.c.name, contact.c.given_name, contact.c.owner_id, contact.c.organisation_id]
    statement: Select[Any] = (
        select(*matched.c, *people, contact_email.c.value.label("email"))
        .join(contact, same_contact(workspace_id, matched))
        .outerjoin(contact_email, is_first_email())
        .where(is_present())
    )
    if by_ids:
        statement = statement.where(matched.c.contact_id.in_(bindparam("ids", expanding=True)))
    if by_owner:
        statement = statement.where(contact.c.owner_id == bindparam("whose"))
    return statement


_kept_match = lru_cache(maxsize=32)(_match)
"""The same over a relation that is kept: built once for a workspace and its rules."""


def _flag(row: Row[Any], one: Rule, names: Sequence[str], raised: bool, facts: FlagFacts) -> Flag:
    values = row._mapping
    evidence: dict[str, Number] = {name: values[name] for name in names}
    if evidence.get("score") is not None:
        evidence["score"] = int(values["score"])
    person = FlaggedContact(
        row.contact_id, row.name, row.email, row.kind, row.tier, row.owner_id, row.organisation_id
    )
    severity, told = "high" if raised else one.severity, told_as(one)
    return Flag(
        person,
        one.key,
        severity,
        flag_sentence(told, evidence, facts if told else replace(facts, rule_name=one.name)),
        evidence,
        one.suggests,
    )


def told_as(one: Rule) -> str:
    """The key of the shipped rule whose sentence still says what this one found; empty where none does.

    Other tiers, and other bounds of the same comparisons, leave a sentence right.
    """
    shipped = next((known for known in ALL if known.key == one.key), None)
    is_same = shipped is not None and (one is shipped or _outline(one) == _outline(shipped))
    return one.key if is_same else ""


def _outline(one: Rule) -> Any:
    return _without_bounds(condition_data(one.when)), one.evidence


def _without_bounds(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_bounds(part) for part in data]
    if not isinstance(data, dict):
        return data
    is_bound = data.get("op") in ("<", "<=", ">", ">=") and isinstance(data.get("value"), int | float)
    return {name: _without_bounds(part) for name, part in data.items() if not (is_bound and name == "value")}
