"""``python -m tests.browser.at_a_moment 2026-11-23T09:00+00:00 serve``: the product's own command, at a moment of choice.

A plan depends on the weekday and the hour, so the tests always live on the same Monday. The clock runs on from there.
Several commands, with ``--then`` between them, run one after the other; the first that fails ends it.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from io import TextIOWrapper
from itertools import groupby

import time_machine

from tests.nursery import settle

THEN = "--then"


def commands(words: list[str]) -> Iterator[list[str]]:
    """The words of each command."""
    return (list(group) for between, group in groupby(words, lambda word: word == THEN) if not between)


def run_at(moment: str, words: list[str]) -> int:
    """Run the commands at that moment; the exit status is that of the first that fails."""
    from crm.__main__ import run

    with time_machine.travel(datetime.fromisoformat(moment), tick=True):
        return next(filter(None, map(run, commands(words))), 0)


def become(environment: dict[str, str], out: str, moment: str, words: list[str]) -> None:
    """The same in this process, which has that environment from now on and writes into a file."""
    settle(environment, out, 1, 2)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    sys.exit(run_at(moment, words))


if __name__ == "__main__":
    sys.exit(run_at(sys.argv[1], sys.argv[2:]))
