"""``python -m tests.browser.at_a_moment 2026-11-23T09:00+00:00 serve``: the product's own command, at a moment of choice.

A plan depends on the weekday and the hour, so the tests always live on the same Monday. The clock runs on from there.
Several commands, with ``--then`` between them, run one after the other; the first that fails ends it.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import time_machine

THEN = "--then"


def commands(words: list[str]) -> Iterator[list[str]]:
    """The words of each command."""
    return (list(group) for between, group in groupby(words, lambda word: word == THEN) if not between)


if __name__ == "__main__":
    from crm.__main__ import run

    with time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=True):
        sys.exit(next(filter(None, map(run, commands(sys.argv[2:]))), 0))
