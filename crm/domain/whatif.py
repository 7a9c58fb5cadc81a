"""What one more interaction would do to a contact's score and zone, by the same expressions that are shown for today."""

from collections.abc import Collection, Mapping

from crm.domain.channels import Channel
from crm.domain.expressions import Facts, Scalar, evaluate
from crm.domain.metrics import WINDOWS
from crm.domain.rhythm import sums_of
from crm.domain.score import layers
from crm.domain.targets import CLOCKS, Targets

OVERDUE = tuple(f"overdue_{clock}" for clock in CLOCKS)


def once_more(
    facts: Facts, targets: Targets, way: Channel, *, direction: str = "mutual"
) -> dict[str, Scalar]:
    """The facts (with ``part_*``, ``score``, ``zone``) after one more reached interaction today.

    ``facts`` is a row of the metrics relation. The gaps, rhythm and ``quiet_p`` stay as they were: no zone asks for
    them where somebody was in touch today.
    """
    return _with_zone({**facts, **_counted(facts, way, 0, direction)}, targets, OVERDUE)


def once_dated_back(
    facts: Facts,
    targets: Targets,
    way: Channel,
    days_ago: int,
    contact_days: Collection[int],
) -> dict[str, Scalar]:
    """The same after one more that many days ago. ``contact_days`` are those on record, also counted in days ago.

    An interaction still to come (``days_ago`` below 0) changes nothing.
    """
    if days_ago < 0:
        return dict(facts)
    sums = sums_of(-days for days in (*contact_days, days_ago))
    rhythm = {
        "gaps": sums.gaps,
        "strength": sums.strength_on(0),
        "gap_log": sums.gap_log,
        "gap_weight": sums.gap_weight,
    }
    counted = {**_counted(facts, way, days_ago, "mutual"), **rhythm}
    return _with_zone({**facts, **counted}, targets, (*OVERDUE, "rhythm_days", "quiet_p"))


def _with_zone(after: dict[str, Scalar], targets: Targets, names: Collection[str]) -> dict[str, Scalar]:
    """With these of the derived metrics, and all that follows from them, worked out anew."""
    first, *others = layers(targets)
    for values in ({name: first[name] for name in names}, *others):
        after |= {name: evaluate(value, after) for name, value in values.items()}
    return after


def _counted(facts: Facts, way: Channel, days_ago: int, direction: str) -> dict[str, Scalar]:
    sorts = {
        "total": True,
        "digital": way.digital,
        "personal": way.personal,
        "in_person": way.in_person,
        "live": way.live,
        "inbound": direction == "inbound",
        "outbound": direction == "outbound",
    }
    counts: dict[str, Scalar] = {
        f"{sort}_{days}": _number(facts, f"{sort}_{days}") + 1
        for sort, fits in sorts.items()
        for days in WINDOWS
        if fits and days_ago < days
    }
    clocks = {"any": True, "personal": way.personal, "in_person": way.in_person, "live": way.live}
    counts |= {
        f"days_since_{clock}": min(days_ago, _number(facts, f"days_since_{clock}", days_ago))
        for clock, fits in clocks.items()
        if fits
    }
    counts["known_days"] = max(_number(facts, "known_days"), days_ago)
    return counts


def _number(facts: Mapping[str, Scalar], name: str, otherwise: int = 0) -> int:
    found = facts[name]
    return found if isinstance(found, int) else otherwise
