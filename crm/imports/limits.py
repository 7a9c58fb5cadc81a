"""Limits for readers of files: how long one item may take, and how much a whole reader."""

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space of a reader."""
BASE_SECONDS = 30
SECONDS_A_MIB = 1.0


class TooLong(Exception):
    """One item took more time than it may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong where the block computes for longer; needs the main thread, as a reader has."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def processor_seconds(size: int) -> int:
    """How long a whole file of that many bytes may take."""
    return int(BASE_SECONDS + SECONDS_A_MIB * size / 2**20)


def confine(size: int) -> None:
    """Bind this process: so much memory, so much time, no files but those that are open."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    seconds = processor_seconds(size)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
