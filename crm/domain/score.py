"""The health score and the zone (PRODUCT.md section 3), each defined once as an expression tree."""

from collections.abc import Mapping
from functools import lru_cache

from crm.domain.expressions import Call, Case, Condition, Metric, Value, first_that, greatest, known, least
from crm.domain.language import N_
from crm.domain.metrics import derived, running
from crm.domain.rhythm import FEWEST_GAPS
from crm.domain.targets import Targets
from crm.domain.vocabulary import word

WEIGHTS = {"any": 20, "personal": 30, "in_person": 35, "balance": 15}
"""Points of the score by part; they add up to 100."""
PERSONAL_SHARE_WANTED = 0.2

ZONE_WORDS = {
    "no_record": N_("no record"),
    "gone_quiet": N_("gone quiet"),
    "screen_only": N_("screen-only"),
    "drifting": N_("drifting"),
    "in_touch": N_("in touch"),
}
"""What a zone is called outside: programs read these words, people read them translated."""
ZONES = tuple(ZONE_WORDS)


def zone_word(zone: str) -> str:
    """What a zone is called, in the language of whoever reads."""
    return word(ZONE_WORDS[zone])


_HAIR = 1e-9
"""A usual gap of 14 days may be worked out as 14.000000000000004; on day 21 they are late all the same."""
_HALVES_UP = 0.5 + 1e-9
"""Parts such as 9.5 come out of binary arithmetic a hair low; the hair keeps exact halves rounding up."""


def keep(clock: Value, target: Value) -> Value:
    """1 while clock ≤ target, then falling linearly to 0 at three times the target; 1 without a target."""
    return first_that(
        (target.missing() | clock.le(target), 1.0),
        otherwise=greatest(0.0, (target * 3.0 - clock) / (target * 2.0)),
    )


def _balance() -> Value:
    share = Metric("personal_365") * 1.0 / (Metric("total_365") * PERSONAL_SHARE_WANTED)
    return first_that((Metric("total_365").eq(0), 0.0), otherwise=least(1.0, share))


def has_score() -> Condition:
    """Tier *none* has no score, nor has a contact with no counted interaction."""
    return ~Metric("tier").eq("none") & ~Metric("days_since_any").missing()


def parts(targets: Targets) -> dict[str, Value]:
    """The points each part of the score brings, as expressions; missing where there is no score."""
    shares = {
        clock: keep(running(clock), targets.expression(clock)) for clock in ("any", "personal", "in_person")
    }
    shares["balance"] = _balance()
    return {
        f"part_{name}": first_that((has_score(), share * float(WEIGHTS[name])))
        for name, share in shares.items()
    }


def score() -> Value:
    """0…100 from the four parts, halves up."""
    total = Metric("part_any") + Metric("part_personal") + Metric("part_in_person") + Metric("part_balance")
    return Call("floor", total + _HALVES_UP)


def is_late() -> Condition:
    """Their usual gap is no news: fewer gaps than it takes to know one, or silent for one and a half usual gaps."""
    return Metric("gaps").lt(FEWEST_GAPS) | _silent_for(1.5)


def _silent_for(usual_gaps: float) -> Condition:
    return Metric("days_since_any").ge(Metric("rhythm_days") * usual_gaps - _HAIR)


def screen_only() -> Condition:
    """Known for a while, and reached of late through a screen alone."""
    return Metric("digital_180").ge(3) & Metric("personal_180").eq(0) & Metric("known_days").ge(60)


def zone(targets: Targets) -> Case:
    """The first zone that fits; missing for tier *none*."""
    quarter = known(targets.expression("any") / 4.0, 14.0)
    out_of_rhythm = (
        Metric("gaps").ge(FEWEST_GAPS)
        & Metric("quiet_p").ge(0.6)
        & _silent_for(2.0)
        & Metric("days_since_any").ge(greatest(14.0, quarter))
    )
    gone_quiet = (Metric("overdue_any").ge(2) & is_late()) | out_of_rhythm
    drifting = (
        Metric("overdue_personal").gt(1)
        | Metric("overdue_in_person").gt(1)
        | (Metric("overdue_any").gt(1) & is_late())
    )
    return first_that(
        (Metric("tier").eq("none"), None),
        (Metric("days_since_any").missing(), "no_record"),
        (gone_quiet, "gone_quiet"),
        (screen_only(), "screen_only"),
        (drifting, "drifting"),
        otherwise="in_touch",
    )


@lru_cache(maxsize=32)
def layers(targets: Targets) -> tuple[Mapping[str, Value], ...]:
    """Everything that follows from the counted metrics, in the order it can be worked out: each layer may use every name of
    those before it."""
    return derived(targets), parts(targets), {"score": score(), "zone": zone(targets)}
