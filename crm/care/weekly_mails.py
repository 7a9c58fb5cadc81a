"""What the doctor says of the weekly mails: whether one missed its time, when the last went out and the next is due."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from crm.care.findings import Finding
from crm.nudges.due import PURPOSE, next_due
from crm.nudges.missed import is_awaited, number_missed
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import outbox


def check(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """Where no mail is set up, or all of it is held, none is awaited; the two are said elsewhere."""
    with database.read() as connection:
        if not is_awaited(connection, settings):
            yield Finding("weekly mail", "good", "No weekly mail is expected at the moment.")
            return
        number = number_missed(connection, settings, at)
        words = f"{_last(connection)} {_next(connection, at)}"
    if number:
        yield Finding(
            "weekly mail",
            "wrong",
            f"{number} weekly mail(s) in the last 7 days did not go out within an hour of their time. {words}",
            "Team, Heartbeat says which and why. `crm serve` or `crm nudge` must be running, and CRM_SMTP_URL correct.",
        )
    else:
        yield Finding("weekly mail", "good", f"No weekly mail missed its time in the last 7 days. {words}")


def _last(connection: Connection) -> str:
    sent = connection.execute(
        select(func.max(outbox.c.sent_at)).where(outbox.c.purpose == PURPOSE, outbox.c.state == "sent")
    ).scalar_one()
    return f"The last went out {sent:%Y-%m-%d %H:%M} UTC." if sent else "None has gone out yet."


def _next(connection: Connection, at: datetime) -> str:
    due = next_due(connection, at)
    return f"The next is due {due:%Y-%m-%d %H:%M} UTC." if due else "Nobody gets one."
