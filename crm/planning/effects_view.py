"""Is it working? The figures as sentences, and as a line and columns in coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crm.domain.fates import AFTER_DAYS, Aftermath, two_thirds_by
from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import month_name, month_words, numeral
from crm.domain.spans import count, day_phrase, in_words, join, out_of
from crm.domain.vocabulary import SIGNALS_COUNTED
from crm.domain.weeks import DAY_NAMES, SHORT_DAYS
from crm.health.shares import Share
from crm.planning.effects import Effects

WIDTH, HEIGHT = 860, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 790, 26, 184
COLUMNS = (*SHORT_DAYS, N_("Later"))
COLUMN_HEIGHT, COLUMN_STEP = 150, 52


@dataclass(frozen=True)
class Mark:
    """Words at a place on an axis."""

    at: float
    words: str


@dataclass(frozen=True)
class Spot:
    """One day on the line."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class ShareChart:
    """The share of key people over time: the line's and the area's SVG paths, its ends, and the first mail."""

    line: str
    area: str
    first: Spot
    last: Spot
    mail: Spot | None
    mail_words: str
    up: tuple[Mark, ...]
    across: tuple[Mark, ...]
    shares: tuple[Share, ...]
    sentence: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


@dataclass(frozen=True)
class Column:
    """One day of the week: how many suggestions were acted on."""

    x: float
    y: float
    height: float
    number: int
    words: str
    is_later: bool


def percent(share: Share) -> int:
    """In whole per cent, as `out_of` rounds it; 0 where nobody was known."""
    return out_of(share.reached / share.people) if share.people else 0


def lede(found: Effects, today: date) -> str:
    """Where it stands, and where it stood when the first mail went out, or at the beginning."""
    now = found.shares[-1]
    if not now.people:
        return _("Nobody is marked key yet.")
    said = _("Key people with personal contact in the last 90 days: {reached} of {people}.").format(
        reached=now.reached, people=now.people
    )
    then = _at(found.shares, found.since) if found.since else found.shares[0]
    if not then.people:
        return said
    if found.since:
        before = _("When the first mail went out, it was {reached} of {people}.")
    else:
        before = _("On {day}, it was {reached} of {people}.")
    day = day_phrase(then.day, today)
    return f"{said} {before.format(day=day, reached=then.reached, people=then.people)}"


def _at(shares: Sequence[Share], day: date) -> Share:
    """The last of them by that day."""
    return next((one for one in reversed(shares) if one.day <= day), shares[0])


def share_chart(found: Effects, today: date) -> ShareChart | None:
    """The line from the first day on which a key person was known; none without two such days."""
    shares = [one for one in found.shares if one.people]
    if len(shares) < 2:
        return None
    top = min(100, -(-max(percent(one) for one in shares) // 20) * 20 or 20)
    step = (RIGHT - LEFT) / (len(shares) - 1)
    spots = [
        Spot(round(LEFT + place * step, 1), _y(percent(one), top), f"{percent(one)}%")
        for place, one in enumerate(shares)
    ]
    line = "M" + "L".join(f"{spot.x} {spot.y}" for spot in spots)
    mail = spots[shares.index(_at(shares, found.since))] if found.since else None
    return ShareChart(
        line=line,
        area=f"{line}V{BOTTOM}H{LEFT}Z",
        first=spots[0],
        last=spots[-1],
        mail=mail,
        mail_words=_("First mail, {day}").format(day=day_phrase(found.since, today)) if found.since else "",
        up=tuple(Mark(_y(value, top), f"{value}%") for value in range(0, top + 1, 20)),
        across=_months(shares, step),
        shares=tuple(shares),
        sentence=_("The share of key people reached personally went from {first} to {last}.").format(
            first=spots[0].words, last=spots[-1].words
        ),
    )


def _y(value: float, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _months(shares: Sequence[Share], step: float) -> tuple[Mark, ...]:
    """The first day, then about every third month where it begins, with room before the end."""
    marks = [Mark(float(LEFT), month_words(shares[0].day, year=True, long=False))]
    for place in range(1, len(shares)):
        here, before = shares[place].day, shares[place - 1].day
        x = round(LEFT + place * step, 1)
        begins = here.month != before.month and here.month % 3 == 2
        if begins and x - marks[-1].at > 90 and x < RIGHT - 60:
            marks.append(Mark(x, month_name(here)))
    return tuple(marks)


def columns(counts: Sequence[int]) -> tuple[Column, ...]:
    """The days of the week as columns, the highest of full height; none where nothing was acted on."""
    highest = max(counts)
    if not highest:
        return ()
    return tuple(
        Column(
            x=place * COLUMN_STEP + 6,
            y=round(20 + COLUMN_HEIGHT * (1 - number / highest), 1),
            height=round(COLUMN_HEIGHT * number / highest, 1),
            number=number,
            words=_(COLUMNS[place]),
            is_later=place == len(counts) - 1,
        )
        for place, number in enumerate(counts)
    )


def soon_sentence(counts: Sequence[int]) -> str:
    """How many suggestions were acted on, and by when two thirds of them."""
    said = _("{suggestions} acted on.").format(suggestions=count(sum(counts), "suggestion", "suggestions"))
    day = two_thirds_by(counts)
    return (
        said if day is None else f"{said} {_('Two thirds of them by {day}.').format(day=_(DAY_NAMES[day]))}"
    )


def weeks_sentence(found: Effects) -> str:
    """Over how many weeks and people the suggestions were counted."""
    if not found.planned:
        return ""
    people = ngettext("{many} person with a plan", "{many} people with a plan", found.planners)
    said = ngettext("{n} week that is over, {people}", "{n} weeks that are over, {people}", found.planned)
    return said.format(n=numeral(found.planned), people=people.format(many=in_words(found.planners)))


def days_words(days: float | None) -> str:
    """The usual time to act."""
    if days is None:
        return "–"
    whole = int(days + 0.5)
    return _("the same day") if whole == 0 else count(whole, "day", "days")


def after_lines(after: Aftermath) -> tuple[tuple[int, str], ...]:
    """What came after, as numbers and their words; nothing where nothing is old enough to say."""
    heard = [count(number, sort, SIGNALS_COUNTED.get(sort, "")) for sort, number in after.heard.items()]
    lines = [
        (
            after.wrote,
            plurals(
                "time they got in touch of their own accord", "times they got in touch of their own accord"
            ),
        ),
        (after.personal, plurals("led to another personal contact", "led to another personal contact")),
        (after.asks, plurals("ask was closed", "asks were closed")),
        (sum(after.heard.values()), plurals("thing heard: {what}", "things heard: {what}")),
        (after.nothing, plurals("was followed by nothing at all", "were followed by nothing at all")),
    ]
    return tuple(
        (number, ngettext(*words, number).format(what=join(heard))) for number, words in lines if number
    )


def after_sentence(after: Aftermath) -> str:
    """What the lines are counted over."""
    if not after.acted_on:
        return _("Nothing was acted on {days} days ago or earlier, so it is too early to say.").format(
            days=AFTER_DAYS
        )
    said = _("Within {days} days of {suggestions} acted on that long ago")
    return said.format(days=AFTER_DAYS, suggestions=count(after.acted_on, "suggestion", "suggestions"))
