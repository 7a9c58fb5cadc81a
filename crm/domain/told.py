"""What a remark says was promised, asked or heard: "pilot moves. promise: send the timeline by 2 dec"."""

import re
from datetime import date

from crm.domain.heard import LABELS, Heard
from crm.domain.said_days import due_day

_SORT = re.compile(
    rf"(?:^|(?<=[\s.,;]))({'|'.join(sorted(LABELS, key=len, reverse=True))})\s*:\s*", re.IGNORECASE
)
_DUE = re.compile(r"\s+(?:by|until)\s+((?:\S+\s+){0,2}\S+)$", re.IGNORECASE)
DUE_SORTS = ("ask", "promise", "their promise")
"""Sorts that may have a due day."""


def told_in(remark: str, today: date) -> tuple[str, tuple[Heard, ...]]:
    """The remark without what follows a sort's name and a colon, and that, with its due day where one is said."""
    before, *parts = _SORT.split(remark)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = [_told(sort.lower(), text.strip(" .,;\t\n"), today) for sort, text in pairs]
    return before.strip(" ,;:–—\t\n"), tuple(one for one in found if one.text)


def _told(sort: str, text: str, today: date) -> Heard:
    said = _DUE.search(text) if sort in DUE_SORTS else None
    due = due_day([word.strip(".,;!?").lower() for word in said[1].split()], today) if said else None
    return Heard(sort, text[: said.start()] if said and due else text, due)
