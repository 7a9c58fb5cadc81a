"""The experiment of ``crm backtest --rhythm`` over who met whom in an office for two weeks.

    python -m benchmarks.rhythm_office PATH

PATH is SocioPatterns' ``workplace_InVS15_tij.dat.gz`` (CC0): a line for each 20 seconds in which two badges faced each
other. Two weeks are too short for a model that counts in days and looks 30 or 60 ahead, so time is stretched: a slot of
working time (08:00 to 20:00, the weekend left out) stands for a day. Half hours make the ten working days 240 "days"; quarters
of an hour and hours show how much hangs on that choice. A "contact day" is a slot in which a pair met; cut-offs lie 10 "days"
apart from the 60th on. Constants stay as they ship; nothing is fitted.
"""

import gzip
import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from crm.domain.expressions import Constant, evaluate
from crm.domain.rhythm import MEMORY_DAYS, PRIOR_GAP_DAYS, quiet_chance
from crm.domain.rhythm_judge import Case, Verdict, judge

DAY = 86_400
OPENS, CLOSES = 8 * 3600, 20 * 3600
SLOTS = (900, 1800, 3600)
"""Seconds that stand for a day."""
WARM_UP, STEP = 60, 10
CADENCE = 30
"""The target of the fixed cadence, as for a key partner."""


def working_slot(second: int, slot: int) -> int | None:
    """The running number of the slot in working time; the recording starts on a Monday at midnight."""
    day, clock = divmod(second, DAY)
    if day % 7 > 4 or not OPENS <= clock < CLOSES:
        return None
    return (day // 7 * 5 + day % 7) * ((CLOSES - OPENS) // slot) + (clock - OPENS) // slot


def meetings(path: Path, slot: int) -> dict[tuple[str, str], list[int]]:
    """Of each pair the slots in which they met, in order."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            second, one, other = line.split()[:3]
            place = working_slot(int(second), slot)
            if place is not None:
                found[min(one, other), max(one, other)].add(place)
    return {pair: sorted(days) for pair, days in found.items()}


def cases(pairs: dict[tuple[str, str], list[int]], horizon: int) -> Iterator[Case]:
    """Every pair at every cut-off by which it had met, from what had happened by then alone."""
    last = max(days[-1] for days in pairs.values())
    for number, days in enumerate(pairs.values()):
        for today in range(WARM_UP, last - horizon + 1, STEP):
            past = [day for day in days if day <= today]
            if past:
                silent = not any(today < day <= today + horizon for day in days)
                yield _case(number, past, today, horizon, silent)


def _case(number: int, past: list[int], today: int, horizon: int, silent: bool) -> Case:
    strength = sum(math.exp((day - today) / MEMORY_DAYS) for day in past)
    days = today - past[-1]
    chance = evaluate(quiet_chance(Constant(strength), Constant(days), horizon), {})
    assert isinstance(chance, float)
    gaps = [later - earlier for earlier, later in pairwise(past)]
    mean_gap = sum(gaps) / len(gaps) if gaps else PRIOR_GAP_DAYS
    return Case(number, chance, days, days / mean_gap, days / CADENCE, silent)


def verdicts(path: Path, slot: int) -> list[Verdict]:
    """The judgement over 30 and 60 "days" of a slot each."""
    pairs = meetings(path, slot)
    return [judge(horizon, list(cases(pairs, horizon))) for horizon in (30, 60)]


def main() -> None:
    if len(sys.argv) != 2 or not (path := Path(sys.argv[1])).exists():
        raise SystemExit("Give the path of workplace_InVS15_tij.dat.gz.")
    for slot in SLOTS:
        for verdict in verdicts(path, slot):
            print(f"{slot // 60} minutes for a day, {verdict.horizon} ahead:", *lines(verdict), sep="\n  ")


def lines(verdict: Verdict) -> Iterator[str]:
    """The figures of a verdict, a line each."""
    yield f"{verdict.people} pairs, {verdict.cases} cases, {verdict.silent} silent"
    for method in verdict.methods:
        loss = "" if method.log_loss is None else f", log-loss {method.log_loss:.3f}"
        yield f"{method.key}: AUC {method.auc:.3f}{loss}"
    if verdict.average_log_loss is not None:
        yield f"always the average: log-loss {verdict.average_log_loss:.3f}"
    for name, lead in (("AUC over plain days", verdict.lead), ("log-loss below the average's", verdict.gain)):
        if lead is not None and lead.margin is not None:
            yield f"{name}: {lead.by:+.3f}, give or take {lead.margin:.3f}"
    for one in verdict.tenths:
        yield f"from {one.low:.1f}: {one.cases} cases, said {one.said:.2f}, happened {one.happened:.2f}"
    for alarm in verdict.alarms:
        yield f"{alarm.key}: {alarm.named} named, precision {alarm.precision:.2f}, recall {alarm.recall:.2f}"


if __name__ == "__main__":
    main()
