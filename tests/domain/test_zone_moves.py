"""What a change did to people's zones, in words."""

import pytest

from crm.domain.zone_moves import (
    Moves,
    Standing,
    Upshot,
    moves_sentence,
    standing_sentence,
    upshot,
    upshot_sentence,
)


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ({}, "Nobody’s zone changed."),
        ({("drifting", "drifting"): 3}, "Nobody’s zone changed."),
        ({("screen_only", "in_touch"): 1}, "1 person went from screen-only to in touch."),
        (
            {("screen_only", "drifting"): 7, ("screen_only", "in_touch"): 2},
            "9 people went from screen-only: 7 to drifting and 2 to in touch.",
        ),
        (
            {("in_touch", "drifting"): 4, ("gone_quiet", "in_touch"): 1},
            "1 person went from gone quiet to in touch. 4 people went from in touch to drifting.",
        ),
    ],
)
def test_sentences(moves: Moves, sentence: str) -> None:
    assert moves_sentence(moves) == sentence


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (Standing("drifting", 50), Standing("drifting", 50), ""),
        (Standing(), Standing(), ""),
        (Standing("drifting", 50), Standing("drifting", 61), "The score went from 50 to 61."),
        (
            Standing("screen_only", 37),
            Standing("drifting", 0),
            "They went from screen-only to drifting. The score went from 37 to 0.",
        ),
        (Standing("in_touch", 90), Standing(), "They went from in touch to no zone."),
        (Standing(), Standing("gone_quiet", 8), "They have now gone quiet. The score is 8."),
        (Standing(), Standing("no_record"), "They now have no record."),
    ],
)
def test_what_a_change_did_to_one(before: Standing, after: Standing, sentence: str) -> None:
    assert standing_sentence(before, after) == sentence


def test_an_upshot_leaves_out_whoever_came_or_went() -> None:
    before = {
        1: Standing("screen_only", 37),
        2: Standing("drifting", 50),
        3: Standing(),
        5: Standing("drifting", 1),
    }
    after = {
        1: Standing("in_touch", 90),
        2: Standing("drifting", 51),
        3: Standing(),
        4: Standing("no_record"),
    }
    assert upshot(before, after) == Upshot({("screen_only", "in_touch"): 1}, 2)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Upshot({}), "Nobody’s zone changed."),
        (Upshot({}, 1), "The score of 1 person changed."),
        (
            Upshot({("screen_only", "drifting"): 9}, 12),
            "9 people went from screen-only to drifting. The scores of 12 people changed.",
        ),
    ],
)
def test_an_upshot_in_words(found: Upshot, sentence: str) -> None:
    assert upshot_sentence(found) == sentence
