"""Cities and countries: what people write is found, the larger of two is meant and it is said so, and reach is a distance."""

import math
from collections import defaultdict
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.folding import fold
from crm.domain.places.cities import REACH_KM, City, find_city, kilometres
from crm.domain.places.countries import country_code, country_name
from crm.domain.places.whereabouts import whereabouts
from tests.house.places import ROOT

ROWS = [
    line.split("\t")
    for line in (ROOT / "crm/domain/places/cities.tsv").read_text(encoding="utf-8").splitlines()
]


def at(row: list[str]) -> City:
    _, name, country, state, latitude, longitude, zone, _ = row
    return City(name, country, state, float(latitude), float(longitude), zone)


def test_the_table_is_whole() -> None:
    assert len(ROWS) > 30_000
    assert {len(row) for row in ROWS} == {8}
    assert {row[6] for row in ROWS} <= available_timezones()
    assert all(country_code(code) == code != country_name(code) for code in {row[2] for row in ROWS})
    assert all(abs(float(row[4])) <= 90 and abs(float(row[5])) <= 180 for row in ROWS)


def test_names_and_other_spellings_are_folded_as_we_fold() -> None:
    spellings = [spelling for row in ROWS[:3000] for spelling in row[7].split(";") if spelling]
    assert len(spellings) > 10_000
    assert [row[1] for row in ROWS if row[0] != fold(row[1])] == []
    assert [one for one in spellings if fold(one) != one] == []


@pytest.mark.parametrize(
    ("words", "country", "meant", "others"),
    [
        ("boston", None, "Boston, MA, United States", 1),
        ("Boston", "England", "Boston, United Kingdom", 0),
        ("Boston, UK", None, "Boston, United Kingdom", 0),
        ("Cambridge", None, "Cambridge, United Kingdom", 3),
        ("Cambridge, MA", None, "Cambridge, MA, United States", 0),
        ("MÜNCHEN", None, "Munich, Germany", 0),
        ("Muenchen", "DE", "Munich, Germany", 0),
        ("Vienna", None, "Vienna, Austria", 1),
        ("Bombay", None, "Mumbai, India", 0),
        ("北京", None, "Beijing, China", 0),
        ("Zurich", "Narnia", "Zürich, Switzerland", 0),
    ],
)
def test_cities_are_found_as_they_are_written(
    words: str, country: str | None, meant: str, others: int
) -> None:
    found = find_city(words, country)
    assert found is not None
    assert (found.city.words, found.others) == (meant, others)


@pytest.mark.parametrize(
    "words",
    [None, "", " ", ",", "Nowhere at all", "Boston, FR", "x" * 5000, "\t;", "muenchen;munchen", "\ud800"],
)
def test_what_is_no_city_is_none(words: str | None) -> None:
    assert find_city(words) is None


def test_of_cities_called_alike_the_first_and_largest_is_meant() -> None:
    alike: dict[str, list[list[str]]] = defaultdict(list)
    for row in ROWS:
        alike[row[0]].append(row)
    for name, rows in list(alike.items())[::97]:
        found = find_city(name)
        assert found is not None, name
        assert [found.city.name, found.city.country, found.city.state] == rows[0][1:4]
        assert found.others == len(rows) - 1


@given(st.integers(0, len(ROWS) - 1), st.integers(0, len(ROWS) - 1))
def test_distances_are_those_of_the_dot_product(one: int, other: int) -> None:
    def towards(city: City) -> tuple[float, float, float]:
        north, east = math.radians(city.latitude), math.radians(city.longitude)
        return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)

    here, there = at(ROWS[one]), at(ROWS[other])
    dot = sum(a * b for a, b in zip(towards(here), towards(there), strict=True))
    assert kilometres(here, there) == pytest.approx(6371 * math.acos(max(-1, min(1, dot))), abs=0.2)


def test_the_next_town_is_near_and_the_namesake_is_not() -> None:
    boston = whereabouts("Boston")
    assert boston.near(whereabouts("Somerville", "US"))
    assert boston.near(whereabouts("BOSTON"))
    assert not boston.near(whereabouts("Boston", "UK"))
    assert not boston.near(whereabouts("New York"))
    assert not whereabouts(None).near(whereabouts(None))
    assert whereabouts("Little Nowhere").near(whereabouts("little  nowhere"))
    assert REACH_KM == 40


def test_what_was_written_goes_before_what_the_city_tells() -> None:
    assert (whereabouts("Pune").country, whereabouts("Pune").zone) == ("IN", "Asia/Kolkata")
    assert whereabouts("Pune", None, "Europe/Berlin").zone == "Europe/Berlin"
    assert (whereabouts(None, "Deutschland").country, whereabouts(None, "Deutschland").zone) == ("DE", None)
    assert whereabouts("Boston", "Narnia").country == "US"


def test_a_zone_nobody_knows_falls_back() -> None:
    berlin = whereabouts("Berlin").zone_or(whereabouts("Pune").zone_or(None))  # type: ignore[arg-type]
    assert str(berlin) == "Europe/Berlin"
    assert whereabouts("Berlin", None, "Mars/Base").zone_or(berlin) is berlin
