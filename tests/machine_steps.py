"""How much SQLite does, counted in steps of its own machine, which are the same on every computer."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection


def machine_steps(connection: Connection, act: Callable[[], object]) -> int:
    """The steps in which SQLite does what ``act`` asks of this connection."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(count, 1)
    try:
        act()
    finally:
        raw.set_progress_handler(None, 0)
    return steps
