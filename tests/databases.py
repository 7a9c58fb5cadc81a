"""Which database a test asks: both in the long form, and in the short one where they may differ; pages take turns.

See docs/decisions/0008-pages-take-turns.md.
"""

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import pytest

from tests.thorough import TIMES

BACKENDS = ("sqlite", "postgresql")
TAKE_TURNS = {
    "accounts", "contacts", "health", "imports", "inbox", "interactions", "mail", "nudges", "planning", "rules", "today",
    "web",
}  # fmt: skip
"""Rooms whose tests are about pages, mails, files and words over queries that others ask of both."""
NEVER = {
    "test_queries.py", "test_applying.py", "test_undoing.py", "test_answers.py", "test_kill.py", "test_crowd.py",
    "test_at_once.py", "test_trees.py", "test_backtest.py", "test_erasing.py",
    "test_reading.py", "test_headcounts.py",
}  # fmt: skip
"""Modules of these rooms about order, cursors, locks and processes, where the two may differ."""


def by_turns(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests to run and those to leave out. A test that was asked for on one database alone is not left out."""
    asked = Counter(_name(item) for item in items)
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        takes_turns = TIMES == 1 and item.path.parent.name in TAKE_TURNS and item.path.name not in NEVER
        other = takes_turns and asked[_name(item)] == 2 and _turn(item) != _backend(item)
        (left if other else kept).append(item)
    return kept, left


def _backend(item: pytest.Item) -> str:
    spec = getattr(item, "callspec", None)
    return str(spec.params.get("database_url", "")) if spec else ""


def _name(item: pytest.Item) -> str:
    """The same for both databases."""
    backend = _backend(item)
    return item.nodeid.replace(backend, "", 1) if backend else item.nodeid


def _turn(item: pytest.Item) -> str:
    return BACKENDS[crc32(_name(item).encode()) % 2]
