"""The pulse of the processes that look for what is due: each writes when it last looked."""

import os
import secrets
import socket
from datetime import datetime, timedelta

from sqlalchemy import Connection

from crm.storage.insertion import insert_into
from crm.storage.tables import scheduler_pulse

FORGOTTEN_AFTER = timedelta(days=7)
"""A process that has not looked for so long is not shown any more."""


def this_process() -> str:
    """A name no other process has, on any machine; the last part tells those that get the same number later."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def beat(connection: Connection, process: str, started_at: datetime, at: datetime) -> None:
    """This process looks now."""
    insert = insert_into(connection, scheduler_pulse)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["process"], set_={"seen_at": insert.excluded.seen_at}),
        {"process": process, "started_at": started_at, "seen_at": at},
    )
    connection.execute(scheduler_pulse.delete().where(scheduler_pulse.c.seen_at < at - FORGOTTEN_AFTER))


def end(connection: Connection, process: str) -> None:
    """This process looks no more, as it should be."""
    connection.execute(scheduler_pulse.delete().where(scheduler_pulse.c.process == process))
