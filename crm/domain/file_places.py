"""Where in a file something is said, in plain words that reports keep: "people.csv line 3, column birthday"."""

import re

_CELL = re.compile(r"(?P<row>.+?\bline \d+\)?), column .+", re.DOTALL)


def cell_of(row: str, column: str) -> str:
    """The place of one cell of the row at this place."""
    return f"{row}, column {column}"


def row_of(place: str) -> str:
    """The place of the row in which this place lies; a row or a whole file is its own."""
    found = _CELL.fullmatch(place)
    return found["row"] if found else place
