"""Rests: for how long somebody who was suggested before is left alone (PRODUCT.md section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from crm.domain.weeks import IsoWeek

Outcome: TypeAlias = Literal["done", "dismissed", "snoozed"]

REST_DAYS = 14
LONG_REST_DAYS = 60
IGNORED_IN_A_ROW = 2


@dataclass(frozen=True)
class PastSuggestion:
    """An earlier suggestion. ``outcome`` with ``on``, the day it was given; none while it is untouched.

    *Skip* and *not this person* are both ``dismissed``.
    """

    week: IsoWeek
    outcome: Outcome | None = None
    on: date | None = None


def rest_until(history: Iterable[PastSuggestion], today: date) -> date | None:
    """The first day on which the contact may be suggested again, if that is still ahead.

    14 days from the last suggestion done or dismissed; 60 days from the end of the week in which the second one
    in a row was ignored. What happened after ``today`` is not known yet.
    """
    past = list(history)
    ends = [
        one.on + timedelta(days=REST_DAYS)
        for one in _known(past, today)
        if one.outcome in ("done", "dismissed") and one.on is not None and one.on <= today
    ]
    ignored = back_after_ignored(past, today)
    ahead = [end for end in (*ends, ignored) if end is not None and end > today]
    return max(ahead, default=None)


def back_after_ignored(history: Iterable[PastSuggestion], today: date) -> date | None:
    """The first day after the long rest of somebody whose last two suggestions were left untouched."""
    closed = [past for past in _known(history, today) if _touched(past, today) or past.week.is_over(today)]
    latest = closed[-IGNORED_IN_A_ROW:]
    if len(latest) < IGNORED_IN_A_ROW or any(_touched(past, today) for past in latest):
        return None
    return latest[-1].week.next().monday + timedelta(days=LONG_REST_DAYS)


def _known(history: Iterable[PastSuggestion], today: date) -> list[PastSuggestion]:
    return sorted((past for past in history if past.week.monday <= today), key=lambda past: past.week)


def _touched(past: PastSuggestion, today: date) -> bool:
    return past.outcome is not None and (past.on is None or past.on <= today)
