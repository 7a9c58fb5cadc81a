"""What the log says once something is saved, and before it is."""

from collections.abc import Sequence
from datetime import date

from crm.domain.channels import Channel
from crm.domain.sentences import back_in_touch_sentence, logged_sentence
from crm.domain.spans import count, day_phrase, names_and_others


def short_label(channel: Channel) -> str:
    """ "Lunch" for "Lunch or coffee", "Chat" for "Chat (Slack, Teams …)"."""
    return channel.label.partition(" (")[0].partition(" or ")[0]


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
        return f"{label} to {count(len(names), 'person')} logged as a broadcast. It moves no clock."
    if ahead:
        return f"{label} with {names_and_others(names)} is arranged for {day_phrase(ahead, today)}."
    if attempted:
        return f"{label} to {names_and_others(names)} logged as unanswered. It moves no clock."
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
    by = "by " if channel.digital else "as "
    return (
        f"This goes to {people} people {by}{_in_a_sentence(channel)}: it will be shown on timelines but move no clock."
        " Save it as a broadcast?"
    )


def _in_a_sentence(channel: Channel) -> str:
    label = short_label(channel)
    return label if label.isupper() else label[:1].lower() + label[1:]


def keeps_sentence(channel: Channel, tier: str, kind: str, target: int | None, clock: str) -> str | None:
    """ "For a key partner, one lunch keeps the in-person clock for 90 days." Nothing where there is no target."""
    if target is None or tier == "none":
        return None
    words = {"any": "any-contact", "personal": "personal", "in_person": "in-person"}[clock]
    return f"For a {tier} {kind}, one {_in_a_sentence(channel)} keeps the {words} clock for {count(target, 'day')}."
