"""What a remark says was promised, asked or heard: "pilot moves. promise: send the timeline by 2 dec".

A promise may also be said in a sentence: "promised her the timeline by Friday". That is a reading, so it is for where
a person sees what was understood before it is kept.
"""

import re
from collections.abc import Iterable
from datetime import date

from crm.domain.heard import LABELS, Heard
from crm.domain.said_days import due_day, no_day

_SORT = re.compile(
    rf"(?:^|(?<=[\s.,;]))({'|'.join(sorted(LABELS, key=len, reverse=True))})\s*:\s*", re.IGNORECASE
)
_DUE = re.compile(r"\s+(?:by|until)\s+((?:\S+\s+){0,2}\S+)$", re.IGNORECASE)
_PROMISED = re.compile(
    r"(?:^|(?<=[.,;]\s)|\b(?:and|but)\s+)(?:(?P<who>i|we|he|she|they)(?:['’]ve|\s+have|\s+has)?\s+)?promised\s+"
    r"(?:(?P<whom>him|her|them|me|us)\s+)?(?:to\s+)?(?=\w)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;](?=\s|$)")
DUE_SORTS = ("ask", "promise", "their promise")
"""Sorts that may have a due day."""
_OTHERS = ("he", "she", "they")
_OURSELVES = ("me", "us")


def told_in(remark: str, today: date) -> tuple[str, tuple[Heard, ...]]:
    """The remark without what follows a sort's name and a colon, and that, with its due day where one is said."""
    before, *parts = _SORT.split(remark)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = [_told(sort.lower(), text.strip(" .,;\t\n"), today) for sort, text in pairs]
    return before.strip(" ,;:–—\t\n"), tuple(one for one in found if one.text)


def promised_in(remark: str, today: date) -> tuple[str, tuple[Heard, ...]]:
    """The remark without what it says, in a sentence, that we or they promised; and that."""
    heads = list(_PROMISED.finditer(remark))
    if not heads:
        return remark, ()
    kept, found, at = [], [], 0
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        kept.append(remark[at : head.start()].strip(" ,;"))
        clause = remark[head.end() : following.start() if following else None]
        end = _SENTENCE_END.search(clause)
        promise, length = _promise(head, clause[: end.start()] if end else clause, today)
        found.append(promise)
        at = head.end() + length
    kept.append(remark[at:].lstrip(" .,;"))
    return " ".join(part for part in kept if part), tuple(found)


def heard_in(remark: str, today: date) -> tuple[str, tuple[Heard, ...]]:
    """The remark without all that it says was promised, asked or heard, in a sentence or after its sort; and that."""
    rest, heard = told_in(remark, today)
    rest, promised = promised_in(rest, today)
    return rest, (*promised, *heard)


def written_out(heard: Iterable[Heard]) -> list[str]:
    """What was heard, each as `told_in` reads it back on any day."""
    return [
        f"{one.sort}: {one.text}" + (f" by {one.due.day} {one.due:%b %Y}" if one.due else "") for one in heard
    ]


def due_doubt(one: Heard) -> str | None:
    """What to say where the words of an ask or a promise end in a day that there is not: "by 31 feb"."""
    said = _DUE.search(one.text) if one.sort in DUE_SORTS and one.due is None else None
    return no_day([word for word in _words(said) if word not in ("the", "on", "of")]) if said else None


def _words(due: re.Match[str]) -> list[str]:
    return [word.strip(".,;!?").lower() for word in due[1].split()]


def _promise(head: re.Match[str], clause: str, today: date) -> tuple[Heard, int]:
    """What was promised, and how many letters of the clause say it: to the first comma where a day is due before it."""
    theirs = (head["who"] or "").lower() in _OTHERS or (head["whom"] or "").lower() in _OURSELVES
    sort = "their promise" if theirs else "promise"
    first = _told(sort, clause.partition(",")[0].strip(), today)
    if first.due:
        return first, len(clause.partition(",")[0])
    return _told(sort, clause.strip(" ,"), today), len(clause)


def _told(sort: str, text: str, today: date) -> Heard:
    said = _DUE.search(text) if sort in DUE_SORTS else None
    due = due_day(_words(said), today) if said else None
    return Heard(sort, text[: said.start()] if said and due else text, due)
