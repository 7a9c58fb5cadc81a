"""Figures and how they are taken: the machine may be noisy, so a figure and its floor run in turn and medians count."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Act = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, in which unit, against which floor, and what is asked for."""

    name: str
    ours: float
    floor: float | None
    target: float
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """How many times the floor; of a figure without floor, how much of what it may be."""
        return self.ours / self.floor if self.floor else self.ours / self.target

    @property
    def line(self) -> str:
        """The table's line; a missed target is marked."""
        floor = f"{self.floor:10.2f}" if self.floor is not None else f"{'':10}"
        ratio = f"{self.ratio:8.2f}" if self.floor is not None else f"{'':8}"
        missed = "  missed" if self.is_missed else ""
        return f"{self.name:46}{self.ours:10.2f}{floor} {self.unit:4}{ratio}{self.target:8.2f}{missed}"

    @property
    def is_missed(self) -> bool:
        """Whether it is worse than asked for."""
        return self.ratio > (self.target if self.floor is not None else 1)


HEADING = f"{'figure':46}{'ours':>10}{'floor':>10} {'':4}{'ratio':>8}{'target':>8}"


def in_turn(acts: Sequence[Act], rounds: int) -> list[float]:
    """Median milliseconds of each act, all run in turn, after one round to warm up."""
    taken: list[list[float]] = [[] for _ in acts]
    for number in range(rounds + 1):
        for place, act in enumerate(acts):
            begun = time.perf_counter()
            act()
            if number:
                taken[place].append((time.perf_counter() - begun) * 1000)
    return [statistics.median(times) for times in taken]


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which this share of all was done."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
