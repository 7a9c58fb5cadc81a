"""R4: every zone × two years × five times of day: one run for each local week, against clocks read minute by minute.

First the instants themselves, then a server that looks every eleven hours and puts what is due into its outbox.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select

from crm.domain.weeks import IsoWeek, due_instant, latest_due_week
from crm.nudges.due import put_due
from crm.storage.database import Database
from crm.storage.tables import outbox, user
from tests.builders import World
from tests.campaigns.frame import Asked, Campaign, databases
from tests.nudges.mailroom import team

MINUTES = (0, 90, 150, 480, 1439)
SINCE, UNTIL = datetime(2025, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
LOOK_EVERY = timedelta(hours=11)
"""Less than the day after which a mail is too late, and at every hour of the day in turn."""
ZONES_AT_ONCE = 150
Runs = dict[int, dict[str, datetime]]


class Shown(NamedTuple):
    """What a clock on the wall shows at one instant."""

    week: str
    weekday: int
    minute: int

    @classmethod
    def by(cls, zone: ZoneInfo, at: datetime) -> "Shown":
        """Read it."""
        local = at.astimezone(zone)
        year, week, weekday = local.isocalendar()
        return cls(f"{year}-W{week:02d}", weekday - 1, local.hour * 60 + local.minute)

    def is_past(self, minute: int) -> bool:
        """Whether it shows Monday at that minute or anything later in the week."""
        return (self.weekday, self.minute) >= (0, minute)


def oracle(zone: ZoneInfo) -> Runs:
    """Time of day → week → the first minute at which the wall shows it. Clocks only jump on quarters of an hour."""
    runs: Runs = {minute: {} for minute in MINUTES}
    at = SINCE
    while at < UNTIL:
        shown = Shown.by(zone, at)
        for minute in MINUTES:
            if shown.is_past(minute) and shown.week not in runs[minute]:
                runs[minute][shown.week] = first_minute(zone, minute, shown.week, at)
        at += QUARTER
    for found in runs.values():
        # The week the walk began in was under way already.
        found.pop(min(found))
    return runs


def first_minute(zone: ZoneInfo, minute: int, week: str, at: datetime) -> datetime:
    for back in range(14, 0, -1):
        shown = Shown.by(zone, at - back * MINUTE)
        if shown.week == week and shown.is_past(minute):
            return at - back * MINUTE
    return at


def instants_agree(name: str, runs: Runs, slip: timedelta) -> None:
    """The instant of each week is the oracle's, and the newest week changes exactly there."""
    zone = ZoneInfo(name)
    for minute, expected in runs.items():
        at = time(minute // 60, minute % 60)
        for week, moment in expected.items():
            case = f"{name} {at:%H:%M} {week}"
            assert due_instant(IsoWeek.parse(week), 0, at, zone) + slip == moment, case
            assert str(latest_due_week(moment, 0, at, zone)) == week, case
            before = latest_due_week(moment - MINUTE, 0, at, zone)
            assert before == IsoWeek.parse(week).previous(), case


def outboxes_agree(database: Database, expected: dict[str, Runs]) -> int:
    """A server that looks now and then has one mail for each user and week, none of them too late; returns how many."""
    world = World.create(database)
    with database.write() as connection:
        connection.execute(user.update().values(active=False))
    owed: dict[tuple[int, str], tuple[datetime, str]] = {}
    for name, runs in expected.items():
        for minute, weeks in runs.items():
            (one,) = team(world, 1, time_zone=name, nudge_minute=minute, created_at=min(weeks.values()))
            owed |= {(one, week): (moment, "due") for week, moment in weeks.items()}
    at = SINCE
    while at < UNTIL:
        put_due(database, "example.org", at)
        at += LOOK_EVERY
    put_due(database, "example.org", UNTIL - MINUTE)
    with database.read() as connection:
        rows = connection.execute(select(outbox)).all()
    found = {(row.user_id, row.week): (row.due_at, row.state) for row in rows}
    assert len(found) == len(rows), "two mails for one week"
    assert found == owed, f"{len(found.keys() ^ owed.keys())} weeks have a mail too many or none"
    return len(found)


def run(asked: Asked) -> Iterator[str]:
    names = sorted(available_timezones())
    chosen = sorted(asked.chance.sample(names, min(asked.times, len(names))))
    slip = MINUTE if asked.variant == "a minute early" else timedelta()
    with databases(asked.backend) as fresh:
        for first in range(0, len(chosen), ZONES_AT_ONCE):
            expected = {name: oracle(ZoneInfo(name)) for name in chosen[first : first + ZONES_AT_ONCE]}
            for name, runs in expected.items():
                instants_agree(name, runs, slip)
            database = Database(fresh())
            try:
                mails = outboxes_agree(database, expected)
            finally:
                database.close()
            yield f"{first + len(expected)} of {len(chosen)} zones; {mails} mails, one a week"


CAMPAIGN = Campaign(
    "R4",
    "One weekly mail for each local week in every zone, over two years and at five times of day",
    "zones",
    len(available_timezones()),
    run,
    ("a minute early",),
)
