"""One metric as a verb phrase about one contact: held against a number, a word or another figure, or known at all.

Each phrase is one whole clause with named places, so that a language may put them in its own order. Which clause fits is
found first; ``said_of`` writes it out, and a form (``open_phrases``) leaves its places open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.domain.expressions import Comparison
from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.metric_words import metric_label
from crm.domain.metrics import WINDOW_OF
from crm.domain.spans import count
from crm.domain.vocabulary import word


@dataclass(frozen=True)
class Counted:
    """What a metric counts. ``noun``: one and several of it; ``some``, ``none`` and ``bounded`` are clauses with ``{window}``
    and ``{bound}``; ``without`` says in a list that there is none.
    """

    noun: tuple[str, str]
    bounded: str
    some: str = ""
    none: str = ""
    without: str = ""


WINDOWED_THINGS: Mapping[str, Counted] = {
    "total": Counted(
        plurals("contact", "contacts"),
        N_("has had {bound} in {window}"),
        N_("has had a contact in {window}"),
        N_("has had no contact in {window}"),
        N_("no contact"),
    ),
    "digital": Counted(
        plurals("digital contact", "digital contacts"),
        N_("has had {bound} in {window}"),
        N_("has had a digital contact in {window}"),
        N_("has had no digital contact in {window}"),
        N_("no digital contact"),
    ),
    "personal": Counted(
        plurals("personal contact", "personal contacts"),
        N_("has had {bound} in {window}"),
        N_("has had a personal contact in {window}"),
        N_("has had no personal contact in {window}"),
        N_("no personal contact"),
    ),
    "in_person": Counted(
        plurals("meeting in person", "meetings in person"),
        N_("has had {bound} in {window}"),
        N_("has had a meeting in person in {window}"),
        N_("has had no meeting in person in {window}"),
        N_("no meeting in person"),
    ),
    "live": Counted(
        plurals("live contact", "live contacts"),
        N_("has had {bound} in {window}"),
        N_("has had a live contact in {window}"),
        N_("has had no live contact in {window}"),
        N_("no live contact"),
    ),
    "inbound": Counted(
        plurals("contact begun by them", "contacts begun by them"),
        N_("has had {bound} in {window}"),
        N_("has had a contact begun by them in {window}"),
        N_("has had no contact begun by them in {window}"),
        N_("no contact begun by them"),
    ),
    "outbound": Counted(
        plurals("contact begun by us", "contacts begun by us"),
        N_("has had {bound} in {window}"),
        N_("has had a contact begun by us in {window}"),
        N_("has had no contact begun by us in {window}"),
        N_("no contact begun by us"),
    ),
}
"""By the beginning of the metrics' names."""
_THINGS: Mapping[str, Counted] = {
    "prior_total_365": Counted(
        plurals("contact", "contacts"),
        N_("has had {bound} in the year before the last 90 days"),
        N_("has had a contact in the year before the last 90 days"),
        N_("has had no contact in the year before the last 90 days"),
    ),
    "prior_personal_365": Counted(
        plurals("personal contact", "personal contacts"),
        N_("has had {bound} in the year before the last 90 days"),
        N_("has had a personal contact in the year before the last 90 days"),
        N_("has had no personal contact in the year before the last 90 days"),
    ),
    "digital_streak": Counted(
        plurals("digital contact", "digital contacts"),
        N_("has had {bound} since the last personal one"),
        N_("has had a digital contact since the last personal one"),
        N_("has had no digital contact since the last personal one"),
    ),
    "gaps": Counted(
        plurals("gap", "gaps"),
        N_("has had {bound} between contact days"),
        N_("has had a gap between contact days"),
        N_("has had no gap between contact days"),
    ),
    "open_asks": Counted(
        plurals("open ask", "open asks"), N_("has {bound}"), N_("has an open ask"), N_("has no open ask")
    ),
    "open_promises": Counted(
        plurals("open promise", "open promises"),
        N_("has {bound}"),
        N_("has an open promise"),
        N_("has no open promise"),
    ),
    "contacts_count": Counted(plurals("contact", "contacts"), N_("has {bound}")),
}
"""Counts beside the windows."""
_AS_LABELS: Mapping[str, str] = {
    "has had {bound} in {window}": N_("{bound} in {window}"),
    "has had a contact in {window}": N_("a contact in {window}"),
    "has had no contact in {window}": N_("no contact in {window}"),
    "has had a digital contact in {window}": N_("a digital contact in {window}"),
    "has had no digital contact in {window}": N_("no digital contact in {window}"),
    "has had a personal contact in {window}": N_("a personal contact in {window}"),
    "has had no personal contact in {window}": N_("no personal contact in {window}"),
    "has had a meeting in person in {window}": N_("a meeting in person in {window}"),
    "has had no meeting in person in {window}": N_("no meeting in person in {window}"),
    "has had a live contact in {window}": N_("a live contact in {window}"),
    "has had no live contact in {window}": N_("no live contact in {window}"),
    "has had a contact begun by them in {window}": N_("a contact begun by them in {window}"),
    "has had no contact begun by them in {window}": N_("no contact begun by them in {window}"),
    "has had a contact begun by us in {window}": N_("a contact begun by us in {window}"),
    "has had no contact begun by us in {window}": N_("no contact begun by us in {window}"),
    "has had {bound} in the year before the last 90 days": N_("{bound} in the year before the last 90 days"),
    "has had a contact in the year before the last 90 days": N_(
        "a contact in the year before the last 90 days"
    ),
    "has had no contact in the year before the last 90 days": N_(
        "no contact in the year before the last 90 days"
    ),
    "has had a personal contact in the year before the last 90 days": N_(
        "a personal contact in the year before the last 90 days"
    ),
    "has had no personal contact in the year before the last 90 days": N_(
        "no personal contact in the year before the last 90 days"
    ),
    "has had {bound} since the last personal one": N_("{bound} since the last personal one"),
    "has had a digital contact since the last personal one": N_(
        "a digital contact since the last personal one"
    ),
    "has had no digital contact since the last personal one": N_(
        "no digital contact since the last personal one"
    ),
    "has had {bound} between contact days": N_("{bound} between contact days"),
    "has had a gap between contact days": N_("a gap between contact days"),
    "has had no gap between contact days": N_("no gap between contact days"),
    "has had {bound} of all contact through a screen in {window}": N_(
        "{bound} of all contact through a screen in {window}"
    ),
    "has had an open ask for {bound}": N_("an open ask for {bound}"),
}
"""Clauses as what they tell of, for a line of their own; one that is not here is said in full."""
SPANS: Mapping[str, str] = {
    "known_days": N_("has been known for {bound}"),
    "unanswered_days": N_("has not answered our last message for {bound}"),
    "waiting_days": N_("has waited for our answer for {bound}"),
    "oldest_ask_days": N_("has had an open ask for {bound}"),
}
_AHEAD: Mapping[str, str] = {
    "days_to_date": N_("has a birthday or another date within {days} days"),
    "days_to_renewal": N_("has a renewal within {days} days"),
    "days_to_ask": N_("has an ask that falls due within {days} days (or is late)"),
    "days_to_our_promise": N_("is owed something we promised that falls due within {days} days (or is late)"),
    "days_since_favour": N_("did us a favour or sent a gift in the last {days} days"),
}
_NEXT: Mapping[str, str] = {
    "days_to_date": N_("has the next date {bound} ahead"),
    "days_to_renewal": N_("has a renewal {bound} ahead"),
    "days_to_ask": N_("has an ask that falls due in {bound}"),
    "days_to_our_promise": N_("is owed something we promised that falls due in {bound}"),
    "days_since_favour": N_("did us the last favour or sent a gift {bound} ago"),
}
_LATE: Mapping[str, str] = {
    "days_to_ask": N_("has an ask that is late"),
    "days_to_our_promise": N_("is owed something we promised that is late"),
}
_LAST: Mapping[str, tuple[str, str]] = {
    "days_since_any": (
        N_("last had contact of any sort {bound} ago"),
        N_("last had contact of any sort {long_ago}"),
    ),
    "days_since_personal": (
        N_("last had personal contact {bound} ago"),
        N_("last had personal contact {long_ago}"),
    ),
    "days_since_in_person": (
        N_("last had contact in person {bound} ago"),
        N_("last had contact in person {long_ago}"),
    ),
    "days_since_live": (N_("last had live contact {bound} ago"), N_("last had live contact {long_ago}")),
}
"""When they last had it: held against days, and against another figure."""
_PAST_TARGET: Mapping[str, tuple[str, str]] = {
    "overdue_any": (
        N_("is past the target for contact of any sort"),
        N_("has gone {bound} the target without contact of any sort"),
    ),
    "overdue_personal": (
        N_("is past the target for personal contact"),
        N_("has gone {bound} the target without personal contact"),
    ),
    "overdue_in_person": (
        N_("is past the target for contact in person"),
        N_("has gone {bound} the target without contact in person"),
    ),
}
_KNOWN: Mapping[str, tuple[str, str]] = {
    "days_since_any": (N_("has contact of any sort on record"), N_("has no contact of any sort on record")),
    "days_since_personal": (N_("has personal contact on record"), N_("has no personal contact on record")),
    "days_since_in_person": (N_("has contact in person on record"), N_("has no contact in person on record")),
    "days_since_live": (N_("has live contact on record"), N_("has no live contact on record")),
    "overdue_any": (
        N_("has a target for contact of any sort"),
        N_("has no target for contact of any sort"),
    ),
    "overdue_personal": (N_("has a target for personal contact"), N_("has no target for personal contact")),
    "overdue_in_person": (
        N_("has a target for contact in person"),
        N_("has no target for contact in person"),
    ),
    "tier": (N_("has a tier"), N_("has no tier")),
    "kind": (N_("has a kind"), N_("has no kind")),
    "zone": (N_("has a zone"), N_("has no zone")),
    "score": (N_("has a score"), N_("has no score")),
    "owner": (N_("has an owner"), N_("has no owner")),
    "organisation": (N_("belongs to an organisation"), N_("belongs to no organisation")),
    "city": (N_("has a city on record"), N_("has no city on record")),
    "rhythm_days": (N_("has a known usual gap"), N_("has no known usual gap yet")),
    "days_to_date": (
        N_("has a birthday or another date ahead"),
        N_("has no birthday or other date ahead"),
    ),
    "days_to_renewal": (N_("has a renewal ahead"), N_("has no renewal ahead")),
    "days_to_ask": (N_("has an ask with a due date"), N_("has no ask with a due date")),
    "oldest_ask_days": (N_("has an open ask"), N_("has no open ask")),
    "days_to_our_promise": (
        N_("is owed something we promised for a day"),
        N_("is owed nothing that we promised for a day"),
    ),
    "days_since_favour": (
        N_("has done us a favour or sent a gift"),
        N_("has done us no favour and sent no gift"),
    ),
    "unanswered_days": (N_("has not answered our last message"), N_("does not owe us an answer")),
    "waiting_days": (N_("is waiting for our answer"), N_("is not waiting for our answer")),
}
"""What it says that something is known, and that it is not."""
_ZONES: Mapping[str, tuple[str, str]] = {
    "gone_quiet": (N_("has gone quiet"), N_("has not gone quiet")),
    "no_record": (N_("has no record yet"), N_("has a record")),
    "screen_only": (N_("is screen-only"), N_("is not screen-only")),
    "drifting": (N_("is drifting"), N_("is not drifting")),
    "in_touch": (N_("is in touch"), N_("is not in touch")),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "tier": (N_("is of tier {word}"), N_("is not of tier {word}")),
    "kind": (N_("is of kind {word}"), N_("is not of kind {word}")),
    "owner": (N_("is owned by {word}"), N_("is not owned by {word}")),
    "organisation": (N_("is at {word}"), N_("is not at {word}")),
    "city": (N_("is in {word}"), N_("is not in {word}")),
}
"""What somebody is or is not, of whom an attribute is a word."""
BOUNDS: Mapping[Comparison, str] = {
    ">=": N_("at least {value}"),
    ">": N_("more than {value}"),
    "<=": N_("at most {value}"),
    "<": N_("less than {value}"),
    "=": N_("exactly {value}"),
    "!=": N_("other than {value}"),
}
COUNT_BOUNDS: Mapping[Comparison, str] = {**BOUNDS, "<": N_("fewer than {value}")}
"""Of things that are counted, there are fewer and not less."""
_AGO: Mapping[Comparison, str] = {
    ">=": N_("at least as long ago as {other}"),
    ">": N_("longer ago than {other}"),
    "<=": N_("at most as long ago as {other}"),
    "<": N_("less long ago than {other}"),
    "=": N_("exactly as long ago as {other}"),
    "!=": N_("not exactly as long ago as {other}"),
}
_BESIDE: Mapping[Comparison, str] = {
    ">=": N_("has had at least as many {things} as {other}"),
    ">": N_("has had more {things} than {other}"),
    "<=": N_("has had at most as many {things} as {other}"),
    "<": N_("has had fewer {things} than {other}"),
    "=": N_("has had exactly as many {things} as {other}"),
    "!=": N_("has had not exactly as many {things} as {other}"),
}


