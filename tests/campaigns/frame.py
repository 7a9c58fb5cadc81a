"""What every campaign has in common: what is asked of it, what it is, and databases to run on."""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crm.storage.database import Database
from crm.storage.migrate import migrate
from tests.postgresql import Spare, running

BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Asked:
    """What one run of a campaign is asked for: how many times, by which chance, on what, and broken how (if at all)."""

    times: int
    chance: random.Random
    backend: str
    variant: str = ""


@dataclass(frozen=True)
class Campaign:
    """The long form of a promise. A file of this folder holds one as ``CAMPAIGN``, under the file's name.

    ``run`` yields a line now and then and raises AssertionError where the promise was broken. ``variants`` are the
    broken builds that must fail it; ``backends`` the databases it can run on.
    """

    promise: str
    sentence: str
    unit: str
    times: int
    run: Callable[[Asked], Iterator[str]]
    variants: tuple[str, ...] = ()
    backends: tuple[str, ...] = BACKENDS


@contextmanager
def databases(backend: str) -> Iterator[Callable[[], str]]:
    """A function that gives the URL of an empty migrated database; each call takes the one before away."""
    with tempfile.TemporaryDirectory(prefix="crm-campaign-", ignore_cleanup_errors=True) as folder:
        if backend == "sqlite":
            yield _files(Path(folder))
            return
        with running() as server:
            spare = Spare(server)
            yield lambda: spare.address


def _files(folder: Path) -> Callable[[], str]:
    def fresh() -> str:
        place = folder / "now"
        shutil.rmtree(place, ignore_errors=True)
        url = f"sqlite:///{place / 'in-person.sqlite3'}"
        database = Database(url)
        migrate(database)
        database.close()
        return url

    return fresh
