"""Days as other calendars write them: Buddhist, Persian, Islamic (Umm al-Qura), Japanese and Taiwanese years."""

from datetime import date, timedelta

_BUDDHIST = 543
_ERAS = {
    "r": 2018, "令和": 2018, "h": 1988, "平成": 1988, "s": 1925, "昭和": 1925, "民國": 1911, "民国": 1911,
}  # fmt: skip
"""The year before the first of each era."""

_FIRST_PERSIAN, _PERSIAN = 1300, range(1300, 1425)
_PERSIAN_BEGAN = date(1921, 3, 21)
"""1 Farvardin 1300."""

_FIRST_ISLAMIC, _ISLAMIC = 1430, range(1430, 1500)
_ISLAMIC_BEGAN = date(2008, 12, 29)
"""1 Muharram 1430."""
_LONG_MONTHS = (
    "aa69562ae56d36ab55aaa94d49d95d2ba5b55aad55a9a92e26e55dada6d46a5b27a4d4ad56db5a754f49e92d26a563566b5baab9"
    "2b2568ba9b55aada5b4da9b52a9a536276575af26d46a95552ad4bd9ba574b69b52a9552da5d4daad96b2e95e2ac9692eaad56ad65"
)
"""Three hexadecimal digits a year from 1430: the lowest bit is Muharram, and set where a month has 30 days.

As the Umm al-Qura calendar of Saudi Arabia is published, and the Unicode data have it.
"""


def is_era(word: str) -> bool:
    """Whether this word before a year names an era."""
    return word.casefold() in _ERAS


def in_gregorian(year: int, month: int, day: int, era: str = "") -> date | None:
    """The day in our calendar; None where there is no such day. Which calendar it is follows from the year.

    1300 to 1424 are Persian, 1430 to 1499 Islamic, 2400 to 2699 Buddhist; all others ours, unless ``era`` says.
    """
    if era:
        year += _ERAS.get(era.casefold(), 0)
    elif year in _PERSIAN:
        return _persian(year, month, day)
    elif year in _ISLAMIC:
        return _islamic(year, month, day)
    elif 2400 <= year < 2700:
        year -= _BUDDHIST
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _leap_days_before(year: int) -> int:
    """Leap years of the 33-year cycle before a Persian year; the cycle holds from 1178 to 1633."""
    return (8 * (year - 1) + 29) // 33


def _persian(year: int, month: int, day: int) -> date | None:
    leap = _leap_days_before(year + 1) - _leap_days_before(year)
    length = 31 if month <= 6 else 30 if month <= 11 or leap else 29
    if not (1 <= month <= 12 and 1 <= day <= length):
        return None
    years = 365 * (year - _FIRST_PERSIAN) + _leap_days_before(year) - _leap_days_before(_FIRST_PERSIAN)
    months = 31 * (month - 1) - max(0, month - 7)
    return _PERSIAN_BEGAN + timedelta(days=years + months + day - 1)


def _month_lengths(year: int) -> list[int]:
    place = 3 * (year - _FIRST_ISLAMIC)
    bits = int(_LONG_MONTHS[place : place + 3], 16)
    return [29 + (bits >> month & 1) for month in range(12)]


def _islamic(year: int, month: int, day: int) -> date | None:
    lengths = _month_lengths(year)
    if not (1 <= month <= 12 and 1 <= day <= lengths[month - 1]):
        return None
    before = sum(sum(_month_lengths(earlier)) for earlier in range(_FIRST_ISLAMIC, year))
    return _ISLAMIC_BEGAN + timedelta(days=before + sum(lengths[: month - 1]) + day - 1)
