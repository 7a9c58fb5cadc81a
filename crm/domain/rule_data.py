"""A rule as plain data (numbers, words, lists and tables, as TOML and JSON hold them), and back with every fault named."""

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, cast

from crm.domain import expressions as tree
from crm.domain.expressions import Comparison, Condition, Constant, Metric, Tagged, Value
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.metrics import METRICS, WINDOW_OF, WINDOWS, WORDS
from crm.domain.rules import ACTS, EVERYONE, KEPT, SEVERITIES, WRITTEN_DOWN, Rule
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import join
from crm.domain.targets import KINDS

DEEPEST = 20
MOST_NODES = 200
MOST_SUGGESTED = 3
NUMBER_LIMIT = 1_000_000
NAME_LENGTH = 80
WORD_LENGTH = 200
ABOUT = ("people", "organisations")
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
OPERATIONS = (*COMPARISONS, "known", "missing")
FIELDS = (
    *("key", "name", "enabled", "about", "tiers", "kinds", "when", "suggests"),
    *("severity", "high_when", "weekly_limit", "evidence"),
)
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
NUMBERS = (*METRICS, "score")
OF_PEOPLE = (*NUMBERS, *WORDS, "tag")
COUNTS = ("contacts_count", "met_count")
OF_ORGANISATIONS = (*COUNTS, "tier", "kind")
CHOICES: Mapping[str, tuple[str, ...]] = {"tier": EVERYONE, "zone": tuple(ZONE_WORDS)}
"""The words that tier and zone can be; a kind may be the workspace's own word."""

Data = dict[str, Any]


