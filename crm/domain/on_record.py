"""Only what is on record: how much of what happens a user writes down, and what is asked instead of asserted."""

from dataclasses import dataclass

from crm.domain.language import N_, ngettext
from crm.domain.language import gettext as _
from crm.domain.manner import numeral

FEWEST_MEETINGS = 10
"""Below these a share says more about luck than about a habit."""

FROM_SILENCE = frozenset(
    {"screen_only", "never_met", "gone_digital", "in_person_overdue", "gone_quiet", "no_record", "renewal"}
)
"""Rules that speak where the log says nothing: a meeting that was not written down answers them."""

HAVE_YOU_MET, SINCE = N_("Have you met?"), N_("Have you met since?")


@dataclass(frozen=True)
class Recorded:
    """A user's calendar meetings, and those of them that were logged by hand as well."""

    meetings: int
    logged: int

    @property
    def rate(self) -> float | None:
        """The share of their meetings that this user logs, as far as can be told; None where there are too few."""
        return (self.logged + 1) / (self.meetings + 2) if self.meetings >= FEWEST_MEETINGS else None

    @property
    def is_doubtful(self) -> bool:
        """Whether more goes unrecorded than is written down."""
        return self.rate is not None and self.rate < 0.5


def why_asked(found: Recorded) -> str:
    """Why flags ask instead of asserting; empty where they assert."""
    if not found.is_doubtful:
        return ""
    said = (
        ngettext(
            "Of the {meetings} meetings in your calendar in the past year, {n} was logged by hand as well.",
            "Of the {meetings} meetings in your calendar in the past year, {n} were logged by hand as well.",
            found.logged,
        )
        if found.logged
        else _(
            "Of the {meetings} meetings in your calendar in the past year, none was logged by hand as well."
        )
    )
    counted = said.format(meetings=numeral(found.meetings), n=numeral(found.logged))
    return f"{counted} {_('So this page asks about what nobody logged, and takes nothing for granted.')}"


def asked(told: str, since: bool) -> str:
    """A sentence that asks at its end; ``since`` where it tells of something that happened."""
    return f"{told} {_(SINCE if since else HAVE_YOU_MET)}"


def without_question(sentence: str) -> str:
    """The sentence with nothing asked at its end, be it in the reader's language or, as a plan may have kept it, in English."""
    for question in (SINCE, HAVE_YOU_MET):
        sentence = sentence.removesuffix(f" {_(question)}").removesuffix(f" {question}")
    return sentence


def asks(sentence: str) -> bool:
    """Whether the sentence asks at its end."""
    return sentence != without_question(sentence)
