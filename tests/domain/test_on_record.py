"""How much of what happens a user writes down."""

import pytest

from crm.domain.on_record import Recorded


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
