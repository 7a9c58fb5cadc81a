"""What this process does by itself: the clock that looks for what is due.

APScheduler is a clock only. What is due stands in the database and is claimed there, so any number of processes may
run one.
"""

from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from crm.settings import Settings
from crm.storage.database import Database


def start(database: Database, settings: Settings) -> Callable[[], None]:
    """Start the clock; returns the function that stops it."""
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.start()
    return lambda: scheduler.shutdown(wait=False)
