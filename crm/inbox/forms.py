"""What a person may say about a reply that was not certain."""

from datetime import date
from typing import Annotated

from pydantic import Field

from crm.domain.lengths import LINE_LIMIT
from crm.domain.years import FIRST_LOGGED_DAY
from crm.web.forms import Form


class ReplyForm(Form):
    """Whom it was with, how, on which day, and what is kept of it."""

    contact: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    channel: str = ""
    day: Annotated[date, Field(ge=FIRST_LOGGED_DAY)] | None = None
    text: str = Field("", max_length=LINE_LIMIT)
