"""Metrics in words: a label for each, and a value as a person reads it."""

from collections.abc import Mapping
from math import floor, isfinite
from typing import TypeAlias

from crm.domain.manner import numeral
from crm.domain.metrics import WINDOWED, WINDOWS
from crm.domain.spans import every, in_tenths

Evidence: TypeAlias = Mapping[str, int | float | str | None]
"""A flag's numbers by metric, as it matched."""

_WINDOW_WORDS: Mapping[str, str] = {
    "total": "contacts",
    "digital": "digital contacts",
    "personal": "personal contacts",
    "in_person": "contacts in person",
    "live": "live contacts",
    "inbound": "contacts begun by them",
    "outbound": "contacts begun by us",
}

METRIC_LABELS: Mapping[str, str] = {
    "days_since_any": "days since any contact",
    "days_since_personal": "days since personal contact",
    "days_since_in_person": "days since contact in person",
    "days_since_live": "days since live contact",
    "known_days": "days known",
    **{f"{name}_{days}": f"{_WINDOW_WORDS[name]} in {days} days" for name in WINDOWED for days in WINDOWS},
    "digital_streak": "digital contacts since the last personal one",
    **{f"digital_share_{days}": f"digital share in {days} days" for days in WINDOWS},
    "gaps": "gaps between contact days",
    "rhythm_days": "usual gap",
    "prior_total_365": "contacts in the year before the last 90 days",
    "prior_personal_365": "personal contacts in the year before the last 90 days",
    "quiet_p": "chance of another silent month",
    "overdue_any": "time since any contact, against its target",
    "overdue_personal": "time since personal contact, against its target",
    "overdue_in_person": "time since contact in person, against its target",
    "days_to_date": "days to the next date",
    "days_to_renewal": "days to the renewal",
    "open_asks": "open asks",
    "days_to_ask": "days to the next ask",
    "oldest_ask_days": "days the oldest ask has been open",
    "open_promises": "open promises",
    "days_to_our_promise": "days to our next promise",
    "days_since_favour": "days since their last favour or gift",
    "unanswered_days": "days our last message has had no answer",
    "waiting_days": "days they have waited for our answer",
}
"""Every metric of PRODUCT.md section 3 as a label: small first letter, no full stop."""


_OF_ACCOUNTS: Mapping[str, str] = {
    "contacts_count": "people there",
    "met_count": "people there met in person in 365 days",
}


def metric_value(metric: str, value: int | float | str | None) -> str:
    """A metric's value as a person reads it: "14", "83%", "1.5 times", "every 3 weeks", "none on record"."""
    if value is None:
        return "none on record" if metric.startswith("days_since_") else "not known"
    if isinstance(value, str):
        return " ".join(value.replace("_", " ").split()) or "not known"
    if not isfinite(value):
        return "not known"
    if metric.startswith("digital_share_"):
        return f"{floor(100 * value + 0.5)}%"
    if metric.startswith("overdue_"):
        return f"{numeral(value)} times"
    if metric == "rhythm_days":
        return every(value)
    if metric == "quiet_p":
        return in_tenths(value)
    return numeral(value)


def metric_label(metric: str) -> str:
    """The label of a metric; of something else a condition may ask for (tier, kind), its name."""
    return (
        METRIC_LABELS.get(metric)
        or _OF_ACCOUNTS.get(metric)
        or " ".join(metric.replace("_", " ").split())
        or "value"
    )
