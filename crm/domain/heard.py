"""What is heard in a conversation and worth keeping."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Heard:
    """One thing kept: *ask*, *promise* (ours), *their promise*, *favour*, or a signal's type."""

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
}
"""Every sort, as forms and pages name it."""
