"""Phone numbers as they are compared: in the international form (E.164), whatever they were written like."""

import re
from functools import cache, lru_cache
from importlib import resources

from crm.domain.places.countries import country_code

SHARED_DIGITS = 7
"""Fewer digits at the end tell two numbers apart from too few others."""
LAST_DIGITS = 9
"""Digits at the end of a number that tell it from others, where its country cannot be told."""
_NO_FIGURES = re.compile(r"\D+", re.ASCII)


@lru_cache(maxsize=20_000)
def international(phone: str, region: str | None = None) -> str | None:
    """``+442079460018`` for any spelling of it; None where it is no number, or nobody can say of which country.

    ``region`` is the country (``GB``) in which a number without a country code is dialled.
    """
    import phonenumbers  # its tables are read when the first number is

    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def same_number(one: str, other: str, regions: tuple[str | None, str | None] = (None, None)) -> bool:
    """Whether two spellings mean one number, each dialled in its region; the same digits always do."""
    ours, theirs = international(one, regions[0]), international(other, regions[1])
    if ours and theirs:
        return ours == theirs
    digits = digits_of(one)
    return len(digits) >= SHARED_DIGITS and digits == digits_of(other)


def digits_of(phone: str) -> str:
    """The digits of a phone number, in European figures whatever the script."""
    if phone.isascii():
        return _NO_FIGURES.sub("", phone)
    return "".join(str(int(sign)) for sign in phone if sign.isdecimal())


def ending(phone: str) -> str:
    """The last nine digits: what spellings with and without a country have in common."""
    return digits_of(phone)[-LAST_DIGITS:]


def phone_mark(phone: str) -> str | None:
    """What two ways of writing one number have in common; None where it is no number of a person but a service's."""
    return ending(phone) if len(digits_of(phone)) >= SHARED_DIGITS else None


def region_of(country: str | None, time_zone: str | None = None) -> str | None:
    """The country's code by its name, its code, or else by a time zone of one country."""
    return country_code(country) or _region_of_zone().get(time_zone or "")


@cache
def _region_of_zone() -> dict[str, str]:
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
