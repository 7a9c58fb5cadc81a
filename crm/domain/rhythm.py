"""Rhythm (PRODUCT.md section 4): how strong a contact has been, its usual gap, and the chance that a silence lasts.

The constants were chosen on three real sets of who contacted whom when and are fixed; a workspace checks them on its own
past by backtest.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from crm.domain.expressions import Call, Value, least

MEMORY_DAYS = 180.0
"""The time in which a contact day's weight falls to 1/e."""
HORIZON_DAYS = 30
PRIOR_GAP_DAYS = 14.0
"""One imagined gap of this length keeps short histories from saying too much."""
FEWEST_GAPS = 3


def quiet_chance(strength: Value, days_since: Value, horizon: int) -> Value:
    """The chance, 0…1, that a silence of ``days_since`` days lasts ``horizon`` days more: ``((3+t)/(3+H+t))^k``."""
    sharpness = least(1.0, (strength + 1.0) * 0.08)
    return ((days_since + 3.0) / (days_since + (3.0 + horizon))) ** sharpness


def usual_gap(gap_log: Value, gap_weight: Value) -> Value:
    """The usual gap in days from Σ wᵢ·ln(gapᵢ) and Σ wᵢ: a weighted geometric mean with one prior gap of a fortnight."""
    return Call("exp", (gap_log + math.log(PRIOR_GAP_DAYS)) / (gap_weight + 1.0))


@dataclass(frozen=True, slots=True)
class Running:
    """The sums behind a rhythm at the end of a contact day, an ordinal: one day more changes them by its gap alone.

    ``strength`` is C on that day; ``gap_log`` and ``gap_weight`` are Σ wᵢ·ln(gapᵢ) and Σ wᵢ, which keep until the next one.
    """

    day: int
    gaps: int = 0
    strength: float = 1.0
    gap_log: float = 0.0
    gap_weight: float = 0.0

    def then(self, day: int) -> "Running":
        """The sums at the next contact day."""
        gap = day - self.day
        fading = math.exp(-gap / MEMORY_DAYS)
        return Running(
            day,
            self.gaps + 1,
            self.strength * fading + 1.0,
            self.gap_log * fading + math.log(gap),
            self.gap_weight * fading + 1.0,
        )

    def strength_on(self, day: int) -> float:
        """C some days of silence later."""
        return self.strength * math.exp((self.day - day) / MEMORY_DAYS)


def sums_of(days: Iterable[int]) -> Running:
    """The sums at the end of the last of these contact days, ordinals in any order; there must be one."""
    first, *later = sorted(set(days))
    sums = Running(first)
    for day in later:
        sums = sums.then(day)
    return sums
