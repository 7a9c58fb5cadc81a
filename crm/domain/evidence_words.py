"""The numbers of a flag as one sentence, for a rule of the workspace's own: each figure as a person would say it."""

from collections.abc import Callable, Mapping
from itertools import groupby
from math import isfinite

from crm.domain.bound_words import WINDOWED_THINGS
from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.metric_words import Evidence, metric_label, metric_value
from crm.domain.metrics import WINDOW_OF, WINDOWED
from crm.domain.spans import ago, ahead, capital, count, every, in_tenths, join, out_of, span

Said = Callable[[int | float], str]

_MISSING: Mapping[str, str] = {
    "known_days": N_("not known for long"),
    "quiet_p": N_("no contact on record"),
    "days_to_our_promise": N_("no promise of ours with a due date"),
    "days_since_favour": N_("no favour or gift on record"),
    "unanswered_days": N_("no answer outstanding"),
    "waiting_days": N_("nothing of theirs waiting"),
    "days_since_any": N_("no contact of any sort on record"),
    "days_since_personal": N_("no personal contact on record"),
    "days_since_in_person": N_("no contact in person on record"),
    "days_since_live": N_("no live contact on record"),
    "overdue_any": N_("no target for contact of any sort"),
    "overdue_personal": N_("no target for personal contact"),
    "overdue_in_person": N_("no target for contact in person"),
    "rhythm_days": N_("no known usual gap yet"),
    "days_to_date": N_("no birthday or other date ahead"),
    "days_to_renewal": N_("no renewal ahead"),
    "days_to_ask": N_("no ask with a due date"),
    "oldest_ask_days": N_("no open ask"),
    "score": N_("no score"),
}
"""What a rule says of somebody who has none."""


def metrics_sentence(evidence: Evidence) -> str:
    """ "14 digital contacts and no personal contact in 180 days; known for 2 years." """
    windows = groupby(evidence.items(), key=lambda pair: _window(*pair))
    said = [_counts(dict(pairs), days) if days else _each(dict(pairs)) for days, pairs in windows]
    return capital("; ".join(said)) + "." if said else ""


def _window(metric: str, value: int | float | str | None) -> int | None:
    """The days in which this counts something; None where it is no count."""
    stem, days = WINDOW_OF.get(metric, ("", 0))
    return days if stem in WINDOWED and _is_number(value) else None


def _counts(evidence: Evidence, days: int) -> str:
    counts = join([_count(WINDOW_OF[name][0], _whole(value)) for name, value in evidence.items()])
    return _("{counts} in {days} days").format(counts=counts, days=days)


def _count(stem: str, number: int) -> str:
    counted = WINDOWED_THINGS[stem]
    return count(number, *counted.noun) if number else _(counted.without)


def _each(evidence: Evidence) -> str:
    return "; ".join(_one(name, value) for name, value in evidence.items())


def _one(metric: str, value: int | float | str | None) -> str:
    if value is None:
        return _without(metric) or f"{metric_label(metric)}: {metric_value(metric, None)}"
    said = _SAID.get(metric) if _is_number(value) else None
    return (
        said(value)
        if said and isinstance(value, int | float)
        else f"{metric_label(metric)}: {metric_value(metric, value)}"
    )


def _without(metric: str) -> str:
    """ "no meeting on record", "no target for contact in person"."""
    stem, days = WINDOW_OF.get(metric, ("", 0))
    if stem == "digital_share":
        return _("no contact in {days} days").format(days=days)
    return _(_MISSING[metric]) if metric in _MISSING else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _numbered(of: tuple[str, str], none: str) -> Said:
    """ "2 open asks", "no open ask"."""
    return lambda value: ngettext(*of, int(value)).format(n=numeral(int(value))) if int(value) else _(none)


def _due(ahead_of: str, late: str) -> Said:
    """ "an ask due in 3 days", "an ask 5 days late"."""
    return lambda value: (
        _(late).format(span=span(-int(value))) if value < 0 else _(ahead_of).format(ahead=ahead(int(value)))
    )


