"""At which day and time a user's mails go out, and what becomes of this week's where they change it."""

import logging
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from crm.domain.schedule import Schedule

log = logging.getLogger("crm.accounts")
CHOSEN = ("nudge_weekday", "nudge_minute", "time_zone")


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


def rescheduled(columns: Mapping[str, Any], values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What is stored beside ``values`` of a user with these columns, so that another day, time or zone loses no week."""
    after = {**columns, **values}
    if all(after[name] == columns[name] for name in CHOSEN):
        return {}
    return {"nudge_not_before": schedule_of(columns).moved_to(schedule_of(after), at)}
