"""Charts of health as coordinates: pure functions from numbers; templates only draw."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from crm.domain.language import gettext as _
from crm.domain.language import ngettext
from crm.domain.manner import numeral
from crm.domain.spans import capital, count, in_words
from crm.domain.vocabulary import word

Shape: TypeAlias = Literal["circle", "square", "diamond", "triangle"]
SHAPES: Mapping[str, Shape] = {"partner": "circle", "vendor": "square", "customer": "diamond"}
"""The shape of each kind on the map; every other kind is a triangle."""

MAPPED = ("in_touch", "drifting", "screen_only", "gone_quiet")
"""Zones that are drawn, from good to bad."""

YEAR = 365
WIDTH, HEIGHT = 912, 456
LEFT, RIGHT, TOP, BOTTOM = 46, 676, 10, 418
"""The plot's frame: days run from ``LEFT`` to ``RIGHT``, the digital share from ``BOTTOM`` up to ``TOP``."""
MARGIN = 14
"""Room inside the frame for marks at its edges."""
PANEL_LEFT, PANEL_RIGHT, PANEL_BOTTOM = 706, 911, 438
ROW, HEADING = 29, 52
RADII = (5.5, 8.0, 11.0)
"""By how much is at stake."""
TICKS = (0, 30, 60, 90, 180, 270, 365)
MOST_LABELS = 28
TEXT = 13.0
LINE = 16
WIDEST = 190


# A page makes hundreds of the following: tuples are made several times as fast as frozen dataclasses.


class Point(NamedTuple):
    """One person to place. ``days`` since personal contact and ``share`` (0 to 1) may be missing; ``stake`` is 0 to 2."""

    id: int
    name: str
    kind: str
    zone: str
    days: int | None
    share: float | None
    stake: int = 0


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether two rectangles share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Label(NamedTuple):
    """A name beside its mark; ``anchor`` is SVG's, ``box`` what it covers."""

    text: str
    x: float
    y: float
    anchor: str
    box: Box


class Mark(NamedTuple):
    """One person on the map: outline and the half that drifting ones have filled, as SVG paths."""

    point: Point
    x: float
    y: float
    radius: float
    outline: str
    half: str
    label: Label | None = None

    @property
    def box(self) -> Box:
        """What the mark covers."""
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


@dataclass(frozen=True)
class Section:
    """A part of the panel beside the plot: people without personal contact in the year."""

    title: str
    note: str
    y: float
    marks: tuple[Mark, ...]
    more: int
    more_y: float


@dataclass(frozen=True)
class Tick:
    """A line of the grid and its words."""

    at: float
    words: str


