"""Channels: how an interaction happened, and what each one counts as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from crm.domain.language import N_


@dataclass(frozen=True)
class Channel:
    """One way of being in touch. A channel is *personal* exactly when it is not digital."""

    key: str
    label: str
    digital: bool = False
    live: bool = False
    in_person: bool = False
    by_hand: bool = False

    @property
    def personal(self) -> bool:
        """Not through a screen."""
        return not self.digital


SHIPPED = (
    Channel("email", N_("Email"), digital=True),
    Channel("chat", N_("Chat (Slack, Teams, WhatsApp …)"), digital=True),
    Channel("sms", N_("Text message"), digital=True),
    Channel("social", N_("Social media"), digital=True),
    Channel("video", N_("Video call"), digital=True, live=True),
    Channel("phone", N_("Phone call"), live=True),
    Channel("meeting", N_("Meeting"), live=True, in_person=True),
    Channel("lunch", N_("Lunch or coffee"), live=True, in_person=True),
    Channel("visit", N_("Visit"), live=True, in_person=True),
    Channel("event", N_("Event"), live=True, in_person=True),
    Channel("note", N_("Handwritten note"), by_hand=True),
    Channel("gift", N_("Gift"), by_hand=True),
)

Direction: TypeAlias = Literal["outbound", "inbound", "mutual"]
DIRECTIONS: tuple[str, ...] = get_args(Direction)
Outcome: TypeAlias = Literal["reached", "attempted"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
OUTCOME_WORDS = (("reached", N_("Reached")), ("attempted", N_("No answer")))
"""Outcome and what forms call it."""

BROADCAST_DIGITAL = 12
BROADCAST_LIVE = 50


def is_contact(outcome: str, *, deleted: bool, broadcast: bool) -> bool:
    """Whether an interaction counts as contact: somebody was reached, and not one of a crowd."""
    return outcome == "reached" and not deleted and not broadcast


def has_reached(outcome: str, occurred_at: datetime, at: datetime) -> bool:
    """Whether somebody was reached by then: what is still to come has reached nobody yet."""
    return outcome == "reached" and occurred_at <= at


def most_at_once(channel: Channel) -> int | None:
    """With more contacts than this one interaction is a broadcast (PRODUCT.md section 2); None where it never is."""
    return BROADCAST_DIGITAL if channel.digital else BROADCAST_LIVE if channel.live else None


def is_broadcast(channel: Channel, contacts: int) -> bool:
    """Whether one interaction with that many contacts is a broadcast."""
    most = most_at_once(channel)
    return most is not None and contacts > most


@dataclass(frozen=True)
class Tally:
    """What one interaction adds to a contact's counts, packed so that few sums count everything.

    Each number holds three counters of 20 bits, so a window counts up to 1,048,575 interactions a contact.
    ``reach``: total, personal, in person. ``flow``: live, inbound, outbound.
    """

    reach: int
    flow: int


BITS = 20
MASK = (1 << BITS) - 1
FIRST, SECOND, THIRD = 1, 1 << BITS, 1 << (2 * BITS)
PERSONAL, IN_PERSON = SECOND, THIRD
LIVE, INBOUND, OUTBOUND = FIRST, SECOND, THIRD


@lru_cache(maxsize=256)
def tally(channel: Channel, direction: str) -> Tally:
    """The packed counters of one interaction by this channel in this direction."""
    reach = FIRST + PERSONAL * channel.personal + IN_PERSON * channel.in_person
    flow = LIVE * channel.live + INBOUND * (direction == "inbound") + OUTBOUND * (direction == "outbound")
    return Tally(reach, flow)


def by_key(channels: Iterable[Channel]) -> Mapping[str, Channel]:
    """The channels by their key."""
    return {channel.key: channel for channel in channels}