@dataclass(frozen=True)
class Bound:
    """A metric held against a fixed number or word."""

    name: str
    comparison: Comparison
    value: int | float | str


@dataclass(frozen=True)
class Clause:
    """A clause that is not yet translated, and what stands in its places.

    ``after``: the noun behind the number within ``{bound}``, "days" of "at least 3 days". ``several`` is the clause for
    ``number`` that are several.
    """

    words: str
    bound: str = ""
    after: str = ""
    values: Mapping[str, str] | None = None
    several: str = ""
    number: int = 0

    def template(self) -> str:
        """The clause in the reader's language, its places open."""
        return ngettext(self.words, self.several, self.number) if self.several else _(self.words)

    def said(self) -> str:
        """The clause in the reader's language."""
        return self.template().format(bound=self.bound, **(self.values or {}))

    def label(self) -> str:
        """What it tells of, for a line of its own."""
        words = _AS_LABELS.get(self.words)
        return _(words).format(bound=self.bound, **(self.values or {})) if words else self.said()


def clause_of(bound: Bound) -> Clause:
    """The clause of a bound; where none fits, the metric's label and the number."""
    found = next(filter(None, (writer(bound) for writer in _WRITERS)), None)
    if found:
        return found
    bounded = _(BOUNDS[bound.comparison]).format(value=_exactly(bound))
    return Clause(N_("has {label}: {bound}"), bounded, values={"label": metric_label(bound.name)})


