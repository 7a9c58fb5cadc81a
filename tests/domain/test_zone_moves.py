"""What a change did to people's zones, in words."""

import pytest

from crm.domain.zone_moves import Moves, moves_sentence


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ({}, "Nobody’s zone changed."),
        ({("drifting", "drifting"): 3}, "Nobody’s zone changed."),
        ({("screen_only", "in_touch"): 1}, "1 person left screen-only and is in touch."),
        (
            {("screen_only", "drifting"): 7, ("screen_only", "in_touch"): 2},
            "9 people left screen-only: 7 are drifting and 2 are in touch.",
        ),
        (
            {("in_touch", "drifting"): 4, ("gone_quiet", "in_touch"): 1},
            "1 person left gone quiet and is in touch. 4 people left in touch and are drifting.",
        ),
    ],
)
def test_sentences(moves: Moves, sentence: str) -> None:
    assert moves_sentence(moves) == sentence
