"""``./dev bench [S] [M] [L] [sqlite] [postgresql]``: each figure, its floor measured in the same run, their ratio, the target.

Sizes S and M on both databases unless some are named. ``./dev bench plans [USERS…]`` is P11, for 100 and 1,000 users.
``docs/performance.md`` says what the figures mean.
"""

import gc
import itertools
import sys
from collections.abc import Callable, Iterator

from benchmarks.data import SIZES, Filled, fill
from benchmarks.imports import imports
from benchmarks.measure import HEADING, Figure
from benchmarks.plans import plans
from benchmarks.sql import all_metrics, all_rules, one_year
from benchmarks.web import web
from crm.storage.database import Database
from tests.campaigns.frame import BACKENDS, databases

MEASURES: tuple[Callable[[Database, Filled], Iterator[Figure]], ...] = (
    all_metrics,
    all_rules,
    one_year,
    web,
    imports,
)
GROWING = ("P6 health page", "P6 contact list", "P6 contact page, 100 entries", "P6 contact page, median")
SCANNING = ("P1 all metrics from the log", "P2 all rules on stored metrics")


def figures(size: str, fresh: Callable[[], str]) -> Iterator[Figure]:
    """Every figure at one size, on a database made for it."""
    database = Database(fresh())
    try:
        filled = fill(database, SIZES[size])
        for measure in MEASURES:
            yield from measure(database, filled)
    finally:
        database.close()


def growth(small: dict[str, Figure], large: dict[str, Figure], names: tuple[str, str]) -> Iterator[Figure]:
    """P3: the same statements at two sizes. The log makes P1 long, the people P2."""
    before, after = (SIZES[name] for name in names)
    factors = (after.interactions / before.interactions, after.contacts / before.contacts)
    for name, factor in zip(SCANNING, factors, strict=True):
        yield Figure(f"P3 {name}, {names[0]} to {names[1]}", large[name].ours, small[name].ours * factor, 1.2)


def flatness(small: dict[str, Figure], large: dict[str, Figure], names: tuple[str, str]) -> Iterator[Figure]:
    """P7: the same pages at two sizes, however far apart these are."""
    for name in GROWING:
        yield Figure(f"P7 {name}, {names[0]} to {names[1]}", large[name].ours, small[name].ours, 1.5)


def measured(backend: str, sizes: list[str]) -> None:
    """Print the table for one database."""
    print(f"\n{backend}\n{HEADING}")
    found: dict[str, dict[str, Figure]] = {}
    with databases(backend) as fresh:
        for size in sizes:
            found[size] = {}
            for figure in figures(size, fresh):
                found[size][figure.name] = figure
                print(f"{size} {figure.line}", flush=True)
    for before, after in itertools.pairwise(sizes):
        for figure in growth(found[before], found[after], (before, after)):
            print(f"  {figure.line}", flush=True)
    for before, after in itertools.combinations(sizes, 2):
        for figure in flatness(found[before], found[after], (before, after)):
            print(f"  {figure.line}", flush=True)


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
    gc.freeze()  # as the program does with what it has imported
    sizes = [name for name in SIZES if name in names] or ["S", "M"]
    for backend in [name for name in BACKENDS if name in names] or BACKENDS:
        measured(backend, sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
