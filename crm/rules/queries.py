"""Whom the rules flag, and the evidence for it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, bindparam, case, func, select

from crm.domain.flag_facts import FlagFacts
from crm.domain.flag_sentences import flag_sentence
from crm.domain.on_record import FROM_SILENCE
from crm.domain.principal import Principal
from crm.domain.rule_data import condition_data
from crm.domain.rules import ALL, SEVERITIES, Rule
from crm.interactions.on_record import forgetful_users
from crm.rules.facts import facts_of
from crm.rules.states import active_rules
from crm.storage.blocks import blocks
from crm.storage.flags import hits, matches
from crm.storage.keyset import beyond, read_cursor, write_cursor
from crm.storage.metrics import kept
from crm.storage.presence import is_first_email, is_present
from crm.storage.stored_metrics import current, scope_of
from crm.storage.tables import contact, contact_email

Number = int | float | None
PAGE = 50
BLOCK = 500
"""The facts of so many people are held at once."""


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
    """One rule's match: the rule's key, severity, sentence, evidence by metric, and suggested acts, best first.

    ``told_as`` is the shipped rule whose sentence that is, as `told_as` says.
    """

    contact: FlaggedContact
    rule: str
    severity: str
    sentence: str
    evidence: dict[str, Number]
    suggests: tuple[str, ...]
    told_as: str = ""


@dataclass(frozen=True)
class FlagPage:
    """A page of one rule's flags, the cursor of the next (None on the last)."""

    flags: tuple[Flag, ...]
    next: str | None


def flags(
    connection: Connection,
    principal: Principal,
    at: datetime,
    *,
    rules: Sequence[Rule] | None = None,
    relation: Subquery | None = None,
    contact_ids: Iterable[int] | None = None,
    owner_id: int | None = None,
    for_later: bool = False,
    one_each: bool = False,
) -> list[Flag]:
    """Every flag as of ``at``, strongest first, then by rule and name. Archived and deceased people have none.

    ``relation`` is where the metrics come from: by default worked out from the log, for pages the stored ones.
    ``for_later``: the sentences are to be read on later days too. ``one_each``: only everybody's strongest.
    """
    chosen = active_rules(connection, principal) if rules is None else rules
    asked = [one for one in chosen if one.about == "people"]
    if not asked:
        return []
    rows = _matching(connection, principal, at, asked, relation, contact_ids, owner_id)
    doubtful = _doubtful(connection, principal, at, rows, asked)
    kept_on = principal.team_day(at) if for_later else None
    said = [(one.evidence_names(), told_as(one)) for one in asked]
    found: list[tuple[int, Flag]] = []
    for block in blocks(rows, BLOCK):
        hit = [
            (row, place, is_high)
            for row in block
            for place, is_high in (_strongest_of(row, asked) if one_each else hits(row, asked))
        ]
        told_of: dict[str, list[int]] = defaultdict(list)
        for row, place, _raised in hit:
            told_of[asked[place].key].append(row.contact_id)
        facts = facts_of(connection, principal, at, block, told_of)
        for row, place, is_high in hit:
            told = facts[row.contact_id].of(asked[place].key, row.owner_id in doubtful, kept_on)
            found.append((place, _flag(row, asked[place], *said[place], is_high, told)))
    return [flag for _, flag in sorted(found, key=lambda pair: _order(*pair))]


def _order(place: int, flag: Flag) -> tuple[int, int, str, int]:
    return *_strength(flag.severity, place), flag.contact.name, flag.contact.id


def _strength(severity: str, place: int) -> tuple[int, int]:
    """The order of one contact's flags: severity, the rule's place."""
    return SEVERITIES.index(severity), place


def severity_of(one: Rule, is_high: bool) -> str:
    """How strong a match of this rule is, where what raises it holds or does not."""
    return "high" if is_high else one.severity


def _strongest_of(row: Row[Any], asked: Sequence[Rule]) -> list[tuple[int, bool]]:
    """Of what the row matches, the strongest alone."""

    def strength(hit: tuple[int, bool]) -> tuple[int, int]:
        place, is_high = hit
        return _strength(severity_of(asked[place], is_high), place)

    return [min(hits(row, asked), key=strength)]


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
    is_built_once = relation is None or relation is current(principal.workspace_id)
    build = _cached_match if is_built_once else _match
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
    people = [contact.c.name, contact.c.given_name, contact.c.organisation_id]
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


_cached_match = lru_cache(maxsize=32)(_match)
"""The same over a relation that is kept: built once for a workspace and its rules."""


def _flag(
    row: Row[Any], one: Rule, names: Sequence[str], told_like: str, raised: bool, facts: FlagFacts
) -> Flag:
    values = row._mapping
    evidence: dict[str, Number] = {name: values[name] for name in names}
    if evidence.get("score") is not None:
        evidence["score"] = int(values["score"])
    person = FlaggedContact(
        row.contact_id, row.name, row.email, row.kind, row.tier, row.owner_id, row.organisation_id
    )
    return Flag(
        person,
        one.key,
        severity_of(one, raised),
        flag_sentence(told_like, evidence, facts if told_like else replace(facts, rule_name=one.title)),
        evidence,
        one.suggests,
        told_like,
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
