"""What one more interaction would do to a contact's score and zone, by the same expressions that are shown for today."""

from collections.abc import Mapping

from crm.domain.channels import Channel
from crm.domain.expressions import Facts, Scalar, evaluate
from crm.domain.metrics import WINDOWS
from crm.domain.score import layers
from crm.domain.targets import CLOCKS, Targets


def once_more(
    facts: Facts, targets: Targets, way: Channel, *, days_ago: int = 0, direction: str = "mutual"
) -> dict[str, Scalar]:
    """The facts (with ``part_*``, ``score``, ``zone``) after one more reached interaction that many days ago.

    ``facts`` is a row of the metrics relation. An interaction still to come (``days_ago`` below 0) changes nothing.
    Rhythm and ``quiet_p`` stay as they were: no zone asks for them where somebody was in touch within a fortnight.
    """
    if days_ago < 0:
        return dict(facts)
    after = {**facts, **_counted(facts, way, days_ago, direction)}
    first, *others = (layer.values for layer in layers(targets))
    overdue = {name: first[name] for name in (f"overdue_{clock}" for clock in CLOCKS)}
    for values in (overdue, *others):
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
    last = facts["days_since_any"]
    is_new_day = last is not None and _number(facts, "days_since_any") > days_ago
    counts["gaps"] = _number(facts, "gaps") + is_new_day
    counts["known_days"] = max(_number(facts, "known_days"), days_ago)
    return counts


def _number(facts: Mapping[str, Scalar], name: str, otherwise: int = 0) -> int:
    found = facts[name]
    return found if isinstance(found, int) else otherwise
