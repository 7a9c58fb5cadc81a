"""Backtests against an oracle that lives through the year week by week, on both databases."""

import html
import json
import random
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm import clock
from crm.__main__ import run
from crm.domain.rules import ABOUT_ORGANISATIONS, SHIPPED
from crm.rules import backtest as past
from crm.rules.backtest import Week, backtest, flagged_at, has_log, sundays
from crm.rules.backtest_view import chart, finding
from crm.rules.rhythm import HORIZONS, cases, cutoffs, judge_rhythm
from crm.storage.database import Database
from tests import oracle
from tests.builders import NOW, World
from tests.oracle import Log
from tests.shipped import one_rule
from tests.storage.test_metrics import Imagined, store
from tests.thorough import TIMES
from tests.web.site import client

ABOUT_PEOPLE = [rule for rule in SHIPPED if rule not in ABOUT_ORGANISATIONS]


def end_of(day: date, zone: str) -> datetime:
    """The last microsecond before the first instant of a later day."""
    at = datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)
    step = timedelta(hours=30)
    while step >= timedelta(microseconds=1):
        if (at + step).astimezone(ZoneInfo(zone)).date() <= day:
            at += step
        else:
            step /= 2
    return at


def weeks_before(at: datetime, zone: str) -> list[date]:
    day = at.astimezone(ZoneInfo(zone)).date()
    found: list[date] = []
    while len(found) < 52:
        if day.weekday() == 6 and end_of(day, zone) <= at:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def happened_after(log: Log, person: int, day: date, days: int, personal: bool) -> bool:
    zone = ZoneInfo(log.zone)
    return any(
        person in one.people
        and one.outcome == "reached"
        and not one.deleted
        and not oracle.is_broadcast(one, log.channels[one.channel])
        and day < one.at.astimezone(zone).date() <= day + timedelta(days=days)
        and not (personal and log.channels[one.channel].digital)
        for one in log.happenings
    )


def lived_through(log: Log, at: datetime) -> dict[str, list[tuple[Any, ...]]]:
    """By rule, for each week: its name, whom it flags, and what came after."""
    found: dict[str, list[tuple[Any, ...]]] = {rule.key: [] for rule in ABOUT_PEOPLE}
    judged = [
        place
        for place, one in enumerate(log.people)
        if one.tier != "none" or one.asks or one.promises  # nobody else is flagged, and crowds are large
    ]
    for day in weeks_before(at, log.zone):
        known = ((person, oracle._facts(log, person, end_of(day, log.zone))) for person in judged)
        flags = {person: oracle.flags(facts) for person, facts in known if facts is not None}
        for rule in ABOUT_PEOPLE:
            flagged = [person for person, keys in flags.items() if rule.key in keys]
            anyway = [one for one in flagged if happened_after(log, one, day, 14, personal=True)]
            silent = [one for one in flagged if not happened_after(log, one, day, 91, personal=False)]
            is_told, is_over = (end_of(day + timedelta(days=days), log.zone) <= at for days in (14, 91))
            counts = (len(flagged), len(anyway) if is_told else None, len(silent) if is_over else None)
            found[rule.key].append((day.strftime("%G-W%V"), end_of(day, log.zone), *counts))
    return found


def test_every_week_is_what_an_oracle_lived_through(database: Database) -> None:
    seen: Counter[str] = Counter()
    for seed in range(4 if TIMES > 1 else 2):
        imagined = Imagined(random.Random(seed), people=12, most=10)
        log, at = imagined.log(), imagined.moments()[seed]
        principal, _ = store(database, log)
        expected = lived_through(log, at)
        for rule in ABOUT_PEOPLE[seed % 2 :: 2]:
            with database.read() as connection:
                found = backtest(connection, principal, rule, at)
            weeks = [
                (one.week, one.as_of, one.flagged, one.in_touch_anyway, one.silent_quarter) for one in found
            ]
            assert weeks == expected[rule.key], (seed, rule.key)
            seen.update(flagged=sum(one.flagged for one in found))
            seen.update(anyway=sum(one.in_touch_anyway or 0 for one in found))
            seen.update(silent=sum(one.silent_quarter or 0 for one in found))
    assert min(seen["flagged"], seen["anyway"], seen["silent"]) >= 20


