"""Lengths of time, counts and days, said as a person would say them.

Elapsed time is always rounded down to whole units, so that "7 months ago" is never more than has passed:

    0 to 13 days       days
    14 to 125 days     weeks of 7 days
    126 to 364 days    months of 30 days, never more than 11
    365 to 729 days    months of a twelfth of a year (12 of them are "1 year")
    730 days and on    years of 365 days

The steps are chosen so that a longer time never reads shorter: 125 days are "17 weeks", 126 are "4 months".
A usual gap ("every 3 weeks") is an estimate and rounded to the nearest unit instead.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from math import floor
from typing import Literal

from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import clock_words, day_words, month_name, numeral
from crm.domain.weeks import IsoWeek

Unit = Literal["day", "week", "month", "year"]

_WORDS = (
    *(N_("zero"), N_("one"), N_("two"), N_("three"), N_("four"), N_("five"), N_("six")),
    *(N_("seven"), N_("eight"), N_("nine"), N_("ten"), N_("eleven"), N_("twelve")),
)
_UNITS: Mapping[Unit, tuple[str, str]] = {
    "day": plurals("day", "days"),
    "week": plurals("week", "weeks"),
    "month": plurals("month", "months"),
    "year": plurals("year", "years"),
}
_SHORTEST: Mapping[Unit, float] = {"day": 1, "week": 7, "month": 30, "year": 365}
_IRREGULAR = {"person": "people", "child": "children", "staff": "staff", "media": "media"}


def in_words(many: int) -> str:
    """Numbers up to twelve in words, larger ones in digits."""
    return _(_WORDS[many]) if 0 <= many < len(_WORDS) else numeral(many)


def plural(noun: str) -> str:
    """The plural of a noun or of a phrase that ends in one ("phone call", "lunch", "person", "company")."""
    head, space, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in ("", *"aeiou"):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return head + space + last


def count(many: int, noun: str, several: str = "", *, words: bool = False) -> str:
    """`count(14, "email", "emails")` is "14 emails"; with `words`, 3 is "three calls" and 0 "no calls".

    Without `several` the noun is one of a person's own, and its plural is made by English rules.
    """
    said = (_("no") if many == 0 else in_words(many)) if words else numeral(many)
    return f"{said} {ngettext(noun, several or plural(noun), many)}"


def join(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; nothing for no parts."""
    return _list(_("{words} and {last}"), parts)


