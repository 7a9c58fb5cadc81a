"""Random conditions over random logs: the compiled query finds whom an independent reading of the same data finds."""

import operator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from crm.domain.principal import Principal
from crm.domain.rule_check import findings
from crm.domain.rule_data import NUMBERS, OF_PEOPLE, condition_data, read_rule, rule_data
from crm.domain.rules import Rule
from crm.rules.actions import save_rule
from crm.rules.preview import preview
from crm.rules.queries import flags
from crm.storage.database import Database, new_id
from crm.storage.flags import MOST_RULES
from crm.storage.stored_metrics import current, refresh, scope_of
from crm.storage.tables import contact, contact_tag, organisation, user
from tests import oracle
from tests.oracle import Ask, Happening, Log, Occasion, Person, Promise
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
OTHERS = tuple(name for name in OF_PEOPLE if name not in NUMBERS)
WORDS = {
    "tier": ("key", "regular", "warm", "none"),
    "kind": ("partner", "vendor", "customer", "other"),
    "zone": ("no_record", "gone_quiet", "screen_only", "drifting", "in_touch"),
    "city": ("Berlin", "Łódź"),
    "organisation": ("Fernhill", "Northgate"),
    "owner": ("alice@team.example", "bob@team.example"),
    "tag": ("vip", "wine"),
}

assert set(WORDS) == set(OTHERS), "every attribute is drawn, with words that somebody has"

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
        "metric": st.sampled_from([name for name in OF_PEOPLE if name != "tag"]),
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
        "beats": st.lists(
            st.tuples(
                st.integers(0, 460),
                choice(("email", "phone", "lunch")),
                choice(("inbound", "outbound", "mutual")),
            ),
            max_size=6,
        ),
        "known": st.integers(0, 500),
        "written": st.sets(choice(("ask", "promise", "favour", "birthday", "renewal"))),
    }
)
EVERY_METRIC = [{"metric": name, "op": ">=", "value": 0.5} for name in NUMBERS]
"""One rule for each, so that none is left to chance."""
KNOWN_WELL = {
    "tier": "key",
    "kind": "customer",
    "city": "Łódź",
    "organisation": "Fernhill",
    "owner": None,
    "tags": {"vip"},
    "beats": [
        (age, channel, direction)
        for age, channel in ((1, "email"), (12, "email"), (40, "lunch"), (100, "phone"), (200, "email"))
        for direction in ("inbound", "outbound")
    ],
    "known": 450,
    "written": {"ask", "promise", "favour", "birthday", "renewal"},
}
NEVER_MET = {**KNOWN_WELL, "beats": [], "known": 1, "written": set(), "tags": set()}


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


def _person(one: dict[str, Any], today: date) -> Person:
    has = one["written"]
    return Person(
        today - timedelta(days=one["known"]),
        tier=one["tier"],
        kind=one["kind"],
        asks=(Ask(today - timedelta(days=3), today + timedelta(days=2)),) if "ask" in has else (),
        promises=(Promise(today, due=today + timedelta(days=1)),) if "promise" in has else (),
        favours=(today - timedelta(days=4),) if "favour" in has else (),
        dates=tuple(Occasion(sort, 12, 3) for sort in ("birthday", "renewal") if sort in has),
    )


def build(database: Database, people: list[dict[str, Any]]) -> tuple[Any, list[int], list[dict[str, Any]]]:
    """The people in a workspace, with their ids and the facts an oracle knows of each."""
    today = NOW.date()
    log = Log(
        "UTC",
        tuple(_person(one, today) for one in people),
        tuple(
            Happening(
                datetime.combine(today - timedelta(days=age), time(11), UTC), channel, (place,), direction
            )
            for place, one in enumerate(people)
            for age, channel, direction in one["beats"]
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
    max_examples=6 * TIMES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(conditions=EVERY_METRIC, people=[KNOWN_WELL, NEVER_MET])
@given(conditions=st.lists(trees, min_size=1, max_size=12), people=st.lists(about, min_size=1, max_size=6))
def test_the_query_flags_whom_an_independent_reading_flags(
    database: Database, conditions: list[Any], people: list[Any]
) -> None:
    principal, ids, facts = build(database, people)
    rules = [
        read_rule(f"mine_{place}", {"name": f"Mine {place}", "when": when, "suggests": ["call"]})
        for place, when in enumerate(conditions)
    ]
    kept = [(one, facts_of) for one, facts_of in zip(ids, facts, strict=True) if facts_of["tier"] != "none"]
    expected: dict[Rule, set[int]] = {}
    for rule, when in zip(rules, conditions, strict=True):
        assert read_rule(rule.key, rule_data(rule)) == rule
        assert truth(condition_data(rule.when), facts[0]) == truth(when, facts[0])
        wanted = expected[rule] = {one for one, facts_of in kept if truth(when, facts_of) is True}
        said = " ".join(findings(rule))
        assert not (wanted and "never match" in said), (when, said)
        assert len(wanted) == len(kept) or "always matches" not in said, (when, said)
    for first in range(0, len(rules), MOST_RULES):
        some = rules[first : first + MOST_RULES]
        with database.read() as connection:
            flagged = {(flag.rule, flag.contact.id) for flag in flags(connection, principal, NOW, rules=some)}
        for rule in some:
            assert {one for key, one in flagged if key == rule.key} == expected[rule], rule.when
    with database.write() as connection:
        refresh(connection, scope_of(connection, principal, NOW), ids)
    saved_flags_whom_its_preview_showed(database, principal, rules[-1], expected[rules[-1]])


def saved_flags_whom_its_preview_showed(
    database: Database, principal: Principal, rule: Rule, expected: set[int]
) -> None:
    relation = current(principal.workspace_id)
    with database.read() as connection:
        shown = preview(connection, principal, rule, NOW, relation)
    with database.write() as connection:
        saved = save_rule(connection, principal, rule, NOW).rule
        flagged = flags(connection, principal, NOW, rules=[saved], relation=relation)
    found = sorted(flag.contact.id for flag in flagged)
    assert sorted(flag.contact.id for flag in shown.flags) == found == sorted(expected)
    assert shown.number == len(found)
