"""One event loop for all requests of a run: a thread and a loop for each takes longer than most answers."""

from contextlib import ExitStack
from functools import cache

from anyio.from_thread import BlockingPortal, start_blocking_portal

opened = ExitStack()


@cache
def portal() -> BlockingPortal:
    """The loop, started at first use; ``opened.close()`` ends it."""
    return opened.enter_context(start_blocking_portal())
