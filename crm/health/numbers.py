"""Numbers as databases give them: whole, decimal or floating, or nothing."""

from typing import Any


def whole(value: Any) -> int | None:
    """A figure that is counted, such as days or a score."""
    return None if value is None else int(value)


def real(value: Any) -> float | None:
    """A figure that is measured, such as points or a rhythm in days."""
    return None if value is None else float(value)
