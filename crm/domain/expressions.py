"""A small typed tree of values and conditions over a contact's metrics.

The tree is the one definition of a rule, a score or a zone: it is evaluated here for one contact, and compiled to SQL
for all of them (``crm.storage.compiler``). Missing values follow SQL: arithmetic with a missing value is missing, a
comparison with one is unknown, and an unknown condition matches nothing, also under *not*.
"""

import math
import operator
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = int | float | str | None
Facts: TypeAlias = Mapping[str, Scalar]
Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "=", "!="]
Operation: TypeAlias = Literal["+", "-", "*", "/", "pow", "least", "greatest"]
Function: TypeAlias = Literal["exp", "ln", "floor"]


class Value:
    """A number or word worked out from a contact's facts; compare with ``ge``, ``eq`` … to get a condition."""

    def __add__(self, other: "Value | float") -> "Value":
        return Arithmetic("+", self, lift(other))

    def __sub__(self, other: "Value | float") -> "Value":
        return Arithmetic("-", self, lift(other))

    def __mul__(self, other: "Value | float") -> "Value":
        return Arithmetic("*", self, lift(other))

    def __truediv__(self, other: "Value | float") -> "Value":
        return Arithmetic("/", self, lift(other))

    def __pow__(self, other: "Value | float") -> "Value":
        return Arithmetic("pow", self, lift(other))

    def lt(self, other: "Value | float | str") -> "Condition":
        return Compare("<", self, lift(other))

    def le(self, other: "Value | float | str") -> "Condition":
        return Compare("<=", self, lift(other))

    def gt(self, other: "Value | float | str") -> "Condition":
        return Compare(">", self, lift(other))

    def ge(self, other: "Value | float | str") -> "Condition":
        return Compare(">=", self, lift(other))

    def eq(self, other: "Value | float | str") -> "Condition":
        return Compare("=", self, lift(other))

    def missing(self) -> "Condition":
        return Missing(self)

    def one_of(self, *choices: str) -> "Condition":
        return Any(tuple(Compare("=", self, Constant(choice)) for choice in choices))

    def between(self, low: "Value | float", high: "Value | float") -> "Condition":
        return self.ge(low) & self.le(high)


class Condition:
    """Something that holds, does not hold, or is unknown for a contact."""

    def __and__(self, other: "Condition") -> "Condition":
        return All((*_parts(self, All), *_parts(other, All)))

    def __or__(self, other: "Condition") -> "Condition":
        return Any((*_parts(self, Any), *_parts(other, Any)))

    def __invert__(self) -> "Condition":
        return Not(self)


@dataclass(frozen=True)
class Constant(Value):
    """A fixed number, word, or missing value."""

    value: Scalar


@dataclass(frozen=True)
class Metric(Value):
    """A named metric or attribute of the contact."""

    name: str


@dataclass(frozen=True)
class Arithmetic(Value):
    """Two values joined; ``/`` is true division, and division by zero is missing."""

    operation: Operation
    left: Value
    right: Value


@dataclass(frozen=True)
class Call(Value):
    """``exp``, ``ln`` or ``floor`` of a value."""

    function: Function
    argument: Value


@dataclass(frozen=True)
class Case(Value):
    """The value of the first condition that holds, else ``otherwise``."""

    branches: tuple[tuple[Condition, Value], ...]
    otherwise: Value


@dataclass(frozen=True)
class Compare(Condition):
    """Two values compared; unknown if either is missing."""

    comparison: Comparison
    left: Value
    right: Value


@dataclass(frozen=True)
class Missing(Condition):
    """Whether a value is missing; never unknown."""

    value: Value


@dataclass(frozen=True)
class Tagged(Condition):
    """Whether the contact has a tag; never unknown. In facts and relations it stands under ``name``."""

    tag: str

    @property
    def name(self) -> str:
        """The fact or column that says so."""
        return f"tag:{self.tag}"


@dataclass(frozen=True)
class All(Condition):
    """Every part holds; with no parts, always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any(Condition):
    """Some part holds; with no parts, never."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not(Condition):
    """The part does not hold; unknown stays unknown."""

    part: Condition


def lift(value: "Value | float | str | None") -> Value:
    """A plain number or word as a constant."""
    return value if isinstance(value, Value) else Constant(value)


def first_that(
    *branches: tuple[Condition, "Value | float | str | None"], otherwise: "Value | float | str | None" = None
) -> Case:
    """A :class:`Case` written plainly."""
    return Case(tuple((condition, lift(value)) for condition, value in branches), lift(otherwise))