def _ago(words: str) -> Said:
    return lambda value: _(words).format(ago=ago(int(value)))


def _ahead(words: str) -> Said:
    return lambda value: _(words).format(ahead=ahead(int(value)))


def _span(words: str) -> Said:
    return lambda value: _(words).format(span=span(int(value)))


def _times(of: tuple[str, str]) -> Said:
    return lambda value: ngettext(*of, 1 if numeral(value) == "1" else max(2, value)).format(n=numeral(value))


def _share(days: int) -> Said:
    return lambda value: _("{percent}% of all contact through a screen in {days} days").format(
        percent=out_of(value), days=days
    )


_SAID: Mapping[str, Said] = {
    "days_since_any": _ago(N_("last contact {ago}")),
    "days_since_personal": _ago(N_("last personal contact {ago}")),
    "days_since_in_person": _ago(N_("last contact in person {ago}")),
    "days_since_live": _ago(N_("last live contact {ago}")),
    "overdue_any": _times(
        plurals(
            "{n} time the target without contact of any sort",
            "{n} times the target without contact of any sort",
        )
    ),
    "overdue_personal": _times(
        plurals(
            "{n} time the target without personal contact", "{n} times the target without personal contact"
        )
    ),
    "overdue_in_person": _times(
        plurals(
            "{n} time the target without contact in person", "{n} times the target without contact in person"
        )
    ),
    **{name: _share(days) for name, (stem, days) in WINDOW_OF.items() if stem == "digital_share"},
    "known_days": _span(N_("known for {span}")),
    "digital_streak": _numbered(
        plurals(
            "{n} digital contact since the last personal one",
            "{n} digital contacts since the last personal one",
        ),
        N_("no digital contact since the last personal one"),
    ),
    "gaps": _numbered(
        plurals("{n} gap between contact days", "{n} gaps between contact days"),
        N_("no gap between contact days"),
    ),
    "prior_total_365": _numbered(
        plurals(
            "{n} contact in the year before the last 90 days",
            "{n} contacts in the year before the last 90 days",
        ),
        N_("no contact in the year before the last 90 days"),
    ),
    "prior_personal_365": _numbered(
        plurals(
            "{n} personal contact in the year before the last 90 days",
            "{n} personal contacts in the year before the last 90 days",
        ),
        N_("no personal contact in the year before the last 90 days"),
    ),
    "rhythm_days": lambda value: _("usually {every}").format(every=every(value)),
    "quiet_p": lambda value: _("silent for another month {chance}").format(chance=in_tenths(value)),
    "score": lambda value: _("a score of {n}").format(n=numeral(int(value))),
    "open_asks": _numbered(plurals("{n} open ask", "{n} open asks"), N_("no open ask")),
    "open_promises": _numbered(plurals("{n} open promise", "{n} open promises"), N_("no open promise")),
    "days_to_date": _ahead(N_("a date to remember {ahead}")),
    "days_to_renewal": _ahead(N_("a renewal {ahead}")),
    "days_to_ask": _due(N_("an ask due {ahead}"), N_("an ask {span} late")),
    "days_to_our_promise": _due(N_("a promise of ours due {ahead}"), N_("a promise of ours {span} late")),
    "oldest_ask_days": _span(N_("an ask open for {span}")),
    "days_since_favour": _ago(N_("a favour or gift {ago}")),
    "unanswered_days": _span(N_("no answer for {span}")),
    "waiting_days": _span(N_("waiting for our answer for {span}")),
    "contacts_count": lambda value: _("{people} there").format(people=count(int(value), "person", "people")),
    "met_count": _numbered(
        plurals("{n} of them met in person in 365 days", "{n} of them met in person in 365 days"),
        N_("none of them met in person in 365 days"),
    ),
}
"""Every figure that there is, as it is said; counts of windows are said together."""
