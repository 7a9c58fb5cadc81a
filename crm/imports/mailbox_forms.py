"""What a person may send about their own mailbox."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from crm.domain.language import gettext as _
from crm.web.forms import Form


def imap_address(value: str) -> str:
    """An imaps address, from one that has no beginning."""
    address = value if "://" in value else f"imaps://{value}"
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("imaps", "imap") or any(letter.isspace() for letter in address):
        raise ValueError(
            _(
                "This is not an address. It should look like imap.example.com, or "
                "imaps://imap.example.com/INBOX for one folder."
            )
        )
    if parts.username is not None:
        raise ValueError(_("Enter the name and password in their own fields, not in the address."))
    return address


class MailboxForm(Form):
    """Where one's own mailbox is, and how to get in."""

    address: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(imap_address)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[
        str, Field(repr=False), StringConstraints(min_length=1, max_length=500, strip_whitespace=False)
    ]