def said_of(bound: Bound) -> str:
    """The verb phrase of a bound."""
    return clause_of(bound).said()


def said_beside(comparison: Comparison, name: str, other: str) -> str:
    """A figure held against something worked out: "has had fewer personal contacts in 90 days than …"."""
    sort, days = WINDOW_OF.get(name, ("", 0))
    if name in _LAST:
        return _(_LAST[name][1]).format(long_ago=_(_AGO[comparison]).format(other=other))
    if sort not in WINDOWED_THINGS:
        bounded = _(BOUNDS[comparison]).format(value=other)
        return _("has {label}: {bound}").format(label=metric_label(name), bound=bounded)
    things = _("{things} in {window}").format(
        things=windowed_things(is_one=False)[sort], window=_window_words(days)
    )
    return _(_BESIDE[comparison]).format(things=things, other=other)


def said_known(name: str, is_known: bool) -> str | None:
    """Whether a metric is there at all; None where no phrase fits."""
    sort, days = WINDOW_OF.get(name, ("", 0))
    if sort == "digital_share":
        said = WINDOWED_THINGS["total"].some if is_known else WINDOWED_THINGS["total"].none
        return _(said).format(window=_window_words(days))
    return _(_KNOWN[name][not is_known]) if name in _KNOWN else None


def bound_words(comparison: Comparison, name: str, value: int | float) -> str:
    """ "at least 6 digital contacts in 180 days"; "has been known for at least 120 days", where nothing is counted."""
    return clause_of(Bound(name, comparison, value)).label()


