"""Two who change rules at the same moment: the second sees what the first did, and is told where it may not be."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection
from starlette.testclient import TestClient

from crm.domain.rules import ALL, Rule
from crm.errors import Conflict, Invalid
from crm.rules import actions
from crm.rules.begun import BLANK
from crm.rules.states import rule_states, state_of
from crm.storage.database import Database
from crm.storage.flags import MOST_RULES
from tests.accounts.test_at_once import A_WHILE, beside
from tests.builders import NOW, World
from tests.rules.test_editing import fields_of, post

SHIPPED = [one.key for one in ALL]


def own(key: str, name: str) -> Rule:
    return replace(BLANK, key=key, name=name)


def saving(world: World, one: Rule, version: int | None = None) -> Callable[[Connection], Any]:
    return lambda connection: actions.save_rule(connection, world.principal, one, NOW, version)


def states(world: World) -> dict[str, Any]:
    with world.database.read() as connection:
        return {state.rule.key: state for state in rule_states(connection, world.principal)}


def test_the_later_of_two_who_save_one_rule_is_told(database: Database) -> None:
    world = World.create(database)
    with database.read() as connection:
        found = state_of(connection, world.principal, "renewal")
    first, second = (
        saving(world, replace(found.rule, name=name), found.version) for name in ("First", "Second")
    )
    with beside(database, first, second) as later, pytest.raises(Conflict, match="at the same time"):
        later.result(20)
    assert states(world)["renewal"].rule.name == "First"


def test_two_new_rules_do_not_take_one_name(database: Database) -> None:
    world = World.create(database)
    first, second = (saving(world, own(key, "Quiet in Lisbon")) for key in ("quiet", "also_quiet"))
    with beside(database, first, second) as later, pytest.raises(Invalid, match="Another rule is called"):
        later.result(20)
    assert "also_quiet" not in states(world)


def test_two_new_rules_do_not_pass_the_limit(database: Database) -> None:
    world = World.create(database)
    with database.write() as connection:
        many = [own(f"own_{number}", f"Own {number}") for number in range(MOST_RULES - len(SHIPPED) - 1)]
        actions.save_together(connection, world.principal, many, NOW)
    first, second = (saving(world, own(key, key)) for key in ("last", "too_many"))
    with beside(database, first, second) as later, pytest.raises(Invalid, match="at most"):
        later.result(20)
    assert len(states(world)) == MOST_RULES


def test_a_rule_switched_off_while_it_is_saved_is_saved_and_off(database: Database) -> None:
    world = World.create(database)
    one = replace(ALL[0], name="Another name")
    with beside(
        database,
        saving(world, one),
        lambda connection: actions.switch_rule(connection, world.principal, one.key, False, NOW),
    ) as later:
        later.result(20)
    found = states(world)[one.key]
    assert (found.rule.name, found.enabled) == ("Another name", False)


def test_two_who_move_rules_both_move_them(database: Database) -> None:
    world = World.create(database)
    with beside(
        database,
        lambda connection: actions.move_rule(connection, world.principal, SHIPPED[0], 1, NOW),
        lambda connection: actions.move_rule(connection, world.principal, SHIPPED[-1], -1, NOW),
    ) as later:
        later.result(20)
    expected = [SHIPPED[1], SHIPPED[0], *SHIPPED[2:-2], SHIPPED[-1], SHIPPED[-2]]
    assert list(states(world)) == expected


def test_moving_a_rule_takes_no_more_statements_where_there_are_many(
    world: World, statements: Callable[[Callable[[], Any]], int]
) -> None:
    def move() -> None:
        with world.database.write() as connection:
            actions.move_rule(connection, world.principal, SHIPPED[0], 1, NOW)

    few = statements(move)
    with world.database.write() as connection:
        many = [own(f"own_{number}", f"Own {number}") for number in range(20)]
        actions.save_together(connection, world.principal, many, NOW)
    assert statements(move) == few


def test_two_new_rules_sent_with_one_name_do_not_become_one(site: TestClient, world: World) -> None:
    fields = {**fields_of(site.get("/rules/new").text), "name": ["Quiet in Lisbon"], "act": ["save"]}
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as connection:
            actions.save_rule(
                connection, world.principal, own("quiet_in_lisbon", "Quiet in Lisbon"), world.now
            )
            answer = pool.submit(post, site, "/rules/new", {**fields, "severity": "high"})
            threading.Event().wait(A_WHILE)
        later = answer.result(20)
    assert (later.status_code, "Another rule is called" in later.text) == (422, True)
    assert states(world)["quiet_in_lisbon"].rule.severity == BLANK.severity


def test_whoever_only_looks_waits_for_nobody_who_writes(site: TestClient, world: World, marta: int) -> None:
    fields = fields_of(site.get("/rules/screen_only/edit").text)
    with ThreadPoolExecutor(1) as pool, world.database.write():
        for act in ("preview", "add", "remove-0"):
            for where in ("screen_only/edit", "new"):
                sent = {**fields, "act": [act], "add": ["total"]}
                answer = pool.submit(post, site, f"/rules/{where}", sent)
                assert answer.result(4).status_code == 200, (act, where)
