"""R4: one run for each local week, in every zone and whatever clocks and servers do, against a brute-force oracle."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm.nudges.due import put_due
from crm.nudges.holds import hold, release
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
    """Week → the first minute at which a clock on the wall shows the day and time or later. No arithmetic of ours."""
    found: dict[str, datetime] = {}
    step = timedelta(minutes=1)
    moment = since.replace(second=0, microsecond=0)
    while moment <= until:
        local = moment.astimezone(zone)
        past = (local.weekday(), local.hour * 60 + local.minute) >= (weekday, minute)
        week = oracle_week(local.date())
        if past and week not in found:
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


def test_a_user_who_moves_around_the_world_gets_one_a_week(world: World) -> None:
    one = team(world, 1, nudge_minute=480)[0]
    with mail_server() as (port, ledger):
        for hour in range(0, 14 * 24, 2):
            zone = ("Pacific/Kiritimati", "UTC", "Pacific/Honolulu")[hour // 6 % 3]
            with world.database.write() as connection:
                connection.execute(user.update().values(time_zone=zone, nudge_weekday=hour // 8 % 7))
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
