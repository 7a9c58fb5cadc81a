"""What a person may send about accounts."""

from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from crm.accounts import passwords
from crm.accounts.checks import few_own_lines, known_country, known_zone, plausible_email
from crm.accounts.proof import Proof
from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.language import gettext as _
from crm.domain.language import languages
from crm.domain.manner import CHOICES, LANGUAGE, Dates, Hours, Numbers
from crm.domain.principal import Role
from crm.web.forms import Form

Name = Annotated[str, StringConstraints(max_length=120)]
Email = Annotated[str, StringConstraints(max_length=320), AfterValidator(plausible_email)]
Password = Annotated[str, StringConstraints(strip_whitespace=False), AfterValidator(passwords.check)]
Zone = Annotated[str, AfterValidator(known_zone)]


class SetUp(Form):
    """The first admin and the team."""

    team: Name
    time_zone: Zone
    name: Name
    email: Email
    password: Password


class NewPassword(Form):
    """A password, chosen after a link was followed."""

    password: Password


class Invitation(Form):
    """Somebody who is to join."""

    name: Name
    email: Email
    role: Role = "member"


class RoleChange(Form):
    """Another role for somebody."""

    role: Role


class Written(Form):
    """How dates, times and numbers are written; nothing is as the team has it, for the team as it ships."""

    dates: Dates | None = None
    hours: Hours | None = None
    numbers: Numbers | None = None
    language: str | None = None

    @field_validator("language")
    @classmethod
    def _there_is_one(cls, tag: str | None) -> str | None:
        if tag is not None and tag not in languages():
            raise ValueError(_("Choose one from the list."))
        return tag

    @property
    def chosen(self) -> dict[str, str]:
        """What is stored."""
        return self.model_dump(include={*CHOICES, LANGUAGE}, exclude_none=True)


class Profile(Written):
    """What everybody sets for themselves."""

    name: Name
    time_zone: Zone
    city: Annotated[str, StringConstraints(max_length=120)] | None = None
    country: Annotated[str | None, StringConstraints(max_length=120), AfterValidator(known_country)] = None
    also_me: Annotated[str, StringConstraints(max_length=10_000), AfterValidator(few_own_lines)] | None = None
    theme: Literal["auto", "light", "dark"] = "auto"
    digest_on: bool = False


class Preferences(Profile):
    """The settings of somebody with a plan: also the room in their week and their mail."""

    budget_call: Annotated[int, Field(ge=0, le=LARGEST_BUDGET)]
    budget_in_person: Annotated[int, Field(ge=0, le=LARGEST_BUDGET)]
    budget_by_hand: Annotated[int, Field(ge=0, le=LARGEST_BUDGET)]
    budget_in_person_quarter: Annotated[int | None, Field(ge=0, le=99)] = None
    nudge_on: bool = False
    nudge_weekday: Annotated[int, Field(ge=0, le=6)]
    nudge_time: time
    nudge_when_empty: bool = False


class PasswordChange(Proof):
    """A new password in place of the old one, or the first."""

    password: Password


class AddressChange(Proof):
    """Another address for oneself."""

    email: Email
