"""What an admin may send about a place that the team reads again and again."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crm.web.forms import Form

NAME_LIMIT = 80


class SourceForm(Form):
    """What it is called here, what and where it is, and how to get in."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=NAME_LIMIT)]
    kind: Literal["carddav", "imap", "caldav", "ics"] = "carddav"
    address: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    password: Annotated[str, Field(repr=False), StringConstraints(max_length=500, strip_whitespace=False)] = (
        ""
    )