class RuleFault(ValueError):
    """Why data is no rule. ``field`` is the rule's field it stands in, ``word`` the wrong piece as it is written."""

    def __init__(self, sentence: str, field: str, word: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.word = word


# From rules to data.


def rule_data(rule: Rule) -> Data:
    """The rule without its key, in the order in which it is written; what is empty is left out."""
    found: Data = {"name": rule.name}
    if rule.about != "people":
        found["about"] = rule.about
    found["tiers"] = list(rule.tiers)
    if rule.kinds:
        found["kinds"] = list(rule.kinds)
    found |= {"when": condition_data(rule.when), "suggests": list(rule.suggests), "severity": rule.severity}
    if rule.high_when is not None:
        found["high_when"] = condition_data(rule.high_when)
    if rule.weekly_limit is not None:
        found["weekly_limit"] = rule.weekly_limit
    if rule.evidence:
        found["evidence"] = list(rule.evidence)
    return found


def condition_data(condition: Condition) -> Data:
    """A condition as a table: all, any, not, or one metric held against a value."""
    match condition:
        case tree.All(parts):
            return {"all": [condition_data(part) for part in parts]}
        case tree.Any(parts):
            return {"any": [condition_data(part) for part in parts]}
        case tree.Not(tree.Missing(Metric(name))):
            return {"metric": name, "op": "known"}
        case tree.Missing(Metric(name)):
            return {"metric": name, "op": "missing"}
        case tree.Not(Tagged(tag)):
            return {"metric": "tag", "op": "!=", "value": tag}
        case Tagged(tag):
            return {"metric": "tag", "op": "=", "value": tag}
        case tree.Not(part):
            return {"not": condition_data(part)}
        case tree.Compare(comparison, Metric(name), right):
            return {"metric": name, "op": comparison, "value": _value_data(right)}
    raise TypeError(f"no data for {condition!r}")


def _value_data(value: Value) -> Any:
    match value:
        case Constant(constant):
            return _whole(constant)
        case Metric(name):
            return {"metric": name}
        case tree.Arithmetic("+", scaled, Constant(plus)):
            return {**cast(Data, _value_data(scaled)), "plus": _whole(plus)}
        case tree.Arithmetic("*", Metric(name), Constant(times)):
            return {"metric": name, "times": _whole(times)}
        case tree.Arithmetic("/", Metric(name), Constant(over)):
            return {"metric": name, "over": _whole(over)}
    raise TypeError(f"no data for {value!r}")


def _whole(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


# From data to rules.


def read_rule(key: str, data: Mapping[str, Any]) -> Rule:
    """The rule that the data describes; raises RuleFault with what to write instead."""
    _refuse_unknown(data)
    about = _choice(data.get("about", "people"), ABOUT, "about", "about")
    metrics = metrics_about(about)
    figures = NUMBERS if about == "people" else COUNTS
    high = data.get("high_when")
    rule = Rule(
        key=_key(key),
        name=_name(data.get("name")),
        tiers=_listed(data.get("tiers", list(tiers_of(key))), EVERYONE, "tiers", "tier"),
        kinds=_kinds(data.get("kinds", [])),
        when=read_condition(data["when"], "when", metrics),
        suggests=_listed(data.get("suggests", []), ACTS, "suggests", "act"),
        severity=_choice(data.get("severity", "medium"), SEVERITIES, "severity", "severity"),
        high_when=None if high in (None, {}) else read_condition(high, "high_when", metrics),
        weekly_limit=_limit(data.get("weekly_limit")),
        evidence=_listed(data.get("evidence", []), figures, "evidence", "metric"),
        about=about,
    )
    _refuse_tiers(rule)
    if not 1 <= len(rule.suggests) <= MOST_SUGGESTED:
        said = _("suggests names one to three of {acts}, best first.")
        raise RuleFault(said.format(acts=_all(ACTS)), "suggests")
    return rule


def _refuse_unknown(data: Mapping[str, Any]) -> None:
    """A field that no rule has, or no condition at all."""
    for field in data:
        if field not in FIELDS:
            said = _("A rule has no “{field}”").format(field=field[:40])
            raise RuleFault(_with_hint(said, _nearest(field, FIELDS)), field)
    if "when" not in data:
        said = _("This rule has no condition; write {condition}.")
        raise RuleFault(said.format(condition="when = { metric = …, op = …, value = … }"), "key")


def _refuse_tiers(rule: Rule) -> None:
    """No tier at all, and tier *none* where nothing was written down."""
    if not rule.tiers:
        said = _("tiers is empty; name some of {tiers}.")
        raise RuleFault(said.format(tiers=_all(tiers_of(rule.key))), "tiers")
    if "none" in rule.tiers and "none" not in tiers_of(rule.key):
        said = _("Tier none is flagged by {rules} only; name some of {tiers}.")
        rules = join(list(WRITTEN_DOWN))
        raise RuleFault(said.format(rules=rules, tiers=_all(KEPT)), "tiers", "none")


def metrics_about(about: str) -> tuple[str, ...]:
    """What the conditions of a rule about *people* or *organisations* can ask for."""
    return OF_ORGANISATIONS if about == "organisations" else OF_PEOPLE


def tiers_of(key: str) -> tuple[str, ...]:
    """The tiers that the rule of this key may name."""
    return EVERYONE if key in WRITTEN_DOWN else KEPT


def allowed_tiers(key: str, tiers: Iterable[str]) -> tuple[str, ...]:
    """Those of the tiers that the rule of this key may name; all that it may where none is."""
    return tuple(tier for tier in tiers if tier in tiers_of(key)) or tiers_of(key)


def read_condition(data: Any, field: str = "when", metrics: Collection[str] = OF_PEOPLE) -> Condition:
    """The condition that a table describes; raises RuleFault."""
    return _Reader(field, metrics).condition(data, 1)


@dataclass
class _Reader:
    """Reads one tree, counting its nodes."""

    field: str
    metrics: Collection[str]
    nodes: int = 0

    def fault(self, sentence: str, word: Any = "") -> RuleFault:
        return RuleFault(sentence, self.field, word if isinstance(word, str) else str(word))

    def condition(self, data: Any, depth: int) -> Condition:
        self.nodes += 1
        if depth > DEEPEST:
            said = _("The conditions are nested more than {n} deep; write them flatter.")
            raise self.fault(said.format(n=DEEPEST))
        if self.nodes > MOST_NODES:
            said = _("There are more than {n} conditions; split it into two rules.")
            raise self.fault(said.format(n=MOST_NODES))
        if not isinstance(data, dict):
            said = _("A condition is a table, {table}, not {said}.")
            raise self.fault(said.format(table="{ metric = …, op = …, value = … }", said=_said(data)), data)
        joined = [name for name in ("all", "any", "not") if name in data]
        if not joined:
            return self.comparison(data)
        if len(data) > 1:
            raise self.fault(
                _("A condition is either all, any, not or one metric; take them apart."), joined[0]
            )
        if joined == ["not"]:
            return tree.Not(self.condition(data["not"], depth + 1))
        return self.several(joined[0], data[joined[0]], depth)

    def several(self, word: str, parts: Any, depth: int) -> Condition:
        if not isinstance(parts, list):
            said = _("{word} takes a list, [ … ], not {said}.")
            raise self.fault(said.format(word=word, said=_said(parts)), word)
        if not parts:
            said = _("{word} is empty; put a condition in, or leave it out.")
            raise self.fault(said.format(word=word), word)
        read = tuple(self.condition(part, depth + 1) for part in parts)
        return tree.All(read) if word == "all" else tree.Any(read)

    def comparison(self, data: Data) -> Condition:
        for field in data:
            if field not in ("metric", "op", "value"):
                near = _nearest(field, ("all", "any", "not", "metric", "op", "value"))
                said = _("A condition has no “{field}”").format(field=field[:40])
                raise self.fault(_with_hint(said, near), field)
        name = self.metric(data.get("metric"))
        op = data.get("op")
        if op not in OPERATIONS:
            said = _("op is {said}; write one of {all}.").format(said=_said(op), all=_all(OPERATIONS))
            raise self.fault(said, op or name)
        if op in ("known", "missing"):
            return self.known(name, op == "known", data)
        if "value" not in data:
            said = _("{name} {op} what? Write value = … beside it.")
            raise self.fault(said.format(name=name, op=op), name)
        if name == "tag" or name in WORDS:
            return self.word(name, op, data["value"])
        return tree.Compare(cast(Comparison, op), Metric(name), self.number(name, data["value"]))

    def metric(self, name: Any) -> str:
        if not isinstance(name, str):
            said = _('metric is a name in quotation marks, such as "digital_180", not {said}.')
            raise self.fault(said.format(said=_said(name)), name)
        if name not in self.metrics:
            said = _("There is no metric “{name}”").format(name=name[:40])
            raise self.fault(_with_hint(said, _other_window(name) or _nearest(name, self.metrics)), name)
        return name

    def known(self, name: str, is_known: bool, data: Data) -> Condition:
        if "value" in data:
            raise self.fault(_("known and missing take no value; leave it out."), name)
        if name == "tag":
            said = _("A tag is compared: {example}.")
            raise self.fault(said.format(example='{ metric = "tag", op = "=", value = "vip" }'), name)
        missing = tree.Missing(Metric(name))
        return tree.Not(missing) if is_known else missing

    def word(self, name: str, op: str, value: Any) -> Condition:
        if op not in ("=", "!="):
            said = _("{name} is a word: compare it by = or !=, not by {op}.")
            raise self.fault(said.format(name=name, op=op), name)
        if not isinstance(value, str):
            said = _("{name} is compared with a word in quotation marks, not {said}.")
            raise self.fault(said.format(name=name, said=_said(value)), value)
        value = value.strip()
        if not value or len(value) > WORD_LENGTH or not value.isprintable():
            said = _("{name} is compared with one line of 1 to {n} characters.")
            raise self.fault(said.format(name=name, n=WORD_LENGTH), name)
        if name in CHOICES and value not in CHOICES[name]:
            said = _("No {name} is called “{value}”").format(name=name, value=value[:40])
            raise self.fault(_with_hint(said, _nearest(value, CHOICES[name])), value)
        if name == "tag":
            return Tagged(value) if op == "=" else tree.Not(Tagged(value))
        if name == "owner":
            value = value.lower()
        if name == "kind":
            value = _kind(value)
        return tree.Compare(cast(Comparison, op), Metric(name), Constant(value))

    def number(self, name: str, value: Any) -> Value:
        if isinstance(value, dict):
            return self.worked_out(value)
        if isinstance(value, str):
            said = _("{name} is a number: write it without quotation marks, not “{value}”.")
            raise self.fault(said.format(name=name, value=value[:40]), value)
        return Constant(self.constant(value, name))

    def worked_out(self, data: Data) -> Value:
        for field in data:
            if field not in ("metric", "times", "over", "plus"):
                near = _nearest(field, ("metric", "times", "over", "plus"))
                said = _("A value has no “{field}”").format(field=field[:40])
                raise self.fault(_with_hint(said, near), field)
        name = self.metric(data.get("metric"))
        if name in WORDS or name == "tag":
            said = _("A number cannot be compared with {name}, which is a word.")
            raise self.fault(said.format(name=name), name)
        value: Value = Metric(name)
        if "times" in data and "over" in data:
            raise self.fault(_("Write either times or over, not both."), "over")
        if "times" in data:
            value = value * float(self.constant(data["times"], "times"))
        if "over" in data:
            over = float(self.constant(data["over"], "over"))
            if not over:
                raise self.fault(_("over = 0 divides by zero; write another number."), "over")
            value = value / over
        return value + self.constant(data["plus"], "plus") if "plus" in data else value

    def constant(self, value: Any, about: str) -> int | float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number:
            said = _("{name} takes a number, not {said}.")
            raise self.fault(said.format(name=about, said=_said(value)), about)
        if not math.isfinite(value) or abs(value) > NUMBER_LIMIT:
            said = _("{name} takes a number between -{limit} and {limit}.")
            raise self.fault(said.format(name=about, limit=numeral(NUMBER_LIMIT)), about)
        return cast(int | float, _whole(value))


def _key(key: Any) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise RuleFault(
            _("key is 1 to 60 lower-case letters, digits and underscores, starting with a letter."), "key"
        )
    return key


def _name(name: Any) -> str:
    if name is not None and not isinstance(name, str):
        said = _("name is text in quotation marks, not {said}.")
        raise RuleFault(said.format(said=_said(name)), "name")
    if not name or not name.strip():
        raise RuleFault(_('This rule has no name; write name = "…".'), "name")
    tidy = " ".join(name.split())
    if len(tidy) > NAME_LENGTH or not tidy.isprintable():
        said = _("A name is one line of at most {n} characters.")
        raise RuleFault(said.format(n=NAME_LENGTH), "name")
    return tidy


def _listed(words: Any, choices: Collection[str], field: str, noun: str) -> tuple[str, ...]:
    if not isinstance(words, list):
        raise RuleFault(_no_list(field, words), field)
    read = [_choice(word, choices, field, noun) for word in words]
    if len(set(read)) < len(read):
        raise RuleFault(_("{field} names the same thing twice.").format(field=field), field)
    return tuple(read)


def _no_list(field: str, words: Any) -> str:
    said = _("{field} is a list in square brackets, not {said}.")
    return said.format(field=field, said=_said(words))


def _kinds(words: Any) -> tuple[str, ...]:
    """The shipped kinds, and a workspace's own in its own spelling."""
    if not isinstance(words, list):
        raise RuleFault(_no_list("kinds", words), "kinds")
    for word in words:
        if not isinstance(word, str) or not 0 < len(word.strip()) <= WORD_LENGTH or not word.isprintable():
            said = _("{said} is not a kind; a kind is a word in quotation marks.")
            raise RuleFault(said.format(said=_said(word)), "kinds")
    read = tuple(map(_kind, words))
    if len(set(read)) < len(read):
        raise RuleFault(_("{field} names the same thing twice.").format(field="kinds"), "kinds")
    return read


def _kind(word: str) -> str:
    word = word.strip()
    return word.lower() if word.lower() in KINDS else word


_NONE_OF: Mapping[str, str] = {
    "about": N_("{said} is not an about"),
    "tier": N_("{said} is not a tier"),
    "act": N_("{said} is not an act"),
    "severity": N_("{said} is not a severity"),
    "metric": N_("{said} is not a metric"),
}


def _choice(word: Any, choices: Collection[str], field: str, noun: str) -> str:
    if not isinstance(word, str) or word not in choices:
        some = _("write some of {all}").format(all=_all(choices))
        near = _nearest(word, choices) if isinstance(word, str) else some
        said = _(_NONE_OF[noun]).format(said=_said(word))
        raise RuleFault(_with_hint(said, near), field, str(word))
    return word


def _limit(limit: Any) -> int | None:
    if limit in (None, 0) and not isinstance(limit, bool):
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 99:
        raise RuleFault(_("weekly_limit is a whole number from 1 to 99; 0 means no limit."), "weekly_limit")
    return limit


def _with_hint(said: str, hint: str) -> str:
    """Two clauses as one sentence: what is wrong, and what to write instead."""
    return _("{fault}; {hint}.").format(fault=said, hint=hint)


def _nearest(word: str, choices: Collection[str]) -> str:
    """A clause that says what to write instead."""
    near = difflib.get_close_matches(word[:60], list(choices), n=1, cutoff=0.6)
    if near:
        return _("perhaps {word} is meant").format(word=near[0])
    if len(choices) <= 20:
        return _("write one of {all}").format(all=_all(choices))
    return _("docs/rules.md lists those there are")


def _other_window(name: str) -> str:
    """A clause that names the windows, where only the days of a metric are none of them: "digital_120"."""
    stem, _between, days = name.rpartition("_")
    if not days.isdecimal() or f"{stem}_{WINDOWS[0]}" not in WINDOW_OF:
        return ""
    windows = _all([str(one) for one in WINDOWS])
    return _("it is counted in {windows} days").format(windows=windows)


def _all(words: Collection[str]) -> str:
    return ", ".join(words)


def _said(value: Any) -> str:
    match value:
        case None:
            return _("nothing")
        case bool():
            return str(value).lower()
        case str():
            return f"“{value[:40]}”"
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)[:20]
        case list():
            return _("a list")
        case dict():
            return _("a table")
        case time():
            return _("a time of day")
    return _("a date")
