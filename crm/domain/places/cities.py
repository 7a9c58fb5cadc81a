"""Cities by what people write: "Boston", "boston, MA", "München", "Munich", "Cambridge" in "United Kingdom".

A city's own name goes before other spellings. Where several are called alike the largest is meant, and the answer
says how many others there are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from crm.domain.folding import fold
from crm.domain.places.countries import country_code, country_name

REACH_KM = 40
"""How far apart two places may lie for lunch: the same city, or the next town."""
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class City:
    """One row of the table; ``state`` has two letters in the United States and is empty elsewhere."""

    name: str
    country: str
    state: str
    latitude: float
    longitude: float
    zone: str

    @property
    def town(self) -> str:
        """What finds it again in its country: "Boston, MA", "Berlin"."""
        return f"{self.name}, {self.state}" if self.state else self.name

    @property
    def words(self) -> str:
        """ "Boston, MA, United States"."""
        return ", ".join(part for part in (self.name, self.state, country_name(self.country)) if part)


@dataclass(frozen=True)
class Found:
    """The city that is meant, and how many others are called alike."""

    city: City
    others: int = 0


@cache
def _table() -> bytes:
    """Lines as ``tools/cities.py`` writes them, looked through as they are: an index takes half a second to build."""
    return b"\n" + files(__package__).joinpath("cities.tsv").read_bytes()


@lru_cache(maxsize=2_000)
def _called(key: str) -> tuple[tuple[City, ...], tuple[City, ...]]:
    """The cities whose own name folds to the key, and those with another spelling that does; the largest first."""
    return tuple(_marked(f"\n{key}\t")), tuple(_marked(f";{key};"))


def _marked(mark: str) -> Iterator[City]:
    table, sought = _table(), mark.encode(errors="replace")
    at = table.find(sought)
    while at >= 0:
        begin, end = table.rfind(b"\n", 0, at + 1) + 1, table.index(b"\n", at + 1)
        _, name, country, state, latitude, longitude, zone, _ = table[begin:end].decode().split("\t")
        yield City(name, country, state, float(latitude), float(longitude), zone)
        at = table.find(sought, end)


def find_city(words: str | None, country: str | None = None) -> Found | None:
    """The largest city called so, in that country if one is given; None where none is.

    ``words`` may name a state or country after a comma. ``country`` is a name or a code; one nobody knows is no hint.
    """
    name, *hints = (fold(part) for part in (words or "").split(","))
    if not name or ";" in name:
        return None
    codes = {code for hint in (*hints, country) if (code := country_code(hint))}
    states = {hint.upper() for hint in hints if len(hint) == 2}
    for named in _called(name):
        in_state = [one for one in named if one.state in states]
        found = in_state or [one for one in named if not codes or one.country in codes]
        if found:
            return Found(found[0], len(found) - 1)
    return None


def kilometres(one: City, other: City) -> float:
    """How far apart two cities lie, as the crow flies."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))
