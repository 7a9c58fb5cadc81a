"""Whose weekly mail has fallen due: one row a user and week, whatever clocks, zones and servers do meanwhile."""

from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from crm.accounts.schedules import (
    LOOK_BACK_WEEKS,
    TEAM_DIGEST,
    WEEKLY_MAIL,
    schedule_of,
    weeks_with_mail,
)
from crm.domain.language import N_
from crm.domain.principal import EDITORS
from crm.domain.schedule import Schedule
from crm.domain.weeks import IsoWeek
from crm.mail.message import new_message_id
from crm.nudges import outbox as mails
from crm.nudges.holds import hold
from crm.nudges.outbox import STALE_AFTER
from crm.storage.database import Database
from crm.storage.tables import outbox, user

PURPOSE = WEEKLY_MAIL
DIGEST = TEAM_DIGEST
FURTHEST_EAST = timedelta(hours=14)
"""By so much the first place on earth is ahead of UTC."""
TOO_LATE = N_("More than a day late: the server was not running then.")


@dataclass(frozen=True)
class OtherTime:
    """A question about another time than now: its mails are owed to the people there are now, since whenever they are here.

    ``day``: the whole day that was asked about, if one was. What falls due on it where its user is, is not late, though the
    day may end later where the team is.
    """

    day: date | None = None

    def swept_at(self, at: datetime) -> datetime:
        """The moment to sweep at in place of ``at``, so that nothing that waits is too late which fell due on the day."""
        if self.day is None:
            return at
        return min(at, datetime.combine(self.day, time(), UTC) - FURTHEST_EAST + STALE_AFTER)


@dataclass(frozen=True)
class Recipient:
    """A user who gets the weekly mail or the team digest, and when.

    ``since``: when they were added, or last switched it on; none is owed from before.
    """

    workspace_id: int
    user_id: int
    email: str
    schedule: Schedule
    since: datetime

    @classmethod
    def of(cls, row: Any, purpose: str = PURPOSE) -> "Recipient":
        """From a row of the user table."""
        since = row.digest_since if purpose == DIGEST else row.nudge_since
        return cls(
            row.workspace_id,
            row.id,
            row.email,
            schedule_of(row._mapping),
            max(row.created_at, since or row.created_at),
        )

    def due_at(self, week: IsoWeek) -> datetime:
        """The instant, in UTC, at which this week's mail falls due."""
        return self.schedule.due_at(week)

    def newest_week(self, at: datetime) -> IsoWeek:
        """The newest week whose mail is due at ``at``."""
        return self.schedule.newest_week(at)

    def next_run(self, known: Container[str], at: datetime) -> datetime:
        """When a mail goes out next after ``at``, where these weeks have theirs."""
        return self.due_at(self.schedule.next_week(known, at))

    def is_owed(
        self, week: IsoWeek, at: datetime, other: OtherTime | None, *, is_newest: bool = True
    ) -> bool:
        """Whether this week's mail is owed: since the user is here, and at another time to whoever is here now.

        A week that was missed before that time is only owed if the user was here then, or was not yet at that time either.
        """
        if other is not None and (is_newest or self.since > at):
            return True
        return self.due_at(week) >= self.since

    def is_open(self, week: IsoWeek, known: Collection[str], at: datetime, other: OtherTime | None) -> bool:
        """Whether this week may still get its row, where these weeks have theirs.

        After a clock was set back, or a user moved or chose another day, the newest week may lie before one that has its
        row: then it is only taken up while there is still time to send it.
        """
        if str(week) in known:
            return False
        return str(week) > max(known, default="") or not self.is_late(week, at, other)

    def is_late(self, week: IsoWeek, at: datetime, other: OtherTime | None) -> bool:
        """Whether this week's mail is more than a day late at ``at``, and not of the day that is asked about."""
        due_at = self.due_at(week)
        if (
            other is not None
            and other.day is not None
            and due_at.astimezone(self.schedule.zone).date() >= other.day
        ):
            return False
        return due_at <= at - STALE_AFTER

    def placed(
        self, week: IsoWeek, domain: str, at: datetime, too_late: str, other: OtherTime | None
    ) -> "Placed":
        """The row of that week: due, or where it is late, *skipped* for being ``too_late``."""
        late = self.is_late(week, at, other)
        return Placed(
            self.workspace_id,
            self.user_id,
            self.email,
            str(week),
            new_message_id(domain),
            self.due_at(week),
            "skipped" if late else "due",
            too_late if late else None,
        )


