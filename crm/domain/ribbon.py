"""The ribbon: a year with one person in 52 weeks, as coordinates.

Digital contacts are ticks above the line, taller the more there were; personal ones are discs below it, one each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crm.domain.language import gettext as _
from crm.domain.spans import count

WEEKS = 52
STEP = 4
WIDTH = WEEKS * STEP + 8
HEIGHT = 32
LINE = 18
RADIUS = 4.5
MOST_DISCS = 4
"""More personal contacts in one week are drawn as this many discs."""


@dataclass(frozen=True)
class Touch:
    """One week with contact; week 51 ends today, week 0 began 364 days ago."""

    week: int
    digital: int
    personal: int


@dataclass(frozen=True)
class Tick:
    """A week's digital contacts: a line from the base up to ``top``."""

    x: float
    top: float


@dataclass(frozen=True)
class Ribbon:
    """What to draw inside ``WIDTH`` × ``HEIGHT``, and the sentence that says it."""

    ticks: tuple[Tick, ...]
    discs: tuple[float, ...]
    sentence: str
    width: int = WIDTH
    height: int = HEIGHT
    line: int = LINE
    radius: float = RADIUS


def ribbon(touches: Sequence[Touch]) -> Ribbon:
    """The ribbon of one person from the weeks that had contact."""
    digital = sum(touch.digital for touch in touches)
    personal = sum(touch.personal for touch in touches)
    ticks = tuple(Tick(_x(touch.week), LINE - _tall(touch.digital)) for touch in touches if touch.digital)
    discs = tuple(x for touch in touches for x in _discs(touch))
    if not digital and not personal:
        return Ribbon((), (), _("Nothing in the past 12 months."))
    said = _("{digital} and {personal} in the past 12 months.")
    return Ribbon(
        ticks,
        discs,
        said.format(
            digital=count(digital, "digital contact", "digital contacts"),
            personal=count(personal, "personal one", "personal ones"),
        ),
    )


def _x(week: int) -> float:
    return 4 + week * STEP + STEP / 2


def _tall(digital: int) -> int:
    return 4 + 2 * min(digital, 4)


def _discs(touch: Touch) -> list[float]:
    """Several in one week stand side by side around its middle, inside the frame."""
    number = min(touch.personal, MOST_DISCS)
    first = _x(touch.week) - (number - 1)
    return [min(max(first + 2 * place, RADIUS + 0.5), WIDTH - RADIUS - 0.5) for place in range(number)]
