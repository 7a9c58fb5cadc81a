"""People and organisations as JSON gives them, on the command line and in the API."""

from typing import Any, Literal, Protocol, TypeAlias

from pydantic import BaseModel

from crm.domain.targets import Tier

Zone: TypeAlias = Literal["no record", "gone quiet", "screen-only", "drifting", "in touch"]


class Contact(Protocol):
    """What every listing says of a contact."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def tier(self) -> str: ...


class PersonShape(BaseModel):
    """A contact as every listing gives it."""

    id: int
    name: str
    email: str | None
    kind: str
    tier: Tier


def person(contact: Contact) -> dict[str, Any]:
    """The same of one contact."""
    return {name: getattr(contact, name) for name in PersonShape.model_fields}
