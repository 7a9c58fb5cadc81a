"""``/api/v1/contacts``; organisations stand in ``organisation_api``."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from crm.contacts import actions, listing, many, organisation_actions, organisation_api, queries
from crm.contacts.drafts import (
    KIND_LIMIT,
    LISTED_LIMIT,
    NOBODY,
    TARGET_LIMIT,
    NewContact,
    Occasion,
    Way,
)
from crm.contacts.listing import Filter
from crm.contacts.may_change import require_users
from crm.contacts.queries import Person
from crm.contacts.shapes import Zone
from crm.domain.heard import DateKind
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.score import ZONE_WORDS
from crm.domain.targets import Tier
from crm.domain.years import FIRST_DAY, FIRST_YEAR, LAST_YEAR
from crm.errors import Invalid
from crm.web.api import ApiRouter, Call, Id, Paged, Sent

router = ApiRouter()
router.routes.extend(organisation_api.router.routes)

Name = Annotated[str, Field(min_length=1, max_length=LINE_LIMIT)]
Line = Annotated[str | None, Field(max_length=LINE_LIMIT)]
Target = Annotated[int | None, Field(ge=0, le=TARGET_LIMIT)]


class SentWay(Sent):
    """An email address, phone number or postal address, with a word about it."""

    value: Name
    label: Line = None


class SentDate(Sent):
    """A birthday, anniversary, renewal or other date; without a year where nobody knows it."""

    kind: DateKind
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    year: int | None = Field(None, ge=FIRST_YEAR, le=LAST_YEAR)
    yearly: bool = True
    label: Line = None


Ways = Annotated[list[SentWay], Field(max_length=LISTED_LIMIT)]
Tags = Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=LISTED_LIMIT)]


class ContactChange(Sent):
    """What may be written down about a person; on a change, what is left out stays."""

    name: Name = Field(default_factory=str)
    given_name: Line = None
    family_name: Line = None
    title: Line = None
    organisation: Line = Field(None, description="By name; created if it does not exist yet.")
    organisation_id: Id | None = None
    owner_id: Id | None = Field(
        None, description="Null means nobody; if left out of a new contact, it is you."
    )
    kind: str = Field(default_factory=lambda: "other", min_length=1, max_length=KIND_LIMIT)
    tier: Tier = Field(default_factory=lambda: "none")
    city: Line = None
    country: Line = None
    time_zone: Line = None
    notes: str | None = Field(None, max_length=TEXT_LIMIT)
    emails: Ways = Field(default_factory=list)
    phones: Ways = Field(default_factory=list)
    addresses: Ways = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)
    dates: list[SentDate] = Field(default_factory=list, max_length=LISTED_LIMIT)
    target_any: Target = None
    target_personal: Target = None
    target_in_person: Target = None
    deceased_on: date | None = Field(
        None, ge=FIRST_DAY, description="No rule, plan or mail is about somebody who died."
    )
    version: Id | None = Field(None, description="Refused with 409 if the contact has since changed.")

    def values(self, call: Call) -> dict[str, Any]:
        """The parts of a draft that were sent."""
        found = {name: getattr(self, name) for name in self.model_fields_set - {"organisation", "version"}}
        for name in {"emails", "phones", "addresses"} & set(found):
            found[name] = tuple(Way(one.value, one.label) for one in found[name])
        if "dates" in found:
            found["dates"] = tuple(Occasion(**one.model_dump()) for one in self.dates)
        if "tags" in found:
            found["tags"] = tuple(self.tags)
        if "owner_id" in found:
            require_users(*call.where, {self.owner_id} - {None}, field="owner_id")
            found["owner_id"] = self.owner_id or NOBODY
        if "organisation" in self.model_fields_set:
            if "organisation_id" in found:
                words = "Send the organisation's name or its id, not both."
                raise Invalid(words, fields={"organisation": words})
            found["organisation_id"] = organisation_actions.find_or_add_organisation(
                *call.where, self.organisation, call.at
            )
        return found


class NewContactSent(ContactChange):
    """A new person; nobody is nagged about them until they have a tier."""

    name: Name


class ListedShape(BaseModel):
    """A person as the list gives them; days as of today."""

    id: int
    name: str
    title: str | None
    organisation_id: int | None
    organisation: str | None
    kind: str
    tier: Tier
    city: str | None
    owner_id: int | None
    owner: str | None
    zone: Zone | None
    score: int | None
    days_since_any: int | None
    days_since_personal: int | None


class ContactPage(BaseModel):
    """A page of people."""

    items: list[ListedShape]
    next: str | None


class WayShape(BaseModel):
    """One way to reach somebody."""

    value: str
    label: str | None


class DateShape(BaseModel):
    """One date."""

    kind: str
    month: int
    day: int
    year: int | None
    yearly: bool
    label: str | None


class ContactShape(BaseModel):
    """Everything written down about one person."""

    id: int
    version: int
    name: str
    given_name: str | None
    family_name: str | None
    title: str | None
    organisation_id: int | None
    organisation: str | None
    owner_id: int | None
    owner: str | None
    kind: str
    tier: Tier
    city: str | None
    country: str | None
    time_zone: str | None
    notes: str | None
    emails: list[WayShape]
    phones: list[WayShape]
    addresses: list[WayShape]
    tags: list[str]
    dates: list[DateShape]
    target_any: int | None
    target_personal: int | None
    target_in_person: int | None
    created_on: date
    changed_at: datetime
    archived_at: datetime | None
    deceased_on: date | None


class AskedContacts(Paged):
    """Which people, in which order."""

    q: str = Field("", max_length=200, description="Words of the name, organisation, city, tag or email.")
    kind: str | None = Field(None, max_length=KIND_LIMIT)
    tier: Tier | None = None
    zone: Zone | None = None
    owner: int | None = Field(None, ge=0, lt=2**63, description="A user's id; 0 is nobody.")
    organisation: Id | None = None
    tag: str | None = Field(None, max_length=80)
    city: str | None = Field(None, max_length=200, description="Their city, in capitals or not.")
    archived: bool = Field(False, description="Those archived, and the deceased.")
    sort: Literal["name", "personal", "score"] = "name"


@router.get("/contacts", ContactPage, AskedContacts, fresh=True)
def listed(call: Call) -> dict[str, Any]:
    """People, a page at a time."""
    asked: AskedContacts = call.query
    zone = next((key for key, words in ZONE_WORDS.items() if words == asked.zone), None)
    wanted = Filter(
        asked.q, asked.kind, asked.tier, zone, asked.owner, asked.tag, asked.organisation,
        asked.archived, asked.sort, asked.city, listing.spellings(*call.where, asked.city),
    )  # fmt: skip
    page = listing.people(*call.where, wanted, asked.cursor, at=call.at, limit=asked.limit)
    people = [replace(one, zone=ZONE_WORDS[one.zone] if one.zone else None) for one in page.people]
    return {"items": people, "next": page.next}


@router.get("/contacts/{contact_id}", ContactShape)
def one(call: Call) -> Person:
    """Everything written down about one person."""
    return _known(call)


@router.post("/contacts", ContactShape, NewContactSent, status=201)
def add(call: Call) -> Person:
    """Write a new person down."""
    sent: NewContactSent = call.sent
    contact_id = actions.add_contact(*call.where, NewContact(**sent.values(call)), call.at)
    return queries.person(*call.where, contact_id)


@router.patch("/contacts/{contact_id}", ContactShape, ContactChange)
def change(call: Call) -> Person:
    """Change what is written down about a person; what is left out stays."""
    known, sent = _known(call), call.sent
    draft = replace(_draft(known), **sent.values(call))
    actions.edit_contact(*call.where, known.id, sent.version or known.version, draft, call.at)
    return _known(call)


@router.post("/contacts/{contact_id}/archive", ContactShape)
def archive(call: Call) -> Person:
    """Put a person away: no list, rule or plan shows them, and their history stays."""
    return _done(call, many.archive)


@router.post("/contacts/{contact_id}/restore", ContactShape)
def restore(call: Call) -> Person:
    """Bring an archived person back."""
    return _done(call, many.restore)


def _done(call: Call, change: Any) -> Person:
    ids: Sequence[int] = [call.number("contact_id")]
    change(*call.where, ids, call.at)
    return _known(call)


def _known(call: Call) -> Person:
    return queries.person(*call.where, call.number("contact_id"))


def _draft(known: Person) -> NewContact:
    draft = NewContact(**{field.name: getattr(known, field.name) for field in fields(NewContact)})
    return replace(draft, owner_id=known.owner_id or NOBODY)
