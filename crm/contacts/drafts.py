"""What a person or an organisation is written down as, before it is a row: from a form, an import or the log."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from crm.domain.folding import storable
from crm.domain.language import gettext as _
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import no_such_day, numeral
from crm.domain.targets import TIERS
from crm.domain.weeks import MONTHS
from crm.domain.years import FIRST_YEAR, LAST_YEAR
from crm.errors import Invalid

TAG_LIMIT = 80
KIND_LIMIT = 40
EMAIL_LIMIT = 320
TARGET_LIMIT = 3_650
LISTED_LIMIT = 50
"""Emails, phones, addresses, tags or dates of one person that may be sent; imports and merges may leave more."""

_EMAIL = re.compile(r"[^@\s;,<>\"]+@[^@\s;,<>\"]+")

NOBODY = 0
"""As ``owner_id``: nobody looks after this person."""


@dataclass(frozen=True)
class Way:
    """One email address, phone number or postal address, with a word about it ("mobile, before 9")."""

    value: str
    label: str | None = None


@dataclass(frozen=True)
class Occasion:
    """A birthday, anniversary, renewal or other date; without a year where nobody knows it."""

    kind: str
    month: int
    day: int
    year: int | None = None
    yearly: bool = True
    label: str | None = None


def own_birthday(dates: Iterable[Any]) -> Any:
    """The person's own birthday among ``Occasion``s or rows of dates, None if there is none.

    Of several it is the earliest, those without a year last.
    """
    return min(_own_birthdays(dates), key=_how_early, default=None)


def birthdays_before(chosen: Any, dates: Iterable[Any]) -> list[Any]:
    """Those which would be taken for the person's own birthday beside the chosen one."""
    return [one for one in _own_birthdays(dates) if _how_early(one) < _how_early(chosen)]


def _own_birthdays(dates: Iterable[Any]) -> list[Any]:
    return [one for one in dates if is_own_birthday(one)]


def is_own_birthday(one: Any) -> bool:
    """Whether a date is the birthday of the person themselves: a label says whose else it is ("daughter Lena")."""
    return bool(one.kind == "birthday" and one.label is None)


def _how_early(one: Any) -> tuple[bool, int, int, int]:
    return (one.year is None, one.year or 0, one.month, one.day)


@dataclass(frozen=True)
class NewContact:
    """Everything that may be written down about a person.

    ``owner_id`` None is whoever acts (on the command line the only active user), ``NOBODY`` is nobody.
    ``target_*``: their own target in days, 0 for none, None for the workspace's.
    """

    name: str
    given_name: str | None = None
    family_name: str | None = None
    title: str | None = None
    organisation_id: int | None = None
    owner_id: int | None = None
    kind: str = "other"
    tier: str = "none"
    city: str | None = None
    country: str | None = None
    time_zone: str | None = None
    notes: str | None = None
    emails: tuple[Way, ...] = ()
    phones: tuple[Way, ...] = ()
    addresses: tuple[Way, ...] = ()
    tags: tuple[str, ...] = ()
    dates: tuple[Occasion, ...] = ()
    target_any: int | None = None
    target_personal: int | None = None
    target_in_person: int | None = None
    created_on: date | None = None
    deceased_on: date | None = None


@dataclass(frozen=True)
class NewOrganisation:
    """Everything that may be written down about an organisation."""

    name: str
    kind: str = "other"
    tier: str = "none"
    domain: str | None = None
    city: str | None = None
    country: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()


def one_line(words: str | None, limit: int = LINE_LIMIT) -> str | None:
    """The words on one line without signs no database or page can show; None if nothing is left.

    Refuses what is longer than ``limit`` characters.
    """
    kept = "".join(sign if sign.isprintable() or _joins(sign) else " " for sign in words or "")
    kept = " ".join(kept.split())
    if len(kept) > limit:
        raise Invalid(
            _("That is longer than {number} characters: {beginning}…").format(
                number=numeral(limit), beginning=kept[:40]
            )
        )
    return kept or None


def _joins(sign: str) -> bool:
    """Signs that are not printable but belong to words: joiners and the marks of direction."""
    return sign in "\u200c\u200d\u200e\u200f"


def many_lines(words: str | None, limit: int = TEXT_LIMIT) -> str | None:
    """The words with their line breaks; None if nothing is left."""
    kept = storable((words or "").replace("\r\n", "\n")).strip()
    if len(kept) > limit:
        raise Invalid(
            _("That is longer than {number} characters: {beginning}…").format(
                number=numeral(limit), beginning=kept[:40]
            )
        )
    return kept or None


def the_name(words: str | None) -> str:
    """A name, which must be there."""
    found = one_line(words)
    if found is None:
        raise Invalid(_("Enter a name."), fields={"name": _("Enter a name.")})
    return found


def the_kind(words: str) -> str:
    """A kind: partner, vendor, customer, other or the workspace's own word, in small letters."""
    return (one_line(words, KIND_LIMIT) or "other").lower()


