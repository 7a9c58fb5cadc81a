"""One person's health: what would raise the score is what logging it really does, and the charts add up."""

import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.contacts import queries
from crm.domain.channels import SHIPPED, by_key
from crm.domain.ribbon import MOST_DISCS, Touch, ribbon
from crm.domain.targets import Targets
from crm.health import contact as health
from crm.health.coverage import coverage
from crm.health.mix import MONTHS, MOST_BOXES, Screen, channel_mix, twelve_months
from crm.interactions.timeline import MonthCount, year_by_month
from crm.storage.database import Database
from tests.builders import NOW, World

WAYS = by_key(SHIPPED)
TODAY = NOW.date()


@pytest.fixture
def world(world: World) -> World:
    """The stored figures are read as they are."""
    world.is_read_stored = True
    return world


def facts(world: World, contact_id: int) -> dict[str, Any]:
    with world.database.read() as connection:
        return queries.metrics_of(connection, world.principal, contact_id)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tier", ["key", "regular", "warm"])
def test_what_would_raise_the_score_is_what_logging_it_does(world: World, seed: int, tier: str) -> None:
    chance = random.Random(seed)
    histories = [(chance.choice(SHIPPED).key, chance.randint(1, 500)) for _ in range(chance.randint(1, 25))]
    for key in health.RAISES:
        one = world.contact(f"Person {key}", tier=tier, kind=chance.choice(["partner", "vendor"]))
        for channel, days in histories:
            world.log(channel, days, one)
        (promised,) = [
            line for line in health.raises(facts(world, one), Targets(), SHIPPED) if line.channel.key == key
        ]
        assert promised.before == facts(world, one)["score"]
        world.log(key, 0, one)
        assert facts(world, one)["score"] == promised.after


def test_the_parts_add_up_to_the_score(world: World) -> None:
    marta = world.contact()
    for days in (4, 30, 60):
        world.log("email", days, marta)
    world.log("visit", 221, marta)
    standing = health.standing(facts(world, marta), Targets(), SHIPPED, TODAY)
    assert standing.score == int(sum(part.got for part in standing.parts) + 0.5)
    assert sum(part.of for part in standing.parts) == 100
    assert [part.detail for part in standing.parts] == [
        "4 days, target 30",
        "221 days, target 60",
        "221 days, target 90",
        "1 of 4 personal, wanted 1",
    ]
    assert standing.zone == "screen_only"
    assert standing.screen_rhythm is not None


def test_somebody_never_met_is_said_so(world: World) -> None:
    marta = world.contact()
    world.log("email", 4, marta)
    parts = {part.key: part.detail for part in health.parts(facts(world, marta), Targets())}
    assert parts["in_person"] == "never, known for 730 days, target 90"
    assert health.standing(facts(world, marta), Targets(), SHIPPED, TODAY).still_kept is None


def test_a_part_that_never_happened_and_is_kept_says_until_when(world: World) -> None:
    new = world.contact(created_on=TODAY - timedelta(days=10))
    world.log("email", 4, new)
    found = health.standing(facts(world, new), Targets(), SHIPPED, TODAY)
    assert {part.key: part.got for part in found.parts}["in_person"] == 35
    assert found.still_kept == (
        "What has never happened counts from the day you came to know them: full points for Personal until 12 Jan 2027 "
        "and In person until 11 Feb 2027, fewer after that."
    )
    world.log("phone", 1, new)
    found = health.standing(facts(world, new), Targets(), SHIPPED, TODAY)
    assert found.still_kept is not None
    assert "Personal" not in found.still_kept
    world.log("lunch", 0, new)
    assert health.standing(facts(world, new), Targets(), SHIPPED, TODAY).still_kept is None


@given(st.integers(1, 5000))
def test_the_personal_contacts_wanted_are_just_enough(total: int) -> None:
    """A fifth of 15 is a hair above 3 in binary."""
    facts = {"total_365": total, "personal_365": 0}
    wanted = int(re.findall(r"wanted ([\d,]+)", health._balance(facts))[0].replace(",", ""))
    assert 5 * (wanted - 1) < total <= 5 * wanted


def test_tier_none_and_no_record_have_no_score(world: World) -> None:
    quiet, new = world.contact(tier="none"), world.contact()
    world.log("email", 4, quiet)
    world.log("phone", 4, new, outcome="attempted")
    nobody = health.standing(facts(world, quiet), Targets(), SHIPPED, TODAY)
    assert (nobody.score, nobody.zone, nobody.parts, nobody.raises) == (None, None, (), ())
    first = health.standing(facts(world, new), Targets(), SHIPPED, TODAY)
    assert (first.score, first.zone, first.parts) == (None, "no_record", ())
    assert [one.before for one in first.raises] == [None] * 4
    assert first.rhythm == "Too early to know a rhythm."


def test_the_score_of_an_earlier_day_is_that_days(world: World) -> None:
    marta = world.contact()
    world.log("visit", 200, marta)
    world.log("email", 3, marta)
    day = world.today - timedelta(days=200)
    with world.database.read() as connection:
        before = health.score_on(connection, world.principal, marta, day, world.now)
    assert before == 100
    said = health.was_sentence(facts(world, marta), before, WAYS["visit"], day, world.today)
    assert said == "Was 100 after the visit in May."


uses = st.builds(
    MonthCount,
    first=st.dates(date(2025, 6, 1), date(2026, 12, 31)).map(lambda day: day.replace(day=1)),
    channel=st.sampled_from(SHIPPED),
    number=st.integers(1, 40),
)


