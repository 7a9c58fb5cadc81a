"""A rule's condition as a sentence, made from the same tree that is evaluated.

Every part becomes a whole clause about one contact ("has had at least 3 digital contacts in 180 days"), and clauses are
joined by the patterns of lists alone, so that each can be translated by itself. A shape that no phrase fits is still said
exactly, by the metric's label.
"""

from collections.abc import Collection, Mapping, Sequence

from crm.domain import expressions as tree
from crm.domain.bound_words import BOUNDS, SPANS, Bound, said_beside, said_known, said_of
from crm.domain.expressions import OPPOSITE, Comparison, Condition, Constant, Metric, Value
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.metric_words import metric_label
from crm.domain.rules import EVERYONE, Rule
from crm.domain.spans import count, either, in_words, join
from crm.domain.targets import NAMED_KINDS
from crm.domain.vocabulary import word

_ACTS: Mapping[str, str] = {
    "lunch": N_("lunch"),
    "call": N_("a call"),
    "meeting": N_("a meeting"),
    "visit": N_("a visit"),
    "note": N_("a note"),
    "gift": N_("a gift"),
}
_CONTACTS: Mapping[tuple[bool, bool], str] = {
    (False, False): N_("any contact"),
    (True, False): N_("a {tiers} contact"),
    (False, True): N_("any contact of kind {kinds}"),
    (True, True): N_("a {tiers} contact of kind {kinds}"),
}
_ORGANISATIONS: Mapping[tuple[bool, bool], str] = {
    (False, False): N_("any organisation"),
    (True, False): N_("a {tiers} organisation"),
    (False, True): N_("any organisation of kind {kinds}"),
    (True, True): N_("a {tiers} organisation of kind {kinds}"),
}
"""Whom a rule is about, by whether only some tiers are meant, and whether only some kinds."""


def rule_sentence(rule: Rule) -> str:
    """The condition and what the rule suggests, ending in "suggest lunch, then a call, then a note." """
    acts = _(", then ").join(act_said(act) for act in rule.suggests)
    said = _("When {whom} {clauses}, suggest {acts}.")
    told = said.format(whom=_whom(rule), clauses=phrase(rule.when), acts=acts)
    if not rule.weekly_limit:
        return told
    people = count(rule.weekly_limit, "person", "people")
    return f"{told} {_('At most {people} a week.').format(people=people)}"


def act_said(act: str) -> str:
    """ "lunch", "a call"."""
    return _(_ACTS[act]) if act in _ACTS else act


def condition_sentence(rule: Rule) -> str:
    """ "When a key contact has had at least 3 digital contacts in 180 days and has had no personal contact in 180 days." """
    return _("When {whom} {clauses}.").format(whom=_whom(rule), clauses=phrase(rule.when))


def phrase(condition: Condition) -> str:
    """A condition as a verb phrase about one contact, without a full stop."""
    match condition:
        case tree.All(parts) | tree.Any(parts):
            return _all_of(parts) if isinstance(condition, tree.All) else _any_of(parts)
        case tree.Not(tree.Missing(value)):
            return _known(value, True)
        case tree.Not(tree.Compare(comparison, left, right)):
            return phrase(tree.Compare(OPPOSITE[comparison], left, right))
        case tree.Not(tree.Tagged(tag)):
            return _("is not tagged “{tag}”").format(tag=tag)
        case tree.Tagged(tag):
            return _("is tagged “{tag}”").format(tag=tag)
        case tree.Not(part):
            return _("is nobody who {clause}").format(clause=phrase(part))
        case tree.Missing(value):
            return _known(value, False)
        case tree.Compare(comparison, left, right):
            return _compared(comparison, left, right)
    raise TypeError(f"not a condition: {condition!r}")


