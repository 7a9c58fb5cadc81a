"""How far a long command is, for whoever watches it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(steps: int, words: str) -> Iterator[Callable[[int], None]]:
    """A bar of so many steps on standard error, where that is a terminal; it is told how many more are done."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console  # a server needs no bars
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(words, total=steps)
        yield lambda done: shown.advance(task, done)
