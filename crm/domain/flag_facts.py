"""What the sentence of a flag may tell beyond its numbers, and what interactions are called when they are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crm.domain.language import plurals
from crm.domain.rules import ASK_IS_NEAR, ASK_IS_OLD

CHANNEL_NOUNS: Mapping[str, tuple[str, str]] = {
    "email": plurals("email", "emails"),
    "chat": plurals("chat", "chats"),
    "sms": plurals("text message", "text messages"),
    "social": plurals("social media message", "social media messages"),
    "video": plurals("video call", "video calls"),
    "phone": plurals("phone call", "phone calls"),
    "meeting": plurals("meeting", "meetings"),
    "lunch": plurals("lunch", "lunches"),
    "visit": plurals("visit", "visits"),
    "event": plurals("event", "events"),
    "note": plurals("handwritten note", "handwritten notes"),
    "gift": plurals("gift", "gifts"),
}
"""What interactions by a shipped channel are called when counted, one and several; a workspace's own have no noun."""


@dataclass(frozen=True)
class FlagFacts:
    """What a flag's sentence may tell beyond its numbers; whatever is not known stays at its default.

    Days are whole calendar days, counted as the metrics are (reached, no broadcast, up to the moment).
    """

    name: str = ""
    given_name: str = ""
    rule_name: str = ""
    """What a workspace calls a rule of its own."""
    organisation: str = ""
    tier: str | None = None
    since_personal: Mapping[str, int] = field(default_factory=dict)
    """Digital interactions by channel key since the last personal one; all of them if there was none."""
    days_since_personal: int | None = None
    last_personal_channel: str | None = None
    days_since_in_person: int | None = None
    last_in_person_channel: str | None = None
    last_outbound_channel: str | None = None
    """The channel of our last outbound digital interaction."""
    ask_text: str | None = None
    """The open ask that falls due soon, else the one that has been open for long."""
    ask_open_days: int | None = None
    """For how many days, where that is why it is told of."""
    promise_text: str | None = None
    promise_due: date | None = None
    date_kind: str | None = None
    """*birthday*, *anniversary*, *renewal* or *other*: the date that the flag is about."""
    date_label: str | None = None
    date_on: date | None = None
    post_by: date | None = None
    """The last day to post a card for it."""
    last_year_channel: str | None = None
    """The digital channel by which we were in touch around that day last year, and by no personal one."""
    favour_text: str | None = None
    """What the last favour was, and how many days ago; a gift may have come since."""
    favour_days: int | None = None
    contacts_count: int | None = None
    """People of the organisation."""
    met_count: int | None = None
    """Of them, those met in person in 365 days."""
    is_doubtful: bool = False
    """Whoever keeps the relationship logs fewer than half of their meetings: sentences ask and do not assert."""
    kept_on: date | None = None
    """The day of a sentence that is kept and read on later ones: it names days, and counts none that are near."""


def is_told_for_its_age(days_to_ask: int | None, oldest_ask_days: int | None) -> bool:
    """Whether the ask to tell of is the oldest one: none falls due soon, and it has been open for long."""
    is_near = days_to_ask is not None and days_to_ask <= ASK_IS_NEAR
    return not is_near and (oldest_ask_days or 0) >= ASK_IS_OLD
