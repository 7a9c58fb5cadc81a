"""One metric as a verb phrase about one contact: held against a number, a word or another figure, or known at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.domain.expressions import Comparison
from crm.domain.metric_words import metric_label
from crm.domain.metrics import WINDOW_OF
from crm.domain.score import ZONE_WORDS
from crm.domain.spans import count

_WINDOWED: Mapping[str, str] = {
    "total": "contact",
    "digital": "digital contact",
    "personal": "personal contact",
    "in_person": "meeting in person",
    "live": "live contact",
    "inbound": "contact begun by them",
    "outbound": "contact begun by us",
}
_THINGS: Mapping[str, tuple[str, str]] = {
    "prior_total_365": ("contact", " in the year before the last 90 days"),
    "prior_personal_365": ("personal contact", " in the year before the last 90 days"),
    "digital_streak": ("digital contact", " since the last personal one"),
    "gaps": ("gap", " between contact days"),
}
"""Counts beside the windows: what is counted, and of when."""
_OPEN: Mapping[str, str] = {"open_asks": "open ask", "open_promises": "open promise"}
CLOCKS: Mapping[str, str] = {
    "any": "contact of any sort",
    "personal": "personal contact",
    "in_person": "contact in person",
    "live": "live contact",
}
SPANS: Mapping[str, str] = {
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
_NEXT: Mapping[str, str] = {
    "days_to_date": "has the next date {} ahead",
    "days_to_renewal": "has a renewal {} ahead",
    "days_to_ask": "has an ask that falls due in {}",
    "days_to_our_promise": "is owed something we promised that falls due in {}",
    "days_since_favour": "did us the last favour or sent a gift {} ago",
}
_LATE: Mapping[str, str] = {
    "days_to_ask": "has an ask that is late",
    "days_to_our_promise": "is owed something we promised that is late",
}
_KNOWN: Mapping[str, tuple[str, str]] = {
    **{name: (f"has a {name}", f"has no {name}") for name in ("tier", "kind", "zone", "score")},
    "owner": ("has an owner", "has no owner"),
    "organisation": ("belongs to an organisation", "belongs to no organisation"),
    "city": ("has a city on record", "has no city on record"),
    "rhythm_days": ("has a known usual gap", "has no known usual gap yet"),
    "days_to_date": ("has a birthday or another date on record", "has no birthday or other date on record"),
    "days_to_renewal": ("has a renewal on record", "has no renewal on record"),
    "days_to_ask": ("has an ask with a due date", "has no ask with a due date"),
    "oldest_ask_days": ("has an open ask", "has no open ask"),
    "days_to_our_promise": (
        "is owed something we promised for a day",
        "is owed nothing that we promised for a day",
    ),
    "days_since_favour": ("has done us a favour or sent a gift", "has done us no favour and sent no gift"),
    "unanswered_days": ("has not answered our last message", "does not owe us an answer"),
    "waiting_days": ("waits for our answer", "does not wait for our answer"),
}
"""What it says that something is known, and that it is not."""
_ZONES: Mapping[str, tuple[str, str]] = {
    "gone_quiet": ("has gone quiet", "has not gone quiet"),
    "no_record": ("has no record yet", "has a record"),
}
NOUNS_OF_WORDS: Mapping[str, str] = {
    "tier": "of tier {}",
    "kind": "of kind {}",
    "owner": "owned by {}",
    "organisation": "at {}",
    "city": "in {}",
}
"""What somebody is, of whom an attribute is a word."""
BOUNDS: Mapping[Comparison, str] = {
    ">=": "at least {}",
    ">": "more than {}",
    "<=": "at most {}",
    "<": "less than {}",
    "=": "exactly {}",
    "!=": "other than {}",
}
_AGO: Mapping[Comparison, str] = {
    ">=": "at least as long ago as {}",
    ">": "longer ago than {}",
    "<=": "at most as long ago as {}",
    "<": "less long ago than {}",
    "=": "exactly as long ago as {}",
    "!=": "not exactly as long ago as {}",
}
_BESIDE: Mapping[Comparison, str] = {
    ">=": "at least as many {} as {}",
    ">": "more {} than {}",
    "<=": "at most as many {} as {}",
    "<": "fewer {} than {}",
    "=": "exactly as many {} as {}",
    "!=": "not exactly as many {} as {}",
}


@dataclass(frozen=True)
class Bound:
    """A metric held against a fixed number or word."""

    name: str
    comparison: Comparison
    value: int | float | str


def said_of(bound: Bound) -> str:
    """The verb phrase of a bound; where none fits, the metric's label and the number."""
    said = next(filter(None, (writer(bound) for writer in _WRITERS)), None)
    return said or f"has {metric_label(bound.name)}: {_bounded(bound, _exactly(bound))}"


