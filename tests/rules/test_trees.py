"""Random conditions over random logs: the compiled query finds whom an independent reading of the same data finds."""

import operator
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from crm.domain.rule_check import findings
from crm.domain.rule_data import condition_data, read_rule, rule_data
from crm.domain.rules import Rule
from crm.rules.queries import flag_counts, flags
from crm.storage.database import Database, new_id
from crm.storage.stored_metrics import current, refresh, scope_of
from crm.storage.tables import contact, contact_tag, organisation, user
from tests import oracle
from tests.oracle import Ask, Happening, Log, Person
from tests.storage.test_metrics import store
from tests.thorough import TIMES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NUMBERS = (
    *("total_30", "digital_90", "personal_180", "known_days", "days_since_any", "days_since_personal"),
    *("digital_share_90", "overdue_any", "open_asks", "days_to_ask", "in_person_365", "gaps"),
)
WORDS = {
    "tier": ("key", "regular", "warm", "none"),
    "kind": ("partner", "vendor", "customer", "other"),
    "zone": ("no_record", "gone_quiet", "screen_only", "drifting", "in_touch"),
    "city": ("Berlin", "Łódź"),
    "organisation": ("Fernhill", "Northgate"),
    "owner": ("alice@team.example", "bob@team.example"),
    "tag": ("vip", "wine"),
}

bounds = st.one_of(st.integers(-2, 6), st.sampled_from((0.5, 0.8, 1, 30, 60, 90, 180, 400)))
worked_out = st.fixed_dictionaries(
    {"metric": st.sampled_from(NUMBERS)},
    optional={"plus": st.integers(-3, 3), "times": st.sampled_from((0.5, 2, -1))},
)
numbers = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(NUMBERS),
        "op": st.sampled_from(tuple(COMPARE)),
        "value": st.one_of(bounds, worked_out),
    }
)
words = st.sampled_from(tuple(WORDS)).flatmap(
    lambda name: st.fixed_dictionaries(
        {
            "metric": st.just(name),
            "op": st.sampled_from(("=", "!=")),
            "value": st.sampled_from(WORDS[name]),
        }
    )
)
known = st.fixed_dictionaries(
    {
        "metric": st.sampled_from((*NUMBERS, "zone", "city", "owner")),
        "op": st.sampled_from(("known", "missing")),
    }
)
trees = st.recursive(
    st.one_of(numbers, words, known),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
choice = st.sampled_from
about = st.fixed_dictionaries(
    {
        "tier": choice(WORDS["tier"]),
        "kind": choice(WORDS["kind"]),
        "city": choice((None, *WORDS["city"])),
        "organisation": choice((None, *WORDS["organisation"])),
        "owner": choice((None, *WORDS["owner"])),
        "tags": st.sets(choice(WORDS["tag"])),
        "ages": st.lists(st.tuples(st.integers(0, 400), choice(("email", "phone", "lunch"))), max_size=5),
        "known": st.integers(0, 500),
        "ask": st.booleans(),
    }
)


def truth(data: dict[str, Any], facts: dict[str, Any]) -> bool | None:
    """The data read straight, by three-valued logic."""
    if "all" in data:
        found = [truth(part, facts) for part in data["all"]]
        return False if False in found else None if None in found else True
    if "any" in data:
        found = [truth(part, facts) for part in data["any"]]
        return True if True in found else None if None in found else False
    if "not" in data:
        inner = truth(data["not"], facts)
        return None if inner is None else not inner
    name, op = data["metric"], data["op"]
    if name == "tag":
        return bool((data["value"] in facts["tags"]) == (op == "="))
    if op in ("known", "missing"):
        return bool((facts[name] is None) == (op == "missing"))
    value = data["value"]
    if isinstance(value, dict):
        base = facts[value["metric"]]
        value = None if base is None else base * value.get("times", 1) + value.get("plus", 0)
    return None if facts[name] is None or value is None else COMPARE[op](facts[name], value)


def build(database: Database, people: list[dict[str, Any]]) -> tuple[Any, list[int], list[dict[str, Any]]]:
    """The people in a workspace, with their ids and the facts an oracle knows of each."""
    today = NOW.date()
    log = Log(
        "UTC",
        tuple(
            Person(
                datetime.fromordinal(today.toordinal() - one["known"]).date(),
                tier=one["tier"],
                kind=one["kind"],
                asks=(Ask(today),) if one["ask"] else (),
            )
            for one in people
        ),
        tuple(
            Happening(
                datetime.fromordinal(today.toordinal() - age).replace(hour=11, tzinfo=UTC), channel, (place,)
            )
            for place, one in enumerate(people)
            for age, channel in one["ages"]
        ),
    )
    principal, ids = store(database, log)
    with database.write() as connection:
        mine = {"workspace_id": principal.workspace_id}
        rows: dict[str, int] = {}
        for name in WORDS["organisation"]:
            rows[name] = new_id(connection)
            values = {"id": rows[name], "name": name, "folded_name": name, "search": name, "created_at": NOW}
            connection.execute(insert(organisation).values(**mine, **values, kind="other", tier="none"))
        for email in WORDS["owner"]:
            rows[email] = new_id(connection)
            values = {"id": rows[email], "email": email, "name": email, "role": "member", "created_at": NOW}
            connection.execute(insert(user).values(**mine, **values, time_zone="UTC"))
        for contact_id, one in zip(ids, people, strict=True):
            values = {
                "city": one["city"],
                "organisation_id": rows.get(one["organisation"]),
                "owner_id": rows.get(one["owner"]),
            }
            connection.execute(contact.update().where(contact.c.id == contact_id).values(**values))
            for tag in one["tags"]:
                connection.execute(insert(contact_tag).values(**mine, contact_id=contact_id, tag=tag))
    known_facts = oracle.as_of(log, NOW)
    facts = [{**one, **known_facts[place]} for place, one in enumerate(people)]
    return principal, ids, facts


@settings(
    max_examples=8 * TIMES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conditions=st.lists(trees, min_size=1, max_size=12), people=st.lists(about, min_size=1, max_size=6))
def test_the_query_flags_whom_an_independent_reading_flags(
    database: Database, conditions: list[Any], people: list[Any]
) -> None:
    principal, ids, facts = build(database, people)
    rules = [
        read_rule(f"mine_{place}", {"name": "Mine", "when": when, "suggests": ["call"]})
        for place, when in enumerate(conditions)
    ]
    with database.read() as connection:
        flagged = {(flag.rule, flag.contact.id) for flag in flags(connection, principal, NOW, rules=rules)}
    kept = [(one, facts_of) for one, facts_of in zip(ids, facts, strict=True) if facts_of["tier"] != "none"]
    expected: dict[Rule, int] = {}
    for rule, when in zip(rules, conditions, strict=True):
        assert read_rule(rule.key, rule_data(rule)) == rule
        assert truth(condition_data(rule.when), facts[0]) == truth(when, facts[0])
        wanted = {one for one, facts_of in kept if truth(when, facts_of) is True}
        assert {one for key, one in flagged if key == rule.key} == wanted, when
        expected[rule] = len(wanted)
        said = " ".join(findings(rule))
        assert not (wanted and "never match" in said), (when, said)
        assert len(wanted) == len(kept) or "always matches" not in said, (when, said)
    with database.write() as connection:
        refresh(connection, scope_of(connection, principal, NOW), ids)
        relation = current(principal.workspace_id)
        shown = flag_counts(connection, principal, relation, list(expected))
    assert shown == {rule.key: number for rule, number in expected.items()}, "what a preview counts"
