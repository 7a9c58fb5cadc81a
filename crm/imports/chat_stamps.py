"""The moments before the messages of a chat, as phones of every language write them.

What one line leaves open (is 3/4 in March or in April, is the clock one of twelve hours) is decided from all of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from crm.domain.other_calendars import in_gregorian, is_era

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day first", "month first", "year first"
ORDERS = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
EARLIEST = date(2009, 1, 1)
"""No chat app of this sort is older."""

_MORNING = (
    "am ap de dop dopoledne fh fm ae pd pg priekšp priešpiet prijepodne rn sa sn to vm öö πμ дп претпл проб тң ta үө "
    "ص صباحا صبح قظ पूर्वाह्न मपू පෙව ກ່ອນທ່ຽງ နံနက် ጥዋት முற்பகல் ਪੂਦੁ ಪೂರ್ವಾಹ್ನ eparadites 上午 上晝 凌晨 午前 清晨 早上 오전"
)
_AFTERNOON = (
    "pm ch du eh em in ip md nm odp odpoledne pop popiet popodne ptg pēcp tk gd ös μμ попл пп слоб тк үх "
    "م مساء بظ شام अपराह्न मउ පව ຫຼັງທ່ຽງ ညနေ ከሰዓት பிற்பகல் ਬਾਦੁ ಅಪರಾಹ್ನ epasdites 下午 下晝 中午 午後 晚上 오후"
)
"""Words of the two halves of the day: those of the Unicode data of the languages phones speak, and older ones."""
_HALVES = {**dict.fromkeys(_MORNING.split(), "am"), **dict.fromkeys(_AFTERNOON.split(), "pm")}

_DATE = re.compile(
    r"(\d{1,4})\s?([./\-\u2010-\u2015年년])\s?(\d{1,2})\s?([./\-\u2010-\u2015月월])\s?(\d{1,4})\s?[日일.]?"
)
_TIME = re.compile(r"(?<!\d)(\d{1,2})(?:\s?[:.٫hH時时]\s?)(\d{1,2})(?:\s?[:.٫]\s?(\d{2}))?(?!\d)")
_STAMP_LIMIT, _WORDS_LIMIT = 60, 24


class Stamp(NamedTuple):
    """One moment as written. ``half`` is am or pm; ``words`` what else stands there; ``form`` what all have alike."""

    numbers: tuple[int, int, int]
    era: str
    hour: int
    minute: int
    half: str
    words: str
    form: str


class _PlainSigns(dict[int, str | None]):
    """European figures for all others, simple spaces and commas, and no marks that only steer what is seen."""

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        category = unicodedata.category(sign)
        plain: str | None = " " if category == "Zs" else None if category == "Cf" else sign
        if category == "Nd":
            plain = str(unicodedata.decimal(sign))
        self[code] = plain
        return plain


_PLAIN = _PlainSigns({ord("،"): ",", 0xFEFF: None})


def plain(text: str) -> str:
    """The text with simple figures and spaces, and without steering marks."""
    return text if text.isascii() else text.translate(_PLAIN)


def split_line(line: str) -> tuple[Stamp, str] | None:
    """The stamp that a line begins with, and what follows it; None where there is none."""
    start = line.lstrip("\u200e\u200f\u202a\u202b\u202c\ufeff ")
    if start[:1] == "[":
        ends = start.find("]", 0, _STAMP_LIMIT + 20)
        stamp = read_stamp(plain(start[1:ends]), "[") if ends > 0 else None
        return (stamp, start[ends + 1 :].lstrip(" ")) if stamp else None
    for match in re.finditer(r" [-–] ", start[: _STAMP_LIMIT + 20]):
        if stamp := read_stamp(plain(start[: match.start()]), "-"):
            return stamp, start[match.end() :]
    return None


def read_stamp(text: str, bracket: str) -> Stamp | None:
    """A stamp of plain text, or None where it is no date with a time."""
    if not 8 <= len(text) <= _STAMP_LIMIT:
        return None
    day = _DATE.search(text)
    if day is None:
        return None
    rest = f"{text[: day.start()]}\0{text[day.end() :]}"
    clock = _TIME.search(rest)
    if clock is None:
        return None
    half, era, words = _sorted(rest[: clock.start()], rest[clock.end() :])
    hour, minute = int(clock[1]), int(clock[2])
    if hour > 24 or minute > 59 or len(words) > _WORDS_LIMIT:
        return None
    numbers = (int(day[1]), int(day[3]), int(day[5]))
    form = f"{bracket}{'h' if half else ''}{day[2]}{day[4]}"
    form += "<" if rest.find("\0") > clock.start() else ">"
    return Stamp(numbers, era, hour % 24, minute, half, words, form)


@lru_cache(maxsize=1_000)
def _sorted(before: str, after: str) -> tuple[str, str, str]:
    """Of the words before and after the time: the half of the day, the era, and what means nothing.

    A figure among them is something else than a stamp: then there are more such words than one has.
    """
    pieces = [*before.split("\0"), *after.split("\0")]
    if any(sign.isdecimal() for piece in pieces for sign in piece):
        return "", "", "?" * (_WORDS_LIMIT + 1)
    half = era = ""
    others = []
    for piece in pieces:
        whole = _bare(piece)
        if found := _half(whole):
            half = found
            continue
        for word in re.split(r"[\s,()]+", piece):
            bare = _bare(word)
            if found := _half(bare):
                half = found
            elif is_era(word):
                era = word
            elif bare:
                others.append(bare)
    return half, era, " ".join(others)


def _bare(word: str) -> str:
    return "".join(sign for sign in word.casefold() if sign not in " .,()’'`\u00ad")


def _half(bare: str) -> str:
    return _HALVES.get(bare, "")


def half_of(words: str) -> str:
    """Which half of the day these words name: am, pm or nothing."""
    return _sorted("", words)[0] if len(words) < _STAMP_LIMIT else ""


def hour_of(stamp: Stamp) -> int:
    """The hour of the day, 0 to 23."""
    if not stamp.half or stamp.hour > 12:
        return stamp.hour
    return stamp.hour % 12 + (12 if stamp.half == "pm" else 0)


def unknown_halves(stamps: Iterable[Stamp]) -> list[str]:
    """Words that seem to be halves of the day in a language unknown here: they differ, and no hour is beyond 12."""
    words: set[str] = set()
    for stamp in stamps:
        if stamp.hour > 12 or stamp.half:
            return []
        words.add(stamp.words)
    return sorted(words) if len(words) > 1 else []


# Which number is the day.


def day_of(numbers: tuple[int, int, int], order: str, era: str, today: date) -> date | None:
    """The day that three numbers mean in this order; None where there is none."""
    first, second, third = numbers
    year, month, day = {
        DAY_FIRST: (third, second, first),
        MONTH_FIRST: (third, first, second),
        YEAR_FIRST: (first, second, third),
    }[order]
    if era or year >= 100:
        return in_gregorian(year, month, day, era)
    latest = today + timedelta(days=1)
    for century in (2000, 2500):
        found = in_gregorian(century + year, month, day)
        if found is not None and EARLIEST <= found <= latest:
            return found
    return in_gregorian(2000 + year, month, day)


def possible_orders(days: Sequence[tuple[tuple[int, int, int], str]], today: date, form: str) -> list[str]:
    """The orders in which these days (numbers, era), as they follow each other in the file, can be read.

    One where it is decided: by the size of the numbers, by the years, by the messages following each other in time,
    or by the signs between them (dots and dashes stand between day and month). Several read differently, else.
    """
    scored: dict[str, tuple[int, int]] = {}
    read: dict[str, list[date | None]] = {}
    for order in ORDERS:
        read[order] = [day_of(numbers, order, era, today) for numbers, era in days]
        scored[order] = _badness(read[order], today)
    best = min(scored.values())
    orders = [order for order in ORDERS if scored[order] == best]
    if len(orders) > 1 and "/" not in form:
        orders = [order for order in orders if order != MONTH_FIRST]
    if YEAR_FIRST in orders and len(orders) > 1:
        orders.remove(YEAR_FIRST)
    return orders[:1] if all(read[order] == read[orders[0]] for order in orders) else orders


def _badness(days: Sequence[date | None], today: date) -> tuple[int, int]:
    """How many of them are no days, and how many lie outside the time of chats or before the one before."""
    latest = today + timedelta(days=1)
    known = [day for day in days if day is not None]
    outside = sum(not EARLIEST <= day <= latest for day in known)
    back = sum(later < earlier - timedelta(days=1) for earlier, later in pairwise(known))
    return len(days) - len(known), outside + back
