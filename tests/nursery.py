"""Processes that have the product ready; starting one from nothing would take seconds."""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["tests.prepared"])


def command(environment: Mapping[str, str], words: Sequence[str], out: Path) -> BaseProcess:
    """One of the product's own commands, running, with that environment and what it prints in a file."""
    process = NURSERY.Process(target=_command, args=(dict(environment), list(words), str(out)), daemon=True)
    process.start()
    return process


def _command(environment: dict[str, str], words: list[str], out: str) -> None:
    from crm.__main__ import run

    settle(environment, out, 1)
    sys.exit(run(words))


def settle(environment: Mapping[str, str], out: str, *streams: int) -> None:
    """This process has that environment from now on, and these streams of it go into a file."""
    os.environ.clear()
    os.environ.update(environment)
    with Path(out).open("wb") as file:
        for stream in streams:
            os.dup2(file.fileno(), stream)
