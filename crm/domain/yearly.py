"""Days that come back every year; 29 February is kept on the 28th where there is no 29th."""

from datetime import date, timedelta


def next_return(month: int, day: int, on_day: date | None, yearly: bool, today: date) -> date | None:
    """The next day from ``today`` on that a date falls on; None where it came once and is over, or its year is not known.

    A yearly date whose own day is still ahead falls on that day first: what begins in two years has no return before.
    """
    if on_day is not None and on_day >= today:
        return on_day
    if not yearly:
        return None
    years = range(today.year, min(today.year + 1, date.max.year) + 1)
    return next((falls for year in years if (falls := in_year(year, month, day)) >= today), None)


def in_year(year: int, month: int, day: int) -> date:
    """The day on which a month and day are kept in that year."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month + 1, 1) - timedelta(days=1)