def _whom(rule: Rule) -> str:
    """ "a key or regular contact", "any customer", "a key organisation of kind partner"."""
    has_tiers = set(rule.tiers) != set(EVERYONE)
    tiers, kinds = _tiers(rule.tiers), either([word(kind) for kind in rule.kinds])
    if rule.about != "organisations" and rule.kinds and set(rule.kinds) <= set(NAMED_KINDS):
        said = _("a {tiers} {kinds}") if has_tiers else _("any {kinds}")
    else:
        whom = _ORGANISATIONS if rule.about == "organisations" else _CONTACTS
        said = _(whom[has_tiers, bool(rule.kinds)])
    return said.format(tiers=tiers, kinds=kinds)


def tiers_said(tiers: Collection[str]) -> str:
    """ "a key or regular", "any": before whom a rule is about."""
    return _("any") if set(tiers) == set(EVERYONE) else _("a {tiers}").format(tiers=_tiers(tiers))


def _tiers(tiers: Collection[str]) -> str:
    return either([word(tier) for tier in EVERYONE if tier in tiers])


def _all_of(parts: Sequence[Condition]) -> str:
    """Two bounds of one span of days are said together."""
    said: list[str] = []
    remaining = list(parts)
    while remaining:
        part = remaining.pop(0)
        between = _between(part, remaining[0]) if remaining else None
        if between:
            remaining.pop(0)
        said.append(between or _member(part))
    return join(said) if said else _("is here at all")


def _any_of(parts: Sequence[Condition]) -> str:
    return either([_member(part) for part in parts]) if parts else _("is nobody at all")


def _member(part: Condition) -> str:
    nested = isinstance(part, tree.All | tree.Any) and len(part.parts) > 1
    return f"({phrase(part)})" if nested else phrase(part)


def _between(low: Condition, high: Condition) -> str | None:
    """ "has waited for our answer for 5 to 60 days": two bounds of one span of days, said together."""
    match low, high:
        case (
            tree.Compare(">=", Metric(name), Constant(int(least))),
            tree.Compare("<=", Metric(other), Constant(int(most))),
        ) if name == other and name in SPANS:
            days = _("{least} to {most} days").format(least=least, most=most)
            return _(SPANS[name]).format(bound=days)
    return None


def _known(value: Value, is_known: bool) -> str:
    """Whether something is there at all."""
    said = said_known(value.name, is_known) if isinstance(value, Metric) else None
    if said:
        return said
    said = _("has a value for {what}") if is_known else _("has no value for {what}")
    return said.format(what=_value(value))


def _compared(comparison: Comparison, left: Value, right: Value) -> str:
    match left, right:
        case Metric(name), Constant(value) if value is not None:
            return said_of(Bound(name, comparison, value))
        case Metric("prior_personal_365"), tree.Arithmetic("/", Metric("prior_total_365"), Constant(2.0)) if (
            comparison == ">="
        ):
            return _("at least half of those were personal")
        case Metric(name), _:
            return said_beside(comparison, name, _worked_out(right))
    bound = _(BOUNDS[comparison]).format(value=_value(right))
    return _("has {label}: {bound}").format(label=_value(left), bound=bound)


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
                _("nothing")
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
            said = [
                _("{value} for one that {clause}").format(value=_value(chosen), clause=phrase(condition))
                for condition, chosen in branches
            ]
            return f"({', '.join([*said, _('else {value}').format(value=_value(otherwise))])})"
    raise TypeError(f"not a value: {value!r}")


def flagged_sentence(now: int, before: int | None, about: str, *, is_on: bool = True) -> str:
    """ "It flags 8 people today, three fewer than before." ``before`` None: there was no such rule. ``about`` is a rule's;
    one that is not on would flag them.
    """
    if about == "organisations":
        found = count(now, "account", "accounts") if now else _("no account")
    else:
        found = count(now, "person", "people") if now else _("nobody")
    if not is_on:
        said = _("It would flag {found} today.")
    elif before is None:
        said = _("It flags {found} today.")
    elif before == now:
        said = _("It flags {found} today, as before.")
    elif now < before:
        said = _("It flags {found} today, {number} fewer than before.")
    else:
        said = _("It flags {found} today, {number} more than before.")
    return said.format(found=found, number=in_words(abs(now - (before or 0))))
