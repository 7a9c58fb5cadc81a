"""The exact choice of a week: the places that are worth most together within a budget and the weekly limits.

Dynamic programming over how much of the budget and of each limit is used. Only limits that the best week without
them would break are counted at all, and beginnings of a week that cannot lead to the best one are dropped early;
neither changes the choice, so it stays exact however many rules have a limit.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Protocol, TypeAlias

from crm.domain.budgets import GROUP_ORDER, Budget, Group


@dataclass(frozen=True)
class Way:
    """One way to give a contact a place: an act of ``group``, worth ``score``, for reasons that leave ``left`` aside.

    ``limited``: what has a weekly limit and is used up by one each: rules among its reasons, in person at home.
    """

    group: Group
    score: int
    limited: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()


class Person(Protocol):
    """Somebody who could have a place."""

    @property
    def contact_id(self) -> int: ...

    def ways(self, limits: frozenset[str]) -> Sequence[Way]:
        """The ways to a place that leave aside any of these rules, the most preferred of equals first.

        Leaving a rule aside is never worth more, and opens no group: it only spares the rule's limit.
        """
        ...


_Rival: TypeAlias = tuple[int, tuple[Way, ...]]
_Used: TypeAlias = tuple[int, ...]
"""How much is used up of calls, in person, by hand, then of each limit."""
_Prices: TypeAlias = Mapping[str, int]
"""What a place under each limit is taken to cost, in points of the score."""
_PRICE_STEPS = 40
_FEW = 100


@dataclass(frozen=True)
class _Room:
    """The most of everything: of each group, of each limit by its rule, and in all."""

    groups: tuple[int, ...]
    limits: Mapping[str, int]
    total: int

    def after(self, used: _Used, way: Way) -> _Used | None:
        """What is used up with one more place, if there is room for it."""
        if sum(used[: len(GROUP_ORDER)]) >= self.total:
            return None
        taken = [
            *(way.group == group for group in GROUP_ORDER),
            *(rule in way.limited for rule in self.limits),
        ]
        most = (*self.groups, *self.limits.values())
        there = tuple(have + more for have, more in zip(used, taken, strict=True))
        return there if all(have <= cap for have, cap in zip(there, most, strict=True)) else None

    def unspent(self, used: _Used, prices: "_Prices") -> int:
        """What is left of the limits, at their prices."""
        spent = used[len(GROUP_ORDER) :]
        return sum(
            (most - places) * prices[rule]
            for (rule, most), places in zip(self.limits.items(), spent, strict=True)
        )

    def nothing(self) -> _Used:
        """What is used up at first."""
        return (0,) * (len(GROUP_ORDER) + len(self.limits))


def choose(people: Sequence[Person], budget: Budget, limits: Mapping[str, int]) -> dict[int, Way]:
    """The way for each chosen contact: the highest sum of scores that fits the budget and the weekly limits.

    ``people`` are in the order of their ids; of equally good weeks the one that serves the first of them wins.
    A week that keeps within every limit without being made to is the best of all, so a limit is counted only once
    it was broken.
    """
    counted: frozenset[str] = frozenset()
    while True:
        ways = {person.contact_id: tuple(person.ways(counted)) for person in people}
        chosen = _best(ways, budget, {rule: limits[rule] for rule in sorted(counted)})
        told = Counter(rule for way in chosen.values() for rule in way.limited)
        broken = {rule for rule, places in told.items() if places > limits[rule]}
        if not broken:
            return chosen
        counted |= broken


def _best(ways: Mapping[int, tuple[Way, ...]], budget: Budget, limits: Mapping[str, int]) -> dict[int, Way]:
    """Serve the rivals one after the other and keep, for whatever is used up, the best beginning of a week.

    Each layer is in the order of preference, so that of equal beginnings the first one found stays.
    """
    rivals = _contenders(ways, budget, limits)
    room = _room(rivals, budget, limits)
    floor = _worth_of_some_week(rivals, room)
    prices = _prices(rivals, room, floor)
    ahead = _most_ahead(rivals, room, prices)
    if len(limits) > 2:
        floor = max(floor, _search(rivals, room, prices, ahead, floor, _FEW)[0])
    return _places(_search(rivals, room, prices, ahead, floor)[1])


def _search(
    rivals: Sequence[_Rival],
    room: _Room,
    prices: _Prices,
    ahead: Sequence[Mapping[_Used, int]],
    floor: int,
    width: int | None = None,
) -> "tuple[int, _Path | None]":
    """The best week worth at least ``floor``; with a ``width`` only a good one, that keeps so many beginnings."""
    layer: dict[_Used, tuple[int, _Path | None]] = {room.nothing(): (0, None)}
    for place, (contact_id, open_ways) in enumerate(rivals):
        following: dict[_Used, tuple[int, _Path | None]] = {}
        promise: dict[_Used, int] = {}
        for used, (worth, path) in layer.items():
            for way in (*open_ways, None):
                there = room.after(used, way) if way else used
                if there is None:
                    continue
                now = worth + (way.score if way else 0)
                known = following.get(there)
                most = now + ahead[place + 1][there[: len(GROUP_ORDER)]] + room.unspent(there, prices)
                if most < floor or (known and known[0] >= now):
                    continue
                following.pop(there, None)
                following[there] = (now, _Path(contact_id, way, path) if way else path)
                promise[there] = most
        layer = following
        if width is not None and len(layer) > width:
            best = sorted(layer, key=promise.__getitem__, reverse=True)[:width]
            layer = {used: layer[used] for used in best}
    return max(layer.values(), key=lambda end: end[0], default=(0, None))


@dataclass(frozen=True)
class _Path:
    """A place, and those before it."""

    contact_id: int
    way: Way
    before: "_Path | None"


def _places(path: _Path | None) -> dict[int, Way]:
    chosen = {}
    while path is not None:
        chosen[path.contact_id] = path.way
        path = path.before
    return chosen


def _contenders(
    ways: Mapping[int, tuple[Way, ...]], budget: Budget, limits: Mapping[str, int]
) -> list[_Rival]:
    """Those who can be part of the best week, so that its cost does not grow with the number of contacts.

    A week has at most ``total`` places. If it used somebody who is not among the best ``total`` that use up the
    same (a group and certain limits), one of those would be free to take the place, and do at least as well.
    """
    able: dict[tuple[Group, frozenset[str]], list[tuple[int, int]]] = {}
    caps = budget.caps()
    for contact_id, found in ways.items():
        known: set[tuple[Group, frozenset[str]]] = set()
        for way in found:
            uses = (way.group, way.limited.intersection(limits))
            if caps[way.group] and uses not in known:
                known.add(uses)
                able.setdefault(uses, []).append((-way.score, contact_id))
    kept = {contact_id for those in able.values() for _, contact_id in sorted(those)[: budget.total]}
    return [(contact_id, found) for contact_id, found in ways.items() if contact_id in kept]


def _room(rivals: Sequence[_Rival], budget: Budget, limits: Mapping[str, int]) -> _Room:
    """The room there is, no larger than what the rivals could take up."""
    wanted = Counter(group for _, found in rivals for group in {way.group for way in found})
    groups = tuple(min(cap, wanted[group]) for group, cap in budget.caps().items())
    return _Room(groups, limits, budget.total)


def _most_ahead(rivals: Sequence[_Rival], room: _Room, prices: _Prices) -> list[Mapping[_Used, int]]:
    """For each place in the order, and by what is used up of the groups: the most that the rest could still add.

    Limits are not kept but paid for at ``prices``: with what the unspent rest of them is worth added, it is never
    too little, whatever the prices (a Lagrangian bound).
    """
    steps = _steps(room.groups, room.total)
    after = dict.fromkeys(_states(room.groups, room.total), 0)
    found = [after]
    for _, ways in reversed(rivals):
        now = after.copy()
        for way in _best_in_groups(ways, prices):
            score = _paid(way, prices)
            for used, there in steps[way.group].items():
                now[used] = max(now[used], score + after[there])
        found.append(now)
        after = now
    return list(found[::-1])


def _paid(way: Way, prices: _Prices) -> int:
    return way.score - sum(prices.get(rule, 0) for rule in way.limited)


def _best_in_groups(ways: Sequence[Way], prices: _Prices) -> list[Way]:
    best: dict[Group, Way] = {}
    for way in ways:
        if way.group not in best or _paid(way, prices) > _paid(best[way.group], prices):
            best[way.group] = way
    return list(best.values())


def _prices(rivals: Sequence[_Rival], room: _Room, floor: int) -> _Prices:
    """Prices that bring the most a week could come to near the floor, so that little has to be looked at.

    They rise where a week that only pays for the limits would break them, and fall where it leaves room. With
    one or two limits there is so little to look at that it is not worth the search.
    """
    prices = dict.fromkeys(room.limits, 0)
    if len(prices) <= 2:
        return prices
    lowest, found = None, prices
    for step in range(_PRICE_STEPS):
        ahead = _most_ahead(rivals, room, prices)
        start = room.nothing()
        most = ahead[0][start[: len(GROUP_ORDER)]] + room.unspent(start, prices)
        if lowest is None or most < lowest:
            lowest, found = most, prices
        told = _told_at(rivals, room, prices, ahead)
        slack = {rule: told[rule] - places for rule, places in room.limits.items()}
        norm = sum(more * more for more in slack.values())
        if not norm or most <= floor:
            break
        stride = (most - floor) * _PRICE_STEPS // (norm * (_PRICE_STEPS + 3 * step))
        prices = {rule: max(0, price + stride * slack[rule]) for rule, price in prices.items()}
    return found


def _told_at(
    rivals: Sequence[_Rival], room: _Room, prices: _Prices, ahead: Sequence[Mapping[_Used, int]]
) -> Counter[str]:
    """How often each limit is used in the best week that only pays for them."""
    steps = _steps(room.groups, room.total)
    used, told = room.nothing()[: len(GROUP_ORDER)], Counter[str]()
    for place, (_, ways) in enumerate(rivals):
        for way in _best_in_groups(ways, prices):
            there = steps[way.group].get(used)
            if there is not None and _paid(way, prices) + ahead[place + 1][there] == ahead[place][used]:
                used = there
                told.update(way.limited)
                break
    return told


def _states(groups: tuple[int, ...], total: int) -> list[_Used]:
    return [used for used in product(*(range(cap + 1) for cap in groups)) if sum(used) <= total]


@lru_cache(maxsize=64)
def _steps(groups: tuple[int, ...], total: int) -> Mapping[Group, Mapping[_Used, _Used]]:
    """For a place in a group: from what is used up to what is used up then."""
    room = _Room(groups, {}, total)
    return {
        group: {
            used: there
            for used in _states(groups, total)
            if (there := room.after(used, Way(group, 0))) is not None
        }
        for group in GROUP_ORDER
    }


def _worth_of_some_week(rivals: Sequence[_Rival], room: _Room) -> int:
    """What a week comes to that takes the best places first: a floor for the best one."""
    offers = sorted(
        ((way, contact_id) for contact_id, found in rivals for way in found),
        key=lambda offer: -offer[0].score,
    )
    used, served, worth = room.nothing(), set[int](), 0
    for way, contact_id in offers:
        there = None if contact_id in served else room.after(used, way)
        if there is not None:
            used, worth = there, worth + way.score
            served.add(contact_id)
    return worth
