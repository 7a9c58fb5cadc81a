"""Cells of a table file that no spreadsheet runs: what goes out with an apostrophe comes back without one."""

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def neutralise(cell: str) -> str:
    """A cell no spreadsheet runs: text that begins like a formula, after any apostrophes, gains one more."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """The inverse of ``neutralise`` for every text; a raw formula is left as the text it is."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