def the_tier(word: str) -> str:
    """One of the four tiers."""
    if word not in TIERS:
        raise Invalid(
            _("There is no tier {tier}.").format(tier=repr(word)),
            fields={"tier": _("Choose key, regular, warm or none.")},
        )
    return word


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def the_zone(words: str | None) -> str | None:
    """The name of a time zone, such as Europe/Berlin."""
    found = one_line(words)
    if found is not None and found not in _zones():
        sentence = _("There is no such time zone. Choose one such as Europe/Berlin.")
        raise Invalid(sentence, fields={"time_zone": sentence})
    return found


def the_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Tags in order of their letters, each once."""
    found = {one_line(tag, TAG_LIMIT) for tag in tags}
    return tuple(sorted(tag for tag in found if tag))


def tags_shown(tags: Iterable[str]) -> str:
    """Tags as a form shows them, between commas; one that holds a comma stands in quotation marks."""
    return ", ".join(_quoted(tag) if "," in tag or tag.startswith('"') else tag for tag in tags)


def _quoted(tag: str) -> str:
    return '"' + tag.replace('"', '""') + '"'


def tags_in(words: str) -> tuple[str, ...]:
    """The tags of such a text; quotation marks that are never closed are like other signs."""
    found: list[str] = []
    held: list[str] = []
    marks = 0
    for piece in words.split(","):
        held.append(piece)
        marks += piece.count('"')
        is_quoted = held[0].lstrip().startswith('"')
        if is_quoted and marks % 2:
            continue
        if is_quoted and piece.rstrip().endswith('"'):
            held = [",".join(held).strip()[1:-1].replace('""', '"')]
        found += held
        held, marks = [], 0
    return tuple(tag.strip() for tag in (*found, *held))


def the_ways(ways: tuple[Way, ...], limit: int = LINE_LIMIT) -> tuple[Way, ...]:
    """Ways to reach somebody, without empty and repeated ones."""
    found: dict[str, Way] = {}
    for way in ways:
        value = one_line(way.value, limit)
        if value:
            found.setdefault(value.casefold(), Way(value, one_line(way.label)))
    return tuple(found.values())


def is_email(text: str) -> bool:
    """Whether it has the shape of an email address; no more is asked of what people have written down."""
    return _EMAIL.fullmatch(text) is not None


def the_emails(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Email addresses, without empty and repeated ones. Refuses what has not the shape of one."""
    found = the_ways(ways)
    for way in found:
        if len(way.value) > EMAIL_LIMIT or not is_email(way.value):
            sentence = _(
                "{address} is not an email address. It should look like marta@northgate.example."
            ).format(address=way.value[:60])
            raise Invalid(sentence, fields={"emails": sentence})
    return found


def the_addresses(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Postal addresses: several lines each."""
    found = {many_lines(way.value, LINE_LIMIT): one_line(way.label) for way in ways}
    return tuple(Way(value, label) for value, label in found.items() if value)


def leap_day(month: int, day: int) -> int:
    """The day of the year in a leap year: 29 February is 60. Refuses days that no calendar has."""
    try:
        return date(2000, month, day).timetuple().tm_yday
    except ValueError:
        known = 1 <= month <= len(MONTHS)
        sentence = no_such_day(month, day) if known else _("There is no month {month}.").format(month=month)
        raise Invalid(sentence, fields={"dates": sentence}) from None


def the_year(year: int | None) -> None:
    """Refuses a year in which no day may lie, above all one of two figures."""
    if year is None or FIRST_YEAR <= year <= LAST_YEAR:
        return
    if 1 <= year < 100:
        sentence = _("Enter the year with four digits: did you mean {year}?").format(year=1900 + year)
    else:
        sentence = _("Choose a year between {first} and {last}.").format(first=FIRST_YEAR, last=LAST_YEAR)
    raise Invalid(sentence, fields={"dates": sentence})


def full_day(occasion: Occasion) -> date | None:
    """The calendar day where the year is known. 29 February of a common year is refused."""
    leap_day(occasion.month, occasion.day)
    if occasion.year is None:
        if not occasion.yearly:
            sentence = _("A one-off date needs a year.")
            raise Invalid(sentence, fields={"dates": sentence})
        return None
    try:
        return date(occasion.year, occasion.month, occasion.day)
    except ValueError:
        sentence = _("There is no such day in the year {year}.").format(year=occasion.year)
        raise Invalid(sentence, fields={"dates": sentence}) from None


def the_target(days: int | None) -> int | None:
    """Days between 0 (no target) and ten years."""
    if days is not None and not 0 <= days <= TARGET_LIMIT:
        sentence = _("A target is a number of days from 0 (no target) to {most}.").format(
            most=numeral(TARGET_LIMIT)
        )
        raise Invalid(sentence, fields={"target_any": sentence})
    return days