@given(st.lists(uses, max_size=60), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_the_mix_counts_everything_of_twelve_months_and_stays_inside(contacts, today) -> None:
    mix = channel_mix(contacts, today)
    assert len(mix.columns) == MONTHS
    assert mix.columns[-1].first == today.replace(day=1)
    months = {column.first for column in mix.columns}
    inside = [one for one in contacts if one.first in months]
    assert sum(one.personal for one in mix.columns) == sum(o.number for o in inside if o.channel.personal)
    assert sum(one.digital for one in mix.columns) == sum(o.number for o in inside if o.channel.digital)
    for column in mix.columns:
        assert column.x - 12.5 > 0
        assert column.x + 12.5 < mix.width
        assert mix.line - 24 - 30 * max(0, len(column.discs) - 1) - 12.5 > 0
        assert mix.line + 14 * len(column.boxes) < mix.height - 16
        assert len(column.boxes) <= MOST_BOXES
        assert column.more_digital >= 0 <= column.more_personal
    if mix.screen:
        silent = [one for one in mix.columns if one.x > mix.screen.x]
        assert sum(one.personal for one in silent) == 0 < sum(one.digital for one in silent)


def used(key: str, *months: int) -> list[MonthCount]:
    return [MonthCount(date(2026, month, 1), WAYS[key], 1) for month in months]


def test_the_mix_says_only_as_much_time_as_has_passed() -> None:
    on_the_first = channel_mix([*used("lunch", 9), *used("email", 10)], date(2026, 11, 1), 32)
    assert on_the_first.screen is not None
    assert on_the_first.screen.words == "Four weeks by screen only"
    assert on_the_first.sentence == (
        "1 personal contact and 1 digital one since December 2025; nothing personal in the last four weeks."
    )
    marta = channel_mix([*used("visit", 4), *used("email", 5, 9, 11)], date(2026, 11, 16), 221)
    assert marta.screen is not None
    assert (marta.screen.words, marta.sized(left=0, step=27).screen) == (
        "Seven months by screen only",
        Screen(27 * 5, 27 * 7, "Seven months by screen only"),
    )
    never = channel_mix(used("email", 11), date(2026, 11, 16))
    assert never.screen is not None
    assert never.screen.words == "By screen only"
    assert never.sentence == "0 personal contacts and 1 digital one since December 2025."


def test_an_empty_mix_does_not_deny_what_the_score_counts() -> None:
    """Twelve columns on 15 November begin in December, a year in November: a lunch between them is on record."""
    mix = channel_mix([], date(2026, 11, 15), 360)
    assert mix.is_empty
    assert mix.sentence == "No contact on record since December 2025."


def test_a_year_is_counted_by_month_of_the_teams_calendar(database: Database) -> None:
    world = World.create(database, zone="Pacific/Apia")
    marta = world.contact()
    months = twelve_months(world.today)
    told: Counter[tuple[date, str]] = Counter()
    for first in (date(2025, 11, 1), *months):
        for day, hour in ((first, 0), (first, 23), (first + timedelta(days=20), 12)):
            at = datetime(day.year, day.month, day.day, hour, 30, tzinfo=world.zone).astimezone(UTC)
            for channel in ("email", "lunch", "email"):
                world.log(channel, None, marta, occurred_at=at)
                told[first, channel] += at <= world.now
    with world.database.read() as connection:
        found = year_by_month(connection, world.principal, marta, months, world.now, SHIPPED)
    assert {(one.first, one.channel.key): one.number for one in found} == {
        key: number for key, number in told.items() if key[0] in months and number
    }


touches = st.lists(
    st.builds(Touch, week=st.integers(0, 51), digital=st.integers(0, 300), personal=st.integers(0, 300)),
    max_size=52,
    unique_by=lambda touch: touch.week,
)


@given(touches)
def test_a_ribbon_stays_inside_its_frame_and_says_its_counts(weeks: list[Touch]) -> None:
    view = ribbon(weeks)
    for tick in view.ticks:
        assert 0 < tick.x < view.width
        assert 0 < tick.top < view.line
    for x in view.discs:
        assert view.radius < x < view.width - view.radius
    assert view.line + 2 + 2 * view.radius < view.height
    assert len(view.ticks) == sum(touch.digital > 0 for touch in weeks)
    assert len(view.discs) == sum(min(touch.personal, MOST_DISCS) for touch in weeks)
    total = sum(touch.digital for touch in weeks)
    assert not total or f"{total:,} digital" in view.sentence


def test_coverage_shows_the_most_personal_way(world: World) -> None:
    alice, bob = world.user(), world.user("Bob Stone", "member")
    marta, jonas = world.contact(), world.contact("Jonas Reuter")
    world.log("visit", 100, marta, jonas, by=alice)
    world.log("phone", 3, marta, by=alice)
    world.log("note", 9, jonas, by=bob)
    world.log("phone", 30, jonas, by=bob)
    world.log("lunch", 400, jonas, by=bob)
    for days_ago in (1, 2):
        world.log("chat", days_ago, marta, by=bob)
    world.log("email", 1, marta, by=bob)
    world.log("lunch", 2, marta, by=bob, outcome="attempted")
    with world.database.read() as connection:
        found = coverage(connection, world.principal, [marta, jonas], NOW)
    said = {key: (cell.channel.key, cell.days, cell.number) for key, cell in found.cells.items()}
    assert said == {
        (marta, alice.user_id): ("visit", 100, 1),
        (jonas, alice.user_id): ("visit", 100, 1),
        (marta, bob.user_id): ("chat", 1, 2),
        (jonas, bob.user_id): ("note", 9, 1),
    }
    assert found.met == {marta: 100, jonas: 100}
    assert alice.user_id is not None
    assert bob.user_id is not None
    assert (found.met_by(alice.user_id), found.met_by(bob.user_id)) == (2, 0)
