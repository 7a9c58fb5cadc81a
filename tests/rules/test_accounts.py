"""Accounts that hang on one person."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.domain.rule_data import RuleFault, read_rule
from crm.domain.rules import Rule
from crm.rules.accounts import OrganisationFlag, organisation_flags
from crm.rules.queries import flags
from tests.builders import World
from tests.rules.organisations import account
from tests.shipped import one_rule

RULE = one_rule("fragile_account")


def found(world: World) -> list[OrganisationFlag]:
    with world.database.read() as connection:
        assert flags(connection, world.principal, world.now, rules=[RULE]) == []
        return organisation_flags(connection, world.principal, world.now)


def two_people(world: World, name: str, **columns: object) -> tuple[int, int, int]:
    one = account(world, name, **columns)  # type: ignore[arg-type]
    people = (
        world.contact("Ada", organisation_id=one),
        world.contact("Bo", organisation_id=one, tier="none"),
    )
    return one, *people


def test_one_of_two_met_in_person(world: World) -> None:
    one, ada, bo = two_people(world, "Northgate Logistics")
    world.log("lunch", 364, ada)
    world.log("phone", 3, bo)
    world.log("visit", 365, bo)
    (flag,) = found(world)
    assert (flag.id, flag.name, flag.rule, flag.severity) == (one, "Northgate Logistics", RULE.key, "medium")
    assert (
        flag.sentence
        == "Two people at Northgate Logistics, and meetings with only one of them on record in a year."
    )
    assert flag.evidence == {"contacts_count": 2, "met_count": 1}
    assert flag.suggests == ("meeting", "visit")


def test_an_own_rule_about_organisations_raises_its_severity_and_shows_their_figures_only(
    world: World,
) -> None:
    _, ada, _ = two_people(world, "Met")
    two_people(world, "Never met")
    world.log("lunch", 10, ada)
    few = {"metric": "met_count", "op": "<", "value": 2}
    none = {"metric": "met_count", "op": "=", "value": 0}
    data = {
        "name": "Few met",
        "about": "organisations",
        "when": few,
        "high_when": none,
        "suggests": ["visit"],
    }
    with pytest.raises(RuleFault, match="score"):
        read_rule("few_met", {**data, "evidence": ["score"]})
    rule = read_rule("few_met", {**data, "evidence": ["contacts_count"]})
    with world.database.read() as connection:
        flagged = organisation_flags(connection, world.principal, world.now, rules=[rule])
    assert [(one.name, one.severity, one.evidence["contacts_count"]) for one in flagged] == [
        ("Never met", "high", 2),
        ("Met", "medium", 2),
    ]


def test_all_rules_are_one_question_and_one_account_is_asked_about_alone(
    world: World, statements: Callable[[Callable[[], Any]], int]
) -> None:
    one, ada, _ = two_people(world, "Northgate Logistics")
    two_people(world, "Fernhill Foods")
    world.log("lunch", 10, ada)
    data = {
        "name": "Two people",
        "about": "organisations",
        "when": {"metric": "contacts_count", "op": ">=", "value": 2},
        "high_when": {"metric": "met_count", "op": ">=", "value": 1},
        "suggests": ["visit"],
    }
    rules = [RULE, read_rule("two_people", data)]
    with world.database.read() as connection:

        def asked(rules: list[Rule], one: int | None = None) -> list[OrganisationFlag]:
            where = (connection, world.principal, world.now)
            return organisation_flags(*where, rules=rules, organisation_id=one)

        assert statements(lambda: asked(rules)) == statements(lambda: asked(rules[:1]))
        everywhere = asked(rules)
        assert asked(rules, one) == [flag for flag in everywhere if flag.id == one]
    assert [(flag.name, flag.rule, flag.severity) for flag in everywhere] == [
        ("Northgate Logistics", "two_people", "high"),
        ("Fernhill Foods", "fragile_account", "medium"),
        ("Fernhill Foods", "two_people", "medium"),
        ("Northgate Logistics", "fragile_account", "medium"),
    ]


def test_both_met(world: World) -> None:
    _, ada, bo = two_people(world, "Northgate Logistics")
    world.log("event", 10, ada, bo)
    assert found(world) == []


def test_who_is_left_out(world: World) -> None:
    two_people(world, "Regular", tier="regular")
    two_people(world, "Archived", archived_at=world.now)
    alone = account(world, "One person")
    world.contact("Cy", organisation_id=alone)
    world.contact("Di", organisation_id=alone, archived_at=world.now)
    world.contact("Ed", organisation_id=alone, deceased_on=world.today)
    account(world, "Nobody")
    assert found(world) == []


def test_by_name_and_for_one_team_only(world: World) -> None:
    second, first = two_people(world, "Zeta")[0], two_people(world, "Alpha")[0]
    two_people(World.create(world.database, "Another team"), "Theirs")
    assert [flag.id for flag in found(world)] == [first, second]