@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_rhythm_is_judged_from_the_past_alone(database: Database, horizon: int) -> None:
    imagined = Imagined(random.Random(horizon), people=12, most=10)
    log, at = imagined.log(), imagined.moments()[0]
    principal, ids = store(database, log)
    days = cutoffs(at, ZoneInfo(log.zone), horizon)
    assert end_of(days[-1] + timedelta(days=horizon), log.zone) <= at
    assert end_of(days[-1] + timedelta(days=horizon + 1), log.zone) > at
    with database.read() as connection:
        found = cases(connection, principal, horizon, days)
    expected = [
        (ids[person], *told)
        for day in days
        for person, facts in oracle.as_of(log, end_of(day, log.zone)).items()
        if log.people[person].tier != "none" and facts["days_since_any"] is not None
        for told in [foretold(log, person, facts, day, horizon)]
    ]
    assert {one.silent for one in found} == {True, False}
    assert len(found) == len(expected)
    for one, wanted in zip(found, expected, strict=True):
        values = (one.person, one.chance, one.days, one.per_gap, one.per_target, one.silent)
        assert values == pytest.approx(wanted, rel=1e-9)


def foretold(log: Log, person: int, facts: oracle.Facts, day: date, horizon: int) -> tuple[Any, ...]:
    zone, silence = ZoneInfo(log.zone), facts["days_since_any"]
    counted = oracle._counted(log, person, end_of(day, log.zone))
    ages = sorted({(day - one.at.astimezone(zone).date()).days for one in counted})
    sharpness = min(1, 0.08 * (1 + oracle.strength(ages)))
    chance = ((3 + silence) / (3 + horizon + silence)) ** sharpness
    mean_gap = (ages[-1] - ages[0]) / facts["gaps"] if facts["gaps"] else 14
    silent = not happened_after(log, person, day, horizon, personal=False)
    return chance, silence, silence / mean_gap, facts["overdue_any"] or 0.0, silent


