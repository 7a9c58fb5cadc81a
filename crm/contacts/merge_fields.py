"""What two records of one person say, side by side: what they agree on, and where a person must choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.contacts import both_wrote
from crm.contacts.drafts import Occasion, birthdays_before, own_birthday
from crm.contacts.queries import Person
from crm.domain.folding import fold
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import occasion_words
from crm.domain.vocabulary import within, word
from crm.errors import Invalid

SIDES = ("first", "second")
_OF_FORM = (
    *("name", "title", "organisation", "tier", "kind", "owner", "city", "country", "time_zone"),
    *("target_any", "target_personal", "target_in_person", "deceased_on"),
)
LABELS = {
    "birthday": N_("Birthday"),
    **{name: both_wrote.LABELS[name] for name in _OF_FORM},
    "owner": N_("Looked after by"),
}
_PARTS = {"given_name": N_("given name"), "family_name": N_("family name")}
_USUAL = {"tier": "none", "kind": "other"}
"""What an import writes where it knows nothing: it stands against no other value."""


@dataclass(frozen=True)
class Row:
    """One field of both records in words (empty: nothing there); ``differs``: both say something, and not the same."""

    field: str
    first: str
    second: str
    differs: bool

    @property
    def label(self) -> str:
        """Its name on the page."""
        return _(LABELS[self.field])

    def words(self, value: str) -> str:
        """What one of the two says, in the reader's language where it is a word of ours."""
        return word(value) if self.field in _USUAL else value

    @property
    def usual(self) -> str | None:
        """The side taken unless somebody says otherwise; None where a person must say, as with birthdays."""
        if self.differs:
            return None if self.field == "birthday" else "first"
        if self.field == "birthday":  # the same day, of which one may know the year
            return "first" if len(self.first) >= len(self.second) else "second"
        known = bool(self.first) and self.first != _USUAL.get(self.field)
        return "first" if known or not self.second else "second"


def side_by_side(first: Person, second: Person) -> list[Row]:
    """Every field in which at least one of two records says something."""
    rows = [_row(field, first, second) for field in LABELS]
    return [row for row in rows if row.first or row.second]


def _row(field: str, one: Person, other: Person) -> Row:
    first, second = _said(one, field), _said(other, field)
    told = all(value and value != _USUAL.get(field) for value in (first, second))
    same = first == second if field == "name" else fold(first) == fold(second)
    if field == "birthday":
        same = _same_day(own_birthday(one.dates), own_birthday(other.dates))
    return Row(field, first, second, told and not same)


def _same_day(one: Occasion | None, other: Occasion | None) -> bool:
    """The same day, of which one may know the year."""
    if one is None or other is None:
        return one is other
    years = {one.year, other.year} - {None}
    return (one.month, one.day) == (other.month, other.day) and len(years) < 2


def _said(person: Person, field: str) -> str:
    if field == "birthday":
        found = own_birthday(person.dates)
        return "" if found is None else day_words(found)
    value = getattr(person, field)
    return "" if value is None else str(value)


def day_words(one: Occasion) -> str:
    """14 March 1979, or without the year."""
    return occasion_words(one.year, one.month, one.day)


def settle(rows: list[Row], choices: Mapping[str, str]) -> dict[str, str]:
    """The side of each field. Raises Invalid, naming each, where a choice is missing or is no side."""
    taken, wrong = {}, {}
    for row in rows:
        chosen = None if row.field == "birthday" and not row.differs else choices.get(row.field)
        side = chosen or (None if row.differs else row.usual)
        if side not in SIDES:
            wrong[row.field] = _("Choose the {field}: {first} or {second}.").format(
                field=within(row.label), first=row.words(row.first), second=row.words(row.second)
            )
        elif not getattr(row, side):
            side = "second" if side == "first" else "first"
        taken[row.field] = side or "first"
    if wrong:
        raise Invalid(" ".join(wrong.values()), fields=wrong)
    return taken


def kept_in_words(rows: list[Row], taken: Mapping[str, str], first: Person, second: Person) -> str:
    """What was not taken, as a line for the notes of ``first``; empty where nothing was lost."""
    lost = [
        f"{within(row.label)} {row.words(row.first if taken[row.field] == 'second' else row.second)}"
        for row in rows
        if row.differs
    ]
    if any(row.differs and row.field == "birthday" for row in rows):
        lost += _birthdays_lost(*((first, second) if taken["birthday"] == "first" else (second, first)))
    if fold(first.name) == fold(second.name):
        kept, gone = (first, second) if taken["name"] == "first" else (second, first)
        parts = ((words, getattr(kept, part), getattr(gone, part)) for part, words in _PARTS.items())
        lost += [f"{_(words)} {other}" for words, one, other in parts if one and other and one != other]
    if not lost:
        return ""
    return _("From the merged record of {name}: {fields}.").format(name=second.name, fields="; ".join(lost))


def _birthdays_lost(kept: Person, gone: Person) -> list[str]:
    """Birthdays without a label beyond the one that stood for choice: left, one would pass for the chosen."""
    chosen, refused = own_birthday(kept.dates), own_birthday(gone.dates)
    others = dict.fromkeys(one for one in birthdays_before(chosen, gone.dates) if one != refused)
    return [f"{within(_(LABELS['birthday']))} {day_words(one)}" for one in others]


def columns_of(first: Person, second: Person, taken: Mapping[str, str]) -> dict[str, Any]:
    """The columns of the contact that stays."""
    people, others = {"first": first, "second": second}, {"first": second, "second": first}
    found: dict[str, Any] = {}
    for field, side in taken.items():
        person = people[side]
        if field == "name":
            found.update(name=person.name, **_parts(person, others[side]))
        elif field in ("organisation", "owner"):
            found[f"{field}_id"] = getattr(person, f"{field}_id")
        elif field != "birthday":
            found[field] = getattr(person, field)
    return found


def _parts(kept: Person, gone: Person) -> dict[str, str | None]:
    """Given and family name; what one record of the same name does not know, the other may."""
    same = fold(kept.name) == fold(gone.name)
    return {part: getattr(kept, part) or (getattr(gone, part) if same else None) for part in _PARTS}
