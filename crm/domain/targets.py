"""Targets: the longest a clock should run, by tier and kind (PRODUCT.md section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from crm.domain.expressions import Case, Metric, Value, known, lift

Tier: TypeAlias = Literal["key", "regular", "warm", "none"]
TIERS: tuple[str, ...] = get_args(Tier)
TIERS_WITH_TARGETS = tuple(tier for tier in TIERS if tier != "none")
"""Those whose people have targets, and so a score and a zone."""
NAMED_KINDS = ("partner", "vendor", "customer")
KINDS = (*NAMED_KINDS, "other")
CLOCKS = ("any", "personal", "in_person")
EVERY_OTHER_KIND = "*"


@dataclass(frozen=True)
class Target:
    """Days for the three clocks; ``None`` is no target: that clock is never overdue and counts as kept."""

    any: int | None
    personal: int | None
    in_person: int | None

    def of(self, clock: str) -> int | None:
        """The target of the clock *any*, *personal* or *in_person*."""
        days: int | None = getattr(self, clock)
        return days


_CLOSE = Target(30, 60, 90)
DEFAULTS: Mapping[tuple[str, str], Target] = {
    ("key", "partner"): _CLOSE,
    ("key", "customer"): _CLOSE,
    ("key", EVERY_OTHER_KIND): Target(45, 90, 180),
    ("regular", EVERY_OTHER_KIND): Target(90, 180, 365),
    ("warm", EVERY_OTHER_KIND): Target(180, 365, None),
}
NO_TARGET = Target(None, None, None)


@dataclass(frozen=True)
class Targets:
    """A workspace's targets: the defaults with its own changes on top, keyed by (tier, kind or ``*``)."""

    changes: Mapping[tuple[str, str], Target] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(frozenset(self.changes.items()))

    def table(self) -> dict[tuple[str, str], Target]:
        """Every (tier, kind) with a target of its own; the kind ``*`` stands for all that are not named."""
        return {**DEFAULTS, **self.changes}

    @lru_cache(maxsize=64)  # noqa: B019 (a workspace's targets are few, and the same for every request)
    def expression(self, clock: str) -> Value:
        """The target of a clock as a value over ``tier``, ``kind`` and the contact's own ``target_<clock>``."""
        named, fallback = [], []
        for (tier, kind), target in sorted(self.table().items()):
            of_tier = Metric("tier").eq(tier)
            branch = lift(target.of(clock))
            if kind == EVERY_OTHER_KIND:
                fallback.append((of_tier, branch))
            else:
                named.append((of_tier & Metric("kind").eq(kind), branch))
        shared = Case((*named, *fallback), lift(None))
        own = known(Metric(f"target_{clock}"), shared)
        return Case(
            ((Metric("tier").eq("none"), lift(None)), (Metric(f"target_{clock}").eq(0), lift(None))), own
        )