@dataclass(frozen=True)
class PortfolioMap:
    """What to draw, the finding as a sentence, the people in the order of the table beneath, and a sentence where
    there are more than are drawn."""

    marks: tuple[Mark, ...]
    sections: tuple[Section, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    kinds: tuple[tuple[str, str], ...]
    sentence: str
    points: tuple[Point, ...]
    left_out: str | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM
    panel_left: int = PANEL_LEFT
    panel_right: int = PANEL_RIGHT
    panel_bottom: int = PANEL_BOTTOM


def portfolio_map(points: Sequence[Point], zones: Mapping[str, int] | None = None) -> PortfolioMap:
    """Everybody by days since personal contact and digital share; whoever had none in the year is in the panel.

    ``zones``: how many people each zone has, where ``points`` may be only the first of them.
    """
    people = Counter(point.zone for point in points) if zones is None else zones
    marks = [
        _mark(one, _x(one.days), _y(one.share))
        for one in points
        if one.days is not None and one.days < YEAR and one.share is not None
    ]
    drawn = {mark.point.id for mark in marks}
    sections = _sections([one for one in points if one.id not in drawn])
    number = len(marks) + sum(len(section.marks) for section in sections)
    left_out = _left_out(number, mapped(people)) if len(points) < mapped(people) else None
    return PortfolioMap(
        marks=_labelled(sorted(marks, key=lambda mark: (mark.radius, -mark.point.id))),
        sections=sections,
        across=tuple(Tick(_x(days), str(days)) for days in TICKS),
        up=tuple(Tick(_y(percent / 100), f"{percent}%") for percent in (0, 25, 50, 75, 100)),
        kinds=_kinds(points),
        sentence=finding(points, people, left_out),
        points=tuple(points),
        left_out=left_out,
    )


def finding(points: Sequence[Point], zones: Mapping[str, int], left_out: str | None) -> str:
    """What the map shows, in a sentence or two; of those that are not drawn too, as far as their zones tell."""
    total, screen = mapped(zones), zones.get("screen_only", 0)
    if not total:
        return _("Nobody to show yet.")
    said = ngettext(
        "{number} of {people} is screen-only",
        "{number} of {people} are screen-only",
        screen or total,
    )
    number = capital(in_words(screen)) if screen else _("None")
    first = said.format(number=number, people=count(total, "person", "people"))
    if left_out:
        return f"{first}. {left_out}"
    never = sum(point.days is None for point in points)
    if not never:
        return _("{finding}; everybody has had personal contact at some point.").format(finding=first)
    return ngettext(
        "{finding}; {number} has no personal contact on record.",
        "{finding}; {number} have no personal contact on record.",
        never,
    ).format(finding=first, number=in_words(never))


def _left_out(drawn: int, total: int) -> str:
    """Why there are fewer marks than people."""
    said = _("Showing {drawn} of {total} people: of each zone, those with the lowest scores.")
    return said.format(drawn=numeral(drawn), total=numeral(total))


def mapped(zones: Mapping[str, int]) -> int:
    """How many people have a place on the map: all with a record."""
    return sum(zones.get(zone, 0) for zone in MAPPED)


def _kinds(points: Sequence[Point]) -> tuple[tuple[str, str], ...]:
    """Kinds on the map with their shapes, for the key: named ones first, all the rest as one."""
    present = {point.kind for point in points}
    named = [(word(kind), shape) for kind, shape in SHAPES.items() if kind in present]
    return (*named, (_("other kinds"), "triangle")) if present - set(SHAPES) else tuple(named)


def _x(days: float) -> float:
    return round(LEFT + MARGIN + days / YEAR * (RIGHT - LEFT - 2 * MARGIN), 1)


def _y(share: float) -> float:
    return round(BOTTOM - MARGIN - share * (BOTTOM - TOP - 2 * MARGIN), 1)


def _mark(point: Point, x: float, y: float, radius: float | None = None) -> Mark:
    size = RADII[point.stake] if radius is None else radius
    return Mark(point, x, y, size, *outline(SHAPES.get(point.kind, "triangle"), x, y, size))


def outline(shape: Shape, x: float, y: float, radius: float) -> tuple[str, str]:
    """The path of a shape around a point, and of its right half; all of it within ``radius`` of the point each way."""
    r = radius
    if shape == "circle":
        half = f"M{x:g} {y - r:g}A{r:g} {r:g} 0 0 1 {x:g} {y + r:g}"
        return f"{half}A{r:g} {r:g} 0 0 1 {x:g} {y - r:g}Z", f"{half}Z"
    if shape == "square":
        s = round(r * 0.88, 2)
        return (
            f"M{x - s:g} {y - s:g}H{x + s:g}V{y + s:g}H{x - s:g}Z",
            f"M{x:g} {y - s:g}H{x + s:g}V{y + s:g}H{x:g}Z",
        )
    right = "L{:g} {:g}L{:g} {:g}".format(
        *((x + r, y, x, y + r) if shape == "diamond" else (x + r, y + r, x, y + r))
    )
    left = (x - r, y) if shape == "diamond" else (x - r, y + r)
    return f"M{x:g} {y - r:g}{right}L{left[0]:g} {left[1]:g}Z", f"M{x:g} {y - r:g}{right}Z"


# Names beside the marks


def _labelled(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The same marks, the most important ones with their names where there is room."""
    taken = _Taken([mark.box for mark in marks])
    labels: dict[int, Label] = {}
    for mark in sorted(marks, key=_importance):
        if len(labels) == MOST_LABELS:
            break
        label = next((one for one in _places(mark) if _is_inside(one.box) and taken.is_free(one.box)), None)
        if label is not None:
            labels[mark.point.id] = label
            taken.add(label.box)
    return tuple(
        mark._replace(label=labels[mark.point.id]) if mark.point.id in labels else mark for mark in marks
    )


def _importance(mark: Mark) -> tuple[float, int, float, int]:
    """Most at stake first, then the zones that ask for something, then the longest without personal contact."""
    zone = ("screen_only", "gone_quiet", "drifting", "in_touch").index(mark.point.zone)
    return -mark.radius, zone, -mark.x, mark.point.id


def _places(mark: Mark) -> Iterator[Label]:
    """Where the name may stand: right, left, above, below."""
    text = cut(mark.point.name, WIDEST)
    wide = text_width(text)
    gap = mark.radius + 5
    middle, base = mark.y - LINE / 2, mark.y + TEXT * 0.36
    right, left, start = mark.x + gap, mark.x - gap, mark.x - wide / 2
    yield Label(text, right, base, "start", Box(right, middle, right + wide, middle + LINE))
    yield Label(text, left, base, "end", Box(left - wide, middle, left, middle + LINE))
    for top in (mark.y - gap - LINE + 3, mark.y + gap - 3):
        yield Label(text, mark.x, top + TEXT, "middle", Box(start, top, start + wide, top + LINE))


def _is_inside(box: Box) -> bool:
    return box.left >= LEFT and box.right <= RIGHT and box.top >= TOP and box.bottom <= BOTTOM


class _Taken:
    """What is covered already, by lines across the plot: a box is compared with what stands in its own lines."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._lines: dict[int, list[Box]] = defaultdict(list)
        for box in boxes:
            self.add(box)

    def add(self, box: Box) -> None:
        for line in _lines_of(box):
            self._lines[line].append(box)

    def is_free(self, box: Box) -> bool:
        return not any(box.meets(other) for line in _lines_of(box) for other in self._lines[line])


def _lines_of(box: Box) -> range:
    return range(int(box.top // LINE), int(box.bottom // LINE) + 1)


def text_width(text: str) -> float:
    """About how wide a name is drawn, on the safe side."""
    wide = 0 if text.isascii() else sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return TEXT * (0.58 * (len(text) - wide) + wide) + 2


def cut(name: str, width: float) -> str:
    """A name in one line of at most that width."""
    line = " ".join(name.split())
    if text_width(line) <= width:
        return line
    while line and text_width(f"{line}…") > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


# The panel


def _sections(apart: Sequence[Point]) -> tuple[Section, ...]:
    """People without personal contact in the year, those without any at all apart."""
    never = [point for point in apart if point.days is None]
    once = [point for point in apart if point.days is not None]
    parts = [
        (_("Never"), _("No personal contact on record"), never),
        (_("Over a year ago"), _("Nothing personal since"), once),
    ]
    filled = [part for part in parts if part[2]]
    rows = int((PANEL_BOTTOM - TOP - HEADING * len(filled)) // ROW)
    sections: list[Section] = []
    y = float(TOP)
    for place, (title, note, points) in enumerate(filled):
        last = place == len(filled) - 1
        room = rows if last else max(rows // 2, rows - len(filled[1][2]))
        section = _section(title, note, points, y, room)
        rows -= len(section.marks) + bool(section.more)
        y += HEADING + ROW * (len(section.marks) + bool(section.more))
        sections.append(section)
    return tuple(sections)


def _section(title: str, note: str, points: Sequence[Point], y: float, room: int) -> Section:
    """At most ``room`` rows; where they do not do, the last one says how many more there are."""
    order = sorted(points, key=lambda point: (-point.stake, point.name, point.id))
    shown = order if len(order) <= room else order[: room - 1]
    marks = []
    for place, point in enumerate(shown):
        middle = y + HEADING + ROW * place + ROW / 2
        mark = _mark(point, PANEL_LEFT + 24, middle)
        at = mark.x + 20
        text = cut(point.name, PANEL_RIGHT - 6 - at)
        box = Box(at, middle - LINE / 2, at + text_width(text), middle + LINE / 2)
        marks.append(
            Mark(
                point,
                mark.x,
                mark.y,
                mark.radius,
                mark.outline,
                mark.half,
                Label(text, at, middle + 4.5, "start", box),
            )
        )
    more_y = y + HEADING + ROW * len(shown) + ROW / 2 + 4.5
    return Section(title, note, y, tuple(marks), len(order) - len(shown), more_y)


# Coverage by owner

BAR_WIDTH, LEAST_WIDTH, GAP = 250.0, 16.0, 2.0


@dataclass(frozen=True)
class Segment:
    """One zone's part of an owner's bar."""

    zone: str
    people: int
    x: float
    width: float


def coverage_bar(people: Mapping[str, int]) -> tuple[Segment, ...]:
    """The zones of an owner's people side by side, as wide as they are many but never too narrow for their number."""
    present = [(zone, people[zone]) for zone in MAPPED if people.get(zone)]
    room = BAR_WIDTH - GAP * (len(present) - 1)
    narrow: set[str] = set()
    while True:
        rest = sum(number for zone, number in present if zone not in narrow)
        each = (room - LEAST_WIDTH * len(narrow)) / rest if rest else 0.0
        more = {zone for zone, number in present if zone not in narrow and number * each < LEAST_WIDTH}
        if not more:
            break
        narrow |= more
    segments, x = [], 0.0
    for zone, number in present:
        width = LEAST_WIDTH if zone in narrow else number * each
        segments.append(Segment(zone, number, round(x, 1), round(width, 1)))
        x += width + GAP
    return tuple(segments)
