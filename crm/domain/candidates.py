"""Whom a week's plan chooses among: one contact as the planner sees it, and the week it is seen in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from crm.domain.post import POST_WORKING_DAYS
from crm.domain.rules import WRITTEN_DOWN
from crm.domain.weeks import IsoWeek

CALM_DAYS = 14
"""No call so soon after a live interaction, and no suggestion so soon before an arranged one."""
BEGINNING: Final = "no_record"
"""The rule that is a reason only where nothing else is."""
SUPPORT_ONLY: Final = "unanswered"
"""The rule that fills no place alone."""
DAYS_TO: Final[Mapping[str, str]] = {
    "occasion": "days_to_date",
    "important_ask": "days_to_ask",
    "promise_due": "days_to_our_promise",
}
"""The rules that are about a day, and the metric that counts the days to it."""


@dataclass(frozen=True)
class Flag:
    """A rule that matched the contact: its key, severity (high, medium, low) and acts, best first."""

    rule: str
    severity: str
    suggests: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """One contact as the planner sees it; days and dates are those of the user's today.

    ``personal_days``: the running personal clock (from ``known_days`` if it never started); ``personal_target``:
    its target, if any. ``same_city`` and ``travel`` (a trip in the plan's week) say whether they can meet.
    ``history``: act → times this user chose it for this contact, minus the times it was swapped away.
    ``arranged_on``: the next live interaction logged ahead or in the calendar. ``rest_until`` (see `rest_until`)
    and ``snoozed_until`` are the first day on which the contact may come back; ``ignored``: it rests because the last two
    suggestions were left untouched. ``muted``: "not this person".
    ``post_days``: working days for which a card to them is under way.
    """

    contact_id: int
    tier: str
    flags: tuple[Flag, ...]
    personal_days: int = 0
    personal_target: int | None = None
    has_address: bool = False
    has_phone: bool = True
    same_city: bool = False
    travel: bool = False
    history: Mapping[str, int] = field(default_factory=dict)
    occasion_on: date | None = None
    ask_due: date | None = None
    promise_due: date | None = None
    days_since_live: int | None = None
    arranged_on: date | None = None
    rest_until: date | None = None
    ignored: bool = False
    snoozed_until: date | None = None
    muted: bool = False
    post_days: int = POST_WORKING_DAYS

    def due_on(self, rule: str) -> date | None:
        """The day that a rule is about with this contact, where it is about one."""
        days = {"important_ask": self.ask_due, "promise_due": self.promise_due, "occasion": self.occasion_on}
        return days.get(rule)


def flags_that_count(candidate: Candidate) -> tuple[Flag, ...]:
    """Tier *none* is here only for what the user wrote down."""
    if candidate.tier != "none":
        return candidate.flags
    return tuple(flag for flag in candidate.flags if flag.rule in WRITTEN_DOWN)


@dataclass(frozen=True)
class Frame:
    """When the plan is made, the first day it can use, its week, and the days on which no post goes."""

    today: date
    start: date
    week: IsoWeek
    holidays: frozenset[date]

    def is_calm_before(self, arranged: date) -> bool:
        """Whether what is arranged for that day is so near that nothing else is suggested."""
        return self.today <= arranged <= self.start + timedelta(days=CALM_DAYS)


def frame_of(week: IsoWeek, today: date, holidays: frozenset[date]) -> Frame:
    """The frame of a plan that is made today."""
    return Frame(today, min(max(today, week.monday), week.sunday), week, holidays)
