"""What a change of targets, channels, tiers or the time zone did to people's zones and scores, in words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from crm.domain.language import N_, ngettext, plurals
from crm.domain.language import gettext as _
from crm.domain.manner import numeral
from crm.domain.score import ZONES
from crm.domain.spans import count, join

_LEFT: Mapping[str | None, tuple[str, str]] = {
    "no_record": plurals("{n} person went from no record", "{n} people went from no record"),
    "gone_quiet": plurals("{n} person went from gone quiet", "{n} people went from gone quiet"),
    "screen_only": plurals("{n} person went from screen-only", "{n} people went from screen-only"),
    "drifting": plurals("{n} person went from drifting", "{n} people went from drifting"),
    "in_touch": plurals("{n} person went from in touch", "{n} people went from in touch"),
    None: plurals("{n} person went from no zone", "{n} people went from no zone"),
}
"""Those who were in a zone, and those who were in none."""
_TO: Mapping[str | None, str] = {
    "no_record": N_("{left} to no record."),
    "gone_quiet": N_("{left} to gone quiet."),
    "screen_only": N_("{left} to screen-only."),
    "drifting": N_("{left} to drifting."),
    "in_touch": N_("{left} to in touch."),
    None: N_("{left} to no zone."),
}
_SOME_TO: Mapping[str | None, str] = {
    "no_record": N_("{n} to no record"),
    "gone_quiet": N_("{n} to gone quiet"),
    "screen_only": N_("{n} to screen-only"),
    "drifting": N_("{n} to drifting"),
    "in_touch": N_("{n} to in touch"),
    None: N_("{n} to no zone"),
}
_THEY_LEFT: Mapping[str, str] = {
    "no_record": N_("They went from no record"),
    "gone_quiet": N_("They went from gone quiet"),
    "screen_only": N_("They went from screen-only"),
    "drifting": N_("They went from drifting"),
    "in_touch": N_("They went from in touch"),
}
_THEY_ARE: Mapping[str | None, str] = {
    "no_record": N_("They now have no record."),
    "gone_quiet": N_("They have now gone quiet."),
    "screen_only": N_("They are now screen-only."),
    "drifting": N_("They are now drifting."),
    "in_touch": N_("They are now in touch."),
    None: N_("They now have no zone."),
}
"""One person who was in no zone."""
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
    """ "9 people went from screen-only to drifting. The scores of 12 people changed." """
    told = moves_sentence(found.moves)
    if not found.scores:
        return told
    whose = ngettext("The score of {people} changed.", "The scores of {people} changed.", found.scores)
    whose = whose.format(people=count(found.scores, "person", "people"))
    return whose if not any(found.moves.values()) else f"{told} {whose}"


def moves_sentence(moves: Moves) -> str:
    """ "9 people went from screen-only: 7 to drifting, 2 to in touch." Zones that were left come in their own order."""
    left: dict[str | None, Counter[str | None]] = {}
    for (before, after), number in moves.items():
        if before != after and number:
            left.setdefault(before, Counter())[after] += number
    if not left:
        return _("Nobody’s zone changed.")
    order = [*ZONES, None]
    return " ".join(_left(zone, left[zone]) for zone in sorted(left, key=order.index))


def _left(zone: str | None, arrived: Counter[str | None]) -> str:
    people = sum(arrived.values())
    left = ngettext(*_LEFT[zone], people).format(n=numeral(people))
    order = [*ZONES, None]
    found = sorted(arrived.items(), key=lambda item: (-item[1], order.index(item[0])))
    if len(found) == 1:
        after, _number = found[0]
        return _(_TO[after]).format(left=left)
    now = join([_(_SOME_TO[after]).format(n=numeral(number)) for after, number in found])
    return _("{left}: {now}.").format(left=left, now=now)


def standing_sentence(before: Standing, after: Standing) -> str:
    """ "They went from screen-only to drifting. The score went from 37 to 52." Nothing where both stay."""
    told = []
    if before.zone != after.zone:
        left = _(_THEY_LEFT[before.zone]) if before.zone else ""
        told.append(_(_TO[after.zone]).format(left=left) if left else _(_THEY_ARE[after.zone]))
    if after.score is not None and after.score != before.score:
        went = (
            _("The score is {after}.")
            if before.score is None
            else _("The score went from {before} to {after}.")
        )
        told.append(went.format(before=before.score, after=after.score))
    return " ".join(told)
