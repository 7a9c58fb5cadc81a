"""rules.toml through an import: own rules, parts of rules, every fault with its place, and back to the same bytes."""

import pytest

from crm.imports.undoing import undo
from crm.rules.states import state_of
from tests.builders import World
from tests.imports.files import bring, exported, good

OWN = """\
[[rule]]
key = "mine"
name = "Mine"
enabled = false
tiers = ["key", "warm"]
kinds = ["vendor"]
when = { any = [
    { metric = "tag", op = "=", value = "vip" },
    { all = [
        { metric = "owner", op = "=", value = "alice@team.example" },
        { metric = "personal_90", op = "<", value = { metric = "digital_90", times = 0.25, plus = 1 } },
    ] },
] }
suggests = ["lunch"]
severity = "low"
weekly_limit = 2
"""


def test_a_rule_of_ones_own_comes_in_and_goes_out_to_the_same_bytes(world: World) -> None:
    (report,) = good(bring(world, ("rules.toml", OWN)))
    assert report.new["rules"] == 1
    (again,) = good(bring(world, ("rules.toml", OWN)))
    assert (dict(again.unchanged), again.batch_id) == ({"rules": 1}, None)
    sent = exported(world)["rules.toml"]
    assert OWN in sent.decode()
    other = World.create(world.database, "Another team")
    good(bring(other, ("rules.toml", sent)))
    assert exported(other)["rules.toml"] == sent


def test_a_part_of_a_rule_changes_that_part_and_undo_takes_it_back(world: World) -> None:
    before = exported(world)["rules.toml"]
    text = '[[rule]]\nkey = "screen_only"\nweekly_limit = 3\n'
    (report,) = good(bring(world, ("rules.toml", text)))
    assert report.changed["rules"] == 1
    assert "weekly_limit = 3" in exported(world)["rules.toml"].decode()
    assert report.batch_id is not None
    with world.database.write() as connection:
        undo(connection, world.principal, report.batch_id, world.now)
    assert exported(world)["rules.toml"] == before


def test_a_part_of_a_rule_that_is_off_leaves_it_off(world: World) -> None:
    good(bring(world, ("rules.toml", '[[rule]]\nkey = "screen_only"\nenabled = false\n')))
    good(bring(world, ("rules.toml", '[[rule]]\nkey = "screen_only"\nweekly_limit = 3\n')))
    with world.database.read() as connection:
        state = state_of(connection, world.principal, "screen_only")
    assert (state.rule.weekly_limit, state.enabled) == (3, False)


def test_two_rules_may_swap_their_names(world: World) -> None:
    other = OWN.replace('"mine"', '"other"').replace('"Mine"', '"Other"')
    good(bring(world, ("rules.toml", OWN + "\n" + other)))
    swapped = OWN.replace('"Mine"', '"Other"') + "\n" + other.replace('"Other"', '"Mine"')
    (report,) = good(bring(world, ("rules.toml", swapped)))
    assert report.changed["rules"] == 2
    with world.database.read() as connection:
        names = [state_of(connection, world.principal, key).rule.name for key in ("mine", "other")]
    assert names == ["Other", "Mine"]


def test_a_rule_that_contradicts_itself_comes_in_and_is_said_to(world: World) -> None:
    both = '{ all = [{ metric = "total_7", op = ">", value = 5 }, { metric = "total_30", op = "<", value = 2 }] }'
    text = f'[[rule]]\nkey = "never"\nname = "Never"\nwhen = {both}\nsuggests = ["call"]\n'
    (report,) = good(bring(world, ("rules.toml", text)))
    assert report.new["rules"] == 1
    ((where, said),) = [(one.where, one.question) for one in report.uncertain]
    assert (where, said.startswith("This rule can never match")) == ("rules.toml line 3", True)


def test_ten_thousand_nested_conditions_are_said_to_be_too_deep(world: World) -> None:
    (report,) = bring(world, ("rules.toml", f"[[rule]]\nwhen = {'{ not = ' * 10_000}"))
    assert ["nested too deeply" in one.message for one in report.errors] == [True]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (OWN.replace('"tag"', '"tga"'), "rules.toml line 8", "perhaps tag is meant"),
        (OWN.replace('"Mine"', '"In-person contact is overdue"'), "rules.toml line 3", "already"),
        (OWN.replace('"mine"', '"new"'), "rules.toml line 2", "No rule can have the key"),
        (OWN.replace('"mine"', '"Not A Key"'), "rules.toml line 2", "lower-case letters"),
        (OWN + OWN, "rules.toml line 18", "named twice"),
        ('rule = [{ key = "renewal", severity = "urgent" }]', "rules.toml rule 1", "is not a severity"),
        ('[[rule]]\nkey = "more_email"\n', "rules.toml line 2", "There is no rule “more_email”"),
        (f"[[rule]]\nwhen = {'{ not = ' * 10_000}", "rules.toml line 2", "at most 20 deep"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_its_place(
    world: World, text: str, where: str, words: str
) -> None:
    (report,) = bring(world, ("rules.toml", text))
    assert report.errors[0].where == where
    assert words in report.errors[0].message
    assert b"Mine" not in exported(world)["rules.toml"]
