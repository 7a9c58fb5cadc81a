"""The calls of a phone's backup: each by itself, reached or attempted."""

from collections.abc import Mapping
from datetime import datetime

from crm.domain.phones import digits_of
from crm.domain.spans import count
from crm.imports.chat_people import identity
from crm.imports.sightings import Party, Sighting

INCOMING, OUTGOING, MISSED, VOICEMAIL, REJECTED, BLOCKED, ELSEWHERE = "1", "2", "3", "4", "5", "6", "7"
"""The types of Android's call log."""
_INBOUND = (INCOMING, MISSED, VOICEMAIL, REJECTED, ELSEWHERE)
_TALKED = (INCOMING, OUTGOING, ELSEWHERE)


def call_of(attributes: Mapping[str, str], at: datetime, party: Party, where: str) -> Sighting | None:
    """One call, or None where it is none that anybody knows of: blocked, or of an unknown sort.

    Only a call of more than no seconds reached anybody; missed, rejected and unanswered ones are attempts, and so
    is a message on the voicemail.
    """
    kind, seconds = attributes.get("type", ""), _whole(attributes.get("duration", ""))
    if kind not in (*_INBOUND, OUTGOING):
        return None
    talked = kind == ELSEWHERE or (kind in _TALKED and seconds > 0)
    number = identity(party.phone) if digits_of(party.phone) else party.phone
    return Sighting(
        f"call:{number}:{int(at.timestamp())}",
        at,
        "phone",
        (party,),
        summary=_length(seconds) if talked and seconds else "Voicemail" if kind == VOICEMAIL else None,
        where=where,
        direction="inbound" if kind in _INBOUND else "outbound",
        outcome="reached" if talked else "attempted",
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _length(seconds: int) -> str:
    """How long it was: seconds below one minute, then whole minutes, then hours and minutes."""
    if seconds < 60:
        return count(seconds, "second")
    hours, minutes = divmod(seconds // 60, 60)
    said = [count(hours, "hour")] if hours else []
    return " and ".join([*said, count(minutes, "minute")] if minutes else said)
