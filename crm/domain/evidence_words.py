"""The numbers of a flag as one sentence, for a rule of the workspace's own: each figure as a person would say it."""

from collections.abc import Callable, Mapping
from itertools import groupby
from math import floor, isfinite

from crm.domain.bound_words import CLOCKS, said_known, windowed_things
from crm.domain.manner import numeral
from crm.domain.metric_words import Evidence, metric_label, metric_value
from crm.domain.metrics import WINDOW_OF, WINDOWED
from crm.domain.spans import ago, ahead, capital, count, every, in_tenths, join, span

Said = Callable[[int | float], str]

_MISSING: Mapping[str, str] = {
    "known_days": "not known for long",
    "quiet_p": "no contact on record",
    "days_to_our_promise": "no promise of ours with a due date",
    "days_since_favour": "no favour or gift on record",
    "unanswered_days": "no answer outstanding",
    "waiting_days": "nothing of theirs waiting",
}


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
    return f"{join([_count(WINDOW_OF[name][0], _whole(value)) for name, value in evidence.items()])} in {days} days"


def _count(stem: str, number: int) -> str:
    return f"{numeral(number) if number else 'no'} {windowed_things(number < 2)[stem]}"


def _each(evidence: Evidence) -> str:
    return "; ".join(_one(name, value) for name, value in evidence.items())


def _one(metric: str, value: int | float | str | None) -> str:
    if value is None:
        return (
            _MISSING.get(metric)
            or _without(metric)
            or f"{metric_label(metric)}: {metric_value(metric, None)}"
        )
    said = _SAID.get(metric) if _is_number(value) else None
    return (
        said(value)
        if said and isinstance(value, int | float)
        else f"{metric_label(metric)}: {metric_value(metric, value)}"
    )


def _without(metric: str) -> str:
    """ "no meeting on record", "no target for contact in person": what a rule says of somebody who has none."""
    return (said_known(metric, False) or "").removeprefix("has had ").removeprefix("has ")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _numbered(noun: str, after: str = "") -> Said:
    """ "2 open asks", "no open ask"."""
    return lambda value: f"{count(int(value), noun) if int(value) else f'no {noun}'}{after}"


def _due(what: str) -> Said:
    """ "an ask due in 3 days", "an ask 5 days late"."""
    return lambda value: f"{what} {f'{span(-int(value))} late' if value < 0 else f'due {ahead(int(value))}'}"


def _clock(words: str) -> Said:
    return lambda value: f"last {words} {ago(int(value))}"


def _times(words: str) -> Said:
    return lambda value: (
        f"{numeral(value)} time{'' if numeral(value) == '1' else 's'} the target without {words}"
    )


def _share(days: int) -> Said:
    return lambda value: f"{floor(100 * value + 0.5)}% of all contact through a screen in {days} days"


_SAID: Mapping[str, Said] = {
    **{f"days_since_{clock}": _clock(words.removesuffix(" of any sort")) for clock, words in CLOCKS.items()},
    **{f"overdue_{clock}": _times(words) for clock, words in CLOCKS.items() if clock != "live"},
    **{name: _share(days) for name, (stem, days) in WINDOW_OF.items() if stem == "digital_share"},
    "known_days": lambda value: f"known for {span(int(value))}",
    "digital_streak": _numbered("digital contact", " since the last personal one"),
    "gaps": _numbered("gap", " between contact days"),
    "prior_total_365": _numbered("contact", " in the year before the last 90 days"),
    "prior_personal_365": _numbered("personal contact", " in the year before the last 90 days"),
    "rhythm_days": lambda value: f"usually {every(value)}",
    "quiet_p": lambda value: f"silent for another month {in_tenths(value)}",
    "score": lambda value: f"a score of {numeral(int(value))}",
    "open_asks": _numbered("open ask"),
    "open_promises": _numbered("open promise"),
    "days_to_date": lambda value: f"a date to remember {ahead(int(value))}",
    "days_to_renewal": lambda value: f"a renewal {ahead(int(value))}",
    "days_to_ask": _due("an ask"),
    "days_to_our_promise": _due("a promise of ours"),
    "oldest_ask_days": lambda value: f"an ask open for {span(int(value))}",
    "days_since_favour": lambda value: f"a favour or gift {ago(int(value))}",
    "unanswered_days": lambda value: f"no answer for {span(int(value))}",
    "waiting_days": lambda value: f"waiting for our answer for {span(int(value))}",
    "contacts_count": lambda value: f"{count(int(value), 'person')} there",
    "met_count": lambda value: (
        f"{numeral(int(value)) if value else 'none'} of them met in person in 365 days"
    ),
}
"""Every figure that there is, as it is said; counts of windows are said together."""
