"""What the forms of asks, promises, signals, favours and dates choose from, in the reader's words."""

from typing import Any

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.weeks import MONTHS

SIGNAL_WORDS = {
    "pain point": N_("Pain point"),
    "competitor": N_("Competitor"),
    "request": N_("Request"),
    "praise": N_("Praise"),
    "risk": N_("Risk"),
}
DATE_WORDS = {
    "birthday": N_("Birthday"),
    "anniversary": N_("Anniversary"),
    "renewal": N_("Renewal"),
    "other": N_("Other"),
}


def choices() -> dict[str, Any]:
    """The kinds of signals and of dates, and the months."""
    return {
        "signal_types": [(kind, _(words)) for kind, words in SIGNAL_WORDS.items()],
        "date_kinds": [(kind, _(words)) for kind, words in DATE_WORDS.items()],
        "months": [_(month) for month in MONTHS],
    }