@dataclass(frozen=True)
class Placed:
    """A row that was put into the outbox just now."""

    workspace_id: int
    user_id: int
    email: str
    week: str
    message_id: str
    due_at: datetime
    state: str
    reason: str | None


def gets_nudges() -> ColumnElement[bool]:
    """Active members and admins who have not switched the mail off."""
    return user.c.active & user.c.nudge_on & user.c.role.in_(EDITORS)


def next_due(
    connection: Connection, at: datetime, only: ColumnElement[bool] | None = None
) -> datetime | None:
    """When the next weekly mail of any of these users falls due; None where nobody gets one."""
    people = select(user).where(gets_nudges())
    found = connection.execute(people if only is None else people.where(only)).all()
    known = weeks_with_mail(connection, at)
    return min(
        (Recipient.of(row).next_run(known.get((row.workspace_id, row.id), ()), at) for row in found),
        default=None,
    )


def put_due(
    database: Database,
    domain: str,
    at: datetime,
    *,
    only: ColumnElement[bool] | None = None,
    other: OtherTime | None = None,
) -> list[Placed]:
    """Put everything that has fallen due into the outbox; returns what was not there before.

    ``domain`` is what new message ids end in; ``only`` narrows the users. A mail more than a day late is *skipped*;
    while mail is held, new ones are *held*. Nobody is owed a mail from before they were added or switched it on, unless
    ``other`` is asked about.
    """
    with database.read() as connection:
        found = list(missing(connection, domain, at, only, other))
    return put_all(database, found, at, PURPOSE)


def put_all(database: Database, found: Sequence[Placed], at: datetime, purpose: str) -> list[Placed]:
    """Put these into the outbox, *held* while mail is held; returns those that were not there before."""
    if not found:
        return []
    with database.write() as connection:
        on_hold = hold(connection)
        placed = [_held_back(one, on_hold.reason) for one in found] if on_hold else found
        return [one for one in placed if _put(connection, one, at, purpose)]


def _held_back(one: Placed, reason: str) -> Placed:
    """The same while no mail goes out."""
    if one.state != "due":
        return one
    return Placed(
        one.workspace_id, one.user_id, one.email, one.week, one.message_id, one.due_at, "held", reason
    )


def _put(connection: Connection, one: Placed, at: datetime, purpose: str) -> bool:
    """Put it into the outbox; false if it is there already."""
    return mails.put(
        connection,
        workspace_id=one.workspace_id,
        user_id=one.user_id,
        purpose=purpose,
        week=one.week,
        to_address=one.email,
        message_id=one.message_id,
        due_at=one.due_at,
        at=at,
        state=one.state,
        reason=one.reason,
    )


def missing(
    connection: Connection,
    domain: str,
    at: datetime,
    only: ColumnElement[bool] | None = None,
    other: OtherTime | None = None,
) -> Iterator[Placed]:
    """What has fallen due and has no row in the outbox yet, as `put_due` puts it there."""
    people = select(user).where(gets_nudges()).order_by(user.c.workspace_id, user.c.id)
    if other is None:
        people = people.where(user.c.created_at <= at)
    if only is not None:
        people = people.where(only)
    known = weeks_with_mail(connection, at)
    for row in connection.execute(people).all():
        recipient = Recipient.of(row)
        for week in _weeks(connection, recipient, known.get((row.workspace_id, row.id), set()), at, other):
            yield recipient.placed(week, domain, at, TOO_LATE, other)


def _weeks(
    connection: Connection, recipient: Recipient, known: set[str], at: datetime, other: OtherTime | None
) -> Iterator[IsoWeek]:
    """The weeks that are due and have no row, oldest first: the newest, and those missed since the last row before it."""
    newest = week = recipient.newest_week(at)
    if not (recipient.is_open(newest, known, at, other) and recipient.is_owed(newest, at, other)):
        return
    last = max((one for one in known if one < str(newest)), default="") or _last_before(
        connection, recipient, newest
    )
    missed = [newest]
    while last and len(missed) < LOOK_BACK_WEEKS and str(week.previous()) > last:
        week = week.previous()
        missed.append(week)
    yield from (one for one in reversed(missed) if recipient.is_owed(one, at, other, is_newest=one == newest))


def _last_before(connection: Connection, recipient: Recipient, week: IsoWeek) -> str:
    """The last week before this that has a mail, however long ago; empty where none has."""
    last = connection.execute(
        select(func.max(outbox.c.week)).where(
            outbox.c.workspace_id == recipient.workspace_id,
            outbox.c.user_id == recipient.user_id,
            outbox.c.purpose == PURPOSE,
            outbox.c.week < str(week),
        )
    ).scalar_one()
    return last or ""
