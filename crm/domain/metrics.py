"""The names of the metrics (PRODUCT.md section 3) and those that follow from others by arithmetic.

What must be counted in the log is counted in SQL (``crm.storage.metrics``); everything that can be worked out from
those counts is written here, once, as an expression tree.
"""

from collections.abc import Mapping
from functools import lru_cache

from crm.domain.expressions import Metric, Value, first_that, known
from crm.domain.rhythm import FEWEST_GAPS, HORIZON_DAYS, quiet_chance, usual_gap
from crm.domain.targets import CLOCKS, Targets

WINDOWS = (7, 30, 90, 180, 365)
PRIOR_FROM, PRIOR_TO = 455, 90

CLOCK_NAMES = ("days_since_any", "days_since_personal", "days_since_in_person", "days_since_live")
WINDOWED = ("total", "digital", "personal", "in_person", "live", "inbound", "outbound")

COUNTED = (
    *CLOCK_NAMES,
    "known_days",
    *(f"{name}_{days}" for name in WINDOWED for days in WINDOWS),
    "digital_streak",
    "gaps",
    "prior_total_365",
    "prior_personal_365",
    "days_to_date",
    "days_to_renewal",
    "open_asks",
    "days_to_ask",
    "oldest_ask_days",
    "open_promises",
    "days_to_our_promise",
    "days_since_favour",
    "unanswered_days",
    "waiting_days",
)
"""Whole numbers counted from the log and the lists beside it."""

REAL = (
    *(f"digital_share_{days}" for days in WINDOWS),
    "rhythm_days",
    "quiet_p",
    "overdue_any",
    "overdue_personal",
    "overdue_in_person",
)
"""Metrics that are real numbers."""

METRICS = (*COUNTED, *REAL)
"""Every metric of PRODUCT.md section 3, as shown by ``crm health --json``."""

WINDOW_OF: Mapping[str, tuple[str, int]] = {
    f"{stem}_{days}": (stem, days) for stem in (*WINDOWED, "digital_share") for days in WINDOWS
}
"""Of every metric that there is for several windows: what is counted, and in how many days."""

ATTRIBUTES = ("tier", "kind")
"""Words about the contact that every relation of metrics has."""

LOOKED_UP = ("owner", "organisation", "city")
"""Words about the contact that are looked up where a condition asks for them: owner by email, the others by name."""

WORDS = ("zone", *ATTRIBUTES, *LOOKED_UP)
"""All that is a word and not a number."""


@lru_cache(maxsize=32)
def derived(targets: Targets) -> Mapping[str, Value]:
    """The real-valued metrics as expressions over the counted ones and ``strength``, ``gap_log``, ``gap_weight``."""
    shares = {
        f"digital_share_{days}": first_that(
            (Metric(f"total_{days}").gt(0), Metric(f"digital_{days}") * 1.0 / Metric(f"total_{days}"))
        )
        for days in WINDOWS
    }
    rhythm: dict[str, Value] = {
        "rhythm_days": first_that(
            (Metric("gaps").ge(FEWEST_GAPS), usual_gap(Metric("gap_log"), Metric("gap_weight")))
        ),
        "quiet_p": quiet_chance(Metric("strength"), Metric("days_since_any"), HORIZON_DAYS),
    }
    overdue = {f"overdue_{clock}": running(clock) * 1.0 / targets.expression(clock) for clock in CLOCKS}
    return {**shares, **rhythm, **overdue}


def running(clock: str) -> Value:
    """The clock *any*, *personal* or *in_person* in days; one that never started runs from the start of ``known_days``."""
    return known(Metric(f"days_since_{clock}"), Metric("known_days"))
