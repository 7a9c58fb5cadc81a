"""What a change of targets, channels, tiers or the time zone did to people's zones and scores, in words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from crm.domain.manner import numeral
from crm.domain.score import ZONE_WORDS, ZONES
from crm.domain.spans import count, join

Moves = Mapping[tuple[str | None, str | None], int]
"""How many people went from one zone to another; None is no zone."""


@dataclass(frozen=True)
class Standing:
    """Somebody's zone and score; None without any."""

    zone: str | None = None
    score: int | None = None


@dataclass(frozen=True)
class Upshot:
    """What a change did to people: who moved from which zone to which, and how many scores are others now."""

    moves: Moves
    scores: int = 0


NOTHING = Upshot({})


def upshot(before: Mapping[int, Standing], after: Mapping[int, Standing]) -> Upshot:
    """How people stood and how they stand; whoever is not in both is left out."""
    pairs = [(before[one], now) for one, now in after.items() if one in before]
    moves = Counter((then.zone, now.zone) for then, now in pairs if then.zone != now.zone)
    return Upshot(moves, sum(then.score != now.score for then, now in pairs))


def upshot_sentence(found: Upshot) -> str:
    """ "9 people left screen-only and are drifting. The scores of 12 people changed." """
    told = moves_sentence(found.moves)
    if not found.scores:
        return told
    whose = f"The score{'s' if found.scores > 1 else ''} of {count(found.scores, 'person')} changed."
    return whose if not any(found.moves.values()) else f"{told} {whose}"


def moves_sentence(moves: Moves) -> str:
    """ "9 people left screen-only: 7 are drifting, 2 are in touch." Zones that were left come in their own order."""
    left: dict[str | None, Counter[str | None]] = {}
    for (before, after), number in moves.items():
        if before != after and number:
            left.setdefault(before, Counter())[after] += number
    if not left:
        return "Nobody’s zone changed."
    order = [*ZONES, None]
    return " ".join(_left(zone, left[zone]) for zone in sorted(left, key=order.index))


def _left(zone: str | None, arrived: Counter[str | None]) -> str:
    people = count(sum(arrived.values()), "person")
    was = f"left {ZONE_WORDS[zone]}" if zone else "came in"
    order = [*ZONES, None]
    found = sorted(arrived.items(), key=lambda item: (-item[1], order.index(item[0])))
    if len(found) == 1:
        number = found[0][1]
        return f"{people} {was} and {'is' if number == 1 else 'are'} {_word(found[0][0])}."
    return f"{people} {was}: {join([_now(number, after) for after, number in found])}."


def _now(number: int, zone: str | None) -> str:
    return f"{numeral(number)} {'is' if number == 1 else 'are'} {_word(zone)}"


def standing_sentence(before: Standing, after: Standing) -> str:
    """ "They left screen-only and are drifting now. The score went from 37 to 52." Nothing where both stay."""
    told = []
    if before.zone != after.zone:
        left = f"left {ZONE_WORDS[before.zone]} and " if before.zone else ""
        told.append(f"They {left}are {_word(after.zone)} now.")
    if after.score is not None and after.score != before.score:
        went = (
            f"went from {before.score} to {after.score}" if before.score is not None else f"is {after.score}"
        )
        told.append(f"The score {went}.")
    return " ".join(told)


def _word(zone: str | None) -> str:
    if zone is None:
        return "without a zone"
    return {"no_record": "without a record"}.get(zone, ZONE_WORDS[zone])
