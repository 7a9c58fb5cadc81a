"""Charts as coordinates: marks stand inside the frame, names do not cover each other, bars add up."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from crm.health.charts import (
    BAR_WIDTH,
    BOTTOM,
    GAP,
    HEIGHT,
    LEFT,
    MAPPED,
    PANEL_LEFT,
    PANEL_RIGHT,
    RIGHT,
    TOP,
    Box,
    Mark,
    Point,
    PortfolioMap,
    coverage_bar,
    portfolio_map,
)
from crm.health.queries import Headcount
from crm.health.views import screen_finding

names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60)


@st.composite
def people(draw: st.DrawFn) -> list[Point]:
    number = draw(st.integers(0, 60))
    clocks = st.none() | st.integers(0, 900)
    shares = st.none() | st.floats(0, 1)
    kinds = st.sampled_from(["partner", "vendor", "customer", "press"])
    zones = st.sampled_from(MAPPED)
    return [
        Point(
            place, draw(names), draw(kinds), draw(zones), draw(clocks), draw(shares), draw(st.integers(0, 2))
        )
        for place in range(number)
    ]


def all_marks(chart: PortfolioMap) -> list[Mark]:
    return [*chart.marks, *(mark for section in chart.sections for mark in section.marks)]


def within(inner: Box, left: float, top: float, right: float, bottom: float) -> bool:
    return inner.left >= left and inner.top >= top and inner.right <= right and inner.bottom <= bottom


@given(people())
def test_every_mark_stands_inside_its_frame(points: list[Point]) -> None:
    chart = portfolio_map(points)
    assert all(within(mark.box, LEFT, TOP, RIGHT, BOTTOM) for mark in chart.marks)
    for section in chart.sections:
        assert all(within(mark.box, PANEL_LEFT, TOP, PANEL_RIGHT, HEIGHT) for mark in section.marks)
        names_of = [mark.label.box for mark in section.marks if mark.label]
        assert all(within(box, PANEL_LEFT, TOP, PANEL_RIGHT, HEIGHT) for box in names_of)
        assert section.more == 0 or section.more_y < HEIGHT


@given(people())
def test_names_cover_neither_each_other_nor_a_mark(points: list[Point]) -> None:
    chart = portfolio_map(points)
    labels = [mark.label for mark in all_marks(chart) if mark.label]
    boxes = [label.box for label in labels]
    assert not any(one.meets(other) for place, one in enumerate(boxes) for other in boxes[place + 1 :])
    for mark in chart.marks:
        assert not any(mark.box.meets(box) for box in boxes)
    plotted = [mark.label.box for mark in chart.marks if mark.label]
    assert all(within(box, LEFT, TOP, RIGHT, BOTTOM) for box in plotted)


@given(people())
def test_everybody_is_drawn_once_or_counted(points: list[Point]) -> None:
    chart = portfolio_map(points)
    drawn = [mark.point.id for mark in all_marks(chart)]
    assert len(drawn) == len(set(drawn))
    assert len(drawn) + sum(section.more for section in chart.sections) == len(points)
    never = [section for section in chart.sections if section.title == "Never"]
    assert sum(len(one.marks) + one.more for one in never) == sum(point.days is None for point in points)


@given(people())
def test_places_follow_the_numbers(points: list[Point]) -> None:
    marks = portfolio_map(points).marks
    for one in marks:
        for other in marks:
            if (one.point.days or 0) < (other.point.days or 0):
                assert one.x < other.x
            if (one.point.share or 0) < (other.point.share or 0):
                assert one.y >= other.y


def test_somebody_important_keeps_the_name_in_a_crowd() -> None:
    crowd = [Point(place, f"Somebody {place}", "vendor", "in_touch", 10, 0.5) for place in range(40)]
    marta = Point(99, "Marta Kowalczyk", "partner", "screen_only", 221, 0.91, stake=1)
    chart = portfolio_map([*crowd, marta])
    assert next(mark for mark in chart.marks if mark.point.id == 99).label is not None


@given(st.dictionaries(st.sampled_from([*MAPPED, "no_record"]), st.integers(0, 500)))
def test_a_coverage_bar_is_filled_in_order(counts: dict[str, int]) -> None:
    bar = coverage_bar(counts)
    assert [(one.zone, one.people) for one in bar] == [
        (zone, counts[zone]) for zone in MAPPED if counts.get(zone)
    ]
    for one, following in itertools.pairwise(bar):
        assert abs(one.x + one.width + GAP - following.x) < 0.2
    if bar:
        assert bar[0].x == 0
        assert abs(bar[-1].x + bar[-1].width - BAR_WIDTH) < 0.2
    wide = sorted(bar, key=lambda one: one.people)
    assert all(one.width <= other.width + 0.1 for one, other in itertools.pairwise(wide))


def test_the_finding_counts_people() -> None:
    marta = Point(1, "Marta", "partner", "screen_only", 221, 0.9)
    priya = Point(2, "Priya", "vendor", "screen_only", None, 1.0)
    graham = Point(3, "Graham", "vendor", "in_touch", 3, 0.3)
    assert portfolio_map([marta, priya, graham]).sentence == (
        "Two of 3 people are screen-only; one has no personal contact on record."
    )
    assert portfolio_map([graham]).sentence == (
        "None of 1 person is screen-only; everybody has had personal contact at some point."
    )
    assert portfolio_map([]).sentence == "Nobody to show yet."


def test_the_finding_claims_no_more_than_the_zone_says() -> None:
    lena = Point(1, "Lena", "partner", "in_touch", None, 1.0)
    omar = Point(2, "Omar", "partner", "gone_quiet", None, 1.0)
    assert portfolio_map([lena, omar]).sentence == (
        "None of 2 people are screen-only; two have no personal contact on record."
    )


def test_the_finding_is_of_everybody_and_says_who_is_drawn() -> None:
    drawn = [Point(place, f"Person {place}", "partner", "gone_quiet", 400, 1.0) for place in range(150)]
    chart = portfolio_map(drawn, {"gone_quiet": 390, "screen_only": 30, "no_record": 7})
    shown = sum(len(section.marks) for section in chart.sections)
    assert 0 < shown < 15
    assert chart.left_out == f"Showing {shown} of 420 people: of each zone, those with the lowest scores."
    assert chart.sentence == f"30 of 420 people are screen-only. {chart.left_out}"
    assert portfolio_map(drawn).left_out is None


def owned(group_id: int | None, name: str | None, zone: str, people: int) -> Headcount:
    return Headcount(group_id, name, "partner", zone, people)


def test_two_owners_of_one_name_are_two() -> None:
    meyer, stone = (1, "Alex Meyer"), (2, "Alex Stone")
    counted = [
        owned(*meyer, "screen_only", 2),
        owned(*stone, "screen_only", 1),
        owned(3, "Bo", "screen_only", 1),
    ]
    assert screen_finding(counted) == "Two of the four screen-only relations are Alex Meyer’s."
    same = [
        owned(1, "Alex", "screen_only", 1),
        owned(2, "Alex", "screen_only", 1),
        owned(3, "Bo", "in_touch", 2),
    ]
    same.append(owned(3, "Bo", "screen_only", 2))
    assert screen_finding(same) == "Two of the four screen-only relations are Bo’s."
    nobodys = [owned(None, None, "screen_only", 3), owned(*meyer, "in_touch", 1)]
    assert screen_finding(nobodys) == "All three screen-only relations are nobody’s."