def said_beside(comparison: Comparison, name: str, other: str) -> str:
    """A figure held against something worked out: "has had fewer personal contacts in 90 days than …"."""
    sort, days = WINDOW_OF.get(name, ("", 0))
    clock = CLOCKS.get(name.removeprefix("days_since_"))
    if clock and name.startswith("days_since_"):
        return f"last had {clock} {_AGO[comparison].format(other)}"
    if sort not in _WINDOWED:
        return f"has {metric_label(name)}: {BOUNDS[comparison].format(other)}"
    things = f"{windowed_things(is_one=False)[sort]} in {days} days"
    return f"has had {_BESIDE[comparison].format(things, other)}"


def said_known(name: str, is_known: bool) -> str | None:
    """Whether a metric is there at all; None where no phrase fits."""
    sort, _, clock = name.partition("days_since_")
    if not sort and clock in CLOCKS:
        ever = "has {} on record" if is_known else "has no {} on record"
        return ever.format(CLOCKS[clock])
    if name.startswith("overdue_"):
        return f"has {'a' if is_known else 'no'} target for {CLOCKS[name.removeprefix('overdue_')]}"
    if name.startswith("digital_share_"):
        return f"has had {'a' if is_known else 'no'} contact in {name.removeprefix('digital_share_')} days"
    return _KNOWN[name][not is_known] if name in _KNOWN else None


def bound_words(comparison: Comparison, name: str, value: int | float) -> str:
    """ "at least 6 digital contacts in 180 days"; "has been known for at least 120 days", where nothing is counted."""
    return said_of(Bound(name, comparison, value)).removeprefix("has had ")


def is_counted(name: str) -> bool:
    """Whether a metric counts things, of which there can be none, and fewer and not less."""
    return WINDOW_OF.get(name, ("",))[0] in _WINDOWED or name in (
        *_THINGS,
        *_OPEN,
        "contacts_count",
        "met_count",
    )


def windowed_things(is_one: bool) -> dict[str, str]:
    """What the metrics of a window count, by the beginning of their names: "meetings in person"."""
    number = 1 if is_one else 2
    return {sort: _things(number, noun).removeprefix(f"{number} ") for sort, noun in _WINDOWED.items()}


def _bounded(bound: Bound, words: str) -> str:
    return BOUNDS[bound.comparison].format(words)


def _numbered(bound: Bound, words: str) -> str:
    """A bound of things that are counted, of which there are fewer and not less."""
    return _bounded(bound, words).replace("less than", "fewer than", 1)


def _exactly(bound: Bound) -> str:
    """The value as it was written: a bound is not rounded."""
    if isinstance(bound.value, str):
        return bound.value.replace("_", " ")
    return f"{bound.value:.12g}"


def _percent(value: int | float | str) -> str:
    return f"{100 * float(value):.12g}%"


def _windowed(bound: Bound) -> str | None:
    sort, days = WINDOW_OF.get(bound.name, ("", 0))
    if sort not in _WINDOWED or not isinstance(bound.value, int):
        return None
    return f"{_counted(bound, bound.value, _WINDOWED[sort])} in {days} days"


