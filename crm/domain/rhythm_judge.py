"""How well a prediction of silence did: pure statistics over cases whose outcome is known."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import sub

from crm.domain.margins import Lead, lead_in_order, lead_of_means

FEWEST_CASES = 200
FEWEST_OF_EITHER = 20
"""Below these a verdict says more about luck than about the model."""
THRESHOLD = 0.6
"""The chance from which the zone *gone quiet* takes a silence for one (PRODUCT.md section 3)."""
SUREST = 1e-9
"""Chances nearer to 0 or 1 are judged as this near, so that one surprise does not cost infinitely much."""


@dataclass(frozen=True, slots=True)
class Case:
    """One person at one cut-off, as known then, and whether the days after it were silent.

    ``chance`` is the model's (0…1); ``days`` since the last contact; ``per_gap`` and ``per_target`` are those days as a
    multiple of the mean gap and of the target for any contact (0 without a target: never overdue).
    """

    person: int
    chance: float
    days: float
    per_gap: float
    per_target: float
    silent: bool


@dataclass(frozen=True)
class Method:
    """A way to rank people by how likely they stay silent. ``log_loss`` only for one that states chances."""

    key: str
    auc: float | None
    log_loss: float | None = None


@dataclass(frozen=True)
class Tenth:
    """Cases whose stated chance lay from ``low`` up to ``high``: the mean of what was said, the share that happened."""

    low: float
    high: float
    cases: int
    said: float
    happened: float


@dataclass(frozen=True)
class Alarm:
    """A yes-or-no call: of those it named, how many stayed silent; of the silent, how many it had named."""

    key: str
    named: int
    right: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Verdict:
    """The judgement over one horizon in days. With ``enough`` false the figures are left out.

    ``lead`` is the model's AUC over that of plain days, ``gain`` by how much lower its log-loss is than that of always
    saying the average.
    """

    horizon: int
    people: int
    cases: int
    silent: int
    enough: bool
    average_log_loss: float | None
    methods: tuple[Method, ...]
    tenths: tuple[Tenth, ...]
    alarms: tuple[Alarm, ...]
    lead: Lead | None = None
    gain: Lead | None = None


_RANKINGS: tuple[tuple[str, Callable[[Case], float]], ...] = (
    ("quiet_p", lambda case: case.chance),
    ("days_since_any", lambda case: case.days),
    ("days_per_mean_gap", lambda case: case.per_gap),
    ("overdue_any", lambda case: case.per_target),
)


def judge(horizon: int, cases: Sequence[Case]) -> Verdict:
    """Judge the model against plain days, days ÷ mean gap and a fixed cadence, on the same cases."""
    outcomes = [case.silent for case in cases]
    silent = sum(outcomes)
    people = len({case.person for case in cases})
    if len(cases) < FEWEST_CASES or min(silent, len(cases) - silent) < FEWEST_OF_EITHER:
        return Verdict(horizon, people, len(cases), silent, False, None, (), (), ())
    return Verdict(
        horizon=horizon,
        people=people,
        cases=len(cases),
        silent=silent,
        enough=True,
        average_log_loss=log_loss(_average(outcomes), outcomes),
        methods=tuple(_methods(cases, outcomes)),
        tenths=tenths([case.chance for case in cases], outcomes),
        alarms=(
            alarm("quiet_p", [case.chance >= THRESHOLD for case in cases], outcomes),
            alarm("overdue_any", [case.per_target > 1 for case in cases], outcomes),
        ),
        lead=_lead(cases, outcomes),
        gain=_gain(cases, outcomes),
    )


def _lead(cases: Sequence[Case], outcomes: Sequence[bool]) -> Lead:
    """The model's order against that of plain days."""
    people, chances, days = zip(*((case.person, case.chance, case.days) for case in cases), strict=True)
    return lead_in_order(people, chances, days, outcomes)


def _gain(cases: Sequence[Case], outcomes: Sequence[bool]) -> Lead:
    """The model's log-loss against that of one chance for everybody."""
    own = losses([case.chance for case in cases], outcomes)
    better_by = list(map(sub, losses(_average(outcomes), outcomes), own))
    return lead_of_means([case.person for case in cases], better_by)


def _average(outcomes: Sequence[bool]) -> list[float]:
    return [sum(outcomes) / len(outcomes)] * len(outcomes)


def _methods(cases: Sequence[Case], outcomes: Sequence[bool]) -> Iterator[Method]:
    for key, of in _RANKINGS:
        scores = [of(case) for case in cases]
        yield Method(key, auc(scores, outcomes), log_loss(scores, outcomes) if key == "quiet_p" else None)


def auc(scores: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """How often a random silent case has the higher score than a random other one, ties counting half.

    Exact whole-number counting until the one division at the end; ``None`` unless both outcomes occur.
    """
    yes = sum(outcomes)
    no = len(outcomes) - yes
    if not yes or not no:
        return None
    below = twice_won = 0
    ranked = sorted(zip(scores, outcomes, strict=True))
    for _, tied in groupby(ranked, key=lambda pair: pair[0]):
        group = [outcome for _, outcome in tied]
        yes_here = sum(group)
        no_here = len(group) - yes_here
        twice_won += yes_here * (2 * below + no_here)
        below += no_here
    return twice_won / (2 * yes * no)


def log_loss(chances: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """The mean of −ln(the chance given to what happened): 0 is perfect, 0.69 is a coin; ``None`` for no cases."""
    return math.fsum(losses(chances, outcomes)) / len(chances) if chances else None


def losses(chances: Sequence[float], outcomes: Sequence[bool]) -> list[float]:
    """What each case adds to the log-loss."""
    return [
        -math.log(min(max(chance if outcome else 1 - chance, SUREST), 1.0))
        for chance, outcome in zip(chances, outcomes, strict=True)
    ]


def tenths(chances: Sequence[float], outcomes: Sequence[bool]) -> tuple[Tenth, ...]:
    """Said against happened, by tenths of the stated chance; tenths without cases are left out."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for pair in zip(chances, outcomes, strict=True):
        groups.setdefault(min(9, int(pair[0] * 10)), []).append(pair)
    return tuple(
        Tenth(
            place / 10,
            (place + 1) / 10,
            len(group),
            math.fsum(chance for chance, _ in group) / len(group),
            sum(outcome for _, outcome in group) / len(group),
        )
        for place, group in sorted(groups.items())
    )


def alarm(key: str, named: Sequence[bool], outcomes: Sequence[bool]) -> Alarm:
    """Precision and recall of a yes-or-no call; ``None`` where it named nobody, or nobody was silent."""
    right = sum(yes and silent for yes, silent in zip(named, outcomes, strict=True))
    said, silent = sum(named), sum(outcomes)
    return Alarm(key, said, right, right / said if said else None, right / silent if silent else None)
