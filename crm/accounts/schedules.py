"""At which day and time a user's mails go out, and what becomes of this week's where they change it."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from crm.domain.principal import Principal
from crm.domain.schedule import Schedule
from crm.domain.spans import day_and_time
from crm.domain.weeks import IsoWeek
from crm.settings import Settings
from crm.storage.tables import mail_hold, outbox, user

log = logging.getLogger("crm.accounts")
CHOSEN = ("nudge_weekday", "nudge_minute", "time_zone")


WEEKLY_MAIL, TEAM_DIGEST = "nudge", "digest"
"""What a weekly mail is in the outbox, and what a team digest is."""
LOOK_BACK_WEEKS = 8
"""How many missed weeks are shown one by one after a long silence."""


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC where the machine does not know it, so that the mail still goes out."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        log.warning("a user's time zone is not known on this machine; their mail goes out by UTC")
        return ZoneInfo("UTC")


def schedule_of(columns: Mapping[str, Any]) -> Schedule:
    """From the columns of a user."""
    minute = columns["nudge_minute"] % 1440
    return Schedule(
        columns["nudge_weekday"],
        time(minute // 60, minute % 60),
        zone_of(columns["time_zone"]),
        columns["nudge_not_before"],
    )


def weeks_with_mail(
    connection: Connection, at: datetime, principal: Principal | None = None
) -> Mapping[tuple[int, int], set[str]]:
    """(workspace, user) → the weeks around ``at`` that have their mail; with ``principal`` the user's own alone."""
    oldest = IsoWeek.of((at - timedelta(weeks=LOOK_BACK_WEEKS + 2)).astimezone(UTC).date())
    asked = select(outbox.c.workspace_id, outbox.c.user_id, outbox.c.week).where(
        outbox.c.purpose == WEEKLY_MAIL, outbox.c.week >= str(oldest)
    )
    if principal is not None:
        asked = asked.where(
            outbox.c.workspace_id == principal.workspace_id, outbox.c.user_id == principal.user_id
        )
    known: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in connection.execute(asked):
        known[row.workspace_id, row.user_id].add(row.week)
    return known


def coming(connection: Connection, principal: Principal, at: datetime) -> datetime:
    """When the user's next weekly mail falls due, if one is wanted and anything is in it."""
    row = user_row(connection, principal)
    return schedule_of(row._mapping).due_at(next_week_of(connection, principal, row, at))


def next_week_of(connection: Connection, principal: Principal, row: Any, at: datetime) -> IsoWeek:
    """The week of the user's next mail; ``row`` is their `user_row`."""
    known = weeks_with_mail(connection, at, principal)[row.workspace_id, row.id]
    return schedule_of(row._mapping).next_week(known, at)


def user_row(connection: Connection, principal: Principal) -> Any:
    """The row of the user themselves."""
    mine = (user.c.workspace_id == principal.workspace_id, user.c.id == principal.user_id)
    return connection.execute(select(user).where(*mine)).one()


def due_words(due_at: datetime, principal: Principal, at: datetime) -> str:
    """ "Wed 2 Dec, 07:30, America/New_York"."""
    local = due_at.astimezone(principal.user_zone)
    return f"{day_and_time(local, principal.own_day(at))}, {principal.user_zone}"


def is_held(connection: Connection) -> bool:
    """Whether no mail at all goes out, since an old backup was restored."""
    held = select(mail_hold.c.held_at).where(mail_hold.c.released_at.is_(None)).limit(1)
    return connection.execute(held).first() is not None


def gets_mail(settings: Settings, principal: Principal, person: Any) -> bool:
    """Whether a weekly mail goes out to this user at all; ``person`` is what is known of them, or their row."""
    return bool(settings.smtp_url and principal.may_edit and person.nudge_on)


def rescheduled(columns: Mapping[str, Any], values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What is stored beside ``values`` of a user with these columns, so that another day, time or zone loses no week."""
    after = {**columns, **values}
    if all(after[name] == columns[name] for name in CHOSEN):
        return {}
    return {"nudge_not_before": schedule_of(columns).moved_to(schedule_of(after), at)}
