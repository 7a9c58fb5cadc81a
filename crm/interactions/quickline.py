"""From one typed line to a log form that is filled in and waits for a person's yes."""

from datetime import date

from sqlalchemy import Connection

from crm.domain.principal import Principal
from crm.domain.quick_line import QuickLine, read_line
from crm.interactions.queries import channels, namesakes
from crm.storage.text import fold

LINE_LIMIT = 2_000


def understood(connection: Connection, principal: Principal, line: str, today: date) -> QuickLine:
    """What a line says, with its names looked up among the workspace's people."""
    kept = line[:LINE_LIMIT]
    people = namesakes(connection, principal, kept)
    return read_line(kept, channels(connection, principal), people, today, fold)