def least(left: Value | float, right: Value | float) -> Value:
    """The smaller of two; missing if either is."""
    return Arithmetic("least", lift(left), lift(right))


def greatest(left: Value | float, right: Value | float) -> Value:
    """The larger of two; missing if either is."""
    return Arithmetic("greatest", lift(left), lift(right))


def known(value: Value, instead: Value | float) -> Value:
    """The value, or another where it is missing."""
    return first_that((value.missing(), instead), otherwise=value)


def _parts(condition: Condition, sort: type[All] | type[Any]) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, sort) else (condition,)


COMPARE: dict[str, Callable[[typing.Any, typing.Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
"""What each comparison of a rule means."""
OPPOSITE: Mapping[Comparison, Comparison] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "=": "!=",
    "!=": "=",
}
"""What holds of two known values where the comparison does not."""


def evaluate(value: Value, facts: Facts) -> Scalar:
    """The value for one contact."""
    match value:
        case Constant(constant):
            return constant
        case Metric(name):
            return facts[name]
        case Arithmetic(operation, left, right):
            return _join(operation, evaluate(left, facts), evaluate(right, facts))
        case Call(function, argument):
            found = evaluate(argument, facts)
            return None if found is None else _call(function, _number(found))
        case Case(branches, otherwise):
            chosen = next((branch for condition, branch in branches if holds(condition, facts)), otherwise)
            return evaluate(chosen, facts)
    raise TypeError(f"not a value: {value!r}")


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition certainly holds for one contact."""
    return truth(condition, facts) is True


def truth(condition: Condition, facts: Facts) -> bool | None:
    """True, false or unknown (``None``), by SQL's three-valued logic."""
    match condition:
        case Compare(comparison, left, right):
            first, second = evaluate(left, facts), evaluate(right, facts)
            return None if first is None or second is None else COMPARE[comparison](first, second)
        case Missing(value):
            return evaluate(value, facts) is None
        case Tagged():
            return bool(facts.get(condition.name))
        case All(parts):
            return _first_or(False, parts, facts)
        case Any(parts):
            return _first_or(True, parts, facts)
        case Not(part):
            inner = truth(part, facts)
            return None if inner is None else not inner
    raise TypeError(f"not a condition: {condition!r}")


def _first_or(deciding: bool, parts: Iterable[Condition], facts: Facts) -> bool | None:
    """``deciding`` if a part is so; else unknown if one is unknown; else the opposite."""
    known: bool | None = not deciding
    for part in parts:
        found = truth(part, facts)
        if found is deciding:
            return deciding
        if found is None:
            known = None
    return known


def _number(value: Scalar) -> float:
    if isinstance(value, (int, float)):
        return value
    raise TypeError(f"{value!r} is not a number")


def _join(operation: Operation, left: Scalar, right: Scalar) -> Scalar:
    if left is None or right is None:
        return None
    first, second = _number(left), _number(right)
    match operation:
        case "+":
            return first + second
        case "-":
            return first - second
        case "*":
            return first * second
        case "/":
            return first / second if second else None
        case "pow":
            return math.pow(first, second)
        case "least":
            return min(first, second)
        case "greatest":
            return max(first, second)


def _call(function: Function, argument: float) -> Scalar:
    match function:
        case "exp":
            return math.exp(argument)
        case "ln":
            return math.log(argument)
        case "floor":
            return math.floor(argument)


def names_in(node: Value | Condition) -> Iterator[str]:
    """Every metric the tree mentions, in order of first mention."""
    seen: set[str] = set()
    for name in _names(node):
        if name not in seen:
            seen.add(name)
            yield name


def _names(node: Value | Condition) -> Iterator[str]:
    match node:
        case Metric(name):
            yield name
        case Arithmetic(_, left, right) | Compare(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Call(_, argument) | Missing(argument):
            yield from _names(argument)
        case Case(branches, otherwise):
            for condition, value in branches:
                yield from _names(condition)
                yield from _names(value)
            yield from _names(otherwise)
        case All(parts) | Any(parts):
            for part in parts:
                yield from _names(part)
        case Not(part):
            yield from _names(part)


def tags_in(condition: Condition) -> Iterator[str]:
    """Every tag the tree asks for; the same one may come more than once."""
    match condition:
        case Tagged(tag):
            yield tag
        case All(parts) | Any(parts):
            for part in parts:
                yield from tags_in(part)
        case Not(part):
            yield from tags_in(part)
