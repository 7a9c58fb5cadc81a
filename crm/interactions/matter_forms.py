"""What a person may send about asks, promises, signals, favours and dates."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.datastructures import FormData

from crm.contacts.drafts import Occasion, many_lines, one_line, the_year
from crm.contacts.rows import date_values
from crm.domain.heard import DateKind, Promiser, SignalType
from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.lengths import LINE_LIMIT, TEXT_LIMIT
from crm.domain.years import FIRST_LOGGED_DAY, LAST_DAY
from crm.errors import Invalid
from crm.web.forms import Errors, Form, read

THEME_LIMIT = 80

_AHEAD = N_("That day is still to come. Choose today or an earlier one.")

Words = Annotated[str, Field(max_length=TEXT_LIMIT)]
AnyDay = Annotated[date, Field(ge=FIRST_LOGGED_DAY, le=LAST_DAY)]


class MatterForm(Form):
    """What all of them have: ``values`` are the columns, or Invalid with the field that does not fit."""

    def values(self, today: date) -> dict[str, Any]:
        """The columns; ``today`` is the workspace's."""
        raise NotImplementedError


class AskForm(MatterForm):
    """Something to say or ask."""

    text: Words
    due: AnyDay | None = None

    def values(self, today: date) -> dict[str, Any]:
        return {"text": _kept(self.text), "due": self.due}


class PromiseForm(AskForm):
    """Something one side said it would do."""

    by: Promiser = "us"

    def values(self, today: date) -> dict[str, Any]:
        return {"by": self.by, **super().values(today)}


class SignalForm(MatterForm):
    """Something heard; without a day it was today."""

    type: SignalType = "pain point"
    text: Words
    theme: str | None = Field(None, max_length=THEME_LIMIT)
    heard_on: AnyDay | None = None

    def values(self, today: date) -> dict[str, Any]:
        heard_on = _past("heard_on", self.heard_on, today)
        return {
            "type": self.type,
            "text": _kept(self.text),
            "theme": one_line(self.theme),
            "heard_on": heard_on,
        }


class FavourForm(MatterForm):
    """Something they did for us, or sent; without a day it was today."""

    text: Words
    received_on: AnyDay | None = None

    def values(self, today: date) -> dict[str, Any]:
        return {"text": _kept(self.text), "received_on": _past("received_on", self.received_on, today)}


class DateForm(MatterForm):
    """A birthday, anniversary, renewal or other day; the year may be unknown."""

    kind: DateKind = "birthday"
    day: int = Field(ge=1, le=31)
    month: int = Field(ge=1, le=12)
    year: int | None = Field(None, ge=1, le=9999)
    yearly: Literal["yes", "once"] = "yes"
    label: str | None = Field(None, max_length=LINE_LIMIT)

    def values(self, today: date) -> dict[str, Any]:
        one = Occasion(self.kind, self.month, self.day, self.year, self.yearly == "yes", one_line(self.label))
        try:
            the_year(self.year)
            return date_values(one)
        except Invalid as refusal:
            raise Invalid(refusal.sentence, fields={"day": refusal.sentence}) from None


def _kept(words: str) -> str:
    kept = many_lines(words, TEXT_LIMIT)
    if kept is None:
        raise Invalid(_(_EMPTY), fields={"text": _(_EMPTY)})
    return kept


_EMPTY = N_("Say it in a few words.")


def _past(field: str, day: date | None, today: date) -> date:
    if day is not None and day > today:
        raise Invalid(_(_AHEAD), fields={field: _(_AHEAD)})
    return day or today


_FORMS: Mapping[str, type[MatterForm]] = {
    "asks": AskForm,
    "promises": PromiseForm,
    "signals": SignalForm,
    "favours": FavourForm,
    "dates": DateForm,
}


def read_values(key: str, form: FormData, today: date) -> dict[str, Any] | Errors:
    """The columns of a matter of that sort, or what is wrong with the form. ``today`` is the workspace's."""
    sent = read(_FORMS[key], form)
    if isinstance(sent, Errors):
        return sent
    try:
        return sent.values(today)
    except Invalid as refusal:
        return Errors(refusal.fields or {"": refusal.sentence}, form)


def typed_values(row: Mapping[str, Any]) -> dict[str, str]:
    """A stored matter as its form shows it."""
    shown = {name: "" if value is None else str(value) for name, value in row.items()}
    return shown | ({"yearly": "yes" if row["yearly"] else "once"} if "yearly" in row else {})
