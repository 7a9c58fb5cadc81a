"""Limits for readers of files: how long one item may take, and how much a whole reader."""

import ctypes
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space of a reader; of one that holds a whole file of people twice as many."""
WRITTEN_LIMIT = 1024 * 1024 * 1024
"""Bytes that a reader may write down, beside twice the size of what it reads."""
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


def hold(memory: int) -> None:
    """Bind this process to so many bytes of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def end_with_parent() -> None:
    """On Linux, end this process where whoever asked it ends: nobody would hear what it says."""
    with suppress(OSError, AttributeError):  # another system
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_PR_SET_PDEATHSIG = 1
"""Its number in prctl.h."""


def confine(size: int, memory: int = MEMORY_LIMIT) -> None:
    """Bind this process: so much memory, so much time, so much written, no process of its own, and an end with its parent."""
    end_with_parent()
    hold(memory)
    seconds = processor_seconds(size)
    resource.setrlimit(
        resource.RLIMIT_CPU, (seconds, seconds + 1)
    )  # ends by SIGXCPU, not by a kill of anybody's
    written = WRITTEN_LIMIT + 2 * size
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
