"""What every process of the product would do first: its code imported, templates compiled, metrics built as SQL.

The forkserver of ``tests.nursery`` imports this once for all of them.
"""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import holidays  # noqa: F401
import uvicorn.lifespan.on
import uvicorn.loops.auto
import uvicorn.protocols.http.auto  # noqa: F401

from crm import (
    __main__,  # noqa: F401
    jobs,  # noqa: F401
)
from crm.app import operations, routers
from crm.commands import imports, nudge, serve  # noqa: F401
from crm.storage.database import Database
from crm.storage.frame import Scope
from crm.storage.metrics import rows_of
from crm.storage.migrate import migrate
from crm.templating import environment


def ask_once() -> None:
    """The metrics of one person nobody knows."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.sqlite3'}")
        migrate(database)
        with database.read() as connection:
            rows_of(connection, Scope(1, datetime.now(UTC), ZoneInfo("UTC"), contact_ids=(1,)))
        database.close()


routers()
operations()
for name in environment().list_templates(extensions=["html", "txt"]):
    environment().get_template(name)
ask_once()
