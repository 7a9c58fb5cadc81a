"""The teeth of S7: builds that are broken on purpose are found out within a few files.

The third takes its time, and is for the command.
"""

import random

import pytest

from tests.campaigns.frame import Asked
from tests.campaigns.parsers import run


@pytest.mark.parametrize(
    ("variant", "found"),
    [("old letters", "UnicodeDecodeError"), ("without a word", "refused without a word")],
)
def test_a_broken_build_is_found_out(variant: str, found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        list(run(Asked(60, random.Random(3), "sqlite", variant)))
