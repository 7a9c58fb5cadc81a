"""A user's own calendar as the product sees it: how reading it can stand, in words, and what of it is kept: when, not what."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from crm.domain.diary import Interval
from crm.domain.language import N_

KINDS = ("ics", "caldav")
AHEAD = timedelta(days=70)
"""How far ahead busy times are read."""

GOOD = "good"
WAITING = "waiting"
SENTENCES: Final = {
    WAITING: N_("{host} has not been read yet. It will be within a few minutes."),
    GOOD: N_("{host} was read."),
    "forbidden": N_(
        "{host} is not an address this program may read: only https, and nothing on this machine or its own "
        "network unless whoever runs the server allows it by name."
    ),
    "unknown_host": N_("There is no server called {host}. Look at how it is spelt."),
    "unreachable": N_("{host} could not be reached. It may be down, or not let us in."),
    "untrusted": N_(
        "{host} could not prove that it is {host}: its certificate is not one this server trusts."
    ),
    "slow": N_("{host} took too long to answer."),
    "too_big": N_("What {host} sends is larger than any calendar is, so it was not read."),
    "too_many_hops": N_("{host} leads on and on to other addresses."),
    "garbled": N_("{host} answered with something that is not a web answer."),
    "password": N_("{host} does not let us in with this name and password, or the address has been ended."),
    "gone": N_("{host} has no calendar at this address. It may have been ended; copy it anew."),
    "refused": N_("{host} could not answer just now."),
    "not_a_calendar": N_(
        "{host} answered with a page, not a calendar. Copy the address that ends in .ics, often called "
        "“secret” or “private address in iCal format”."
    ),
    "no_caldav": N_(
        "{host} shows no calendar by CalDAV at this address. Try the address of the calendar itself."
    ),
    "too_much": N_(
        "The calendar of {host} takes more time or memory than any real one does, so it was not read."
    ),
    "key": N_(
        "The key of this server has changed, so the address cannot be read any more. Connect the calendar again."
    ),
}
"""How reading ended, by the state that is kept; ``host`` is all of an address that is ever shown."""
STATES = tuple(SENTENCES)
LASTING = ("forbidden", "password", "gone", "not_a_calendar", "no_caldav", "key")
"""Faults that only a person mends; the others may pass by themselves."""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same times, in order, without overlaps: how many entries lie there cannot be seen any more."""
    found: list[Interval] = []
    for one in sorted(intervals, key=lambda each: (each.starts_at, each.ends_at)):
        if found and one.starts_at <= found[-1].ends_at:
            last = found.pop()
            found.append(Interval(last.starts_at, max(last.ends_at, one.ends_at)))
        else:
            found.append(one)
    return found


def is_taken(starts_at: datetime, minutes: int, busy: Iterable[Interval]) -> bool:
    """Whether something lies where an act of so many minutes is to be; the way to it is not counted."""
    ends_at = starts_at + timedelta(minutes=minutes)
    return any(one.starts_at < ends_at and starts_at < one.ends_at for one in busy)


def own_event(suggestion: int | str | None, url: str) -> str:
    """What calendars call the event that a suggestion became, by its id or another name; ``url`` is the product's own address."""
    return f"suggestion-{suggestion}@{url.partition('://')[2]}"


def is_own_event(uid: str, url: str) -> bool:
    """Whether an event came from the product at that address, and so takes no time that it does not know of."""
    return uid.startswith("suggestion-") and uid.endswith(own_event(None, url).partition("None")[2])
