"""R7 in short, beside ``tests/care``: what is restored sends nothing until it is released; a build that does is found out."""

import random

import pytest

from crm.storage.database import Database
from tests.campaigns.backups import broken, rounds

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_backups_come_back_whole_and_send_nothing(database: Database) -> None:
    assert list(rounds(database, 5, random.Random(1))) == [1, 2, 3, 4, 5]


def test_a_build_that_holds_nothing_fails_this_test(database: Database) -> None:
    with broken("holds nothing"), pytest.raises(AssertionError, match="sent mail"):
        list(rounds(database, 1, random.Random(1)))
