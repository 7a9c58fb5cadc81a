"""Who is who in a chat: which of its names is us, and whom it was with."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

from crm.domain.folding import fold
from crm.domain.phones import ending
from crm.imports.phrases import phrase
from crm.imports.records import Choice
from crm.imports.sightings import FeedSetting, Party

PHONE = re.compile(r"[+(]?[\d\s()./-]{7,}")
_NAMES_SHOWN = 50
_KEY_LIMIT = 80
NONE_OF_THEM = ""
"""The answer that none of these names is us."""


@dataclass(frozen=True)
class Cast:
    """The people of a chat: us (None where we wrote nothing) and the others, or the question that tells.

    ``is_known``: our name is among those that users list as theirs.
    """

    me: str | None
    others: tuple[str, ...]
    is_known: bool = False
    question: Choice | None = None


def cast_of(messages: Mapping[str, int], file: str, setting: FeedSetting, fingerprint: str) -> Cast:
    """Who of those that wrote (``messages`` by name) is us: by our own names, by an answer, by the file's name."""
    names = [name for name in messages if not _is_notice_of(name, messages)]
    for words in (setting.mine, setting.ours):
        own = [name for name in names if is_one_of(name, words)]
        if own:
            me = max(own, key=lambda name: messages[name])
            return Cast(me, tuple(name for name in names if name not in own), is_known=True)
    key = f"{fingerprint}:me"
    said = setting.said.get(key)
    if said and (said[0] in names or said[0] == NONE_OF_THEM):
        return Cast(said[0] or None, tuple(name for name in names if name != said[0]))
    named = [name for name in names if _is_named(name, file)]
    if len(named) == 1 and len(names) <= 2:
        return Cast(next((name for name in names if name not in named), None), tuple(named))
    return Cast(None, (), question=_who_is_us(key, names, messages))


def fingerprint_of(*told: object) -> str:
    """What tells a chat from others: answers are remembered under it."""
    said = repr(list(told)).encode("utf-8", "replace")
    return "chat:" + hashlib.blake2b(said, digest_size=12).hexdigest()


def _who_is_us(key: str, names: Iterable[str], messages: Mapping[str, int]) -> Choice:
    ranked = sorted(names, key=lambda name: (-messages[name], name))[:_NAMES_SHOWN]
    options = (*((name, name) for name in ranked), (NONE_OF_THEM, phrase("None of them")))
    return Choice(
        key,
        phrase("Which of these names is you? It is remembered under “Also you” in your settings."),
        options,
    )


def _is_notice_of(name: str, messages: Mapping[str, int]) -> bool:
    """Whether this is no name but a notice that holds a colon: it begins with the name of somebody who wrote."""
    return messages[name] <= 2 and any(
        name.startswith(f"{other} ") and name.count(" ") > other.count(" ") + 2
        for other in messages
        if other != name
    )


def _is_named(name: str, file: str) -> bool:
    """Whether the file is called after this person, as WhatsApp does in every language."""
    stem = fold(PurePath(file).stem)
    return re.search(rf"(?<!\w){re.escape(fold(name))}(?!\w)", stem) is not None


def is_one_of(name: str, words: Iterable[str]) -> bool:
    """Whether a name or number of a chat is one of somebody's names and numbers."""
    mark = identity(name)
    return any("@" not in word and identity(word) == mark for word in words)


@lru_cache(maxsize=10_000)
def identity(name: str) -> str:
    """What makes a name of a chat itself in keys: the end of a phone number, else the folded name."""
    if PHONE.fullmatch(name):
        return "+" + ending(name)
    folded = fold(name).replace(":", " ")
    short = hashlib.blake2b(folded.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return folded if len(folded) <= _KEY_LIMIT else f"{folded[:40]}#{short}"


def party_of(name: str) -> Party:
    """Somebody as a chat names them: by number, or by the name in the phone's address book."""
    return Party(phone=name) if PHONE.fullmatch(name) else Party(name=name)


def joined_notes(one: str, other: str) -> str:
    """Two accounts of what was written on one day, each line once, in the order of the day."""
    longer, shorter = sorted((one, other), key=lambda text: (len(text), text), reverse=True)
    counts = Counter(longer.split("\n"))
    lines = longer.split("\n")
    for line in shorter.split("\n"):
        if counts[line]:
            counts[line] -= 1
        else:
            lines.append(line)
    return "\n".join(sorted(lines, key=lambda line: line[:5]))
