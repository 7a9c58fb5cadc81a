"""What a person may say about a reply that was not certain."""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from crm.domain.channels import Outcome
from crm.domain.lengths import TEXT_LIMIT
from crm.domain.years import FIRST_LOGGED_DAY
from crm.web.forms import Form

Id = Annotated[int, Field(ge=1, lt=2**63)]


class ReplyForm(Form):
    """Whom it was with, how, on which day, whether they were reached, and what is kept of it."""

    contact: Id | None = None
    also: list[Id] = Field(default_factory=list, max_length=100)
    channel: str = ""
    day: Annotated[date, Field(ge=FIRST_LOGGED_DAY)] | None = None
    outcome: Outcome | None = None
    text: str = Field("", max_length=TEXT_LIMIT)

    @field_validator("text")
    @classmethod
    def lines(cls, text: str) -> str:
        """Browsers send CR LF between lines."""
        return text.replace("\r\n", "\n")
