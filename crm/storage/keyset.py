"""Pages of a list that go on after the last row shown, however long the list is and whatever changed before it."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, tuple_

from crm.errors import Invalid

_LOST = "This place in the list cannot be found. Start again from the top."


def write_cursor(values: Sequence[int | str]) -> str:
    """The place after a row with these sort values, as letters that may stand in an address."""
    packed = json.dumps(list(values), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """The sort values of a cursor; refuses whatever is not one of this list."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = json.loads(packed.decode())
    except (ValueError, RecursionError):
        raise Invalid(_LOST) from None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise Invalid(_LOST)
    if not all(_fits(value) for value in values):
        raise Invalid(_LOST)
    return tuple(values)


def _fits(value: int | str) -> bool:
    """A number of 64 bits, or words the database can compare."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def beyond(
    columns: Sequence[ColumnElement[Any]], values: Sequence[Any], *, backwards: bool = False
) -> ColumnElement[bool]:
    """Rows after (or before) those sort values."""
    place = tuple_(*values)
    return tuple_(*columns) < place if backwards else tuple_(*columns) > place