@pytest.fixture
def two_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of two weeks, for what is asked of every rule and of no week in particular."""
    monkeypatch.setattr(past, "WEEKS", 2)


def weeks_of(world: World, key: str, at: datetime | None = None) -> list[Week]:
    with world.database.read() as connection:
        return backtest(connection, world.principal, one_rule(key), at or world.now)


def last(weeks: list[Week], number: int) -> list[tuple[int, int | None, int | None]]:
    return [(one.flagged, one.in_touch_anyway, one.silent_quarter) for one in weeks[-number:]]


def screen_only(world: World, **columns: Any) -> int:
    """Flagged as reached only by screen in each of the last weeks: three mails and nothing since."""
    one = world.contact(created_on=world.today - timedelta(days=200), **columns)
    for days in (150, 149, 148):
        world.log("email", days, one)
    return one


def test_what_came_after_is_null_until_its_time_has_passed(world: World) -> None:
    screen_only(world)
    weeks = weeks_of(world, "screen_only")
    assert last(weeks, 3) == [(1, 0, None), (1, None, None), (1, None, None)]
    assert [one.week for one in weeks[-2:]] == ["2026-W46", "2026-W47"]
    told = [one.silent_quarter is not None for one in weeks]
    assert told == [True] * 39 + [False] * 13
    assert weeks[38].silent_quarter == 1


def test_a_week_counts_from_the_last_instant_of_its_sunday(world: World) -> None:
    sunday = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)
    assert sundays(sunday, world.zone)[-1] == date(2026, 11, 22)
    assert sundays(sunday - timedelta(microseconds=1), world.zone)[-1] == date(2026, 11, 15)
    screen_only(world)
    *_, before, _ = weeks_of(world, "screen_only", sunday)
    assert before.in_touch_anyway is None
    assert weeks_of(world, "screen_only", sunday)[-3].in_touch_anyway == 0


def test_an_interaction_logged_later_counts_from_its_date(world: World) -> None:
    one = screen_only(world)
    assert last(weeks_of(world, "screen_only"), 4)[0] == (1, 0, None)
    world.log("lunch", 15, one)
    # The lunch of 8 November ends the flags from that Sunday on, and is the contact after the three weeks before.
    assert last(weeks_of(world, "screen_only"), 5) == [
        (1, 1, None),
        (1, 1, None),
        (0, 0, None),
        (0, None, None),
        (0, None, None),
    ]


def test_archived_and_deceased_people_and_other_workspaces_are_left_out(world: World) -> None:
    screen_only(world, archived_at=world.now)
    screen_only(world, deceased_on=world.today)
    other = World.create(world.database, "Another team")
    screen_only(other)
    assert not any(one.flagged for one in weeks_of(world, "screen_only"))
    assert weeks_of(other, "screen_only")[-1].flagged == 1


def test_an_account_is_in_touch_when_anybody_there_is(world: World) -> None:
    firm = world.organisation("Northgate Logistics")
    liam, aiko = (world.contact(name, organisation_id=firm) for name in ("Liam Byrne", "Aiko Tanabe"))
    world.contact("Gone Away", organisation_id=firm, archived_at=world.now)
    world.log("lunch", 20, liam)
    world.log("email", 120, aiko)
    weeks = weeks_of(world, "fragile_account")
    assert last(weeks, 4) == [(1, 1, None), (1, 0, None), (1, None, None), (1, None, None)]
    by_week = {one.as_of.date(): one for one in weeks}
    # An email on 26 July and the lunch of 3 November, and a silence between them.
    sundays_told = [date(2026, 7, 19) + timedelta(weeks=number) for number in range(4)]
    assert [by_week[day].silent_quarter for day in sundays_told] == [0, 1, 1, 0]
    with world.database.read() as connection:
        assert flagged_at(connection, world.principal, one_rule("fragile_account"), world.now) == 1


def test_progress_is_told_week_by_week(world: World) -> None:
    told: list[int] = []
    with world.database.read() as connection:
        backtest(connection, world.principal, SHIPPED[0], world.now, told.append)
        judge_rhythm(connection, world.principal, 30, world.now, told.append)
    assert told == [1] * (52 + 12)


def test_an_empty_log_and_a_first_year_are_no_fault(world: World, two_weeks: None) -> None:
    for rule in (*ABOUT_PEOPLE, *ABOUT_ORGANISATIONS):
        assert [one.flagged for one in weeks_of(world, rule.key)] == [0, 0], rule.key
    assert len(weeks_of(world, "gone_quiet", datetime(1900, 1, 1, tzinfo=UTC))) == 2
    with world.database.read() as connection:
        assert not has_log(connection, world.principal, world.now)


def week(number: int, flagged: int, anyway: int | None, silent: int | None) -> Week:
    return Week("2026-W01", NOW - timedelta(weeks=52 - number), flagged, anyway, silent)


def test_the_finding_says_shares_and_what_is_too_young() -> None:
    weeks = [week(0, 6, 1, 3), week(1, 4, 1, None), week(2, 5, None, None), week(3, 5, None, None)]
    assert finding(weeks) == (
        "20% were in personal contact within 14 days anyway, so about 8 times in 10 it would have told you something new."
        " Where a quarter has passed since, 50% stayed silent all through it."
        " The last two weeks are too young to judge."
    )
    assert (
        finding([week(0, 0, 0, 0), week(1, 0, None, None)])
        == "In the past year it would have flagged nobody."
    )
    assert finding([week(0, 0, 0, 0), week(1, 3, None, None)]) == "The last week is too young to judge."
    assert "Fewer than 1% were" in finding([week(0, 1000, 1, 0)])
    assert "More than 99% were" in finding([week(0, 1000, 999, 0)])
    assert "anyway, so it would have told you nothing new." in finding([week(0, 3, 3, 0)])
    assert finding([week(0, 3, 0, 3)]) == (
        "None were in personal contact within 14 days anyway, so every time it would have told you something new."
        " Where a quarter has passed since, all stayed silent all through it."
    )


@pytest.mark.parametrize("most", [0, 1, 3, 7, 10, 11, 21, 99, 12_345])
def test_bars_stand_on_the_axis_within_the_frame_and_in_proportion(most: int) -> None:
    weeks = [
        week(place, most * place // 51, most * place // 102 if place < 50 else None, None)
        for place in range(52)
    ]
    drawn = chart(weeks, most)
    bars = [*drawn.bars, drawn.today]
    assert len(bars) == 53
    for one in bars:
        assert drawn.left <= one.x < one.x + one.width <= drawn.right
        assert one.y + one.height == pytest.approx(drawn.bottom)
        assert one.part <= one.height + 0.1
        assert one.y >= 20
    assert drawn.today.height == max(one.height for one in bars)
    assert [one.is_young for one in drawn.bars[-3:]] == [False, True, True]
    highest = int(drawn.up[-1].words) if drawn.up else 0
    assert highest >= most


@pytest.fixture
def crm(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.setenv("CRM_DATABASE_URL", database_url)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run(["backtest", *arguments, "--as-of", "2026-11-23T12:00+00:00"])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_the_command_gives_the_promised_shape(crm: Any, world: World) -> None:
    screen_only(world)
    status, out, err = crm("--rule", "screen_only", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert set(found) == {"rule", "weeks"}
    assert found["rule"] == "screen_only"
    assert len(found["weeks"]) == 52
    assert found["weeks"][-3] == {
        "week": "2026-W45",
        "as_of": "2026-11-08T23:59:59.999999+00:00",
        "flagged": 1,
        "in_touch_anyway": 0,
        "silent_quarter": None,
    }
    as_of = [datetime.fromisoformat(one["as_of"]) for one in found["weeks"]]
    assert as_of == sorted(as_of)
    for one in found["weeks"][::17]:
        assert run(["flags", "--rule", "screen_only", "--json", "--as-of", one["as_of"]]) == 0


def test_the_command_for_people(crm: Any, world: World) -> None:
    screen_only(world)
    status, out, err = crm("--rule", "screen_only")
    assert (status, err) == (0, "")
    assert out.rstrip().endswith(finding(weeks_of(world, "screen_only")))
    assert "2026-W47" in out


def test_without_a_rule_the_command_tries_every_one(crm: Any, world: World, two_weeks: None) -> None:
    screen_only(world)
    status, out, _ = crm()
    assert status == 0
    assert all(rule.key in out for rule in SHIPPED)


def test_the_command_says_what_it_cannot_do(crm: Any, world: World, two_weeks: None) -> None:
    status, out, err = crm("--rule", "nonsense")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert all(rule.key in err for rule in SHIPPED)
    assert crm("--rule", "renewal", "--rhythm")[0] == 2
    assert crm("--rhythm", "--horizon", "45")[0] == 2
    assert crm("--horizon", "30")[0] == 2
    for arguments in ((), ("--rule", "no_record")):
        status, out, _ = crm(*arguments)
        assert (status, out.count("\n")) == (0, 1)
        assert "empty" in out
        status, out, err = crm(*arguments, "--json")
        assert (status, err.count("\n"), "empty" in err) == (0, 1, True)
        assert json.loads(out)


def test_the_rhythm_command(crm: Any, world: World) -> None:
    rng = random.Random(4)
    for number in range(30):
        one = world.contact(f"Person {number}", tier=rng.choice(("key", "regular", "warm")))
        day = rng.randint(1, 60)
        while day < 500:
            world.log(rng.choice(("email", "phone")), day, one)
            day += rng.randint(1, 30 + 6 * number)
    status, out, err = crm("--rhythm", "--json", "--horizon", "30")
    assert (status, err) == (0, "")
    (found,) = json.loads(out)["horizons"]
    assert (found["horizon"], found["enough"], len(found["cutoffs"])) == (30, True, 12)
    assert [one["key"] for one in found["methods"]] == [
        "quiet_p",
        "days_since_any",
        "days_per_mean_gap",
        "overdue_any",
    ]
    assert sum(one["cases"] for one in found["calibration"]) == found["cases"]
    aucs = [one["auc"] for one in found["methods"]]
    assert found["lead"]["by"] == pytest.approx(aucs[0] - aucs[1])
    assert found["gain"]["by"] == pytest.approx(found["average_log_loss"] - found["methods"][0]["log_loss"])
    assert 0 < found["lead"]["margin"] < 0.5
    status, out, _ = crm("--rhythm")
    assert status == 0
    assert "30 days ahead" in out
    assert "60 days ahead" in out
    page = text(client(world, world.user("Vera Void", "viewer")).get("/rules/rhythm"))
    assert "Do its chances come true?" in page


def test_the_rhythm_with_too_little_history_says_so(crm: Any, world: World) -> None:
    viewer = client(world, world.user("Vera Void", "viewer"))
    assert "The log is empty, so there is no past to judge by." in crm("--rhythm")[1]
    assert "The log is empty" in text(viewer.get("/rules/rhythm"))
    screen_only(world)
    status, out, _ = crm("--rhythm", "--json")
    assert status == 0
    assert [one["enough"] for one in json.loads(out)["horizons"]] == [False, False]
    assert "too little history" in crm("--rhythm")[1]
    assert "Too early to judge" in text(viewer.get("/rules/rhythm"))


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def test_the_rules_page_offers_the_backtest_with_and_without_scripts(world: World) -> None:
    world.now = clock.now()
    viewer = client(world, world.user("Vera Void", "viewer"))
    address = "/rules/screen_only/backtest"
    assert f'href="{address}#backtest" hx-get="{address}"' in viewer.get("/rules/screen_only").text
    assert "The log is empty" in text(viewer.get(address))
    screen_only(world)
    page, part = viewer.get(address), viewer.get(address, headers={"HX-Request": "true"})
    for answer in (page, part):
        assert finding(weeks_of(world, "screen_only")) in text(answer)
    assert "<html" in page.text
    assert part.text.lstrip().startswith("<section")
    assert viewer.get("/rules/nonsense/backtest").status_code == 404
