"""What the log says once something is saved, and before it is."""

from collections.abc import Sequence
from datetime import date

from crm.domain.channels import SHIPPED, Channel
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.sentences import back_in_touch_sentence, logged_sentence
from crm.domain.spans import count, day_phrase, names_and_others
from crm.domain.vocabulary import within, word

_LABELS = {channel.key: channel.label for channel in SHIPPED}
_SHORT = {"chat": N_("Chat"), "lunch": N_("Lunch")}
_IN_A_SENTENCE = {
    "email": N_("email"),
    "chat": N_("chat"),
    "sms": N_("text message"),
    "social": N_("social media"),
    "video": N_("video call"),
    "phone": N_("phone call"),
    "meeting": N_("meeting"),
    "lunch": N_("lunch"),
    "visit": N_("visit"),
    "event": N_("event"),
    "note": N_("handwritten note"),
    "gift": N_("gift"),
}
"""Of channels that still have the label they ship with."""
_KEEPS = {
    "any": N_("For a {tier} {kind}, one {channel} keeps the any-contact clock for {days}."),
    "personal": N_("For a {tier} {kind}, one {channel} keeps the personal clock for {days}."),
    "in_person": N_("For a {tier} {kind}, one {channel} keeps the in-person clock for {days}."),
}


def short_label(channel: Channel) -> str:
    """ "Lunch" for "Lunch or coffee", "Chat" for "Chat (Slack, Teams …)"; a workspace's own label stays as it is."""
    if _is_shipped(channel):
        return _(_SHORT.get(channel.key, channel.label))
    return channel.label.partition(" (")[0].partition(" or ")[0]


def _is_shipped(channel: Channel) -> bool:
    return _LABELS.get(channel.key) == channel.label


def saved_sentence(
    channel: Channel,
    names: Sequence[str],
    zones: Sequence[tuple[str | None, str | None]] = (),
    *,
    attempted: bool = False,
    broadcast: bool = False,
    ahead: date | None = None,
    today: date | None = None,
) -> str:
    """ "Lunch with Marta logged. Marta is back in touch."

    ``names`` are given names, ``zones`` theirs before and after. ``ahead``: the day of something arranged.
    """
    label = short_label(channel)
    if broadcast:
        said = _("{channel} to {people} logged as a broadcast. It moves no clock.")
        return said.format(channel=label, people=count(len(names), "person", "people"))
    if ahead:
        said = _("{channel} with {names} is arranged for {day}.")
        return said.format(channel=label, names=names_and_others(names), day=day_phrase(ahead, today))
    if attempted:
        said = _("{channel} to {names} logged as unanswered. It moves no clock.")
        return said.format(channel=label, names=names_and_others(names))
    if len(names) == 1 and len(zones) == 1:
        return logged_sentence(label, names, *zones[0], by_hand=channel.by_hand)
    back = [
        name
        for name, (before, after) in zip(names, zones, strict=False)
        if after == "in_touch" and before not in ("in_touch", "no_record", None)
    ]
    said = logged_sentence(label, names, by_hand=channel.by_hand)
    return f"{said} {back_in_touch_sentence(back)}" if back else said


def broadcast_question(channel: Channel, people: int) -> str:
    """Said before a broadcast is saved."""
    if channel.digital:
        said = _(
            "This goes to {n} people by {channel}: it will be shown on timelines but move no clock. Save it as a broadcast?"
        )
    else:
        said = _(
            "This goes to {n} people as {channel}: it will be shown on timelines but move no clock. Save it as a broadcast?"
        )
    return said.format(n=people, channel=_in_a_sentence(channel))


def _in_a_sentence(channel: Channel) -> str:
    if _is_shipped(channel):
        return _(_IN_A_SENTENCE[channel.key])
    label = short_label(channel)
    return label if label.isupper() else within(label)


def keeps_sentence(channel: Channel, tier: str, kind: str, target: int | None, clock: str) -> str | None:
    """ "For a key partner, one lunch keeps the in-person clock for 90 days." Nothing where there is no target."""
    if target is None or tier == "none":
        return None
    return _(_KEEPS[clock]).format(
        tier=word(tier), kind=word(kind), channel=_in_a_sentence(channel), days=count(target, "day", "days")
    )