def _number_of_things(bound: Bound) -> str | None:
    if not isinstance(bound.value, int):
        return None
    if bound.name in _THINGS:
        noun, when = _THINGS[bound.name]
        return f"{_counted(bound, bound.value, noun)}{when}"
    return _counted(bound, bound.value, _OPEN[bound.name], "has") if bound.name in _OPEN else None


def _counted(bound: Bound, number: int, noun: str, verb: str = "has had") -> str:
    if (bound.comparison, number) in ((">=", 1), (">", 0), ("!=", 0)):
        return f"{verb} {'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    if (bound.comparison, number) in (("=", 0), ("<=", 0), ("<", 1)):
        return f"{verb} no {noun}"
    return f"{verb} {_numbered(bound, _things(number, noun))}"


def _things(number: int, noun: str) -> str:
    """ "3 meetings in person", "1 contact begun by us"."""
    head, by, tail = noun.partition(" begun by ")
    head, person, where = head.partition(" in person")
    return f"{count(number, head)}{person}{where}{by}{tail}"


def _share(bound: Bound) -> str | None:
    if not bound.name.startswith("digital_share_"):
        return None
    days = bound.name.removeprefix("digital_share_")
    return f"has had {_bounded(bound, _percent(bound.value))} of all contact through a screen in {days} days"


def _chance(bound: Bound) -> str | None:
    if bound.name != "quiet_p":
        return None
    return f"stays silent for another month with a chance of {_bounded(bound, _percent(bound.value))}"


def _usual(bound: Bound) -> str | None:
    return (
        f"has a usual gap of {_bounded(bound, _exactly(bound))} days" if bound.name == "rhythm_days" else None
    )


def _score(bound: Bound) -> str | None:
    return f"has a score of {_bounded(bound, _exactly(bound))}" if bound.name == "score" else None


def _span(bound: Bound) -> str | None:
    if bound.name not in SPANS or not isinstance(bound.value, int):
        return None
    return f"{SPANS[bound.name]} {_bounded(bound, count(bound.value, 'day'))}"


def _ahead(bound: Bound) -> str | None:
    if bound.name not in _AHEAD or not isinstance(bound.value, int):
        return None
    if bound.name in _LATE and (bound.comparison, bound.value) in (("<", 0), ("<=", -1)):
        return _LATE[bound.name]
    if bound.comparison == "<=" and bound.value > 1:
        return _AHEAD[bound.name].format(bound.value)
    return _NEXT[bound.name].format(_bounded(bound, count(bound.value, "day")))


def _overdue(bound: Bound) -> str | None:
    clock = CLOCKS.get(bound.name.removeprefix("overdue_")) if bound.name.startswith("overdue_") else None
    if clock is None:
        return None
    if (bound.comparison, bound.value) == (">", 1):
        return f"is past the target for {clock}"
    return f"has gone {_bounded(bound, f'{_exactly(bound)} times')} the target without {clock}"


def _clock(bound: Bound) -> str | None:
    clock = (
        CLOCKS.get(bound.name.removeprefix("days_since_")) if bound.name.startswith("days_since_") else None
    )
    if clock is None or not isinstance(bound.value, int):
        return None
    return f"last had {clock} {_bounded(bound, count(bound.value, 'day'))} ago"


def _zone(bound: Bound) -> str | None:
    if bound.name != "zone" or bound.comparison not in ("=", "!=") or bound.value not in ZONE_WORDS:
        return None
    word = ZONE_WORDS[str(bound.value)]
    return _ZONES.get(str(bound.value), (f"is {word}", f"is not {word}"))[bound.comparison == "!="]


def _word(bound: Bound) -> str | None:
    if bound.name not in NOUNS_OF_WORDS or bound.comparison not in ("=", "!="):
        return None
    return f"{'is' if bound.comparison == '=' else 'is not'} {NOUNS_OF_WORDS[bound.name].format(bound.value)}"


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
    *(_windowed, _number_of_things, _share, _chance, _usual, _score, _span, _ahead),
    *(_overdue, _clock, _zone, _word, _people),
)
