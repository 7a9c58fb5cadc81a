"""Long lists in parts that fit one statement."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
BLOCK = 2_000


def blocks(items: Iterable[Item], size: int = BLOCK) -> Iterator[list[Item]]:
    """The items, each once and in their order, in lists of at most ``size``; none for no items."""
    once = list(dict.fromkeys(items))
    for start in range(0, len(once), size):
        yield once[start : start + size]
