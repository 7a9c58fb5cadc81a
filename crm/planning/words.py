"""How a suggestion's moment is said, on pages and in mail."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, tzinfo

from crm.domain.budgets import GROUPS
from crm.domain.diary import Slot
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import clock_words
from crm.domain.spans import capital, day_phrase
from crm.domain.vocabulary import word
from crm.planning.queries import Suggested

ASK_FOR_ADDRESS = N_("Ask for their address")


def still(slot: Slot, today: date) -> Slot:
    """The moment of what is still to be done: once its day is over any other will do, and the note says which it was."""
    if slot.day is None or slot.day >= today:
        return slot
    passed = _("{day} has passed").format(day=day_phrase(slot.day, today))
    return replace(slot, day=None, starts_at=None, note=passed)


def planned_on(suggestions: Iterable[Suggested], today: date, zone: tzinfo) -> str:
    """From the day after they were planned: their reasons say "in 7 days" and mean from then."""
    days = sorted({one.made_at.astimezone(zone).date() for one in suggestions if one.made_at is not None})
    if not days or days[0] >= today:
        return ""
    first, last = (day_phrase(day, today) for day in (days[0], days[-1]))
    if first == last:
        return _("The reasons are as of {day}, when the week was planned.").format(day=first)
    return _("Each reason is as of the day it was planned, from {first} to {last}.").format(
        first=first, last=last
    )


def moment_words(one: Suggested, today: date, *, dated: bool = False) -> str:
    """ "Today, 16:00", "Thu 19 Nov, 12:30", "Post by Wed 18 Nov", "Any day this week". No full stop.

    ``dated``: "Today, Mon 16 Nov, 16:00", for what may be read on another day.
    """
    slot = one.slot
    if slot.day is None:
        if one.week.is_ahead(today):
            return _("Any day of the coming week")
        return _("Still open") if one.week.is_over(today) else _("Any day this week")
    day = day_phrase(slot.day, today)
    if GROUPS[one.act] == "by_hand":
        if slot.day != today:
            return _("Post by {day}").format(day=day)
        return _("Post today, {day}").format(day=day) if dated else _("Post today")
    if slot.day == today:
        day = _("Today, {day}").format(day=day) if dated else _("Today")
    return f"{day}, {clock_words(slot.starts_at.astimezone(one.zone))}" if slot.starts_at else day


def act_and_moment(one: Suggested, today: date) -> str:
    """ "Call today, 16:00", "Note, post by Wed 18 Nov", "Lunch, any day this week". No full stop."""
    slot = one.slot
    if slot.day is None and one.week.is_ahead(today):
        said = _("{act}, any day of the coming week")
    elif slot.day is None:
        said = _("{act}, still open") if one.week.is_over(today) else _("{act}, any day this week")
    elif slot.starts_at is not None:
        said = _("{act} today, {time}") if slot.day == today else _("{act} {day}, {time}")
    elif GROUPS[one.act] == "by_hand":
        said = _("{act}, post today") if slot.day == today else _("{act}, post by {day}")
    else:
        said = _("{act}, today") if slot.day == today else _("{act}, {day}")
    return said.format(
        act=capital(word(one.act)),
        day=day_phrase(slot.day, today) if slot.day else "",
        time=clock_words(slot.starts_at.astimezone(one.zone)) if slot.starts_at else "",
    )


def beside_moment(slot: Slot, place: str | None, needs_address: bool) -> str:
    """What stands under the moment: the missing address, where both are, what time it is there. May be empty."""
    parts = [f"{_(ASK_FOR_ADDRESS)}." if needs_address else "", f"{place}." if place else "", slot.note]
    said = " ".join(part for part in parts if part)
    return said[:-1] if said.endswith(".") and said.count(".") == 1 else said
