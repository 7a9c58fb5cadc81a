"""What is heard in a conversation and worth keeping."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias, get_args

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
    "pain point": "Pain point",
    "competitor": "Competitor",
    "request": "Request",
    "praise": "Praise",
    "risk": "Risk",
    "ask": "To ask",
    "promise": "My promise",
    "their promise": "Their promise",
    "favour": "Favour",
    "birthday": "Birthday",
    "anniversary": "Anniversary",
    "renewal": "Renewal",
    "other": "Other day",
}
"""Every sort, as forms and pages name it."""
