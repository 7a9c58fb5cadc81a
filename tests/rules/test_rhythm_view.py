"""What the page says of the rhythm model: also when it loses."""

from dataclasses import replace

import pytest

from crm.domain.margins import Lead
from crm.domain.rhythm_judge import Case, judge
from crm.rules.rhythm import Judged
from crm.rules.rhythm_view import summary

VERDICT = judge(
    30, [Case(n % 40, 0.6 if n % 3 else 0.2, float(n % 7), 1.0, 1.0, n % 5 == 0) for n in range(240)]
)
NEARER = ", the average that is known only afterwards"


@pytest.mark.parametrize(
    ("lead", "told"),
    [
        (
            Lead(0.11, 0.04),
            "With 40 people a difference of up to 4 in 100 may be luck; this one is larger, so the model does better here.",
        ),
        (Lead(-0.11, 0.04), "so counting days does better here."),
        (
            Lead(0.03, 0.041),
            "With 40 people a difference of up to 4 in 100 may be luck, so neither is shown to be better.",
        ),
        (Lead(0.03, None), "times in 100."),
    ],
)
def test_a_lead_is_said_to_be_luck_or_not(lead: Lead, told: str) -> None:
    assert told in summary(Judged(replace(VERDICT, lead=lead), ()))[1]


@pytest.mark.parametrize(
    ("gain", "told"),
    [
        (Lead(0.2, 0.1), f"Its chances came nearer than always saying 20%{NEARER}."),
        (Lead(-0.05, 0.1), f"Its chances came about as near as always saying 20%{NEARER}."),
        (
            Lead(-0.2, 0.1),
            f"Do not take its chances at their word here: always saying 20%{NEARER}, would have come nearer."
            " Go by whom it puts first, not by how sure it is.",
        ),
    ],
)
def test_chances_that_lose_against_the_average_are_said_to(gain: Lead, told: str) -> None:
    assert summary(Judged(replace(VERDICT, gain=gain), ()))[2] == told
