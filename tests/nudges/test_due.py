"""R4: one run for each local week, in every zone and whatever clocks and servers do, against a brute-force oracle."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm.accounts.actions import save_profile
from crm.accounts.forms import Preferences
from crm.domain.principal import Principal
from crm.nudges.due import next_due, put_due
from crm.nudges.holds import hold, release
from crm.nudges.missed import missed
from crm.nudges.queries import beats
from crm.storage.database import Database
from crm.storage.tables import mail_hold, outbox, user
from tests.builders import NOW, World
from tests.nudges.mailroom import mail_server, postman, team

DAY = timedelta(days=1)
ZONES = sorted(available_timezones())
MINUTES = (0, 90, 150, 480, 1439)


def oracle_week(local: date) -> str:
    return f"{local.isocalendar().year}-W{local.isocalendar().week:02d}"


def oracle_due(
    zone: ZoneInfo, weekday: int, minute: int, since: datetime, until: datetime
) -> dict[str, datetime]:
    """Week → the first minute at which a clock on the wall shows the day and time or later. No arithmetic of ours.

    A mail of the weekend, or of Friday evening, is about the week to come; until it is due, the newest is that of the week
    that goes on.
    """
    found: dict[str, datetime] = {}
    step = timedelta(minutes=1)
    moment = since.replace(second=0, microsecond=0)
    while moment <= until:
        local = moment.astimezone(zone)
        past = (local.weekday(), local.hour * 60 + local.minute) >= (weekday, minute)
        at_weekends = weekday >= 5 or (weekday == 4 and minute >= 17 * 60)
        week = oracle_week(local.date() + timedelta(days=7 if at_weekends and past else 0))
        if (past or at_weekends) and week not in found:
            found[week] = moment
        # Nothing changes within a quarter of an hour but at its ends: all jumps of clocks lie on them.
        near = not past and local.weekday() >= weekday - 1
        moment += step if near else timedelta(minutes=15 - moment.minute % 15)
    return found


def rows(database: Database, user_id: int) -> dict[str, tuple[datetime, str]]:
    with database.read() as connection:
        found = connection.execute(select(outbox).where(outbox.c.user_id == user_id)).all()
    assert len({row.week for row in found}) == len(found)
    return {row.week: (row.due_at, row.state) for row in found}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    zone=st.sampled_from(ZONES),
    minute=st.sampled_from(MINUTES),
    weekday=st.integers(0, 6),
    start=st.datetimes(datetime(2025, 3, 1), datetime(2026, 12, 1)).map(
        lambda at: at.replace(tzinfo=UTC, second=0, microsecond=0)
    ),
    wakes=st.lists(st.integers(-3 * 24 * 60, 12 * 24 * 60), min_size=3, max_size=8),
)
def test_each_week_has_one_row_and_none_is_missing(
    world: World, zone: str, minute: int, weekday: int, start: datetime, wakes: list[int]
) -> None:
    """The server wakes at odd moments, some of them earlier than the one before: its clock was set back."""
    with world.database.write() as connection:
        connection.execute(user.update().values(active=False))
    one = team(
        world,
        1,
        time_zone=zone,
        nudge_minute=minute,
        nudge_weekday=weekday,
        created_at=start - timedelta(days=9),
    )[0]
    due = oracle_due(ZoneInfo(zone), weekday, minute, start - timedelta(days=60), start + timedelta(days=110))
    expected: dict[str, tuple[datetime, str]] = {}
    now = start
    for wake in wakes:
        now += timedelta(minutes=wake)
        put_due(world.database, "example.org", now)
        born = {week: at for week, at in due.items() if start - timedelta(days=9) <= at <= now}
        if not born:
            continue
        newest = max(born)
        overtaken = newest < max(expected, default="") and born[newest] <= now - DAY
        if newest in expected or overtaken:
            continue
        before = [week for week in expected if week < newest]
        missed = [week for week in born if before and max(before) < week < newest]
        for week in (*sorted(missed)[-7:], newest):
            expected[week] = (born[week], "skipped" if born[week] <= now - DAY else "due")
    assert rows(world.database, one) == expected


def choose(world: World, user_id: int, at: datetime, zone: str, weekday: int, minute: int) -> None:
    """What the user's settings do."""
    form = Preferences(
        name="Alice Meyer",
        time_zone=zone,
        budget_call=3,
        budget_in_person=1,
        budget_by_hand=2,
        nudge_on=True,
        nudge_weekday=weekday,
        nudge_time=time(minute // 60, minute % 60),
        nudge_when_empty=True,
    )
    own = Principal(world.workspace_id, user_id, "member", world.zone, ZoneInfo(zone))
    with world.database.write() as connection:
        save_profile(connection, own, form, at)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    first=st.tuples(st.sampled_from(ZONES), st.integers(0, 6), st.sampled_from(MINUTES)),
    start=st.datetimes(datetime(2025, 3, 1), datetime(2026, 12, 1)).map(
        lambda at: at.replace(tzinfo=UTC, second=0, microsecond=0)
    ),
    changes=st.lists(
        st.tuples(
            st.integers(1, 9 * 24 * 60),
            st.sampled_from(ZONES) | st.tuples(st.integers(0, 6), st.sampled_from(MINUTES)),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_whoever_changes_day_time_or_zone_gets_each_week_once_and_none_late(
    world: World, first: tuple[str, int, int], start: datetime, changes: list[tuple[int, Any]]
) -> None:
    """The clock ticks all the while, so whatever is skipped or missing was lost by the change alone."""
    zone, weekday, minute = first
    with world.database.write() as connection:
        connection.execute(user.update().values(active=False))
    columns = {"time_zone": zone, "nudge_weekday": weekday, "nudge_minute": minute}
    (one,) = team(world, 1, **columns, created_at=start)
    due = oracle_due(ZoneInfo(zone), weekday, minute, start, start + timedelta(days=9))
    now, begins = min((at, week) for week, at in due.items() if at > start)
    expected: dict[str, tuple[datetime, str]] = {}
    for minutes, what in (*changes, (9 * 24 * 60, None)):
        until = now + timedelta(minutes=minutes)
        for week, at in oracle_due(ZoneInfo(zone), weekday, minute, now, until).items():
            if week >= begins:  # whoever moves west comes into the week before they were here
                expected.setdefault(week, (at, "due"))
        while now < until:
            put_due(world.database, "example.org", now)
            now = min(until, now + timedelta(hours=11))
        put_due(world.database, "example.org", now)
        if what is not None:
            zone, weekday, minute = (what, weekday, minute) if isinstance(what, str) else (zone, *what)
            choose(world, one, now, zone, weekday, minute)
    assert rows(world.database, one) == expected


def test_a_day_that_is_over_sends_the_week_at_once_and_alarms_nobody(world: World) -> None:
    """Friday until Wednesday of the week, when Monday is chosen: more than a day late by the new time."""
    one = team(world, 1, nudge_weekday=4, nudge_minute=480)[0]
    wednesday = NOW + timedelta(days=2)
    with mail_server() as (port, _):
        postman(world.database, NOW - timedelta(days=3), port=port).work()
        choose(world, one, wednesday, "UTC", 0, 480)
        for hours in (0, 40, 24 * 5):
            postman(world.database, wednesday + timedelta(hours=hours), port=port).work()
            with world.database.read() as connection:
                assert missed(connection, wednesday + timedelta(hours=hours)) == []
    assert rows(world.database, one) == {
        "2026-W47": (NOW.replace(hour=8) - timedelta(days=3), "sent"),
        "2026-W48": (wednesday, "sent"),
        "2026-W49": (NOW.replace(hour=8) + timedelta(days=7), "sent"),
    }


def test_two_changes_within_half_a_minute_keep_the_week(world: World) -> None:
    one = team(world, 1, nudge_weekday=4, created_at=NOW)[0]
    wednesday = NOW + timedelta(days=2)
    choose(world, one, wednesday, "UTC", 0, 480)
    choose(world, one, wednesday + timedelta(seconds=10), "UTC", 1, 480)
    put_due(world.database, "example.org", wednesday + timedelta(seconds=30))
    assert rows(world.database, one) == {"2026-W48": (wednesday, "due")}


def test_choosing_another_day_owes_nobody_a_week_from_before_they_came(world: World) -> None:
    wednesday = NOW + timedelta(days=2)
    one = team(world, 1, created_at=wednesday)[0]
    for weekday in (1, 0):
        choose(world, one, wednesday + timedelta(hours=1), "UTC", weekday, 480)
        assert put_due(world.database, "example.org", wednesday + timedelta(hours=2)) == []


def test_the_next_run_is_one_that_something_goes_out_on(world: World) -> None:
    """The week went out on Monday; then its day becomes Friday, and its Friday brings nothing."""
    admin = world.user(nudge_minute=480, created_at=NOW - timedelta(days=90))
    tuesday = NOW + timedelta(days=1)
    put_due(world.database, "example.org", NOW)
    with world.database.write() as connection:
        connection.execute(outbox.update().values(state="sent"))
    choose(world, admin.user_id or 0, tuesday, "UTC", 4, 480)
    with world.database.read() as connection:
        (beat,) = beats(connection, admin, tuesday)
        assert beat.next_run == next_due(connection, tuesday) == datetime(2026, 12, 4, 8, tzinfo=UTC)


def test_a_user_who_moves_around_the_world_gets_one_a_week(world: World) -> None:
    one = team(world, 1, nudge_minute=480)[0]
    with mail_server() as (port, ledger):
        for hour in range(0, 14 * 24, 2):
            zone = ("Pacific/Kiritimati", "UTC", "Pacific/Honolulu")[hour // 6 % 3]
            choose(world, one, NOW + timedelta(hours=hour), zone, hour // 8 % 7, 480)
            postman(world.database, NOW + timedelta(hours=hour), port=port).work()
    found = rows(world.database, one)
    assert len(ledger.taken) == len(found) >= 2
    assert {state for _, state in found.values()} == {"sent"}


def test_after_three_weeks_down_the_newest_is_sent_and_the_others_are_shown(world: World) -> None:
    one = team(world, 1)[0]
    with mail_server() as (port, ledger):
        postman(world.database, NOW, port=port).work()
        postman(world.database, NOW + timedelta(weeks=3, hours=20), port=port).work()
    assert [state for _, (_, state) in sorted(rows(world.database, one).items())] == [
        "sent", "skipped", "skipped", "sent",
    ]  # fmt: skip
    assert len(ledger.taken) == 2


@pytest.mark.parametrize("weeks", [9, 12, 30])
def test_after_months_down_the_last_weeks_are_shown(world: World, weeks: int) -> None:
    one = team(world, 1)[0]
    new = team(world, 1, created_at=NOW + timedelta(weeks=weeks, days=-3))[0]
    put_due(world.database, "example.org", NOW)
    put_due(world.database, "example.org", NOW + timedelta(weeks=weeks, hours=20))
    found = sorted(rows(world.database, one).values())
    assert [at for at, _ in found] == [
        NOW,
        *(NOW + timedelta(weeks=week) for week in range(weeks - 7, weeks + 1)),
    ]
    assert [state for _, state in found[1:]] == [*["skipped"] * 7, "due"]
    assert [state for _, state in rows(world.database, new).values()] == ["due"]


@pytest.mark.parametrize(
    "columns",
    [{"role": "viewer"}, {"active": False}, {"nudge_on": False}, {"created_at": NOW + timedelta(minutes=1)}],
)
def test_who_gets_none(world: World, columns: dict[str, object]) -> None:
    team(world, 1, **columns)
    assert put_due(world.database, "example.org", NOW + timedelta(minutes=1)) == []


def restored(world: World) -> None:
    with world.database.write() as connection:
        connection.execute(mail_hold.insert(), {"held_at": NOW, "reason": "Restored from a backup"})


def test_while_mail_is_held_nothing_is_sent_and_release_lets_the_last_day_go(world: World) -> None:
    old, new = team(world, 1)[0], team(world, 1, nudge_minute=1200)[0]
    restored(world)
    with mail_server() as (port, ledger):
        for hours in (0, 8, 9):
            postman(world.database, NOW + timedelta(hours=hours), port=port).work()
        assert rows(world.database, old)["2026-W48"][1] == "held"
        assert rows(world.database, new)["2026-W48"][1] == "held"
        assert ledger.taken == []
        at = NOW + timedelta(hours=26)
        with world.database.write() as connection:
            released = release(connection, at)
            assert hold(connection) is None
        assert (released.due, released.skipped) == (1, 1)
        postman(world.database, at, port=port).work()
    assert rows(world.database, old)["2026-W48"][1] == "skipped"
    assert rows(world.database, new)["2026-W48"][1] == "sent"
    assert len(ledger.taken) == 1
