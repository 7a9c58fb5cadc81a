"""R9 in short: each fault once, at saving a log entry; and a build that does not say why is found out."""

import contextlib
from collections.abc import Iterator

import pytest

from crm.storage.database import Database
from tests.campaigns.faults import KINDS, Desk, broken, point


@pytest.fixture
def desk(database: Database, database_url: str) -> Iterator[Desk]:
    """On connections of its own, since they are told things."""
    with contextlib.closing(Database(database_url)) as own:
        yield Desk(own)


def test_a_fault_is_said_and_passes(desk: Desk) -> None:
    for kind in KINDS["sqlite" if desk.database.is_sqlite else "postgresql"]:
        assert point(desk, kind, desk.log(), 0) == 503


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_build_that_says_nothing_fails_this_test(desk: Desk) -> None:
    with broken("says nothing"), pytest.raises(AssertionError, match="500"):
        point(desk, "full", desk.log(), 0)
