"""What the judgement of the rhythm model shows: sentences, and calibration as a chart in coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass

from crm.domain.manner import numeral
from crm.domain.rhythm_judge import FEWEST_CASES, FEWEST_OF_EITHER, Alarm, Verdict
from crm.domain.spans import count
from crm.rules.rhythm import Judged

METHODS: Mapping[str, str] = {
    "quiet_p": "The rhythm model",
    "days_since_any": "Days since the last contact",
    "days_per_mean_gap": "Days ÷ mean gap",
    "overdue_any": "A fixed cadence (days ÷ target)",
}
SIZE = 260
LEFT, TOP, EDGE = 40, 10, 220
"""The plot is a square of ``EDGE`` units."""
RADII = (3.0, 9.0)


def summary(judged: Judged) -> list[str]:
    """What was judged and how it came out, in sentences."""
    verdict = judged.verdict
    told = [
        f"{count(verdict.horizon, 'day')} ahead: {count(verdict.cases, 'case')} from {count(verdict.people, 'person')}"
        f" on {count(len(judged.cutoffs), 'day')} of the past, {numeral(verdict.silent)} of them silent afterwards."
    ]
    if not verdict.enough:
        return [
            *told,
            f"That is too little history to judge by: it takes {FEWEST_CASES} cases, with at least {FEWEST_OF_EITHER}"
            f" silent and {FEWEST_OF_EITHER} not.",
        ]
    return [*told, " ".join(filter(None, (_ranking(verdict), _luck(verdict)))), _chances(verdict)]


def _ranking(verdict: Verdict) -> str:
    found = {one.key: one.auc or 0.0 for one in verdict.methods}
    own, days = found["quiet_p"], found["days_since_any"]
    sentence = f"Of two people, one silent and one not, the model names the silent one {in_100(own)}"
    if round(own, 2) == round(days, 2):
        return f"{sentence}; counting days alone does as well."
    return f"{sentence}; counting days alone, {in_100(days)}."


def _luck(verdict: Verdict) -> str:
    """Whether the difference to counting days is more than luck, the same few people coming again and again."""
    lead = verdict.lead
    if lead is None or lead.margin is None:
        return ""
    may_be = f"With {count(verdict.people, 'person')} a difference of up to {max(1, round(100 * lead.margin))} in 100"
    if lead.is_luck:
        return f"{may_be} may be luck, so neither is shown to be better."
    better = "the model" if lead.by > 0 else "counting days"
    return f"{may_be} may be luck; this one is larger, so {better} does better here."


def _chances(verdict: Verdict) -> str:
    """Whether its chances are nearer the truth than one chance for everybody."""
    gain, average = verdict.gain, percent(verdict.silent / max(1, verdict.cases))
    always = f"always saying {average}, the average that is known only afterwards"
    if gain is None or gain.is_luck:
        return f"Its chances came about as near as {always}."
    if gain.by > 0:
        return f"Its chances came nearer than {always}."
    return (
        f"Do not take its chances at their word here: {always}, would have come nearer."
        " Go by whom it puts first, not by how sure it is."
    )


def in_100(chance: float) -> str:
    """ "66 times in 100"."""
    return f"{round(100 * chance)} times in 100"


def alarm_sentences(verdict: Verdict) -> list[str]:
    """Precision and recall of the shipped threshold, and of a clock beyond its target, in words."""
    names = {"quiet_p": "From a chance of 60%", "overdue_any": "Beyond the target"}
    return [_alarm(names[one.key], one) for one in verdict.alarms]


def _alarm(name: str, alarm: Alarm) -> str:
    if alarm.precision is None or alarm.recall is None:
        return f"{name}: nobody was named."
    return (
        f"{name}: {numeral(alarm.named)} named, {percent(alarm.precision)} of them silent afterwards (precision);"
        f" {percent(alarm.recall)} of all silent ones were named (recall)."
    )


def percent(share: float) -> str:
    """A share 0…1 in whole per cent."""
    return f"{round(100 * share)}%"


@dataclass(frozen=True)
class Dot:
    """One tenth: said across, happened upwards; the more cases, the larger."""

    x: float
    y: float
    radius: float
    title: str


@dataclass(frozen=True)
class Calibration:
    """What to draw, and the finding as a sentence."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, float, str], ...]
    sentence: str
    size: int = SIZE
    left: int = LEFT
    top: int = TOP
    right: int = LEFT + EDGE
    bottom: int = TOP + EDGE


def calibration(verdict: Verdict) -> Calibration:
    """Said against happened, one dot a tenth; on the diagonal what was said is what happened."""
    most = max((one.cases for one in verdict.tenths), default=1)
    least, largest = RADII
    dots = tuple(
        Dot(
            _x(one.said),
            _y(one.happened),
            round(least + (largest - least) * (one.cases / most) ** 0.5, 1),
            f"Said {percent(one.said)}, happened {percent(one.happened)}: {count(one.cases, 'case')}",
        )
        for one in verdict.tenths
    )
    ticks = tuple((_x(share), _y(share), percent(share)) for share in (0, 0.5, 1))
    return Calibration(dots, ticks, calibration_sentence(verdict))


def calibration_sentence(verdict: Verdict) -> str:
    """Whether the chances come true on the whole."""
    said = sum(one.said * one.cases for one in verdict.tenths) / max(1, verdict.cases)
    happened = verdict.silent / max(1, verdict.cases)
    which = "about what was said" if abs(said - happened) < 0.05 else "less" if happened < said else "more"
    fewer = {"less": "fewer stayed silent than it says", "more": "more stayed silent than it says"}
    return (
        f"On the whole it said {percent(said)} and {percent(happened)} stayed silent:"
        f" {fewer.get(which, which)}."
    )


def _x(share: float) -> float:
    return round(LEFT + EDGE * share, 1)


def _y(share: float) -> float:
    return round(TOP + EDGE * (1 - share), 1)
