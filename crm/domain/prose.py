"""A rule's condition as a sentence, made from the same tree that is evaluated.

Every part becomes a verb phrase about one contact ("has had at least 3 digital contacts in 180 days"). A shape that
no phrase fits is still said exactly, by the metric's label.
"""

from collections.abc import Collection, Mapping, Sequence

from crm.domain import expressions as tree
from crm.domain.bound_words import BOUNDS, SPANS, Bound, said_beside, said_known, said_of
from crm.domain.expressions import Comparison, Condition, Constant, Metric, Value
from crm.domain.metric_words import metric_label
from crm.domain.rules import EVERYONE, Rule
from crm.domain.spans import count, in_words
from crm.domain.targets import NAMED_KINDS

_OPPOSITE: Mapping[Comparison, Comparison] = {
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "<": ">=",
    "=": "!=",
    "!=": "=",
}
_ACTS: Mapping[str, str] = {act: f"a {act}" for act in ("call", "meeting", "visit", "note", "gift")}


def rule_sentence(rule: Rule) -> str:
    """The condition and what the rule suggests, ending in "suggest lunch, then a call, then a note." """
    acts = ", then ".join(act_said(act) for act in rule.suggests)
    limit = f" At most {count(rule.weekly_limit, 'person')} a week." if rule.weekly_limit else ""
    return f"{condition_sentence(rule).removesuffix('.')}, suggest {acts}.{limit}"


def act_said(act: str) -> str:
    """ "lunch", "a call"."""
    return _ACTS.get(act, act)


def condition_sentence(rule: Rule) -> str:
    """ "When a key contact has had at least 3 digital contacts in 180 days and has had no personal contact in 180 days." """
    return f"When {_whom(rule)} {phrase(rule.when)}."


def phrase(condition: Condition) -> str:
    """A condition as a verb phrase about one contact, without a full stop."""
    match condition:
        case tree.All(parts) | tree.Any(parts):
            return _several(parts, "and" if isinstance(condition, tree.All) else "or")
        case tree.Not(tree.Missing(value)):
            return _known(value, True)
        case tree.Not(tree.Compare(comparison, left, right)):
            return phrase(tree.Compare(_OPPOSITE[comparison], left, right))
        case tree.Not(tree.Tagged(tag)):
            return f"is not tagged “{tag}”"
        case tree.Tagged(tag):
            return f"is tagged “{tag}”"
        case tree.Not(part):
            return f"is none of whom it holds: {phrase(part)}"
        case tree.Missing(value):
            return _known(value, False)
        case tree.Compare(comparison, left, right):
            return _compared(comparison, left, right)
    raise TypeError(f"not a condition: {condition!r}")


def _whom(rule: Rule) -> str:
    """ "a key or regular contact", "any customer", "a key organisation of kind partner"."""
    noun = "organisation" if rule.about == "organisations" else "contact"
    if rule.kinds and noun == "contact" and set(rule.kinds) <= set(NAMED_KINDS):
        noun = _strung(rule.kinds, "or")
    elif rule.kinds:
        noun += f" of kind {_strung(rule.kinds, 'or')}"
    return f"{tiers_said(rule.tiers)} {noun}"


def tiers_said(tiers: Collection[str]) -> str:
    """ "a key or regular", "any": before whom a rule is about."""
    if set(tiers) == set(EVERYONE):
        return "any"
    return f"a {_strung([tier for tier in EVERYONE if tier in tiers], 'or')}"


def _strung(words: Sequence[str], last: str) -> str:
    """ "a", "a and b", "a, b and c"."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _several(parts: Sequence[Condition], word: str) -> str:
    if not parts:
        return "is here at all" if word == "and" else "is nobody at all"
    said: list[str] = []
    remaining = list(parts)
    while remaining:
        part = remaining.pop(0)
        between = _between(part, remaining[0]) if remaining and word == "and" else None
        if between:
            remaining.pop(0)
        nested = isinstance(part, tree.All | tree.Any) and len(part.parts) > 1
        said.append(between or (f"({phrase(part)})" if nested else phrase(part)))
    return _strung(said, word)


def _between(low: Condition, high: Condition) -> str | None:
    """ "has waited for our answer for 5 to 60 days": two bounds of one span of days, said together."""
    match low, high:
        case (
            tree.Compare(">=", Metric(name), Constant(int(least))),
            tree.Compare("<=", Metric(other), Constant(int(most))),
        ) if name == other and name in SPANS:
            return f"{SPANS[name]} {least} to {most} days"
    return None


def _known(value: Value, is_known: bool) -> str:
    """Whether something is there at all."""
    said = said_known(value.name, is_known) if isinstance(value, Metric) else None
    return said or f"has {'a' if is_known else 'no'} value for {_value(value)}"


def _compared(comparison: Comparison, left: Value, right: Value) -> str:
    match left, right:
        case Metric(name), Constant(value) if value is not None:
            return said_of(Bound(name, comparison, value))
        case Metric("prior_personal_365"), tree.Arithmetic("/", Metric("prior_total_365"), Constant(2.0)) if (
            comparison == ">="
        ):
            return "at least half of those were personal"
        case Metric(name), _:
            return said_beside(comparison, name, _worked_out(right))
    return f"has {_value(left)}: {BOUNDS[comparison].format(_value(right))}"


def _worked_out(value: Value) -> str:
    """A value of another figure as it is written in a rule: "2 × digital contacts in 90 days + 1"."""
    match value:
        case tree.Arithmetic("+", inner, Constant(int() | float() as more)):
            return f"{_worked_out(inner)} {'-' if more < 0 else '+'} {abs(more):.12g}"
        case tree.Arithmetic("*", Metric(name), Constant(int() | float() as times)):
            return f"{times:.12g} × {metric_label(name)}"
        case tree.Arithmetic("/", Metric(name), Constant(int() | float() as over)):
            return f"{metric_label(name)} ÷ {over:.12g}"
    return _value(value)


def _value(value: Value) -> str:
    """Any value in words, exactly."""
    match value:
        case Metric(name):
            return metric_label(name)
        case Constant(constant):
            return (
                "nothing"
                if constant is None
                else f"{constant:g}"
                if not isinstance(constant, str)
                else constant
            )
        case tree.Arithmetic(("+" | "-" | "*" | "/") as sign, left, right):
            return f"({_value(left)} {sign} {_value(right)})"
        case tree.Arithmetic(operation, left, right):
            return f"{operation}({_value(left)}, {_value(right)})"
        case tree.Call(function, argument):
            return f"{function}({_value(argument)})"
        case tree.Case(branches, otherwise):
            said = [f"{_value(chosen)} for one that {phrase(condition)}" for condition, chosen in branches]
            return f"({', '.join([*said, f'else {_value(otherwise)}'])})"
    raise TypeError(f"not a value: {value!r}")


def flagged_sentence(now: int, before: int | None, noun: str) -> str:
    """ "It flags 8 people today, three fewer than before." ``before`` None: there was no such rule."""
    found = count(now, noun) if now else "nobody" if noun == "person" else f"no {noun}"
    if before is None:
        return f"It flags {found} today."
    if before == now:
        return f"It flags {found} today, as before."
    return f"It flags {found} today, {in_words(abs(now - before))} {'fewer' if now < before else 'more'} than before."
