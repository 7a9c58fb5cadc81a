"""What a backtest shows: its finding in words, and its weeks as a chart in coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import month_words, numeral
from crm.domain.principal import Principal
from crm.domain.rules import Rule
from crm.domain.spans import capital, in_tenths, in_words, percent, short_day
from crm.rules.backtest import Week, backtest, flagged_at, has_log

EMPTY_LOG = "The log is empty, so there is no past to judge by. Log or import interactions first."


def finding(weeks: Sequence[Week]) -> str:
    """What a backtest shows, in a few sentences; somebody flagged in several weeks counts in each."""
    told = [week for week in weeks if week.in_touch_anyway is not None]
    flagged = sum(week.flagged for week in told)
    if not any(week.flagged for week in weeks):
        return _("In the past year it would have flagged nobody.")
    sentences = []
    if flagged:
        sentences.append(_anyway(sum(week.in_touch_anyway or 0 for week in told), flagged))
    sentences += _silence(weeks)
    young = len(weeks) - len(told)
    if young:
        said = ngettext(
            "The last week is too young to judge.", "The last {n} weeks are too young to judge.", young
        )
        sentences.append(said.format(n=in_words(young)))
    return " ".join(sentences)


def _anyway(part: int, flagged: int) -> str:
    """How many were in touch without the rule, and so how often it would have been of use."""
    often = in_tenths(1 - part / flagged)
    if part == flagged:
        said = _(
            "{share} were in personal contact within 14 days anyway, so it would have told you nothing new."
        )
    elif part:
        said = _(
            "{share} were in personal contact within 14 days anyway, so {often} it would have told you something new."
        )
    else:
        said = _(
            "{share} were in personal contact within 14 days anyway, so every time it would have told you something new."
        )
    return said.format(share=capital(_share(part, flagged)), often=often)


def _silence(weeks: Sequence[Week]) -> list[str]:
    told = [week for week in weeks if week.silent_quarter is not None]
    flagged = sum(week.flagged for week in told)
    if not flagged:
        return []
    share = _share(sum(week.silent_quarter or 0 for week in told), flagged)
    return [_("Where a quarter has passed since, {share} stayed silent all through it.").format(share=share)]


def _share(part: int, whole: int) -> str:
    """In whole per cent, as `out_of` rounds it; what that would make none or all is said to be fewer or more."""
    if part in (0, whole):
        return _("all") if part else _("none")
    if 200 * part < whole:
        return _("fewer than 1%")
    return percent(part / whole) if 200 * (whole - part) > whole else _("more than 99%")


WIDTH, HEIGHT = 720, 196
LEFT, RIGHT, TOP, BOTTOM = 34, 716, 22, 160
GAP = 2.0


@dataclass(frozen=True)
class Bar:
    """One week: how high, how much of it honey, whether too young to judge; ``y`` and ``part_y`` are the upper edges."""

    x: float
    width: float
    y: float
    height: float
    part_y: float
    part: float
    is_young: bool
    title: str


@dataclass(frozen=True)
class Mark:
    """Words at a place on an axis."""

    at: float
    words: str


@dataclass(frozen=True)
class BacktestChart:
    """What to draw: 52 bars, today's bar, the axes, and the finding as a sentence."""

    bars: tuple[Bar, ...]
    today: Bar
    flagged_today: int
    up: tuple[Mark, ...]
    across: tuple[Mark, ...]
    sentence: str
    weeks: tuple[Week, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


def drawn(connection: Connection, principal: Principal, rule: Rule, at: datetime) -> BacktestChart | None:
    """A rule against the past year; None where there is no log to try it on."""
    if not has_log(connection, principal, at):
        return None
    return chart(backtest(connection, principal, rule, at), flagged_at(connection, principal, rule, at))


def chart(weeks: Sequence[Week], flagged_today: int) -> BacktestChart:
    """The weeks as bars from left to right, and what is flagged today as the last one."""
    step = (RIGHT - LEFT) / (len(weeks) + 1)
    top = _round_top(max([flagged_today, *(week.flagged for week in weeks)]))
    bars = [_bar(LEFT + place * step, step, week, top) for place, week in enumerate(weeks)]
    now = _column(
        RIGHT - step, step, flagged_today, 0, top, False, _("Today: {n} flagged").format(n=flagged_today)
    )
    return BacktestChart(
        bars=tuple(bars),
        today=now,
        flagged_today=flagged_today,
        up=tuple(Mark(_y(value, top), str(value)) for value in (top // 2, top) if value),
        across=_months(weeks, step),
        sentence=finding(weeks),
        weeks=tuple(weeks),
    )


def _bar(x: float, step: float, week: Week, top: int) -> Bar:
    is_young = week.in_touch_anyway is None
    day = short_day(week.as_of.date(), None)
    said = (
        _("{day}: {n} flagged, too young to judge")
        if is_young
        else _("{day}: {n} flagged, {anyway} in personal contact anyway")
    )
    title = said.format(day=day, n=numeral(week.flagged), anyway=week.in_touch_anyway)
    return _column(x, step, week.flagged, week.in_touch_anyway or 0, top, is_young, title)


def _column(x: float, step: float, flagged: int, part: int, top: int, is_young: bool, title: str) -> Bar:
    y, part_y = _y(flagged, top), _y(part, top)
    height, part_height = round(BOTTOM - y, 1), round(BOTTOM - part_y, 1)
    return Bar(round(x + GAP / 2, 1), round(step - GAP, 1), y, height, part_y, part_height, is_young, title)


def _y(value: float, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1) if top else float(BOTTOM)


def _round_top(highest: int) -> int:
    """The least round number (2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100 …) that holds them all."""
    if highest <= 10:
        return highest + highest % 2
    size = 10
    while True:
        for leading in (2, 3, 4, 5, 6, 8, 10):
            if leading * size >= highest:
                return leading * size
        size *= 10


def _months(weeks: Sequence[Week], step: float) -> tuple[Mark, ...]:
    """The first week, then about every third month where it begins; the year with the first and with January."""
    marks = []
    for place, week in enumerate(weeks):
        began = place == 0 or week.as_of.month != weeks[place - 1].as_of.month
        if began and (place == 0 or (week.as_of.month % 3 == 0 and 7 <= place <= len(weeks) - 5)):
            marks.append(
                Mark(
                    round(LEFT + place * step, 1), month_words(week.as_of.date(), year=place == 0, long=False)
                )
            )
    return tuple(marks)
