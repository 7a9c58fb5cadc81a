"""Metrics in words: a label for each, and a value as a person reads it."""

from collections.abc import Mapping
from math import isfinite
from typing import TypeAlias

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.metrics import WINDOW_OF
from crm.domain.spans import every, in_tenths, percent
from crm.domain.vocabulary import word

Evidence: TypeAlias = Mapping[str, int | float | str | None]
"""A flag's numbers by metric, as it matched."""

_WINDOWED: Mapping[str, tuple[str, str]] = {
    "total": (N_("contacts"), N_("contacts in {days} days")),
    "digital": (N_("digital contacts"), N_("digital contacts in {days} days")),
    "personal": (N_("personal contacts"), N_("personal contacts in {days} days")),
    "in_person": (N_("contacts in person"), N_("contacts in person in {days} days")),
    "live": (N_("live contacts"), N_("live contacts in {days} days")),
    "inbound": (N_("contacts begun by them"), N_("contacts begun by them in {days} days")),
    "outbound": (N_("contacts begun by us"), N_("contacts begun by us in {days} days")),
    "digital_share": (N_("digital share"), N_("digital share in {days} days")),
}
"""What is counted in windows, and that with its days."""

METRIC_LABELS: Mapping[str, str] = {
    "days_since_any": N_("days since any contact"),
    "days_since_personal": N_("days since personal contact"),
    "days_since_in_person": N_("days since contact in person"),
    "days_since_live": N_("days since live contact"),
    "known_days": N_("days known"),
    **{name: _WINDOWED[stem][1].format(days=days) for name, (stem, days) in WINDOW_OF.items()},
    "digital_streak": N_("digital contacts since the last personal one"),
    "gaps": N_("gaps between contact days"),
    "rhythm_days": N_("usual gap"),
    "prior_total_365": N_("contacts in the year before the last 90 days"),
    "prior_personal_365": N_("personal contacts in the year before the last 90 days"),
    "quiet_p": N_("chance of another silent month"),
    "overdue_any": N_("time since any contact, against its target"),
    "overdue_personal": N_("time since personal contact, against its target"),
    "overdue_in_person": N_("time since contact in person, against its target"),
    "days_to_date": N_("days to the next date"),
    "days_to_renewal": N_("days to the renewal"),
    "open_asks": N_("open asks"),
    "days_to_ask": N_("days to the next ask"),
    "oldest_ask_days": N_("days the oldest ask has been open"),
    "open_promises": N_("open promises"),
    "days_to_our_promise": N_("days to our next promise"),
    "days_since_favour": N_("days since their last favour or gift"),
    "unanswered_days": N_("days our last message has had no answer"),
    "waiting_days": N_("days they have waited for our answer"),
}
"""Every metric of PRODUCT.md section 3 as a label in English: small first letter, no full stop."""


_BESIDE_THEM: Mapping[str, str] = {
    "contacts_count": N_("people there"),
    "met_count": N_("people there met in person in 365 days"),
    "score": N_("score"),
    "zone": N_("zone"),
    "tier": N_("tier"),
    "kind": N_("kind"),
    "owner": N_("owner"),
    "organisation": N_("organisation"),
    "city": N_("city"),
    "tag": N_("tag"),
}
"""What else a condition may ask for."""


def metric_value(metric: str, value: int | float | str | None) -> str:
    """A metric's value as a person reads it: "14", "83%", "1.5 times", "every 3 weeks", "none on record"."""
    if value is None:
        return _("none on record") if metric.startswith("days_since_") else _("not known")
    if isinstance(value, str):
        return word(" ".join(value.replace("_", " ").split())) or _("not known")
    if not isfinite(value):
        return _("not known")
    if metric.startswith("digital_share_"):
        return percent(value)
    if metric.startswith("overdue_"):
        return _("{n} times").format(n=numeral(value))
    if metric == "rhythm_days":
        return every(value)
    if metric == "quiet_p":
        return in_tenths(value)
    return numeral(value)


def metric_label(metric: str) -> str:
    """The label of a metric; of something else a condition may ask for (tier, kind), its name."""
    if metric in WINDOW_OF:
        stem, days = WINDOW_OF[metric]
        return _(_WINDOWED[stem][1]).format(days=days)
    known = METRIC_LABELS.get(metric) or _BESIDE_THEM.get(metric)
    return _(known) if known else " ".join(metric.replace("_", " ").split()) or _("value")


def stem_label(stem: str) -> str:
    """The label of a metric, of one that there is for several windows without its days: "digital contacts"."""
    return _(_WINDOWED[stem][0]) if stem in _WINDOWED else metric_label(stem)