def is_counted(name: str) -> bool:
    """Whether a metric counts things, of which there can be none, and fewer and not less."""
    return WINDOW_OF.get(name, ("",))[0] in WINDOWED_THINGS or name in (*_THINGS, "met_count")


def windowed_things(is_one: bool) -> dict[str, str]:
    """What the metrics of a window count, by the beginning of their names: "meetings in person"."""
    number = 1 if is_one else 2
    return {sort: ngettext(*counted.noun, number) for sort, counted in WINDOWED_THINGS.items()}


def _window_words(days: int) -> str:
    return count(days, "day", "days")


def _held(bound: Bound, words: str, value: str, after: str = "", **values: str) -> Clause:
    """A clause in which the number is held against, with the noun ``after`` it."""
    bounds = COUNT_BOUNDS if is_counted(bound.name) else BOUNDS
    bounded = _(bounds[bound.comparison]).format(value=f"{value} {after}".rstrip())
    return Clause(words, bounded, after, values)


def _of_days(bound: Bound, words: str, days: int) -> Clause:
    return _held(bound, words, numeral(days), ngettext("day", "days", days))


def _exactly(bound: Bound) -> str:
    """The value as it was written: a bound is not rounded."""
    if isinstance(bound.value, str):
        return bound.value.replace("_", " ")
    return f"{bound.value:.12g}"


