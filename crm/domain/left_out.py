"""Who found no place in a week's plan, and why, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.spans import day_phrase


@dataclass(frozen=True)
class LeftOut:
    """A contact that is not in the plan. ``reason`` is a key of `LEFT_OUT`; ``day`` the date it speaks of."""

    contact_id: int
    reason: str
    day: date | None = None


LEFT_OUT: Final[Mapping[str, str]] = {
    "muted": N_("You said not this person."),
    "snoozed": N_("Snoozed until {day}."),
    "arranged": N_("Already arranged for {day}."),
    "resting": N_("Resting until {day}."),
    "ignored": N_("Suggested twice and left untouched, so back on {day}."),
    "nothing_due": N_("Nothing is due."),
    "only_unanswered": N_("An unanswered mail alone does not earn a place."),
    "out_of_reach": N_("Not in the same city this week, and the reason calls for meeting in person."),
    "spoke_lately": N_("In live contact within the last 14 days, so no call."),
    "not_in_time": N_("The post would arrive too late, and the day itself is not this week."),
    "not_the_day": N_("The day itself is not this week."),
    "late_and_spoke": N_(
        "The post would arrive too late, and in live contact within the last 14 days, so no call."
    ),
    "no_act": N_("No act suits the reason."),
    "enough_new": N_("Enough new people for one week."),
    "limit": N_("Enough people for this reason for one week."),
    "budget": N_("The week is full."),
    "off": N_("You are off this week."),
    "few_days": N_("Too few working days this week."),
}


_OVER: Final[Mapping[str, str]] = {
    "snoozed": N_("Was snoozed until {day} when the week was planned."),
    "resting": N_("Was resting until {day} when the week was planned."),
    "ignored": N_(
        "Suggested twice and left untouched, so was resting until {day} when the week was planned."
    ),
}
"""What is said once that day has come, in a plan that stays as it was made."""


def why_not(left_out: LeftOut, today: date) -> str:
    """Why a contact is not in the plan, as a sentence."""
    if left_out.day is None:
        return _(LEFT_OUT[left_out.reason])
    said = _OVER.get(left_out.reason) if left_out.day <= today else None
    return _(said or LEFT_OUT[left_out.reason]).format(day=day_phrase(left_out.day, today))
