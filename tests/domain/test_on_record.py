"""How much of what happens a user writes down."""

import pytest

from crm.domain.on_record import Recorded, why_asked


@pytest.mark.parametrize(
    ("meetings", "logged", "rate", "is_doubtful"),
    [
        (0, 0, None, False),
        (9, 0, None, False),
        (10, 0, 1 / 12, True),
        (10, 4, 5 / 12, True),
        (10, 5, 1 / 2, False),
        (400, 400, 401 / 402, False),
    ],
)
def test_the_rate_at_which_meetings_are_logged(
    meetings: int, logged: int, rate: float | None, is_doubtful: bool
) -> None:
    recorded = Recorded(meetings, logged)
    assert (recorded.rate, recorded.is_doubtful) == (rate, is_doubtful)


@pytest.mark.parametrize(("logged", "words"), [(0, "none was"), (1, "1 was"), (4, "4 were")])
def test_it_says_why_it_asks(logged: int, words: str) -> None:
    told = f"Of the 12 meetings in your calendar in the past year, {words} logged by hand as well."
    assert why_asked(Recorded(12, logged)).startswith(told)
    assert not why_asked(Recorded(12, 11))