def _percent(value: int | float | str) -> str:
    return f"{100 * float(value):.12g}%"


def _windowed(bound: Bound) -> Clause | None:
    sort, days = WINDOW_OF.get(bound.name, ("", 0))
    if sort not in WINDOWED_THINGS or not isinstance(bound.value, int):
        return None
    return _counted(bound, bound.value, WINDOWED_THINGS[sort], window=_window_words(days))


def _number_of_things(bound: Bound) -> Clause | None:
    if bound.name not in _THINGS or not isinstance(bound.value, int):
        return None
    return _counted(bound, bound.value, _THINGS[bound.name])


def _counted(bound: Bound, number: int, counted: Counted, **values: str) -> Clause:
    if counted.some and (bound.comparison, number) in ((">=", 1), (">", 0), ("!=", 0)):
        return Clause(counted.some, values=values)
    if counted.none and (bound.comparison, number) in (("=", 0), ("<=", 0), ("<", 1)):
        return Clause(counted.none, values=values)
    return _held(bound, counted.bounded, numeral(number), ngettext(*counted.noun, number), **values)


def _share(bound: Bound) -> Clause | None:
    sort, days = WINDOW_OF.get(bound.name, ("", 0))
    if sort != "digital_share":
        return None
    words = N_("has had {bound} of all contact through a screen in {window}")
    return _held(bound, words, _percent(bound.value), window=_window_words(days))


def _chance(bound: Bound) -> Clause | None:
    if bound.name != "quiet_p":
        return None
    words = N_("stays silent for another month with a chance of {bound}")
    return _held(bound, words, _percent(bound.value))


def _usual(bound: Bound) -> Clause | None:
    if bound.name != "rhythm_days":
        return None
    return _held(bound, N_("has a usual gap of {bound}"), _exactly(bound), ngettext("day", "days", 2))


def _score(bound: Bound) -> Clause | None:
    return _held(bound, N_("has a score of {bound}"), _exactly(bound)) if bound.name == "score" else None


def _span(bound: Bound) -> Clause | None:
    if bound.name not in SPANS or not isinstance(bound.value, int):
        return None
    return _of_days(bound, SPANS[bound.name], bound.value)


def _ahead(bound: Bound) -> Clause | None:
    if bound.name not in _AHEAD or not isinstance(bound.value, int):
        return None
    if bound.name in _LATE and (bound.comparison, bound.value) in (("<", 0), ("<=", -1)):
        return Clause(_LATE[bound.name])
    if bound.comparison == "<=" and bound.value > 1:
        return Clause(_AHEAD[bound.name], values={"days": str(bound.value)})
    return _of_days(bound, _NEXT[bound.name], bound.value)


def _overdue(bound: Bound) -> Clause | None:
    if bound.name not in _PAST_TARGET:
        return None
    is_past, has_gone = _PAST_TARGET[bound.name]
    if (bound.comparison, bound.value) == (">", 1):
        return Clause(is_past)
    return _held(bound, has_gone, _exactly(bound), _("times"))


def _clock(bound: Bound) -> Clause | None:
    if bound.name not in _LAST or not isinstance(bound.value, int):
        return None
    return _of_days(bound, _LAST[bound.name][0], bound.value)


def _zone(bound: Bound) -> Clause | None:
    if bound.name != "zone" or bound.comparison not in ("=", "!=") or bound.value not in _ZONES:
        return None
    return Clause(_ZONES[str(bound.value)][bound.comparison == "!="])


def _word(bound: Bound) -> Clause | None:
    if bound.name not in _WORDS or bound.comparison not in ("=", "!="):
        return None
    said = word(str(bound.value)) if bound.name in ("tier", "kind") else str(bound.value)
    return Clause(_WORDS[bound.name][bound.comparison == "!="], values={"word": said})


def _people(bound: Bound) -> Clause | None:
    if bound.name != "met_count" or not isinstance(bound.value, int):
        return None
    one, several = plurals(
        "{bound} of them was met in person in 365 days", "{bound} of them were met in person in 365 days"
    )
    bounded = _(COUNT_BOUNDS[bound.comparison]).format(value=str(bound.value))
    return Clause(one, bounded, several=several, number=bound.value)


_WRITERS: Sequence[Callable[[Bound], Clause | None]] = (
    *(_windowed, _number_of_things, _share, _chance, _usual, _score, _span, _ahead),
    *(_overdue, _clock, _zone, _word, _people),
)
