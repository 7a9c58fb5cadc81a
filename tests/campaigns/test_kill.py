"""R1 in short: servers killed under load lose nothing they answered, and a broken build is found out."""

import random

import pytest

from crm.storage.database import Database
from tests.campaigns.kill import round_of

KILLS = 13
"""On each of the two databases."""


@pytest.fixture(autouse=True)
def the_present() -> None:
    """The real one, since the servers live in it too."""


def test_killed_under_load_nothing_answered_is_lost(database: Database, database_url: str) -> None:
    assert round_of(database, database_url, KILLS, random.Random(1)) >= KILLS // 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_build_that_answers_before_it_saves_fails_this_test(database: Database, database_url: str) -> None:
    with pytest.raises(AssertionError, match=r"answered, and lost|was deleted"):
        round_of(database, database_url, KILLS, random.Random(1), "answers first")
