"""What a person may send about people and organisations, and how a form shows what is written down already."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import Field, field_validator
from starlette.datastructures import FormData

from crm.contacts.drafts import (
    KIND_LIMIT,
    LISTED_LIMIT,
    TARGET_LIMIT,
    NewContact,
    NewOrganisation,
    Occasion,
    Way,
    full_day,
    one_line,
    tags_in,
    tags_shown,
    the_emails,
    the_tags,
    the_year,
    the_zone,
)
from crm.domain.language import gettext as _
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.manner import numeral
from crm.domain.targets import Tier
from crm.domain.years import FIRST_DAY
from crm.errors import Invalid
from crm.web.forms import Bare, Errors, Form, read

FEWEST_ROWS = 2
"""Rows a form offers at least; one of them is always empty. A script shows as many as are filled, or one."""
WAYS = ("email", "phone", "address")
DATE_FIELDS = ("kind", "day", "month", "year", "yearly", "label")

Kept = TypeVar("Kept")
Line = Annotated[str | None, Field(max_length=LINE_LIMIT)]
Days = Annotated[int | None, Field(ge=0, le=TARGET_LIMIT)]
Id = Annotated[int, Field(ge=0, lt=2**63)]


class ContactForm(Form):
    """The fields of a person that stand once; emails, phones, addresses and dates are rows beside them."""

    name: Annotated[str, Field(max_length=LINE_LIMIT)]
    given_name: Line = None
    family_name: Line = None
    title: Line = None
    organisation: Line = None
    owner: Id | None = None
    kind: Annotated[str, Field(max_length=KIND_LIMIT)] = "other"
    tier: Tier = "regular"
    city: Line = None
    country: Line = None
    time_zone: str | None = None
    tags: Annotated[str, Field(max_length=TEXT_LIMIT)] = ""
    notes: Annotated[str | None, Field(max_length=TEXT_LIMIT)] = None
    target_any: Days = None
    target_personal: Days = None
    target_in_person: Days = None
    deceased_on: Annotated[date | None, Field(ge=FIRST_DAY)] = None
    version: int = 0

    @field_validator("name")
    @classmethod
    def _has_letters(cls, name: str) -> str:
        return _line(name)

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        return _plain(lambda: the_zone(zone))

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, tags: str) -> str:
        return _plain(lambda: tags_shown(the_tags(tags_in(tags))))


class OrganisationForm(Form):
    """What may be written down about an organisation."""

    name: Annotated[str, Field(max_length=LINE_LIMIT)]
    kind: Annotated[str, Field(max_length=KIND_LIMIT)] = "other"
    tier: Tier = "regular"
    domain: Line = None
    city: Line = None
    country: Line = None
    tags: Annotated[str, Field(max_length=TEXT_LIMIT)] = ""
    notes: Annotated[str | None, Field(max_length=TEXT_LIMIT)] = None
    version: int | None = None

    @field_validator("name")
    @classmethod
    def _has_letters(cls, name: str) -> str:
        return _line(name)

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, tags: str) -> str:
        return _plain(lambda: tags_shown(the_tags(tags_in(tags))))

    def draft(self) -> NewOrganisation:
        """The same as a draft."""
        return NewOrganisation(
            self.name,
            self.kind,
            self.tier,
            self.domain,
            self.city,
            self.country,
            self.notes,
            tags_in(self.tags),
        )


def _line(name: str) -> str:
    found = one_line(name)
    if found is None:
        raise ValueError(_("Enter a name."))
    return found


def _plain(check: Callable[[], Kept]) -> Kept:
    """A refusal of the domain as the mistake of a field."""
    try:
        return check()
    except Invalid as refusal:
        raise ValueError(refusal.sentence) from None


@dataclass(frozen=True)
class Written:
    """A form as it is shown: single fields as text, rows of ways and dates with empty ones below."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    ways: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    dates: Sequence[Mapping[str, str]] = ()

    def get(self, name: str) -> Any:
        """A single field, empty where nothing is written."""
        value = self.fields.get(name)
        return "" if value is None else value

    def rows(self, name: str) -> list[tuple[str, str]]:
        """The rows of emails, phones or addresses, and spare ones."""
        filled = self.ways.get(name, ())
        return [*filled, *[("", "")] * max(1, FEWEST_ROWS - len(filled))]

    def rows_shown(self, name: str) -> int:
        """How many rows of a sort stand there before another is asked for."""
        return max(1, len(self.dates if name == "date" else self.ways.get(name, ())))

    def date_rows(self) -> list[Mapping[str, str]]:
        """The rows of dates, and spare ones."""
        empty = dict.fromkeys(DATE_FIELDS, "") | {"kind": "birthday", "yearly": "yes"}
        filled = self.dates
        return [*filled, *[empty] * max(1, FEWEST_ROWS - len(filled))]


def sent(form: FormData) -> Written:
    """What somebody typed, exactly, for a form that comes back."""
    fields = {name: str(form[name]) for name in form if name.partition("_")[0] not in (*WAYS, "date")}
    return Written(fields, {name: _sent_ways(form, name) for name in WAYS}, _sent_dates(form))


def as_sent(form: Written) -> FormData:
    """A form as it would be sent just as it stands."""
    fields = [(name, str(form.get(name))) for name in form.fields]
    for name, pairs in form.ways.items():
        for value, label in pairs:
            fields += [(f"{name}_value", value), (f"{name}_label", label)]
    return FormData([*fields, *((f"date_{name}", row[name]) for row in form.dates for name in DATE_FIELDS)])


