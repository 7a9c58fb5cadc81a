"""``/api/v1/organisations``."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from crm.contacts import organisation_actions, organisations
from crm.contacts.drafts import KIND_LIMIT, LISTED_LIMIT, NewOrganisation
from crm.contacts.organisations import Organisation, OrganisationPage
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.targets import Tier
from crm.web.api import ApiRouter, Call, Id, Paged, Sent

router = ApiRouter()

Name = Annotated[str, Field(min_length=1, max_length=LINE_LIMIT)]
Line = Annotated[str | None, Field(max_length=LINE_LIMIT)]


class OrganisationChange(Sent):
    """What may be written down about an organisation; on a change, what is left out stays."""

    name: Name = Field(default_factory=str)
    kind: str = Field(default_factory=lambda: "other", min_length=1, max_length=KIND_LIMIT)
    tier: Tier = Field(default_factory=lambda: "none")
    domain: Line = None
    city: Line = None
    country: Line = None
    notes: str | None = Field(None, max_length=TEXT_LIMIT)
    tags: list[Annotated[str, Field(max_length=80)]] = Field(default_factory=list, max_length=LISTED_LIMIT)
    version: Id | None = Field(None, description="Refused with 409 if the organisation has since changed.")

    def values(self) -> dict[str, Any]:
        """The parts of a draft that were sent."""
        found = {name: getattr(self, name) for name in self.model_fields_set - {"version"}}
        return found | ({"tags": tuple(self.tags)} if "tags" in found else {})


class NewOrganisationSent(OrganisationChange):
    """A new organisation."""

    name: Name


class OrganisationListedShape(BaseModel):
    """An organisation as the list gives it; the days are the shortest of its people, as of today."""

    id: int
    name: str
    kind: str
    tier: Tier
    city: str | None
    people: int
    days_since_any: int | None
    days_since_personal: int | None
    days_since_in_person: int | None


class OrganisationPageShape(BaseModel):
    """A page of organisations."""

    items: list[OrganisationListedShape]
    next: str | None


class OrganisationShape(BaseModel):
    """Everything written down about one organisation."""

    id: int
    name: str
    kind: str
    tier: Tier
    domain: str | None
    city: str | None
    country: str | None
    notes: str | None
    tags: list[str]
    archived_at: datetime | None
    version: int


class AskedOrganisations(Paged):
    """Which organisations."""

    q: str = Field("", max_length=200, description="Words of the name, domain, city or tag.")
    archived: bool = False


@router.get("/organisations", OrganisationPageShape, AskedOrganisations, fresh=True)
def listed_organisations(call: Call) -> dict[str, Any]:
    """Organisations by name, a page at a time."""
    asked: AskedOrganisations = call.query
    page: OrganisationPage = organisations.organisations(
        *call.where, asked.q, asked.cursor, archived=asked.archived, limit=asked.limit
    )
    return {"items": page.organisations, "next": page.next}


@router.get("/organisations/{organisation_id}", OrganisationShape)
def one_organisation(call: Call) -> Organisation:
    """Everything written down about one organisation."""
    return _known(call)


@router.post("/organisations", OrganisationShape, NewOrganisationSent, status=201)
def add_organisation(call: Call) -> Organisation:
    """Write a new organisation down; one of the same name is refused."""
    row_id = organisation_actions.add_organisation(
        *call.where, NewOrganisation(**call.sent.values()), call.at
    )
    return organisations.one_organisation(*call.where, row_id)


@router.patch("/organisations/{organisation_id}", OrganisationShape, OrganisationChange)
def change_organisation(call: Call) -> Organisation:
    """Change what is written down about an organisation; what is left out stays."""
    known = _known(call)
    draft = NewOrganisation(**{field.name: getattr(known, field.name) for field in fields(NewOrganisation)})
    changed = replace(draft, **call.sent.values())
    version = call.sent.version or known.version
    organisation_actions.edit_organisation(*call.where, known.id, changed, version=version)
    return _known(call)


@router.post("/organisations/{organisation_id}/archive", OrganisationShape)
def archive_organisation(call: Call) -> Organisation:
    """Put an organisation away; its people stay."""
    organisation_actions.archive_organisation(*call.where, call.number("organisation_id"), call.at)
    return _known(call)


@router.post("/organisations/{organisation_id}/restore", OrganisationShape)
def restore_organisation(call: Call) -> Organisation:
    """Bring an organisation back."""
    organisation_actions.restore_organisation(*call.where, call.number("organisation_id"))
    return _known(call)


def _known(call: Call) -> Organisation:
    return organisations.one_organisation(*call.where, call.number("organisation_id"))
