"""What is heard in a conversation and worth keeping."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias, get_args

from crm.domain.language import N_

SignalType: TypeAlias = Literal["pain point", "competitor", "request", "praise", "risk"]
SIGNAL_TYPES: tuple[str, ...] = get_args(SignalType)
Promiser: TypeAlias = Literal["us", "them"]
PROMISERS: tuple[str, ...] = get_args(Promiser)
DateKind: TypeAlias = Literal["birthday", "anniversary", "renewal", "other"]
DATE_KINDS: tuple[str, ...] = get_args(DateKind)


@dataclass(frozen=True)
class Heard:
    """One thing kept: *ask*, *promise* (ours), *their promise*, *favour*, a signal's type, or the kind of a date.

    ``due`` is when an ask or promise is due, or the day of a date.
    """

    sort: str
    text: str
    due: date | None = None


LABELS = {
    "pain point": N_("Pain point"),
    "competitor": N_("Competitor"),
    "request": N_("Request"),
    "praise": N_("Praise"),
    "risk": N_("Risk"),
    "ask": N_("To ask"),
    "promise": N_("My promise"),
    "their promise": N_("Their promise"),
    "favour": N_("Favour"),
    "birthday": N_("Birthday"),
    "anniversary": N_("Anniversary"),
    "renewal": N_("Renewal"),
    "other": N_("Other day"),
}
"""Every sort, as forms and pages name it."""