def _sent_ways(form: FormData, name: str) -> list[tuple[str, str]]:
    values = [str(value) for value in form.getlist(f"{name}_value")]
    labels = [str(value) for value in form.getlist(f"{name}_label")]
    labels += [""] * (len(values) - len(labels))
    return [pair for pair in zip(values, labels, strict=False) if pair[0].strip() or pair[1].strip()]


def _sent_dates(form: FormData) -> list[dict[str, str]]:
    columns = [[str(value) for value in form.getlist(f"date_{name}")] for name in DATE_FIELDS]
    rows = [dict(zip(DATE_FIELDS, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if any(row[name].strip() for name in ("day", "month", "year", "label"))]


def written(person: Any) -> Written:
    """What is written down about a person (``queries.Person``), as a form."""
    fields = {
        name: getattr(person, name)
        for name in ContactForm.model_fields
        if name not in ("owner", "tags") and hasattr(person, name)
    }
    fields |= {"owner": person.owner_id or 0, "tags": tags_shown(person.tags)}
    lists = (person.emails, person.phones, person.addresses)
    ways = {
        name: [(way.value, way.label or "") for way in found] for name, found in zip(WAYS, lists, strict=True)
    }
    return Written(fields, ways, [_date_row(one) for one in person.dates])


def _date_row(one: Occasion) -> dict[str, str]:
    return {
        "kind": one.kind,
        "day": str(one.day),
        "month": str(one.month),
        "year": str(one.year or ""),
        "yearly": "yes" if one.yearly else "once",
        "label": one.label or "",
    }


@dataclass(frozen=True)
class ContactSent:
    """A person as sent: the draft (its organisation still a name) and the version it was made on."""

    draft: NewContact
    organisation: str | None
    version: int


def read_contact(form: FormData, saved: Written | None = None) -> ContactSent | dict[str, str]:
    """The draft, or the sentences beside the fields that do not fit.

    ``saved`` is what is written down of them: an import or a merge may have left more of a sort than a form takes.
    """
    saved = saved or Written()
    single = read(ContactForm, form)
    errors = dict(single.fields) if isinstance(single, Errors) else {}
    ways = {name: _ways(form, name, len(saved.ways.get(name, ())), errors) for name in WAYS}
    dates = _dates(_sent_dates(form), len(saved.dates), errors)
    if isinstance(single, Errors) or errors:
        return errors
    draft = NewContact(
        name=single.name,
        given_name=single.given_name,
        family_name=single.family_name,
        title=single.title,
        owner_id=single.owner,
        kind=single.kind,
        tier=single.tier,
        city=single.city,
        country=single.country,
        time_zone=single.time_zone,
        notes=single.notes,
        emails=ways["email"],
        phones=ways["phone"],
        addresses=ways["address"],
        tags=tags_in(single.tags),
        dates=dates,
        target_any=single.target_any,
        target_personal=single.target_personal,
        target_in_person=single.target_in_person,
        deceased_on=single.deceased_on,
    )
    return ContactSent(draft, single.organisation, single.version)


def _too_long() -> Bare:
    return Bare(_("At most {max_length} characters.").format(max_length=numeral(LINE_LIMIT)))


def _too_many(number: int, saved: int) -> Bare | None:
    most = max(LISTED_LIMIT, saved)
    return Bare(_("At most {number} of them.").format(number=numeral(most))) if number > most else None


def _ways(form: FormData, name: str, saved: int, errors: dict[str, str]) -> tuple[Way, ...]:
    found = _sent_ways(form, name)
    if too_many := _too_many(len(found), saved):
        errors[f"{name}_value"] = too_many
    for value, label in found:
        wrong = _wrong_way(name, value.strip(), label)
        if wrong:
            errors.setdefault(f"{name}_value", wrong)
    return tuple(Way(value, label or None) for value, label in found if value.strip())


def _wrong_way(name: str, value: str, label: str) -> str | None:
    if len(value) > LINE_LIMIT or len(label) > LINE_LIMIT:
        return _too_long()
    if not value:
        return _("Fill this in, or clear the word beside it.")
    try:
        if name == "email":
            the_emails((Way(value),))
    except Invalid as refusal:
        return refusal.sentence
    return None


def _dates(rows: Sequence[Mapping[str, str]], saved: int, errors: dict[str, str]) -> tuple[Occasion, ...]:
    found = []
    if too_many := _too_many(len(rows), saved):
        errors["date_day"] = too_many
    for row in rows:
        try:
            found.append(_date(row))
        except Invalid as refusal:
            errors.setdefault("date_day", refusal.sentence)
    return tuple(found)


def _date(row: Mapping[str, str]) -> Occasion:
    day, month, year = (_number(row[name]) for name in ("day", "month", "year"))
    if not day or not month:
        raise Invalid(_("A date needs a day and a month; the year may be left out."))
    the_year(year)
    if len(row["label"]) > LINE_LIMIT:
        raise Invalid(_too_long())
    one = Occasion(
        row["kind"], month, day, year, yearly=row["yearly"] != "once", label=row["label"].strip() or None
    )
    full_day(one)
    return one


def _number(words: str) -> int | None:
    words = words.strip()
    if not words:
        return None
    if not (words.isascii() and words.isdigit() and len(words) < 6):
        raise Invalid(_("{words} is not a day or a year. Enter it in figures.").format(words=words[:20]))
    return int(words)
