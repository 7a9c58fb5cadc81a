"""What became of suggestions, counted: by act, by the day on which somebody acted, and what came after."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Literal, TypeAlias, get_args

from crm.domain.weeks import DAYS_IN_WEEK

Became: TypeAlias = Literal["done", "otherwise", "declined", "untouched"]

AFTER_DAYS = 30
"""For how long after it what followed is counted to a suggestion that was acted on."""


@dataclass(frozen=True)
class Fate:
    """One suggestion of a week that is over.

    ``act`` is what was suggested first, ``otherwise`` that the person was reached by another act. ``acted_on`` is the
    day of what was done, in the user's zone; none where nothing was.
    """

    contact_id: int
    act: str
    became: Became
    monday: date
    acted_on: date | None = None

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
class Happened:
    """What happened with one contact on one day: they ``wrote`` first, or it was ``personal``, an ``ask`` was closed,
    a signal of that type was ``heard``."""

    day: date
    wrote: bool = False
    personal: bool = False
    ask: bool = False
    heard: str | None = None


@dataclass(frozen=True)
class Aftermath:
    """Of ``acted_on`` suggestions, how many were followed by what within `AFTER_DAYS`; ``heard`` counts signals by type.

    One may be followed by several things, and then counts in each.
    """

    acted_on: int = 0
    wrote: int = 0
    personal: int = 0
    asks: int = 0
    nothing: int = 0
    heard: dict[str, int] = field(default_factory=dict)


def aftermath(fates: Iterable[Fate], happened: Mapping[int, Collection[Happened]], today: date) -> Aftermath:
    """What came after those acted on so long ago that all their days have passed; the day itself is not after it."""
    old = [one for one in fates if one.acted_on and one.acted_on + timedelta(days=AFTER_DAYS) <= today]
    after = [_after(one, happened.get(one.contact_id, ())) for one in old]
    heard: dict[str, int] = {}
    for some in after:
        for one in some:
            if one.heard is not None:
                heard[one.heard] = heard.get(one.heard, 0) + 1
    return Aftermath(
        acted_on=len(old),
        wrote=sum(any(one.wrote for one in some) for some in after),
        personal=sum(any(one.personal for one in some) for some in after),
        asks=sum(one.ask for some in after for one in some),
        nothing=sum(not some for some in after),
        heard=dict(sorted(heard.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _after(fate: Fate, happened: Iterable[Happened]) -> list[Happened]:
    if fate.acted_on is None:
        return []
    last = fate.acted_on + timedelta(days=AFTER_DAYS)
    told = (one for one in happened if one.wrote or one.personal or one.ask or one.heard)
    return [one for one in told if fate.acted_on < one.day <= last]
