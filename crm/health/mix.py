"""The channel mix of one person: twelve months, personal above the line, digital hanging below it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from crm.domain.channels import Channel
from crm.domain.language import gettext as _
from crm.domain.manner import month_words
from crm.domain.spans import capital, count, span
from crm.interactions.timeline import MonthCount

MONTHS = 12
MOST_DISCS = 3
MOST_BOXES = 6
_BOX = "h15a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5h-15a2.5 2.5 0 0 1-2.5-2.5v-5a2.5 2.5 0 0 1 2.5-2.5z"


@dataclass(frozen=True)
class Column:
    """One month: its discs from the line upwards, its boxes from the line downwards, and what did not fit."""

    first: date
    x: float
    discs: tuple[Channel, ...]
    boxes: tuple[Channel, ...]
    personal: int
    digital: int

    @property
    def more_personal(self) -> int:
        """Personal contacts beyond the discs that are drawn."""
        return self.personal - len(self.discs)

    @property
    def more_digital(self) -> int:
        """Digital contacts beyond the boxes that are drawn."""
        return self.digital - len(self.boxes)


@dataclass(frozen=True)
class Screen:
    """The ground behind the last months in which only the screen was used."""

    x: float
    width: float
    words: str


@dataclass(frozen=True)
class Mix:
    """The chart: columns, coordinates shared by them, and the finding in one sentence."""

    columns: tuple[Column, ...]
    step: float
    width: float
    line: float
    height: float
    screen: Screen | None
    sentence: str

    @property
    def is_empty(self) -> bool:
        """Nothing in these months."""
        return not any(one.personal or one.digital for one in self.columns)

    def boxes(self, *, email: bool) -> str:
        """The outline of every box of emails, or of the others, as one path: 20 wide, 10 high, round at the corners."""
        return "".join(
            f"M{column.x - 7.5:g} {self.line + 4 + 14 * place:g}{_BOX}"
            for column in self.columns
            for place, channel in enumerate(column.boxes)
            if (channel.key == "email") is email
        )

    def sized(self, *, left: float, step: float) -> "Mix":
        """The same with other coordinates along the line."""
        columns = tuple(
            replace(column, x=left + step * (place + 0.5)) for place, column in enumerate(self.columns)
        )
        width = left + step * MONTHS
        screen = self.screen and _screen(columns, left, step, self.screen.words)
        return replace(self, columns=columns, step=step, width=width, screen=screen)


def twelve_months(today: date) -> list[date]:
    """The first days of the twelve months that end with this one."""
    return [_month(today, MONTHS - 1 - place) for place in range(MONTHS)]


def _month(today: date, back: int) -> date:
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def channel_mix(
    uses: Sequence[MonthCount],
    today: date,
    silent: int | None = None,
    *,
    left: float = 92,
    step: float = 42,
) -> Mix:
    """The chart of twelve months up to ``today``; uses before them are left out.

    ``silent``: days since the last personal contact, missing where there never was one. The columns are months of the
    calendar, of which this one has only begun, so they do not tell how much time has passed.
    """
    by_month: dict[date, list[MonthCount]] = defaultdict(list)
    for one in uses:
        by_month[one.first].append(one)
    columns = tuple(
        _column(first, by_month[first], left + step * (place + 0.5))
        for place, first in enumerate(twelve_months(today))
    )
    tallest = max(len(column.discs) + bool(column.more_personal) for column in columns)
    deepest = max(len(column.boxes) + bool(column.more_digital) for column in columns)
    line = 40 + 30 * max(1, tallest)
    return Mix(
        columns=columns,
        step=step,
        width=left + step * MONTHS,
        line=line,
        height=line + 36 + 14 * max(3, deepest),
        screen=_screen(columns, left, step, _by_screen(silent)),
        sentence=_sentence(columns, silent),
    )


def _column(first: date, uses: Sequence[MonthCount], x: float) -> Column:
    # Where there is no room for all, meetings are seen before calls.
    personal = sorted(
        (one for one in uses if one.channel.personal), key=lambda one: not one.channel.in_person
    )
    digital = [one for one in uses if one.channel.digital]
    # Emails hang first, so that the two sorts of box do not mix.
    hanging = sorted(digital, key=lambda one: (one.channel.key != "email", one.channel.key))
    return Column(
        first,
        x,
        _drawn(personal, MOST_DISCS),
        _drawn(hanging, MOST_BOXES),
        sum(one.number for one in personal),
        sum(one.number for one in digital),
    )


def _drawn(uses: Iterable[MonthCount], most: int) -> tuple[Channel, ...]:
    """A mark for each time, the first so many."""
    return tuple(islice((one.channel for one in uses for _each in range(one.number)), most))


def _silent(columns: Sequence[Column]) -> int:
    """How many of the last columns have nothing personal."""
    number = 0
    for column in reversed(columns):
        if column.personal:
            break
        number += 1
    return number


def _screen(columns: Sequence[Column], left: float, step: float, words: str) -> Screen | None:
    number = _silent(columns)
    last = columns[len(columns) - number :]
    if number < 2 or not any(column.digital for column in last):
        return None
    return Screen(left + step * (MONTHS - number), step * number, words)


def _by_screen(silent: int | None) -> str:
    if silent is None:
        return _("By screen only")
    return _("{time} by screen only").format(time=capital(span(silent, words=True)))


def _sentence(columns: Sequence[Column], silent: int | None) -> str:
    personal, digital = sum(one.personal for one in columns), sum(one.digital for one in columns)
    since = month_words(columns[0].first, year=True)
    if not personal and not digital:
        return _("No contact on record since {month}.").format(month=since)
    said = (
        _("{personal} and {digital} since {month}.")
        if not personal or silent is None or _silent(columns) < 2
        else _("{personal} and {digital} since {month}; nothing personal in the last {time}.")
    )
    return said.format(
        personal=count(personal, "personal contact", "personal contacts"),
        digital=count(digital, "digital one", "digital ones"),
        month=since,
        time=span(silent or 0, words=True),
    )
