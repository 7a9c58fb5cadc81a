"""Whether two records may be one person: the reasons, and how certain they make it. No silent guess: people decide."""

import re
from dataclasses import dataclass, field

from crm.domain.folding import fold
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.phones import same_number
from crm.domain.spans import capital, join

LIKELY, ALMOST_CERTAIN, POSSIBLE = 65, 90, 45
"""From these points on a pair is shown at all, likely, or almost certain."""

SAME_EMAIL, SAME_PHONE, SAME_NAME, NAMES_GO_TOGETHER = 65, 45, 45, 25
SAME_ORGANISATION, SAME_CITY, SAME_BIRTHDAY = 20, 10, 20
OTHER_NAME, OTHER_ORGANISATION, OTHER_BIRTHDAY = -25, -5, -20

_WORDS = re.compile(r"\w+")
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau", "jr", "sr"))


@dataclass(frozen=True)
class Face:
    """What is compared of one record. ``emails`` are folded; ``region`` is where its numbers are dialled."""

    id: int
    name: str
    emails: frozenset[str] = frozenset()
    phones: tuple[str, ...] = ()
    organisation: str | None = None
    city: str | None = None
    birthday: tuple[int, int] | None = None
    region: str | None = None
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", name_words(self.name))


@dataclass(frozen=True)
class Likeness:
    """Points from 0 to 100, and the reasons, strongest first, as parts of a sentence."""

    points: int
    reasons: tuple[str, ...]

    @property
    def certainty(self) -> str:
        """``almost certain``, ``likely`` or ``possible``."""
        if self.points >= ALMOST_CERTAIN:
            return "almost certain"
        return "likely" if self.points >= LIKELY else "possible"

    @property
    def sentence(self) -> str:
        """The reasons as a sentence."""
        return f"{capital(join([_(reason) for reason in self.reasons]))}."


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, folded and in alphabetical order, without titles: "Byrne, Dr Liam" → byrne, liam."""
    words = sorted(_WORDS.findall(fold(name)))
    return tuple(word for word in words if word not in _TITLES) or tuple(words)


def likeness(one: Face, other: Face) -> Likeness | None:
    """How much two records look like one person; None where they do not look so."""
    told = list(filter(None, (_email(one, other), _name(one, other))))
    if not told:
        return None
    named = any(reason for points, reason in told if points in (SAME_NAME, NAMES_GO_TOGETHER))
    told += filter(None, (_phone(one, other) if named else None, *_beside(one, other)))
    points = max(0, min(100, sum(points for points, _ in told)))
    reasons = [reason for points, reason in sorted(told, reverse=True) if reason]
    return Likeness(points, tuple(reasons)) if points >= POSSIBLE and reasons else None


def _email(one: Face, other: Face) -> tuple[int, str] | None:
    return (SAME_EMAIL, N_("the same email")) if one.emails & other.emails else None


def _name(one: Face, other: Face) -> tuple[int, str] | None:
    if one.words == other.words:
        same = fold(one.name) == fold(other.name)
        return SAME_NAME, N_("the same name") if same else N_("the same name in another order")
    if names_go_together(one.words, other.words):
        return NAMES_GO_TOGETHER, N_("names that go together")
    return OTHER_NAME, ""


def _phone(one: Face, other: Face) -> tuple[int, str] | None:
    regions = (one.region, other.region)
    same = any(same_number(ours, theirs, regions) for ours in one.phones for theirs in other.phones)
    return (SAME_PHONE, N_("the same phone")) if same else None


def _beside(one: Face, other: Face) -> list[tuple[int, str]]:
    """What speaks for or against it, but never alone."""
    found = []
    if one.organisation and other.organisation:
        same = fold(one.organisation) == fold(other.organisation)
        found.append((SAME_ORGANISATION, N_("the same organisation")) if same else (OTHER_ORGANISATION, ""))
    if one.city and other.city and fold(one.city) == fold(other.city):
        found.append((SAME_CITY, N_("the same city")))
    if one.birthday and other.birthday:
        same = one.birthday == other.birthday
        found.append((SAME_BIRTHDAY, N_("the same birthday")) if same else (OTHER_BIRTHDAY, ""))
    return found


def names_go_together(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one name may be the other said differently: a shared word of three letters or more, and every other word
    of the shorter one an initial, a part or a whole of a word of the longer."""
    shorter, longer = sorted((one, other), key=len)
    shared = set(shorter) & set(longer)
    if not any(len(word) > 2 for word in shared) or len(shorter) < 2:
        return False
    left = [word for word in longer if word not in shared]
    return all(any(_part(word, each) for each in left) for word in shorter if word not in shared)


def _part(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or (len(short) > 2 and short in long)
