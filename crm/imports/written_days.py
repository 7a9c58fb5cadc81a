"""Days as address books write them, in whatever order, with months in figures or words."""

import re
from collections.abc import Iterable
from datetime import date

from crm.domain.folding import fold
from crm.domain.years import FIRST_YEAR, LAST_YEAR

DAY_FIRST, MONTH_FIRST = "day", "month"

_WHOLE = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", re.ASCII)
_YEARLESS = re.compile(r"\s*--(\d{1,2})-(\d{1,2})", re.ASCII)
_PARTS = re.compile(
    r"\s*(\d{1,2})([-/.])\s*(\d{1,2})(?:[-/.]\s*(\d{4}|\d{2})?)?(?: \d{1,2}[:.]\d{2}.*)?", re.ASCII
)
_WORDS = re.compile(
    r"\s*(?:(\d{1,2})(?:st|nd|rd|th|\.|er)?\s+(?:de |of )?)?([^\W\d_]{3,12})\.?(?:\s+de)?(.*)"
)
_REST = re.compile(r"\s*(?:(\d{1,2})(?:st|nd|rd|th)?)?\s*,?\s*(\d{4})?\s*", re.ASCII)
_MONTHS = tuple(
    fold(names).split()
    for names in (
        "jan gen ene sty янв ian oca tammi ιαν",
        "feb fev lut фев şub helmi φεβ",
        "mar mrt мар maalis μαρ",
        "apr avr abr kwi апр nis huhti απρ",
        "may mai maj mei mag май мая touko μαι",
        "jun juin giu cze июн iun haz kesä ιουν",
        "jul juil lug lip июл iul tem heinä ιουλ",
        "aug aou ago sie авг ağu elo αυγ",
        "sep set wrz сен szep eyl syys σεπ",
        "oct okt ott out paź окт eki loka οκτ",
        "nov lis ноя noi kas marras νοε",
        "dec dez dic gru дек ara joulu δεκ",
    )
)
"""How the names of months begin in the languages of the columns that are known."""


def day_order(written: Iterable[str]) -> str:
    """Whether days stand before months, where some of these days tells; "" where none does."""
    for text in written:
        match = _PARTS.fullmatch(text)
        if match and (int(match[1]) > 12 or match[2] == "."):
            return DAY_FIRST
        if match and int(match[3]) > 12:
            return MONTH_FIRST
    return ""


def read_day(text: str, order: str) -> tuple[str | None, str | None]:
    """The day as ``YYYY-MM-DD`` or ``--MM-DD``, and the other one it may be as well where nothing tells."""
    if match := _WHOLE.fullmatch(text):
        return written(int(match[1]), int(match[2]), int(match[3])), None
    if match := _YEARLESS.fullmatch(text):
        return written(None, int(match[1]), int(match[2])), None
    match = _PARTS.fullmatch(text)
    if not match:
        return _in_words(text), None
    one, two, year = int(match[1]), int(match[3]), _year(match[4])
    day_first, month_first = written(year, two, one), written(year, one, two)
    if order:
        return (day_first if order == DAY_FIRST else month_first), None
    if day_first and month_first and day_first != month_first:
        return day_first, month_first
    return day_first or month_first, None


def written(year: int | None, month: int, day: int) -> str | None:
    """A day as we write it; None where there is none."""
    try:
        found = date(year or 2000, month, day)
    except ValueError:
        return None
    if year is None or year in (0, 1604):  # 1604 is Apple's year for no year
        return f"--{found:%m-%d}"
    return found.isoformat() if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _year(text: str | None) -> int | None:
    """A year of four figures; of two, which century it is cannot be known of somebody who may be 90 or 10."""
    return int(text) if text and len(text) == 4 else None


def _in_words(text: str) -> str | None:
    """“25 December 1980”, “Jan 2, 1990”, “3. März”; None for what is no such day."""
    match = _WORDS.fullmatch(text)
    rest = _REST.fullmatch(match[3]) if match else None
    if match is None or rest is None or bool(match[1]) == bool(rest[1]):
        return None
    month = month_of(match[2])
    return written(int(rest[2]) if rest[2] else None, month, int(match[1] or rest[1])) if month else None


def month_of(word: str) -> int:
    """The number of the month whose name begins so, in one of the languages known here; 0 for none."""
    folded = fold(word)
    return next((number for number, names in enumerate(_MONTHS, 1) if folded.startswith(tuple(names))), 0)
