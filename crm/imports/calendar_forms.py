"""What a person may send about their own calendar."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from crm.domain.language import gettext as _
from crm.web.forms import Form


def web_address(value: str) -> str:
    """An https address, from one that calendar programs write as webcal, or that has no beginning."""
    scheme, slashes, rest = value.partition("://")
    address = (
        f"https://{rest if slashes else value}" if scheme in ("webcal", "webcals") or not slashes else value
    )
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(letter.isspace() for letter in address):
        raise ValueError(_("This is not an address. It should begin with https:// or webcal://."))
    if parts.username is not None:
        raise ValueError(_("Enter the name and password in their own fields, not in the address."))
    return address


class CalendarForm(Form):
    """Where one's own calendar is, and how to get in."""

    kind: Literal["ics", "caldav"] = "ics"
    address: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(web_address)]
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    password: Annotated[str, Field(repr=False), StringConstraints(max_length=500, strip_whitespace=False)] = (
        ""
    )
