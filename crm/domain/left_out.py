"""Who found no place in a week's plan, and why, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from crm.domain.spans import day_phrase


@dataclass(frozen=True)
class LeftOut:
    """A contact that is not in the plan. ``reason`` is a key of `LEFT_OUT`; ``day`` the date it speaks of."""

    contact_id: int
    reason: str
    day: date | None = None


LEFT_OUT: Final[Mapping[str, str]] = {
    "muted": "You said not this person.",
    "snoozed": "Snoozed until {day}.",
    "arranged": "Already arranged for {day}.",
    "resting": "Resting until {day}.",
    "ignored": "Suggested twice and left untouched, so back on {day}.",
    "nothing_due": "Nothing is due.",
    "only_unanswered": "A mail without an answer alone fills no place.",
    "out_of_reach": "Not in the same city this week, and the reason asks for meeting.",
    "spoke_lately": "In live contact within the last 14 days, so no call.",
    "not_in_time": "The post would be late, and the day itself is not this week.",
    "not_the_day": "The day itself is not this week.",
    "late_and_spoke": "The post would be late, and in live contact within the last 14 days, so no call.",
    "no_act": "No act answers the reason.",
    "enough_new": "Enough people to begin with for one week.",
    "limit": "Enough people for this reason for one week.",
    "budget": "The week is full.",
    "off": "You are off this week.",
}


def why_not(left_out: LeftOut, today: date) -> str:
    """Why a contact is not in the plan, as a sentence."""
    day = day_phrase(left_out.day, today) if left_out.day else ""
    return LEFT_OUT[left_out.reason].format(day=day)
