"""Why somebody is suggested or listed: of several flags the one or two that say most, in one line."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crm.domain.flag_sentences import SAID_FIRST
from crm.domain.language import gettext as _
from crm.domain.on_record import asks, without_question
from crm.domain.rules import SEVERITIES
from crm.domain.spans import ago, count


class Flagged(Protocol):
    """What `reason` needs to know of a flag."""

    @property
    def rule(self) -> str:
        """The rule's key."""

    @property
    def told_as(self) -> str:
        """The key of the shipped rule whose sentence it is told by; empty where it is told by its metrics or its name."""

    @property
    def severity(self) -> str:
        """*high*, *medium* or *low*."""

    @property
    def sentence(self) -> str:
        """Its evidence, as `flag_sentence` tells it."""

    @property
    def suggests(self) -> Sequence[str]:
        """Acts that answer it, best first."""


OVERLAPS = (
    frozenset({"screen_only", "never_met", "gone_digital", "in_person_overdue", "renewal"}),
    frozenset({"gone_quiet", "unanswered", "no_record"}),
)
"""Shipped sentences that tell the same thing about one contact: nothing personal lately; nothing at all lately."""


def reason(flags: Sequence[Flagged], act: str) -> str:
    """Why this act is suggested: the strongest flag's sentence and at most one that says another thing, if both are short.

    Strongest is what the act answers, then the highest severity, then the rule most worth saying, then the first given.
    "Best in person" beside a note would speak against it: the ask is told as something to talk about then.
    Raises ValueError without flags: nothing is suggested for no reason.
    """
    if not flags:
        raise ValueError("a suggestion needs at least one flag")
    fitting = [one for one in flags if act in one.suggests or one.told_as != "important_ask"] or flags
    strongest, *others = sorted(fitting, key=lambda one: (act not in one.suggests, *_strength(one)))
    for other in others:
        if not _says_the_same(strongest, other) and len(strongest.sentence + other.sentence) < LONGEST:
            return f"{_asked_last(strongest, other)} {other.sentence}"
    return strongest.sentence


LONGEST = 140
"""Of a reason of two sentences: what is read at a glance, in three lines of a card."""


def _asked_last(one: Flagged, other: Flagged) -> str:
    """What is asked of both is asked once, at the end."""
    return without_question(one.sentence) if asks(other.sentence) else one.sentence


def _strength(flag: Flagged) -> tuple[int, int]:
    severity = SEVERITIES.index(flag.severity) if flag.severity in SEVERITIES else len(SEVERITIES)
    return severity, SAID_FIRST.index(flag.told_as) if flag.told_as in SAID_FIRST else len(SAID_FIRST)


def _says_the_same(one: Flagged, other: Flagged) -> bool:
    together = {one.told_as, other.told_as}
    is_same = one.rule == other.rule or one.sentence == other.sentence
    return is_same or any(together <= group for group in OVERLAPS)


def in_short(told_as: str, sentence: str, evidence: Mapping[str, int | float | None]) -> str:
    """A flag's sentence for one cell of a table: the counts of screen-only people are added up."""
    streak = evidence.get("digital_streak")
    if told_as != "screen_only" or streak is None:
        return sentence
    days = evidence.get("days_since_personal")
    counted = count(int(streak), "digital contact", "digital contacts")
    if days is None:
        return _("{counted}, nothing personal on record.").format(counted=counted)
    return _("{counted} since the last personal one, {ago}.").format(counted=counted, ago=ago(int(days)))


ASKED_BY_WHY_LISTED = (
    "days_since_any",
    "days_since_personal",
    "days_since_in_person",
    "overdue_personal",
    "overdue_in_person",
    "digital_180",
)
"""The metrics that `why_listed` looks at."""


def why_listed(zone: str, values: Mapping[str, Any]) -> str:
    """What to say of somebody whom no rule flags, by zone and metrics (``ASKED_BY_WHY_LISTED``): which clock
    has passed its target."""
    passed = {
        "in_person": (_("Last met in person {ago}, past the target."), _("No meeting on record yet.")),
        "personal": (
            _("Last personal contact {ago}, past the target."),
            _("No personal contact on record yet."),
        ),
    }
    for clock, (last, never) in passed.items():
        days, overdue = values[f"days_since_{clock}"], values[f"overdue_{clock}"]
        if overdue is not None and overdue > 1:
            return last.format(ago=ago(days)) if days is not None else never
    if zone == "screen_only":
        counted = count(values["digital_180"], "digital contact", "digital contacts")
        return _("{counted} in 180 days and nothing personal.").format(counted=counted)
    return _("Last contact of any sort {ago}.").format(ago=ago(values["days_since_any"]))
