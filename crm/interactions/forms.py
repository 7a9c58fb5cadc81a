"""What a person may send to the log."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator
from starlette.datastructures import FormData

from crm.domain.channels import Direction, Outcome
from crm.domain.heard import DATE_KINDS, LABELS, Heard
from crm.domain.language import gettext as _
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.principal import Principal
from crm.domain.weeks import local_instant, noon_of
from crm.domain.years import FIRST_LOGGED_DAY
from crm.web.forms import Errors, Form, read

PEOPLE_LIMIT = 2_000
HEARD_ROWS = 6
DAYS_AHEAD = 366

SPEAK_AGAIN = {"3w": 21, "6w": 42, "3m": 91}
"""Days from today until the ask "Speak again" is due."""

Id = Annotated[int, Field(ge=1, lt=2**63)]
Name = Annotated[str, Field(max_length=LINE_LIMIT)]


class LogForm(Form):
    """The log form. Who, how and when are put together by the page, which can look people up."""

    contact_ids: list[Id] = Field(default_factory=list, max_length=PEOPLE_LIMIT)
    new_names: list[Name] = Field(default_factory=list, max_length=PEOPLE_LIMIT)
    who: str = Field("", max_length=10_000)
    asked_who: str = Field("", max_length=10_000)
    channel: str = ""
    when: Literal["today", "yesterday", "day"] = "today"
    day: date | None = None
    time_of_day: time | None = None
    direction: Direction = "mutual"
    outcome: Outcome = "reached"
    summary: str | None = Field(None, max_length=LINE_LIMIT)
    note: str | None = Field(None, max_length=TEXT_LIMIT)
    note_private: bool = False
    broadcast: bool = False
    then: Literal["save", "another"] = "save"
    once: UUID | None = None
    suggestion: Id | None = None
    version: Id | None = None
    closed_asks: list[Id] = Field(default_factory=list, max_length=100)
    again: Literal["", "3w", "6w", "3m"] = ""

    @field_validator("once", mode="before")
    @classmethod
    def key(cls, once: object) -> UUID | None:
        """A key that is none protects nothing, and is no reason to refuse what was typed."""
        try:
            return UUID(str(once))
        except ValueError:
            return None

    @field_validator("note")
    @classmethod
    def lines(cls, note: str | None) -> str | None:
        """Browsers send CR LF between lines."""
        return note.replace("\r\n", "\n") if note else note

    @field_validator("time_of_day")
    @classmethod
    def wall_time(cls, at: time | None) -> time | None:
        """A time on the wall, to the minute; it says nothing about zones."""
        return at.replace(second=0, microsecond=0, tzinfo=None) if at else at


class HeardRow(Form):
    """One row of what was heard."""

    sort: str = "ask"
    text: str = Field("", max_length=TEXT_LIMIT)
    due: date | None = None

    @field_validator("sort")
    @classmethod
    def known_sort(cls, sort: str) -> str:
        """One of the sorts there are."""
        if sort not in LABELS:
            raise ValueError(_("Choose one from the list."))
        return sort


def read_log(form: FormData) -> LogForm | Errors:
    """The log form, or what is wrong with it."""
    return read(LogForm, form)


def read_heard(form: FormData) -> tuple[list[Heard], dict[str, str]]:
    """The rows of what was heard that hold words, and sentences beside fields that do not fit."""
    rows: list[Heard] = []
    errors: dict[str, str] = {}
    for number in range(1, HEARD_ROWS + 1):
        names = {field: f"heard_{field}_{number}" for field in HeardRow.model_fields}
        if not any(name in form for name in names.values()):
            continue
        sent = FormData([(field, form.get(name, "")) for field, name in names.items()])
        row = read(HeardRow, sent)
        if isinstance(row, Errors):
            errors |= {names[field]: sentence for field, sentence in row.fields.items()}
        elif row.sort in DATE_KINDS and (row.text or row.due):
            if row.due is None:
                errors[names["due"]] = _("Say which day it is.")
            else:
                rows.append(Heard(row.sort, row.text, row.due))
        elif row.text:
            rows.append(Heard(row.sort, row.text, row.due))
        elif row.due:
            errors[names["text"]] = _("Say what is due that day.")
    return rows, errors


def day_meant(when: str, day: date | None, today: date) -> date | None:
    """The day that was picked, else yesterday or today; None where one is still to be picked."""
    if day or when == "day":
        return day
    return today - timedelta(days=1) if when == "yesterday" else today


def moment_of(form: LogForm, at: datetime, principal: Principal) -> datetime | str:
    """When it happened, in UTC, or a sentence why not.

    A time is read in the user's zone. A day alone is its noon in the workspace's zone; of the past and today never
    later than now.
    """
    today = principal.own_day(at)
    day = day_meant(form.when, form.day, today)
    if day is None:
        return _("Choose the day, or Today or Yesterday.")
    if wrong := out_of_range(day, today):
        return wrong
    if form.time_of_day is not None:
        return local_instant(day, form.time_of_day, principal.user_zone)
    if day == today:
        return at.astimezone(UTC)
    return noon_of(day, principal.zone, at) if day < today else local_instant(day, time(12), principal.zone)


def out_of_range(day: date, today: date) -> str | None:
    """Why nothing can be logged on that day, if so."""
    if day < FIRST_LOGGED_DAY:
        return _("That is too long ago. Choose a day from 1900 on.")
    if day > today + timedelta(days=DAYS_AHEAD):
        return _("That is more than a year ahead. Choose an earlier day.")
    return None
