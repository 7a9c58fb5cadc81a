"""Files of which some reader would never have come to an end: here they are read, or refused, while one waits.

Nothing is timed: with the fault back in, the test is still running tomorrow.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm.domain.rule_files import DOTS_LIMIT, NotToml, read_entries
from crm.imports.feeds import feed_kind
from crm.imports.lettering import likeliest
from crm.imports.mail_heads import Headers, addresses
from crm.imports.sightings import FeedSetting
from crm.imports.sniff import read_file

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_long_plain_line_in_a_file_of_old_letters() -> None:
    assert likeliest(b"Hello," * 500_000 + "\nMüller".encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("begins", ["<!---->", "<!DOCTYPE a [] >", "<?a?>", "[", " ", "\n", "<!-- a "])
def test_a_beginning_that_repeats_itself_is_none_of_ours(begins: str) -> None:
    assert feed_kind(f"{begins * 5_000}x".encode()) is None


def test_a_line_of_parameters_without_an_end_takes_no_event_with_it() -> None:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for uid, odd in (("1", "X-ODD" + ";a" * 5_000), ("2", 'X-ODD;MEMBER="a:b","c;d":x')):
        lines += ["BEGIN:VEVENT", f"UID:{uid}", "DTSTART:20261102T100000Z", "SUMMARY:Lunch with Marta"]
        lines += ["ATTENDEE:mailto:marta@x.example", odd, "END:VEVENT"]
    data = "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()
    setting = FeedSetting(BERLIN, NOW, own_zone=BERLIN)
    found = read_file("a.ics", data, zone=BERLIN, now=NOW, channels=("email",), feeds=setting)
    assert (len(found.sightings), found.skipped) == (2, ())


def test_a_name_of_a_hundred_thousand_parts_is_no_rule() -> None:
    with pytest.raises(NotToml, match="dots"):
        read_entries("[[rule]]\n" + "a." * (DOTS_LIMIT + 1) + "b = 1\n")


def test_a_recipient_of_a_million_letters_or_spaces_is_looked_through_once() -> None:
    for odd in (b"a" * 1_000_000, b"a" + b" " * 1_000_000 + b"b"):
        headers = Headers(b"To: " + odd + b", <m@x.example>")
        assert [one.email for one in addresses(headers, "to")] == ["m@x.example"]
