"""How much of a figure may be luck, where the same people are judged again and again.

Cases of one person go together: twelve of hers say less than one each of twelve people. So what each case adds to a
figure's error is summed by person first (Obuchowski 1997, for areas under the curve the clustered form of DeLong's).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

SURE = 1.96
"""Standard errors on either side that 95 of 100 such margins need to hold the true figure."""


@dataclass(frozen=True)
class Lead:
    """By how much one way did better than another; ``margin``, either way, holds the truth 95 times in 100.

    With one person alone nothing can be said of the margin: it is missing.
    """

    by: float
    margin: float | None

    @property
    def is_luck(self) -> bool:
        """Whether it may as well be none at all."""
        return self.margin is None or abs(self.by) <= self.margin


def margin(errors: Iterable[tuple[int, float]]) -> float | None:
    """The margin of a figure from each case's person and share in its error."""
    by_person: dict[int, float] = defaultdict(float)
    for person, error in errors:
        by_person[person] += error
    people = len(by_person)
    if people < 2:
        return None
    return SURE * math.sqrt(people / (people - 1) * math.fsum(one * one for one in by_person.values()))


def lead_of_means(people: Sequence[int], better_by: Sequence[float]) -> Lead:
    """How much better on average, case by case."""
    by = math.fsum(better_by) / len(better_by)
    return Lead(
        by, margin((one, (each - by) / len(people)) for one, each in zip(people, better_by, strict=True))
    )


def lead_in_order(
    people: Sequence[int], one: Sequence[float], other: Sequence[float], outcomes: Sequence[bool]
) -> Lead:
    """By how much ``one`` puts the yes above the no more often than ``other`` does. Both outcomes must occur."""
    won = [
        first - second
        for first, second in zip(won_against(one, outcomes), won_against(other, outcomes), strict=True)
    ]
    yes = sum(outcomes)
    sizes = {True: yes, False: len(outcomes) - yes}
    by = math.fsum(each for each, outcome in zip(won, outcomes, strict=True) if outcome) / yes
    rows = zip(people, won, outcomes, strict=True)
    return Lead(by, margin((person, (each - by) / sizes[outcome]) for person, each, outcome in rows))


def won_against(scores: Sequence[float], outcomes: Sequence[bool]) -> list[float]:
    """Of each case, the share of the cases of the other outcome that stand on the right side of it, ties half."""
    yes = sum(outcomes)
    no = len(outcomes) - yes
    found = [0.0] * len(scores)
    yes_below = no_below = 0
    ranked = sorted(range(len(scores)), key=lambda place: scores[place])
    for _, tied in groupby(ranked, key=lambda place: scores[place]):
        group = list(tied)
        yes_here = sum(outcomes[place] for place in group)
        no_here = len(group) - yes_here
        for place in group:
            found[place] = (
                (no_below + no_here / 2) / no if outcomes[place] else (yes - yes_below - yes_here / 2) / yes
            )
        yes_below, no_below = yes_below + yes_here, no_below + no_here
    return found
