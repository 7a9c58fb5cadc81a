"""What the judgement of the rhythm model shows: sentences, and calibration as a chart in coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.rhythm_judge import FEWEST_CASES, FEWEST_OF_EITHER, Alarm, Verdict
from crm.domain.spans import count, out_of, percent
from crm.rules.rhythm import Judged

METHODS: Mapping[str, str] = {
    "quiet_p": N_("The rhythm model"),
    "days_since_any": N_("Days since the last contact"),
    "days_per_mean_gap": N_("Days ÷ mean gap"),
    "overdue_any": N_("A fixed cadence (days ÷ target)"),
}
SIZE = 260
LEFT, TOP, EDGE = 40, 10, 220
"""The plot is a square of ``EDGE`` units."""
RADII = (3.0, 9.0)
SMALL = 0.01
"""Smaller differences are said in thousandths."""


def summary(judged: Judged) -> list[str]:
    """What was judged and how it came out, in sentences."""
    verdict = judged.verdict
    said = _(
        "{horizon} ahead: {cases} from {people} on {days} of the past, {silent} of them silent afterwards."
    )
    told = said.format(
        horizon=count(verdict.horizon, "day", "days"),
        cases=count(verdict.cases, "case", "cases"),
        people=count(verdict.people, "person", "people"),
        days=count(len(judged.cutoffs), "day", "days"),
        silent=numeral(verdict.silent),
    )
    if not verdict.enough:
        said = _(
            "That is too little history to judge by: at least {cases} cases are needed, with at "
            "least {either} silent and {either} not."
        )
        return [told, said.format(cases=FEWEST_CASES, either=FEWEST_OF_EITHER)]
    return [told, " ".join(filter(None, (_ranking(verdict), _luck(verdict)))), _chances(verdict)]


def _ranking(verdict: Verdict) -> str:
    found = {one.key: one.auc or 0.0 for one in verdict.methods}
    own, days = found["quiet_p"], found["days_since_any"]
    is_near = round(own, 2) == round(days, 2)
    is_same = is_near and (verdict.lead is None or verdict.lead.is_luck)
    said = (
        _(
            "Of two people, one silent and one not, the model names the silent one {own}; counting days alone does as well."
        )
        if is_same
        else _(
            "Of two people, one silent and one not, the model names the silent one {own}; counting days alone, {days}."
        )
    )
    times = in_1000 if is_near and not is_same else in_100
    return said.format(own=times(own), days=times(days))


def _luck(verdict: Verdict) -> str:
    """Whether the difference to counting days is more than luck, the same few people coming again and again."""
    lead = verdict.lead
    if lead is None or lead.margin is None:
        return ""
    if lead.is_luck:
        said = _("With {people} a difference of up to {size} may be luck, so neither is shown to be better.")
    elif lead.by > 0:
        said = _(
            "With {people} a difference of up to {size} may be luck; this one is larger, so the model does better here."
        )
    else:
        said = _(
            "With {people} a difference of up to {size} may be luck;"
            " this one is larger, so counting days does better here."
        )
    return said.format(people=count(verdict.people, "person", "people"), size=_size(lead.margin))


def _size(margin: float) -> str:
    """ "4 in 100", "4 in 1,000"."""
    if margin < SMALL:
        return _("{n} in 1,000").format(n=max(1, round(1000 * margin)))
    return _("{n} in 100").format(n=round(100 * margin))


def _chances(verdict: Verdict) -> str:
    """Whether its chances are nearer the truth than one chance for everybody."""
    gain, average = verdict.gain, percent(verdict.silent / max(1, verdict.cases))
    if gain is None or gain.is_luck:
        said = _(
            "Its chances were about as close as always saying {average}, the average known only in hindsight."
        )
    elif gain.by > 0:
        said = _("Its chances were closer than always saying {average}, the average known only in hindsight.")
    else:
        said = _(
            "Do not take its chances literally here: always saying {average}, the average known only "
            "in hindsight, would have been closer. Go by whom it puts first, not by how sure it is."
        )
    return said.format(average=average)


def in_100(chance: float) -> str:
    """ "66 times in 100"."""
    times = out_of(chance)
    return ngettext("{n} times in 100", "{n} times in 100", times).format(n=times)


def in_1000(chance: float) -> str:
    """The same more finely, "655 times in 1,000"."""
    return _("{n} times in 1,000").format(n=out_of(chance, 1000))


def alarm_sentences(verdict: Verdict) -> list[str]:
    """Precision and recall of the shipped threshold, and of a clock beyond its target, in words."""
    names = {"quiet_p": _("From a chance of 60%"), "overdue_any": _("Beyond the target")}
    return [_alarm(names[one.key], one) for one in verdict.alarms]


def _alarm(name: str, alarm: Alarm) -> str:
    if alarm.precision is None or alarm.recall is None:
        return _("{when}: nobody was named.").format(when=name)
    said = _(
        "{when}: {n} named, {precision} of them silent afterwards (precision);"
        " {recall} of all silent ones were named (recall)."
    )
    return said.format(
        when=name,
        n=numeral(alarm.named),
        precision=percent(alarm.precision),
        recall=percent(alarm.recall),
    )


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
            _("Said {said}, happened {happened}: {cases}").format(
                said=percent(one.said),
                happened=percent(one.happened),
                cases=count(one.cases, "case", "cases"),
            ),
        )
        for one in verdict.tenths
    )
    ticks = tuple((_x(share), _y(share), percent(share)) for share in (0, 0.5, 1))
    return Calibration(dots, ticks, calibration_sentence(verdict))


def calibration_sentence(verdict: Verdict) -> str:
    """Whether the chances come true on the whole."""
    said = sum(one.said * one.cases for one in verdict.tenths) / max(1, verdict.cases)
    happened = verdict.silent / max(1, verdict.cases)
    if abs(said - happened) < 0.05:
        told = _("Overall it said {said}, and {happened} stayed silent: about what it said.")
    elif happened < said:
        told = _("Overall it said {said}, and {happened} stayed silent: fewer than it said.")
    else:
        told = _("Overall it said {said}, and {happened} stayed silent: more than it said.")
    return told.format(said=percent(said), happened=percent(happened))


def _x(share: float) -> float:
    return round(LEFT + EDGE * share, 1)


def _y(share: float) -> float:
    return round(TOP + EDGE * (1 - share), 1)
