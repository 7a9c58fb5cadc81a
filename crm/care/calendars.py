"""What the doctor asks about the users' own calendars; of whose they are and where they lie it says nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from crm.care.findings import Finding
from crm.settings import Settings
from crm.storage.database import Database
from crm.storage.tables import own_calendar, user

OLD = timedelta(days=1)


def check(settings: Settings, database: Database, at: datetime) -> Iterator[Finding]:
    """How many calendars are connected, and how many of them were not read for a day."""
    table = own_calendar.c
    of_active = and_(user.c.workspace_id == table.workspace_id, user.c.id == table.user_id, user.c.active)
    with database.read() as connection:
        rows = connection.execute(
            select(table.state, table.created_at, table.read_at).join(user, of_active)
        ).all()
    old = Counter(row.state for row in rows if max(row.created_at, row.read_at or row.created_at) < at - OLD)
    if not old:
        said = f"All {len(rows)} connected calendars were read within the last day."
        yield Finding("calendars", "good", said if rows else "Nobody has connected a calendar.")
        return
    why = ", ".join(f"{state.replace('_', ' ')}: {number}" for state, number in sorted(old.items()))
    said = f"{old.total()} of {len(rows)} calendars have not been read for a day ({why})."
    if old.total() < len(rows):
        yield Finding(
            "calendars", "note", said, "Their users can see why under Settings → Read your calendar."
        )
        return
    remedy = "Make sure a scheduler is running and this machine can reach them; CRM_PRIVATE_HOSTS names your own hosts."
    yield Finding("calendars", "wrong", said, remedy)
