"""What became of suggestions, counted: by act, by the day on which somebody acted, and what came after."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Literal, TypeAlias, get_args

from crm.domain.weeks import DAYS_IN_WEEK

Became: TypeAlias = Literal["done", "otherwise", "declined", "untouched"]

AFTER_DAYS = 30
"""For how long after it what followed is counted to a suggestion that was acted on."""


@dataclass(frozen=True)
class Fate:
    """One suggestion of a week that is over.

    ``act`` is what was suggested first, ``otherwise`` that the person was reached by another act. ``acted_at`` is when
    something was done, ``acted_on`` that day in the user's zone and ``logged_on`` in the team's, in which the log is
    counted; none where nothing was.
    """

    contact_id: int
    act: str
    became: Became
    monday: date
    acted_at: datetime | None = None
    acted_on: date | None = None
    logged_on: date | None = None

    @property
    def days(self) -> int | None:
        """Days from the Monday of its week to the day it was acted on."""
        return None if self.acted_on is None else max(0, (self.acted_on - self.monday).days)


@dataclass(frozen=True)
class ActCount:
    """What became of all suggestions of one act; ``usual_days`` is the median from Monday to the day of acting."""

    act: str
    done: int
    otherwise: int
    declined: int
    untouched: int
    usual_days: float | None

    @property
    def suggested(self) -> int:
        """All of them."""
        return self.done + self.otherwise + self.declined + self.untouched

    @property
    def acted_on(self) -> int:
        """Those after which the person was reached, as suggested or otherwise."""
        return self.done + self.otherwise


def by_act(fates: Iterable[Fate], acts: Sequence[str]) -> tuple[ActCount, ...]:
    """The acts that were suggested at all, in the order of ``acts``."""
    found = {act: [one for one in fates if one.act == act] for act in acts}
    return tuple(_count(act, some) for act, some in found.items() if some)


def _count(act: str, fates: Sequence[Fate]) -> ActCount:
    number = {became: sum(one.became == became for one in fates) for became in get_args(Became)}
    days = [one.days for one in fates if one.days is not None]
    return ActCount(act=act, usual_days=median(days) if days else None, **number)


def by_day(fates: Iterable[Fate]) -> tuple[int, ...]:
    """How many were acted on from Monday to Sunday of their week, and, as the eighth, later."""
    counts = [0] * (DAYS_IN_WEEK + 1)
    for one in fates:
        if one.days is not None:
            counts[min(one.days, DAYS_IN_WEEK)] += 1
    return tuple(counts)


def two_thirds_by(counts: Sequence[int]) -> int | None:
    """The first day of the week (0 is Monday) by which two thirds had been acted on, if there is one."""
    reached = 0
    for day, number in enumerate(counts[:DAYS_IN_WEEK]):
        reached += number
        if number and 3 * reached >= 2 * sum(counts):
            return day
    return None


@dataclass(frozen=True)
class Touch:
    """One interaction with a contact in the log, or an attempt or a broadcast of ours, which is only ``ours``."""

    at: datetime
    day: date
    ours: bool
    counts: bool = True
    personal: bool = False


@dataclass(frozen=True)
class Happened:
    """What happened with one contact on one day of the team's: they ``wrote``, or it was ``personal``, an ``ask`` was
    closed, a signal of that type was ``heard``. What they wrote ``answers`` what our side did at that moment, if anything."""

    day: date
    wrote: bool = False
    personal: bool = False
    ask: bool = False
    heard: str | None = None
    answers: datetime | None = None


def told_of(touches: Iterable[Touch]) -> list[Happened]:
    """What one contact's interactions, the oldest first, are told as.

    They answer with what comes first after us, and with more on that day; whatever they write later they begin.
    """
    found: list[Happened] = []
    ours: datetime | None = None
    answered_on: date | None = None
    for one in touches:
        if one.ours:
            ours, answered_on = one.at, None
        elif ours is not None:
            answered_on = answered_on or one.day
            ours = ours if one.day == answered_on else None
        if one.counts:
            answers = None if one.ours else ours
            found.append(Happened(one.day, wrote=not one.ours, personal=one.personal, answers=answers))
    return found


@dataclass(frozen=True)
class Aftermath:
    """What followed ``acted_on`` suggestions within `AFTER_DAYS`.

    ``personal`` and ``nothing`` count suggestions; one may be followed by several things. ``wrote`` counts the days on which
    somebody got in touch unasked, ``asks`` the asks closed and ``heard`` signals by type, each once, however many suggestions
    they followed.
    """

    acted_on: int = 0
    wrote: int = 0
    personal: int = 0
    asks: int = 0
    nothing: int = 0
    heard: dict[str, int] = field(default_factory=dict)


def aftermath(fates: Iterable[Fate], happened: Mapping[int, Collection[Happened]], today: date) -> Aftermath:
    """What came after those acted on so long ago that all their days have passed; the day itself is not after it."""
    old = [one for one in fates if one.logged_on and one.logged_on + timedelta(days=AFTER_DAYS) <= today]
    of: dict[int, list[Fate]] = defaultdict(list)
    for fate in old:
        of[fate.contact_id].append(fate)
    after = [[one for one in happened.get(fate.contact_id, ()) if _follows(one, fate)] for fate in old]
    once = [(whose, one) for whose in of for one in happened.get(whose, ()) if _follows_any(one, of[whose])]
    heard = Counter(one.heard for _, one in once if one.heard is not None)
    return Aftermath(
        acted_on=len(old),
        wrote=len({(whose, one.day) for whose, one in once if _is_unasked(one, of[whose])}),
        personal=sum(any(one.personal for one in some) for some in after),
        asks=sum(one.ask for _, one in once),
        nothing=sum(not any(map(_is_something, some)) for some in after),
        heard=dict(sorted(heard.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _follows(one: Happened, fate: Fate) -> bool:
    days = (one.day - fate.logged_on).days if fate.logged_on else 0
    return 0 < days <= AFTER_DAYS


def _follows_any(one: Happened, fates: Iterable[Fate]) -> bool:
    return any(_follows(one, fate) for fate in fates)


def _is_unasked(one: Happened, fates: Iterable[Fate]) -> bool:
    """Whether they wrote after one of these without our side having done more in between."""
    return one.wrote and any(
        one.answers is None or (fate.acted_at is not None and one.answers <= fate.acted_at)
        for fate in fates
        if _follows(one, fate)
    )


def _is_something(one: Happened) -> bool:
    """Whether it says anything of them: what our side sent does not."""
    return one.wrote or one.personal or one.ask or one.heard is not None
