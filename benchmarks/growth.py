"""P3 and P7: the same at two sizes, alternately: a machine that slows down in half an hour slows both."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.data import Filled, Size
from benchmarks.measure import Figure, in_turn
from benchmarks.sql import bring_up_to_date, metrics_of, rules_of
from benchmarks.web import ROUNDS, addresses, site
from crm.storage.database import Database

SCANS = 3
"""Rounds of what takes ten seconds with ten million entries."""
MATCHES = 21
GROWING = ("health page", "contact list", "contact page, 100 entries", "contact page, median")


@dataclass(frozen=True)
class Place:
    """A filled database of one size."""

    size: Size
    database: Database
    filled: Filled


def growth(small: Place, large: Place) -> Iterator[Figure]:
    """P3: no faster than the data. The log makes P1 long, the people P2."""
    names = f"{small.size.name} to {large.size.name}"
    with small.database.read() as one, large.database.read() as other:
        before, after = in_turn((metrics_of(one, small.filled), metrics_of(other, large.filled)), SCANS)
    factor = large.size.interactions / small.size.interactions
    yield Figure(f"P3 P1 all metrics from the log, {names}", after, before * factor, 1.2)
    for place in (small, large):
        bring_up_to_date(place.database, place.filled)
    with small.database.read() as one, large.database.read() as other:
        before, after = in_turn((rules_of(one, small.filled), rules_of(other, large.filled)), MATCHES)
    factor = large.size.contacts / small.size.contacts
    yield Figure(f"P3 P2 all rules on stored metrics, {names}", after, before * factor, 1.2)


def flatness(small: Place, large: Place) -> Iterator[Figure]:
    """P7: the same pages, however far apart the sizes are."""
    with site(small.database, small.filled) as one, site(large.database, large.filled) as other:
        few, many = addresses(one, small.filled), addresses(other, large.filled)
        for name in GROWING:
            after, before = in_turn((partial(other.get, many[name]), partial(one.get, few[name])), ROUNDS)
            yield Figure(f"P7 {name}, {small.size.name} to {large.size.name}", after, before, 1.5)
