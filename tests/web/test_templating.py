"""Dates, counts and initials as pages show them."""

import html
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader

from crm.domain.manner import Manner, written_for
from crm.templating import WORDS, count_words, day, environment, initials, moment, number_words


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)), st.integers(1900, 2199))
def test_a_day_reads_back_and_names_its_year_only_when_it_differs(shown, year):
    text = day(shown, date(year, 6, 1))
    whole = text if shown.year != year else f"{text} {year}"
    assert datetime.strptime(whole, "%a %d %b %Y").date() == shown
    assert text.endswith(str(shown.year)) == (shown.year != year)


def test_a_moment_is_shown_in_the_zone_asked_for():
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert moment(at, date(2026, 11, 16)) == "Thu 31 Dec, 23:30"
    assert moment(at, date(2026, 11, 16), ZoneInfo("Europe/Berlin")) == "Fri 1 Jan 2027, 00:30"
    assert day(at, date(2027, 1, 1), ZoneInfo("Europe/Berlin")) == "Fri 1 Jan"


@pytest.mark.parametrize(
    ("number", "nouns", "words"),
    [
        (0, ("call", "calls"), "no calls"),
        (1, ("call", "calls"), "one call"),
        (2, ("call", "calls"), "two calls"),
        (6, ("person", "people"), "six people"),
        (40, ("person", "people"), "40 people"),
    ],
)
def test_counts_are_words_up_to_twelve(number, nouns, words):
    assert count_words(number, *nouns) == words


@pytest.mark.parametrize(("number", "words"), [(0, "none"), (1, "one"), (12, "twelve"), (1300, "1,300")])
def test_numbers_are_words_up_to_twelve(number, words):
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Marta Kowalczyk", "MK"),
        ("Chloé de la Fontaine", "CF"),
        ("élodie", "É"),
        ("  ", "?"),
        ("42", "?"),
        ("李 小龙", "李小"),
    ],
)
def test_initials(name, letters):
    assert initials(name) == letters


@given(st.text())
def test_initials_of_anything_are_short_and_never_empty(name):
    assert 1 <= len(initials(name)) <= 2


@given(st.text(alphabet="<>&\"'ab"))
def test_pages_escape_and_plain_text_does_not(text):
    env = environment().overlay(loader=DictLoader(dict.fromkeys(("page.html", "body.txt"), "{{ text }}")))
    page = env.get_template("page.html").render(text=text)
    assert html.unescape(page) == text
    assert not set(re.sub("&[#a-z0-9]+;", "", page)) & set("<>&\"'")
    assert env.get_template("body.txt").render(text=text) == text


def test_a_constant_too_is_written_for_whoever_reads_and_not_for_whoever_came_first():
    template = environment().from_string("{{ 1234.5|numeral }}")
    assert template.render() == "1,234.5"
    with written_for(Manner(numbers="point")):
        assert template.render() == "1.234,5"


@pytest.mark.parametrize("name", sorted(WORDS))
def test_no_words_for_the_reader_are_part_of_a_compiled_template(name):
    assert f"filters['{name}']" in environment().compile(f'{{{{ "none"|{name} }}}}', raw=True)
