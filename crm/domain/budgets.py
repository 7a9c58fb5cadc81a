"""What one user takes on in a week: the groups that acts draw on, and how many of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
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
FULL_WEEK, LEAST_DAYS = 5, 2
"""Days of work with which a week holds the whole budget, and with fewer than which it holds nothing."""
QUIET_WEEKS = 4
"""After so many weeks in which nothing was answered, a plan offers half."""


def in_all(call: int, in_person: int, by_hand: int) -> int:
    """How much a week of these budgets holds together."""
    return min(LARGEST_BUDGET, call + in_person + by_hand)


@dataclass(frozen=True)
class Budget:
    """How much one user takes on in a week, by group and in all; 0 to 20 each. ``is_eased``: it is half of theirs.

    ``at_home``: how much of what is in person may be with people who live near, where a trip brings room for others.
    ``days``: for how many days of work it is, where it is that of a certain week.
    """

    call: int = 3
    in_person: int = 1
    by_hand: int = 2
    total: int = 6
    in_person_quarter_left: int | None = None
    is_eased: bool = False
    at_home: int | None = None
    days: int | None = None

    def __post_init__(self) -> None:
        at_most = (self.in_person_quarter_left or 0, self.at_home or 0)
        for amount in (self.call, self.in_person, self.by_hand, self.total, *at_most):
            if not 0 <= amount <= LARGEST_BUDGET:
                raise ValueError(f"A budget is 0 to {LARGEST_BUDGET}, not {amount}.")

    def caps(self) -> dict[Group, int]:
        """The most suggestions of each group, the quarter's in-person budget taken into account."""
        left = self.in_person_quarter_left
        in_person = self.in_person if left is None else min(self.in_person, left)
        return {"call": self.call, "in_person": in_person, "by_hand": self.by_hand}

    def in_a_week_of(self, working_days: int) -> "Budget":
        """Its share in a week with so many days of work: what belongs to them, rounded up; nothing for a single day."""
        share = min(working_days, FULL_WEEK) if working_days >= LEAST_DAYS else 0
        return replace(self._shared(share, FULL_WEEK), days=working_days)

    def eased(self) -> "Budget":
        """Half of it, for somebody who lets the plans lie: fewer, so that one may be done."""
        return replace(self._shared(1, 2), is_eased=True)

    def beside(self, acts: Iterable[str]) -> "Budget":
        """What is left of it where these acts stand in the week already."""
        taken = Counter(GROUPS[act] for act in acts)
        caps = self.caps()
        return replace(
            self,
            call=max(0, caps["call"] - taken["call"]),
            in_person=max(0, caps["in_person"] - taken["in_person"]),
            by_hand=max(0, caps["by_hand"] - taken["by_hand"]),
            total=max(0, self.total - taken.total()),
            in_person_quarter_left=None,
            at_home=None if self.at_home is None else max(0, self.at_home - taken["in_person"]),
        )

    def _shared(self, part: int, whole: int) -> "Budget":
        """So many parts of the whole, rounded up."""
        amounts = (self.call, self.in_person, self.by_hand, self.total)
        call, in_person, by_hand, total = (-(-one * part // whole) for one in amounts)
        at_home = None if self.at_home is None else -(-self.at_home * part // whole)
        return replace(self, call=call, in_person=in_person, by_hand=by_hand, total=total, at_home=at_home)

    def with_room_for(self, in_person: int) -> "Budget":
        """A trip may hold more in person than a usual week, with people there; all else keeps its room."""
        more = max(0, min(in_person, LARGEST_BUDGET) - self.in_person)
        if not more:
            return self
        total = min(LARGEST_BUDGET, self.total + more)
        at_home = self.in_person if self.at_home is None else self.at_home
        return replace(self, in_person=self.in_person + more, total=total, at_home=at_home)
