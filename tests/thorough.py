"""How thorough this run is: ``CRM_TEST_TIMES=20 ./dev test tests/rules`` is the long form (docs/contributing.md)."""

import os
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")

TIMES = int(os.environ.get("CRM_TEST_TIMES", "1"))
"""So many times the generated examples of the short form."""


def some_of(things: Sequence[One], step: int) -> Sequence[One]:
    """Every ``step``-th in the short form, all in the long one."""
    return things[:: step if TIMES == 1 else 1]
