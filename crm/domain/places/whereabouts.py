"""Where somebody is, from what was written down about them: city, country, time zone."""

from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm.domain.folding import fold
from crm.domain.places.cities import REACH_KM, City, find_city, kilometres
from crm.domain.places.countries import country_code


@dataclass(frozen=True)
class Whereabouts:
    """``words`` is the folded city as written, ``country`` two letters, ``zone`` the zone's name; each may be missing.

    ``others``: how many cities of that name there are beside the one that is meant.
    """

    words: str
    city: City | None
    country: str | None
    zone: str | None
    others: int = 0

    def zone_or(self, otherwise: tzinfo) -> tzinfo:
        """The zone they live in; ``otherwise`` where it is not known here."""
        try:
            return ZoneInfo(self.zone) if self.zone else otherwise
        except (ZoneInfoNotFoundError, ValueError):
            return otherwise

    def near(self, other: "Whereabouts") -> bool:
        """Whether the two can meet without a journey. A city of no table is near only to one written alike."""
        if self.city and other.city:
            return kilometres(self.city, other.city) <= REACH_KM
        return bool(self.words) and self.words == other.words


@lru_cache(maxsize=20_000)
def whereabouts(city: str | None, country: str | None = None, time_zone: str | None = None) -> Whereabouts:
    """What is known of a place. A zone or country that was written down goes before the city's own."""
    found = find_city(city, country)
    own = found.city if found else None
    return Whereabouts(
        fold(city or ""),
        own,
        country_code(country) or (own.country if own else None),
        time_zone or (own.zone if own else None),
        found.others if found else 0,
    )
