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
    WAITING: N_("{host} has not been read yet. It will be, within a few minutes."),
    GOOD: N_("{host} was read."),
    "forbidden": N_(
        "In Person may not read {host}: only https addresses, and none on this machine or its "
        "own network unless whoever runs the server allows them by name."
    ),
    "unknown_host": N_("There is no server called {host}. Check the spelling."),
    "unreachable": N_("{host} could not be reached. It may be down, or be blocking us."),
    "untrusted": N_(
        "{host} could not prove that it is {host}: its certificate is not one this server trusts."
    ),
    "slow": N_("{host} took too long to answer."),
    "too_big": N_("{host} sends more than any calendar would hold, so it was not read."),
    "too_many_hops": N_("{host} keeps redirecting to other addresses."),
    "garbled": N_("{host} did not answer as a web server does."),
    "password": N_("{host} refused this name and password, or the address is no longer valid."),
    "gone": N_("{host} has no calendar at this address. It may no longer be valid; copy it again."),
    "refused": N_("{host} could not answer right now."),
    "not_a_calendar": N_(
        "{host} answered with a page, not a calendar. Copy the address that ends in .ics, often called "
        "“secret” or “private address in iCal format”."
    ),
    "no_caldav": N_("{host} has no CalDAV calendar at this address. Try the address of the calendar itself."),
    "too_much": N_(
        "The calendar from {host} takes more time or memory than a real one should, so it was not read."
    ),
    "key": N_(
        "This server’s secret key has changed, so the address can no longer be read. Connect the "
        "calendar again."
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