def either(parts: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"; nothing for no parts."""
    return _list(_("{words} or {last}"), parts)


def _list(pattern: str, parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return pattern.format(words=", ".join(parts[:-1]), last=parts[-1])


def names_and_others(names: Sequence[str], *, shown: int = 2) -> str:
    """ "Marta, Elena and four others": at most `shown` names, unless just one more would be left over."""
    if len(names) <= shown + 1:
        return join(names)
    return join([*names[:shown], count(len(names) - shown, "other", "others", words=True)])


def capital(text: str) -> str:
    """The text with its first letter large and the rest untouched."""
    return text[:1].upper() + text[1:]


def _months(days: int) -> int:
    return min(11, days // 30) if days < 365 else days * 12 // 365


def measure(days: int) -> tuple[int, Unit]:
    """How many whole units of which sort a person would say for so many elapsed days (not negative)."""
    if days < 0:
        raise ValueError(f"a span cannot be negative: {days}")
    if days < 14:
        return days, "day"
    if days < 126:
        return days // 7, "week"
    if days < 730:
        months = _months(days)
        return (1, "year") if months == 12 else (months, "month")
    return days // 365, "year"


def span(days: int, *, words: bool = False) -> str:
    """ "4 days", "2 weeks", "7 months"; with `words`, "five weeks"."""
    number, unit = measure(days)
    return count(number, *_UNITS[unit], words=words) if number else _("less than a day")


def holding(days: int) -> str:
    """The span that holds so many days, for what is counted in it: rounded up, so that 360 days are "1 year"."""
    number, unit = measure(days)
    rounded = number + (number * _SHORTEST[unit] < days)
    return count(*((1, *_UNITS["year"]) if (rounded, unit) == (12, "month") else (rounded, *_UNITS[unit])))


def ago(days: int) -> str:
    """ "today", "yesterday", "7 months ago"; days still to come are said as `ahead` says them."""
    if days < 0:
        return ahead(-days)
    return {0: _("today"), 1: _("yesterday")}.get(days) or _("{span} ago").format(span=span(days))


def ahead(days: int) -> str:
    """ "today", "tomorrow", "in 8 weeks"; days gone by are said as `ago` says them."""
    if days < 0:
        return ago(-days)
    return {0: _("today"), 1: _("tomorrow")}.get(days) or _("in {span}").format(span=span(days))


def usual(days: float) -> tuple[int, Unit]:
    """The nearest unit for a usual gap: days below 18 (7 and 14 are weeks), weeks to 76, months, years."""
    whole = max(1, floor(days + 0.5))
    if whole < 18:
        return (whole // 7, "week") if whole in (7, 14) else (whole, "day")
    if whole <= 76:
        return floor(whole / 7 + 0.5), "week"
    months = floor(whole / 30.4375 + 0.5)
    if months < 24:
        return (1, "year") if months == 12 else (months, "month")
    return floor(whole / 365.25 + 0.5), "year"


def every(days: float) -> str:
    """A usual gap: "daily", "every week", "every 3 weeks"."""
    number, unit = usual(days)
    if number == 1:
        return {
            "day": _("daily"),
            "week": _("every week"),
            "month": _("every month"),
            "year": _("every year"),
        }[unit]
    return _("every {span}").format(span=count(number, *_UNITS[unit]))


def beside(days: int, rhythm_days: float) -> str:
    """An elapsed time said right after `every(rhythm_days)`: the bare number where the unit can be shared.

    "every 3 weeks, now 9", but "every 3 weeks, now 4 days" and "every week, now 9 weeks".
    """
    number, unit = usual(rhythm_days)
    elapsed = {"day": days, "week": days // 7, "month": _months(days), "year": days // 365}[unit]
    least = 1 if unit == "day" else 2
    return str(elapsed) if number > 1 and least <= elapsed <= 99 else span(days)


def _is_another_year(day: date, today: date | None) -> bool:
    return today is None or today.year != day.year


def short_day(day: date, today: date | None) -> str:
    """ "12 Oct", with the year when it differs from today's or when today is not known."""
    return day_words(day, year=_is_another_year(day, today))


def day_phrase(day: date, today: date | None) -> str:
    """ "Thu 19 Nov", with the year when it differs from today's or when today is not known."""
    return day_words(day, year=_is_another_year(day, today), weekday=True)


def long_day(day: date, today: date, *, weekday: bool = False) -> str:
    """ "19 November", "Thursday 19 November", with the year when it differs from today's."""
    return day_words(day, year=_is_another_year(day, today), weekday=weekday, long=True)


def in_tenths(chance: float) -> str:
    """A chance 0…1 in tenths: "about 9 times in 10", "less than once in 10", "nearly always"."""
    tenths = floor(10 * chance + 0.5)
    if tenths < 1:
        return _("less than once in 10")
    if tenths > 9:
        return _("nearly always")
    return ngettext("about once in 10", "about {n} times in 10", tenths).format(n=tenths)


_HAIR = 1e-9
"""23 of 40 are 57.5 %, and as a binary fraction a hair less."""


def out_of(share: float, all_of_it: int = 100) -> int:
    """A share 0…1 in whole hundredths, or other parts, halves up; some is never none, and nearly all never all."""
    rounded = floor(all_of_it * share + 0.5 + _HAIR)
    return min(max(rounded, 1), all_of_it - 1) if 0 < share < 1 else rounded


def percent(share: float) -> str:
    """A share 0…1 in whole per cent, as `out_of` rounds it: "83%"."""
    return f"{out_of(share)}%"


def week_label(week: IsoWeek) -> str:
    """The working week in words: "Monday 16 to Friday 20 November"; years only where they differ."""
    first, last = week.days[0], week.days[4]
    start, end = (
        day_words(day, year=first.year != last.year, weekday=True, long=True) for day in (first, last)
    )
    if first.month == last.month:
        start = start.removesuffix(f" {month_name(first, long=True)}")
    return _("{start} to {end}").format(start=start, end=end)


def week_phrase(monday: date, today: date) -> str:
    """ "Week of Mon 16 Nov"."""
    return _("Week of {day}").format(day=day_phrase(monday, today))


def moment_phrase(moment: datetime, zone: tzinfo, today: date, *, within: bool = False) -> str:
    """ "Today, 08:30", "Tomorrow, 08:00", "Mon 23 Nov, 08:00", by the clocks of ``zone``; ``within`` a sentence "today"."""
    local = moment.astimezone(zone)
    near = (
        {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}
        if within
        else {0: _("Today"), 1: _("Tomorrow"), -1: _("Yesterday")}
    )
    day = near.get((local.date() - today).days) or day_phrase(local.date(), today)
    return f"{day}, {clock_words(local)}"


def day_and_time(local: datetime, today: date | None) -> str:
    """ "Thu 19 Nov, 12:30", by the clock the moment is told in."""
    return f"{day_phrase(local.date(), today)}, {clock_words(local)}"
