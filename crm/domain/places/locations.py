"""The city in an address or a place as calendars have it: "Hotel Adlon, Unter den Linden 77, 10117 Berlin, Germany"."""

import re

from crm.domain.places.cities import City, find_city

_MOST_PARTS = 8
_WITH_FIGURES = re.compile(r"\S*\d\S*")


def city_in(location: str) -> City | None:
    """The first part of a location that is a city's whole name, with what follows as state or country; None where none is."""
    lines = re.split(r"[,;\n]", location)[:_MOST_PARTS]
    parts = [part for line in lines if (part := " ".join(_WITH_FIGURES.sub(" ", line).split()))]
    for first in range(len(parts)):
        if found := find_city(", ".join(parts[first:])):
            return found.city
    return None
