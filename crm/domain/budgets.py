"""What one user takes on in a week: the groups that acts draw on, and how many of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Group: TypeAlias = Literal["call", "in_person", "by_hand"]

GROUPS: Final[Mapping[str, Group]] = {
    "call": "call",
    "lunch": "in_person",
    "meeting": "in_person",
    "visit": "in_person",
    "note": "by_hand",
    "gift": "by_hand",
}
"""The budget that each act draws on."""

GROUP_ORDER: Final[tuple[Group, ...]] = ("call", "in_person", "by_hand")

LARGEST_BUDGET = 20
FULL_WEEK, HALF_WEEK = 4, 2
"""Days of work from which on a week holds the whole budget, or half of it."""
QUIET_WEEKS = 4
"""After so many weeks in which nothing was answered, a plan offers half."""


@dataclass(frozen=True)
class Budget:
    """How much one user takes on in a week, by group and in all; 0 to 20 each. ``is_eased``: it is half of theirs."""

    call: int = 3
    in_person: int = 1
    by_hand: int = 2
    total: int = 6
    in_person_quarter_left: int | None = None
    is_eased: bool = False

    def __post_init__(self) -> None:
        quarter = self.in_person_quarter_left or 0
        for amount in (self.call, self.in_person, self.by_hand, self.total, quarter):
            if not 0 <= amount <= LARGEST_BUDGET:
                raise ValueError(f"A budget is 0 to {LARGEST_BUDGET}, not {amount}.")

    def caps(self) -> dict[Group, int]:
        """The most suggestions of each group, the quarter's in-person budget taken into account."""
        left = self.in_person_quarter_left
        in_person = self.in_person if left is None else min(self.in_person, left)
        return {"call": self.call, "in_person": in_person, "by_hand": self.by_hand}

    def in_a_week_of(self, working_days: int) -> "Budget":
        """What is left of it where days are off: all of it with four or five days of work, half with two or three,
        nothing with less."""
        if working_days >= FULL_WEEK:
            return self
        if working_days >= HALF_WEEK:
            return self._halved()
        return replace(self, call=0, in_person=0, by_hand=0, total=0)

    def eased(self) -> "Budget":
        """Half of it, for somebody who lets the plans lie: fewer, so that one may be done."""
        return replace(self._halved(), is_eased=True)

    def _halved(self) -> "Budget":
        amounts = (self.call, self.in_person, self.by_hand, self.total)
        call, in_person, by_hand, total = ((one + 1) // 2 for one in amounts)
        return replace(self, call=call, in_person=in_person, by_hand=by_hand, total=total)

    def with_room_for(self, in_person: int) -> "Budget":
        """A trip may hold more in person than a usual week; the other acts keep their room."""
        more = max(0, min(in_person, LARGEST_BUDGET) - self.in_person)
        total = min(LARGEST_BUDGET, self.total + more)
        return replace(self, in_person=self.in_person + more, total=total)
