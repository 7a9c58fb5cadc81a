"""``./dev bench [S] [M]``: the figure, the floor measured in the same run, their ratio and the target.

P1 so far: all metrics of all contacts from the log, against plain SQL written by hand (``benchmarks/floor.py``). The
machine may be noisy, so both run in turn and medians are compared.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select, text

from benchmarks import floor
from benchmarks.data import NOW, SIZES, Size, fill
from crm.storage.database import Database
from crm.storage.metrics import Scope, as_of
from crm.storage.migrate import migrate

ROUNDS = 7
TARGET = 1.3


def medians(ours: Callable[[], object], plain: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, run in turn after one warm-up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for place, run in enumerate((ours, plain)):
            begun = time.perf_counter()
            run()
            if number:
                taken[place].append(time.perf_counter() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def all_metrics(size: Size, folder: Path) -> tuple[float, float]:
    """P1 on a fresh SQLite database of that size: seconds of ours and of the floor."""
    database = Database(f"sqlite:///{folder / size.name}.sqlite3")
    migrate(database)
    filled = fill(database, size)
    scope = Scope(filled.principal.workspace_id, NOW, filled.principal.zone)

    def ours() -> object:
        with database.read() as connection:
            return connection.execute(select(as_of(scope))).all()

    def plain() -> object:
        with database.read() as connection:
            return connection.execute(text(floor.ALL_METRICS), floor.parameters(scope)).all()

    floor.agree(ours(), plain())
    found = medians(ours, plain)
    database.close()
    return found


def main(names: list[str]) -> int:
    """Measure the named sizes and print the table."""
    unknown = [name for name in names if name not in SIZES]
    if unknown:
        print(f"There is no size {unknown[0]}. Choose among {', '.join(SIZES)}.", file=sys.stderr)
        return 2
    print(f"{'figure':24}{'ours, s':>10}{'floor, s':>10}{'ratio':>8}{'target':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names or ["S", "M"]:
            ours, plain = all_metrics(SIZES[name], Path(folder))
            print(f"{'P1 metrics, size ' + name:24}{ours:10.4f}{plain:10.4f}{ours / plain:8.2f}{TARGET:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
