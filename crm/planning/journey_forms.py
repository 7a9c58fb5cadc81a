"""What a person may send about trips and days off."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from crm.accounts.checks import known_country
from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.language import gettext as _
from crm.domain.places.cities import find_city
from crm.web.forms import Form

LONGEST_DAYS = 92
_Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
_Room = Annotated[int, Field(ge=0, le=LARGEST_BUDGET)]
_Words = StringConstraints(max_length=120)


class TimeOffForm(Form):
    """Days in a row, both ends included. Without a last day it is one day."""

    first_day: _Day
    last_day: _Day

    @model_validator(mode="before")
    @classmethod
    def _one_day(cls, values: dict[str, object]) -> dict[str, object]:
        return {"last_day": values.get("first_day"), **values}

    @model_validator(mode="after")
    def _in_order(self) -> "TimeOffForm":
        if self.last_day < self.first_day:
            raise ValueError(_("The last day comes before the first. Swap the two."))
        if (self.last_day - self.first_day).days >= LONGEST_DAYS:
            raise ValueError(_("Enter at most {n} days at once.").format(n=LONGEST_DAYS))
        return self


class DaysOffForm(TimeOffForm):
    """Days off, and perhaps who looks after one's people meanwhile."""

    cover_id: int | None = None


class RoomForm(Form):
    """How many people may be met on a trip."""

    room: _Room


class TripForm(TimeOffForm):
    """A city and days, and how many people may be met there."""

    city: Annotated[str, _Words]
    country: Annotated[str | None, _Words, AfterValidator(known_country)] = None
    room: _Room = 3

    @model_validator(mode="after")
    def _is_known(self) -> "TripForm":
        if find_city(self.city, self.country) is None:
            raise ValueError(
                _(
                    "We do not know a city of that name. Enter the nearest larger one, in English or its own "
                    "language."
                )
            )
        return self
