"""Cells of a table file that no spreadsheet runs: what goes out with an apostrophe comes back without one."""

import re

from crm.domain.language import N_

_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


_SIGNS = "=＝+-@＋－＠"
_WORKED_OUT = re.compile("[=＝][^=＝\\s]|[+\\-@＋－＠][A-Za-z.]+[(|]")

IS_FORMULA = N_(
    "This looks like a formula. It is kept as plain text, here and further down, and never calculated."
)
"""What whoever imports a file is told of the first cell of a column that a spreadsheet would work out."""


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would work the cell out: a phone number such as +49 30 and a row of = are none."""
    return cell[:1] in _SIGNS and _WORKED_OUT.match(cell) is not None


_TEXT = re.compile(r'\s*="((?:[^"]|"")*)"\s*')


def unwrapped(cell: str) -> str:
    """The text of a cell written as ``="0171 2345"``, by which spreadsheets keep noughts and dates as they are typed."""
    found = _TEXT.fullmatch(cell) if '="' in cell else None
    return found[1].replace('""', '"') if found else cell


def neutralise(cell: str) -> str:
    """A cell no spreadsheet runs: text that begins like a formula, after any apostrophes, gains one more."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """The inverse of ``neutralise`` for every text; a raw formula is left as the text it is."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
