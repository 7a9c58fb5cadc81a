"""``./dev bench [S] [M] [L] [sqlite] [postgresql]``: each figure, its floor measured in the same run, their ratio, the target.

Sizes S and M on both databases unless some are named. ``./dev bench plans [USERS…]`` is P11, for 100 and 1,000 users.
``docs/performance.md`` says what the figures mean.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.data import SIZES, Filled, fill
from benchmarks.growth import Place, flatness, growth
from benchmarks.imports import imports
from benchmarks.measure import HEADING, Figure
from benchmarks.plans import plans
from benchmarks.sql import all_metrics, all_rules, one_year
from benchmarks.web import web
from crm.commands.serve import settle_memory
from crm.storage.database import Database
from tests.campaigns.frame import BACKENDS, databases

MEASURES: tuple[Callable[[Database, Filled], Iterator[Figure]], ...] = (
    all_metrics,
    all_rules,
    one_year,
    web,
    imports,
)


def figures(place: Place) -> Iterator[Figure]:
    """Every figure at one size."""
    for measure in MEASURES:
        yield from measure(place.database, place.filled)


def measured(backend: str, sizes: list[str]) -> None:
    """Print the table for one database: how figures grow with the size first, while nothing was added to the data yet."""
    print(f"\n{backend}\n{HEADING}")
    with ExitStack() as stack:
        places = [_filled(stack, backend, size) for size in sizes]
        for small, large in itertools.pairwise(places):
            for figure in growth(small, large):
                print(f"  {figure.line}", flush=True)
        for small, large in itertools.combinations(places, 2):
            for figure in flatness(small, large):
                print(f"  {figure.line}", flush=True)
        for place in places:
            for figure in figures(place):
                print(f"{place.size.name} {figure.line}", flush=True)


def _filled(stack: ExitStack, backend: str, size: str) -> Place:
    fresh = stack.enter_context(databases(backend))
    database = Database(fresh())
    stack.callback(database.close)
    return Place(SIZES[size], database, fill(database, SIZES[size]))


def planned(backend: str, numbers: list[int]) -> None:
    """Print P11 for one database."""
    print(f"\n{backend}\n{HEADING}")
    with databases(backend) as fresh:
        for figure in plans(fresh, numbers):
            print(f"  {figure.line}", flush=True)


def main(names: list[str]) -> int:
    """Measure what is named, or sizes S and M on both databases."""
    if names[:1] == ["plans"]:
        numbers = sorted(int(name) for name in names if name.isdecimal() and int(name) > 0) or [100, 1000]
        for backend in [name for name in BACKENDS if name in names] or BACKENDS:
            planned(backend, numbers)
        return 0
    unknown = [name for name in names if name not in (*SIZES, *BACKENDS)]
    if unknown:
        print(
            f"There is no {unknown[0]}. Choose among {', '.join((*SIZES, *BACKENDS))}.",
            file=sys.stderr,
        )
        return 2
    settle_memory()  # as the server does
    sizes = [name for name in SIZES if name in names] or ["S", "M"]
    for backend in [name for name in BACKENDS if name in names] or BACKENDS:
        measured(backend, sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
