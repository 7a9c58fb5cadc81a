"""Rules as TOML: there and back, every fault with its line, and hostile text."""

import pytest

from crm.domain.rule_data import DEEPEST, MOST_NODES, RuleFault, read_rule
from crm.domain.rule_files import NotToml, read_entries, write_rules
from crm.domain.rules import ALL, Rule

WHEN = 'when = { metric = "total_30", op = ">=", value = 3 }'


def read(text: str) -> list[Rule]:
    rules = []
    for entry in read_entries(text):
        data = {name: value for name, value in entry.data.items() if name not in ("key", "enabled")}
        rules.append(read_rule(entry.data["key"], data))
    return rules


def test_the_shipped_rules_survive_being_written() -> None:
    text = write_rules((rule, True) for rule in ALL)
    assert read(text) == list(ALL)
    assert write_rules((rule, True) for rule in read(text)) == text
    assert max(map(len, text.splitlines())) <= 110


def whole(**lines: str) -> str:
    kept = {
        "key": '"mine"',
        "name": '"Mine"',
        "tiers": '["key"]',
        "when": WHEN.removeprefix("when = "),
        "suggests": '["call"]',
        "severity": '"low"',
        **lines,
    }
    return "# Rules\n\n[[rule]]\n" + "".join(f"{name} = {value}\n" for name, value in kept.items())


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ({"when": '{ metric = "digtal_180", op = ">=", value = 3 }'}, 7, "perhaps digital_180 is meant."),
        (
            {
                "when": '{ all = [\n { metric = "total_7", op = ">", value = 1 },\n'
                ' { metric = "nonsense", op = ">", value = 1 },\n] }'
            },
            9,
            "no metric “nonsense”",
        ),
        ({"when": '{ metric = "total_7", op = "=>", value = 3 }'}, 7, "write one of <"),
        ({"when": '{ metric = "total_7", op = ">=", value = "3" }'}, 7, "without quotation marks"),
        ({"when": '{ metric = "total_7", op = ">=", value = true }'}, 7, "takes a number, not true"),
        ({"when": '{ metric = "total_7", op = ">=", value = nan }'}, 7, "takes a number between"),
        ({"when": '{ metric = "total_7", op = ">=", value = 99999999999 }'}, 7, "takes a number between"),
        ({"when": '{ metric = "total_7", op = ">=" }'}, 7, "Write value"),
        ({"when": '{ metric = "total_7", op = "known", value = 1 }'}, 7, "take no value"),
        ({"when": '{ metric = "zone", op = "=", value = "gone_quite" }'}, 7, "perhaps gone_quiet is meant."),
        ({"when": '{ metric = "city", op = ">", value = "Berlin" }'}, 7, "compare it by = or !="),
        ({"when": '{ metric = "total_7", op = ">", value = { metric = "total_30", over = 0 } }'}, 7, "divides by zero"),
        ({"when": '{ metric = "total_7", op = ">", value = { metric = "zone" } }'}, 7, "which is a word"),
        ({"when": '{ metric = "total_7", op = ">=", value = 2026-01-01 }'}, 7, "takes a number, not a date"),
        ({"when": '{ metric = "total_7", op = ">=", value = 12:30:00 }'}, 7, "not a time of day"),
        ({"when": "{ all = [] }"}, 7, "all is empty"),
        ({"when": "{ any = 3 }"}, 7, "takes a list"),
        ({"when": '{ any = [{}], all = [{}] }'}, 7, "take them apart"),
        ({"when": "3"}, 7, "A condition is a table"),
        ({"tiers": '["vip"]'}, 6, "is not a tier"),
        ({"tiers": "[]"}, 6, "tiers is empty"),
        ({"kinds": '[" "]'}, 10, "is not a kind"),
        ({"tiers": '["key", "none"]'}, 6, "Tier none is flagged by important_ask and promise_due only"),
        ({"suggests": '["luch"]'}, 8, "perhaps lunch is meant."),
        ({"suggests": '["call", "call"]'}, 8, "the same thing twice"),
        ({"severity": '"urgent"'}, 9, "is not a severity"),
        ({"weekly_limit": "-1"}, 10, "from 1 to 99"),
        ({"weekly_limit": "true"}, 10, "from 1 to 99"),
        ({"name": '""'}, 5, "has no name"),
        ({"name": "7"}, 5, "name is text in quotation marks, not 7."),
        ({"wen": "1"}, 10, "perhaps when is meant."),
        ({"high_when": '{ metric = "quietp", op = ">", value = 0.8 }'}, 10, "perhaps quiet_p is meant."),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(lines: dict[str, str], line: int, words: str) -> None:
    (entry,) = read_entries(whole(**lines))
    data = {name: value for name, value in entry.data.items() if name != "key"}
    with pytest.raises(RuleFault) as fault:
        read_rule("mine", data)
    assert words in fault.value.sentence
    assert entry.where(fault.value) == f"line {line}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[rules]\nkey = "a"', 1, "has no “rules”; each rule begins with [[rule]]"),
        ('[[rule]]\nkey = "a"\n\n[[rules]]\nkey = "b"', 4, "has no “rules”"),
        ('version = 2\n[[rule]]\nkey = "a"', 1, "has no “version”"),
        ('[[rule]]\nkey = "a"\n"rule two".key = "b"\n[other]', 4, "has no “other”"),
        ('[[rule]]\nname = "A\nkey = "a"', 2, "This is not valid TOML"),
    ],
)
def test_what_is_no_list_of_rules_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(NotToml) as fault:
        read_entries(text)
    assert words in str(fault.value)
    assert fault.value.line == line


def test_a_condition_under_a_head_of_its_own_has_its_line() -> None:
    (entry,) = read_entries(f'[[rule]]\nkey = "a"\n\n[rule.when{".not" * DEEPEST}]\nmetric = "total_7"\n')
    with pytest.raises(RuleFault) as fault:
        read_rule("a", {"name": "A", "when": entry.data["when"]})
    assert entry.line_of(fault.value) == 4


@pytest.mark.parametrize("opening", ["[", "{ all = [", "{ not = "])
def test_ten_thousand_nested_conditions_are_refused(opening: str) -> None:
    with pytest.raises(NotToml):
        read_entries(f"[[rule]]\nwhen = {opening * 10_000}")


def nested(depth: int) -> dict[str, object]:
    when: dict[str, object] = {"metric": "total_7", "op": ">", "value": 1}
    for _ in range(depth):
        when = {"not": when}
    return when


def rule_of(when: object) -> Rule:
    return read_rule("mine", {"name": "Mine", "when": when, "suggests": ["call"]})


def test_depth_and_size_have_limits() -> None:
    assert rule_of(nested(DEEPEST - 1))
    for depth in (DEEPEST, 10_000):
        with pytest.raises(RuleFault, match="deep"):
            rule_of(nested(depth))
    with pytest.raises(RuleFault, match="more than 200"):
        rule_of({"any": [nested(0)] * MOST_NODES})
    assert rule_of({"any": [nested(0)] * (MOST_NODES - 1)})
