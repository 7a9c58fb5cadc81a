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
    "no_record": plurals("{n} person left no record", "{n} people left no record"),
    "gone_quiet": plurals("{n} person left gone quiet", "{n} people left gone quiet"),
    "screen_only": plurals("{n} person left screen-only", "{n} people left screen-only"),
    "drifting": plurals("{n} person left drifting", "{n} people left drifting"),
    "in_touch": plurals("{n} person left in touch", "{n} people left in touch"),
    None: plurals("{n} person came in", "{n} people came in"),
}
"""Those who were in a zone, and those who were in none."""
_AND_ARE: Mapping[str | None, tuple[str, str]] = {
    "no_record": plurals("{left} and is without a record.", "{left} and are without a record."),
    "gone_quiet": plurals("{left} and is gone quiet.", "{left} and are gone quiet."),
    "screen_only": plurals("{left} and is screen-only.", "{left} and are screen-only."),
    "drifting": plurals("{left} and is drifting.", "{left} and are drifting."),
    "in_touch": plurals("{left} and is in touch.", "{left} and are in touch."),
    None: plurals("{left} and is without a zone.", "{left} and are without a zone."),
}
_ARE: Mapping[str | None, tuple[str, str]] = {
    "no_record": plurals("{n} is without a record", "{n} are without a record"),
    "gone_quiet": plurals("{n} is gone quiet", "{n} are gone quiet"),
    "screen_only": plurals("{n} is screen-only", "{n} are screen-only"),
    "drifting": plurals("{n} is drifting", "{n} are drifting"),
    "in_touch": plurals("{n} is in touch", "{n} are in touch"),
    None: plurals("{n} is without a zone", "{n} are without a zone"),
}
_THEY_LEFT: Mapping[str, str] = {
    "no_record": N_("They left no record"),
    "gone_quiet": N_("They left gone quiet"),
    "screen_only": N_("They left screen-only"),
    "drifting": N_("They left drifting"),
    "in_touch": N_("They left in touch"),
}
_THEY_ARE: Mapping[str | None, tuple[str, str]] = {
    "no_record": (N_("They are without a record now."), N_("{left} and are without a record now.")),
    "gone_quiet": (N_("They are gone quiet now."), N_("{left} and are gone quiet now.")),
    "screen_only": (N_("They are screen-only now."), N_("{left} and are screen-only now.")),
    "drifting": (N_("They are drifting now."), N_("{left} and are drifting now.")),
    "in_touch": (N_("They are in touch now."), N_("{left} and are in touch now.")),
    None: (N_("They are without a zone now."), N_("{left} and are without a zone now.")),
}
"""One person: from no zone, and from another."""
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
    whose = ngettext("The score of {people} changed.", "The scores of {people} changed.", found.scores)
    whose = whose.format(people=count(found.scores, "person", "people"))
    return whose if not any(found.moves.values()) else f"{told} {whose}"


def moves_sentence(moves: Moves) -> str:
    """ "9 people left screen-only: 7 are drifting, 2 are in touch." Zones that were left come in their own order."""
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
        after, number = found[0]
        return ngettext(*_AND_ARE[after], number).format(left=left)
    now = join([ngettext(*_ARE[after], number).format(n=numeral(number)) for after, number in found])
    return _("{left}: {now}.").format(left=left, now=now)


def standing_sentence(before: Standing, after: Standing) -> str:
    """ "They left screen-only and are drifting now. The score went from 37 to 52." Nothing where both stay."""
    told = []
    if before.zone != after.zone:
        from_none, from_another = _THEY_ARE[after.zone]
        told.append(_(from_another).format(left=_(_THEY_LEFT[before.zone])) if before.zone else _(from_none))
    if after.score is not None and after.score != before.score:
        went = (
            _("The score is {after}.")
            if before.score is None
            else _("The score went from {before} to {after}.")
        )
        told.append(went.format(before=before.score, after=after.score))
    return " ".join(told)
