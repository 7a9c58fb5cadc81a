"""No looking for circles of objects while a file comes in: its rows make none, and looking took a fifth of the time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector rests; what nobody refers to is freed as ever. Of two at once, the first to end wakes it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
