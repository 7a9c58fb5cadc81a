"""A rule's condition as a sentence, made from the same tree that is evaluated.

Every part becomes a verb phrase about one contact ("has had at least 3 digital contacts in 180 days"). A shape that
no phrase fits is still said exactly, by the metric's label.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.domain import expressions as tree
from crm.domain.expressions import Comparison, Condition, Constant, Metric, Value
from crm.domain.metric_words import metric_label, metric_value
from crm.domain.rules import EVERYONE, Rule
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import count, in_words

_WINDOWED: Mapping[str, str] = {
    "total": "contact",
    "digital": "digital contact",
    "personal": "personal contact",
    "in_person": "meeting in person",
    "live": "live contact",
    "inbound": "contact begun by them",
    "outbound": "contact begun by us",
}
_PRIOR: Mapping[str, str] = {"prior_total_365": "contact", "prior_personal_365": "personal contact"}
_CLOCKS: Mapping[str, str] = {
    "any": "contact of any sort",
    "personal": "personal contact",
    "in_person": "contact in person",
    "live": "live contact",
}
_SPANS: Mapping[str, str] = {
    "known_days": "has been known for",
    "unanswered_days": "has not answered our last message for",
    "waiting_days": "has waited for our answer for",
    "oldest_ask_days": "has had an open ask for",
}
_AHEAD: Mapping[str, str] = {
    "days_to_date": "has a birthday or another date within {} days",
    "days_to_renewal": "has a renewal within {} days",
    "days_to_ask": "has an ask that falls due within {} days (or is late)",
    "days_to_our_promise": "is owed something we promised that falls due within {} days (or is late)",
    "days_since_favour": "did us a favour or sent a gift in the last {} days",
}
_ZONES: Mapping[str, str] = {"gone_quiet": "has gone quiet", "no_record": "has no record yet"}
_WORDS: Mapping[str, str] = {
    "tier": "of tier {}",
    "kind": "of kind {}",
    "owner": "owned by {}",
    "organisation": "at {}",
    "city": "in {}",
}
_BOUNDS: Mapping[Comparison, str] = {
    ">=": "at least {}",
    ">": "more than {}",
    "<=": "at most {}",
    "<": "less than {}",
    "=": "exactly {}",
    "!=": "other than {}",
}
_OPPOSITE: Mapping[Comparison, Comparison] = {
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "<": ">=",
    "=": "!=",
    "!=": "=",
}
_ACTS: Mapping[str, str] = {act: f"a {act}" for act in ("call", "meeting", "visit", "note", "gift")}


@dataclass(frozen=True)
class Bound:
    """A metric held against a fixed number or word."""

    name: str
    comparison: Comparison
    value: int | float | str


def rule_sentence(rule: Rule) -> str:
    """The condition and what the rule suggests, ending in "suggest lunch, then a call, then a note." """
    acts = ", then ".join(_ACTS.get(act, act) for act in rule.suggests)
    limit = f" At most {rule.weekly_limit} people a week." if rule.weekly_limit else ""
    return f"{condition_sentence(rule).removesuffix('.')}, suggest {acts}.{limit}"


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
    if rule.kinds and noun == "contact" and set(rule.kinds) <= {"partner", "vendor", "customer"}:
        noun = _strung(rule.kinds, "or")
    elif rule.kinds:
        noun += f" of kind {_strung(rule.kinds, 'or')}"
    if set(rule.tiers) == set(EVERYONE):
        return f"any {noun}"
    return f"a {_strung([tier for tier in EVERYONE if tier in rule.tiers], 'or')} {noun}"


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
        ) if name == other and name in _SPANS:
            return f"{_SPANS[name]} {least} to {most} days"
    return None


def _known(value: Value, is_known: bool) -> str:
    """Whether something is there at all."""
    name = value.name if isinstance(value, Metric) else ""
    sort, _, clock = name.partition("days_since_")
    if not sort and clock in _CLOCKS:
        ever = "has had {} at least once" if is_known else "has never had {}"
        return ever.format(_CLOCKS[clock])
    if name.startswith("overdue_"):
        return f"has {'a' if is_known else 'no'} target for {_CLOCKS[name.removeprefix('overdue_')]}"
    return f"has {'a' if is_known else 'no'} value for {_value(value)}"


def _compared(comparison: Comparison, left: Value, right: Value) -> str:
    match left, right:
        case Metric(name), Constant(value) if value is not None:
            bound = Bound(name, comparison, value)
            said = next(filter(None, (writer(bound) for writer in _WRITERS)), None)
            return said or f"has {metric_label(name)}: {_bounded(bound, metric_value(name, value))}"
        case Metric("prior_personal_365"), tree.Arithmetic("/", Metric("prior_total_365"), Constant(2.0)) if (
            comparison == ">="
        ):
            return "at least half of those were personal"
    return f"has {_value(left)}: {_BOUNDS[comparison].format(_value(right))}"


def _bounded(bound: Bound, words: str) -> str:
    return _BOUNDS[bound.comparison].format(words)


def _numbered(bound: Bound, words: str) -> str:
    """A bound of things that are counted, of which there are fewer and not less."""
    return _bounded(bound, words).replace("less than", "fewer than", 1)


def bound_words(comparison: Comparison, name: str, value: int) -> str:
    """ "at least 6 digital contacts in 180 days"; "days known: at least 120", where the metric is no count of things."""
    bound, (sort, _, days) = Bound(name, comparison, value), name.rpartition("_")
    if sort in _WINDOWED and days.isdigit():
        return _numbered(bound, f"{_things(value, _WINDOWED[sort])} in {days} days")
    if name in _PRIOR:
        return _numbered(bound, f"{_things(value, _PRIOR[name])} in the year before the last 90 days")
    if name == "contacts_count":
        return _numbered(bound, count(value, "contact"))
    if name == "met_count":
        return _numbered(bound, f"{value} of them met")
    return f"{metric_label(name)}: {_bounded(bound, metric_value(name, value))}"


def _windowed(bound: Bound) -> str | None:
    sort, _, days = bound.name.rpartition("_")
    if sort not in _WINDOWED or not days.isdigit() or not isinstance(bound.value, int):
        return None
    return f"{_counted(bound, bound.value, _WINDOWED[sort])} in {days} days"


def _prior(bound: Bound) -> str | None:
    if bound.name not in _PRIOR or not isinstance(bound.value, int):
        return None
    return f"{_counted(bound, bound.value, _PRIOR[bound.name])} in the year before the last 90 days"


def _counted(bound: Bound, number: int, noun: str) -> str:
    if (bound.comparison, number) in ((">=", 1), (">", 0), ("!=", 0)):
        return f"has had a {noun}"
    if (bound.comparison, number) in (("=", 0), ("<=", 0), ("<", 1)):
        return f"has had no {noun}"
    return f"has had {_numbered(bound, _things(number, noun))}"


def _things(number: int, noun: str) -> str:
    """ "3 meetings in person", "1 contact begun by us"."""
    head, by, tail = noun.partition(" begun by ")
    head, person, where = head.partition(" in person")
    return f"{count(number, head)}{person}{where}{by}{tail}"


def _share(bound: Bound) -> str | None:
    if not bound.name.startswith("digital_share_"):
        return None
    days = bound.name.removeprefix("digital_share_")
    return f"has had {_bounded(bound, metric_value(bound.name, bound.value))} of all contact through a screen in {days} days"


def _span(bound: Bound) -> str | None:
    if bound.name not in _SPANS or not isinstance(bound.value, int):
        return None
    return f"{_SPANS[bound.name]} {_bounded(bound, count(bound.value, 'day'))}"


def _ahead(bound: Bound) -> str | None:
    is_near = bound.name in _AHEAD and bound.comparison == "<="
    return _AHEAD[bound.name].format(bound.value) if is_near else None


def _overdue(bound: Bound) -> str | None:
    clock = _CLOCKS.get(bound.name.removeprefix("overdue_")) if bound.name.startswith("overdue_") else None
    if clock is None:
        return None
    if (bound.comparison, bound.value) == (">", 1):
        return f"is past the target for {clock}"
    return f"is at {_bounded(bound, metric_value(bound.name, bound.value))} the target for {clock}"


def _clock(bound: Bound) -> str | None:
    clock = (
        _CLOCKS.get(bound.name.removeprefix("days_since_")) if bound.name.startswith("days_since_") else None
    )
    if clock is None or not isinstance(bound.value, int):
        return None
    return f"last had {clock} {_bounded(bound, count(bound.value, 'day'))} ago"


def _zone(bound: Bound) -> str | None:
    if bound.name != "zone" or bound.comparison != "=" or bound.value not in ZONE_WORDS:
        return None
    zone = str(bound.value)
    return _ZONES.get(zone, f"is {ZONE_WORDS[zone]}")


def _word(bound: Bound) -> str | None:
    if bound.name not in _WORDS or bound.comparison not in ("=", "!="):
        return None
    return f"{'is' if bound.comparison == '=' else 'is not'} {_WORDS[bound.name].format(bound.value)}"


def _people(bound: Bound) -> str | None:
    if not isinstance(bound.value, int):
        return None
    if bound.name == "contacts_count":
        return f"has {_numbered(bound, count(bound.value, 'contact'))}"
    if bound.name == "met_count":
        was = "was" if bound.value == 1 else "were"
        return f"{_numbered(bound, str(bound.value))} of them {was} met in person in 365 days"
    return None


_WRITERS: Sequence[Callable[[Bound], str | None]] = (
    *(_windowed, _prior, _share, _span, _ahead, _overdue, _clock, _zone, _word, _people),
)


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
