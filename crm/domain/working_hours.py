"""When somebody works: their hours by their own clock, and the public holidays of their country."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

_DAY_OFF_MINUTES = 600
"""What a day that is not worked weighs when no moment is good, in minutes outside the working hours."""


@dataclass(frozen=True)
class WorkingHours:
    """When somebody works, in their own zone; Monday is 0."""

    weekdays: frozenset[int] = frozenset(range(5))
    start: time = time(9)
    end: time = time(17)

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError("Working hours end after they begin.")


OFFICE_HOURS = WorkingHours()


def is_weekend(day: date) -> bool:
    """Whether the working days of its week are over."""
    return day.weekday() not in OFFICE_HOURS.weekdays


def day_left(day: date, at: time, hours: WorkingHours = OFFICE_HOURS) -> date:
    """The first day on which something can still be done at that time of that day: the next once its hours are over."""
    return day + timedelta(days=1) if at >= hours.end else day


def first_day_left(now: datetime, zone: tzinfo, hours: WorkingHours = OFFICE_HOURS) -> date:
    """The same by the clock where they live."""
    here = now.astimezone(zone)
    return day_left(here.date(), here.time(), hours)


def works(
    hours: WorkingHours, zone: tzinfo, holidays: Collection[date], start: datetime, end: datetime
) -> bool:
    """Whether somebody works from start to end, and their clocks do not change meanwhile."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    return (
        first.date() == last.date()
        and first.utcoffset() == last.utcoffset()
        and first.weekday() in hours.weekdays
        and first.date() not in holidays
        and hours.start <= first.time()
        and last.time() <= hours.end
    )


def minutes_outside(hours: WorkingHours, zone: tzinfo, start: datetime, minutes: int) -> int:
    """How many of so many minutes lie outside somebody's working hours."""
    here = start.astimezone(zone)
    begins = here.hour * 60 + here.minute
    early = max(0, hours.start.hour * 60 + hours.start.minute - begins)
    late = max(0, begins + minutes - hours.end.hour * 60 - hours.end.minute)
    return early + late + (0 if here.weekday() in hours.weekdays else _DAY_OFF_MINUTES)


@lru_cache(maxsize=1000)
def public_holidays(country_code: str, year: int) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) in a year; none for a country that is not known."""
    code = country_code.strip().upper()
    if len(code) != 2 or not code.isalpha():
        return frozenset()
    import holidays  # takes a fifth of a second to import

    try:
        return frozenset(holidays.country_holidays(code, years=year))
    except NotImplementedError:  # it knows no such country
        return frozenset()
