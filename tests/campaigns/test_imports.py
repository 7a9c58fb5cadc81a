"""R6 in short, without what is read in a process of its own: files imported three times, killed anywhere, are here once."""

import random

import pytest

from crm.storage.database import Database
from tests.campaigns.imports import CAMPAIGN, files, points

POINTS = 10
"""On each of the two databases."""
SHORT = files()[:-2]


@pytest.fixture(autouse=True)
def the_present() -> None:
    """The real one, since the processes live in it too."""


def test_killed_anywhere_each_thing_is_here_once(database: Database) -> None:
    (told,) = points(database, SHORT, POINTS, random.Random(1))
    assert told.startswith(f"{POINTS} points, ")
    assert " 0 of them" not in told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("variant", CAMPAIGN.variants)
def test_a_build_broken_on_purpose_is_found_out(database: Database, variant: str) -> None:
    with pytest.raises(AssertionError, match=r"a part of a file|lost|there twice"):
        list(points(database, SHORT, 3 * POINTS, random.Random(1), variant))
