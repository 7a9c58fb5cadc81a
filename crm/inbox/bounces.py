"""Bounces, taken apart: which mail came back, what was said, and whether the address takes none for good.

Reports after RFC 3464 are read as such; others (qmail, Exim, older Exchange) by their words. What a stranger writes is
never trusted further: only a mail that names the Message-ID of one of ours is looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from crm.domain.returned import is_for_good
from crm.mail.kept_words import NO_REASON

LONGEST = 256 * 1024
"""Bytes of a bounce that are read: its report and the head of what came back stand at its beginning."""
MOST_IDS = 20
_OUR_ID = re.compile(rb"<[0-9a-f]{32}@[A-Za-z0-9.-]{1,253}>")
_WENT_WELL = ("delivered", "relayed", "expanded")
_OTHER_REPORTS = ("disposition-notification", "feedback-report", "disposition")
"""Of reading, and of abuse."""
_COPY = re.compile(
    r"^(?:-{2,} ?(?:below this line is a copy|this is a copy|original message|the header).*|>? ?received: .*"
    r"|return-path: <.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_TELLING = re.compile(r"(?<![\d.])(?:[45]\d\d|[245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


@dataclass(frozen=True)
class Bounce:
    """What came of a mail: ``said`` by its server on one line; ``for_good`` if the address takes no mail."""

    said: str
    for_good: bool


def our_ids(raw: bytes) -> list[str]:
    """What in a mail looks like the Message-ID of one of ours, wherever it stands."""
    whole = raw.replace(b"=\r\n", b"").replace(b"=\n", b"")  # lines that quoted-printable cut
    found = dict.fromkeys(one.decode("ascii") for one in _OUR_ID.findall(whole))
    return list(found)[:MOST_IDS]


def taken_apart(raw: bytes) -> Bounce | None:
    """The bounce that this mail is; None where it says that all went well, or nothing at all."""
    mail = message_from_bytes(raw)
    kind = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() == "multipart/report" and kind in _OTHER_REPORTS:
        return None
    groups = [group for part in mail.walk() for group in _groups(part)]
    actions = [(_field(group, "action").lower().split(" ")[0], group) for group in groups]
    for action, group in actions:
        if action not in _WENT_WELL:
            return _reported(action, group)
    return None if actions else _by_words("\n".join(_texts(mail)))


def _groups(part: Message) -> Iterator[Message]:
    """What a report says of each recipient."""
    said = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
    for group in said if isinstance(said, list) else []:
        if isinstance(group, Message) and "action" in group:
            yield group


def _reported(action: str, group: Message) -> Bounce:
    status = _field(group, "status").partition(" ")[0]
    words = _field(group, "diagnostic-code").partition(";")[2].strip()
    said = words if words.startswith(("4", "5")) else " ".join(filter(None, (status, words)))
    return Bounce(said or NO_REASON, action == "failed" and is_for_good(words, status))


def _field(group: Message, name: str) -> str:
    return " ".join(str(group.get(name, "")).split())


def _by_words(text: str) -> Bounce | None:
    """The first line with a code of mail servers, before the copy of what came back; else what is said in words."""
    said = _COPY.split(text, maxsplit=1)[0]
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    telling = next((line for line in lines if _TELLING.search(line)), None)
    if telling is not None:
        return Bounce(telling, is_for_good(telling))
    in_words = next((line for line in lines if is_for_good(line)), None)
    return Bounce(in_words or (lines[0] if lines else NO_REASON), in_words is not None)


def _texts(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            data = part.get_payload(decode=True)
            if isinstance(data, bytes):
                yield data.decode("utf-8", "replace")
