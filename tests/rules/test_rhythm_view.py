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
NEARER = ", the average known only in hindsight"


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


def test_a_small_lead_of_many_people_is_said_in_thousandths() -> None:
    aucs = {"quiet_p": 0.8546, "days_since_any": 0.8454}
    methods = tuple(replace(one, auc=aucs.get(one.key, one.auc)) for one in VERDICT.methods)
    told = {
        margin: summary(Judged(replace(VERDICT, methods=methods, lead=Lead(0.0092, margin)), ()))[1]
        for margin in (0.004, 0.02)
    }
    assert told[0.004] == (
        "Of two people, one silent and one not, the model names the silent one 855 times in 1,000; counting days alone,"
        " 845 times in 1,000. With 40 people a difference of up to 4 in 1,000 may be luck; this one is larger, so the"
        " model does better here."
    )
    assert told[0.02] == (
        "Of two people, one silent and one not, the model names the silent one 85 times in 100; counting days alone does"
        " as well. With 40 people a difference of up to 2 in 100 may be luck, so neither is shown to be better."
    )


@pytest.mark.parametrize(
    ("gain", "told"),
    [
        (Lead(0.2, 0.1), f"Its chances were closer than always saying 20%{NEARER}."),
        (Lead(-0.05, 0.1), f"Its chances were about as close as always saying 20%{NEARER}."),
        (
            Lead(-0.2, 0.1),
            f"Do not take its chances literally here: always saying 20%{NEARER}, would have been closer."
            " Go by whom it puts first, not by how sure it is.",
        ),
    ],
)
def test_chances_that_lose_against_the_average_are_said_to(gain: Lead, told: str) -> None:
    assert summary(Judged(replace(VERDICT, gain=gain), ()))[2] == told
