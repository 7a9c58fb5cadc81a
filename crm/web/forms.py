"""From what a browser sends to what a form wants, or to sentences beside its fields."""

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from starlette.datastructures import FormData

from crm.domain.language import N_
from crm.domain.language import gettext as _
from crm.domain.manner import no_such_day, numeral

M = TypeVar("M", bound=BaseModel)
LISTS = (list, tuple, set, frozenset)


class Form(BaseModel):
    """The base of our forms: space around words is dropped, unknown fields are ignored."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore", frozen=True)


@dataclass(frozen=True)
class Errors:
    """Why a form was not taken: ``fields`` maps a field to its sentence, ``typed`` is what was sent."""

    fields: dict[str, str]
    typed: FormData = field(default_factory=FormData)


def read(model: type[M], form: FormData) -> M | Errors:
    """The form as ``model``, or what is wrong with it.

    An empty field counts as left out, so it takes its default, or is asked for if it has none. A field with a list
    type takes every value of its name.
    """
    try:
        return model.model_validate(_given(model, form))
    except ValidationError as fault:
        found: dict[str, str] = {}
        for error in fault.errors(include_url=False):
            name = str(error["loc"][0]) if error["loc"] else ""
            found.setdefault(name, sentence(error))
        return Errors(found, form)


def fingerprint(state: object) -> str:
    """Letters that stand for what a form showed, so that a form made on something older can be told."""
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def _given(model: type[BaseModel], form: FormData) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, is_list in _fields(model):
        if is_list:
            values[key] = [value for value in form.getlist(key) if value != ""]
        elif form.get(key, "") != "" and str(form[key]).strip():
            values[key] = form[key]
    return values


@cache
def _fields(model: type[BaseModel]) -> list[tuple[str, bool]]:
    """Each field's name in a form, and whether it takes every value of its name."""
    return [(info.alias or name, _is_list(info.annotation)) for name, info in model.model_fields.items()]


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    return origin in LISTS or any(_is_list(part) for part in get_args(annotation) if origin not in LISTS)


_PLAIN = {
    "missing": N_("This is needed."),
    "int_parsing": N_("Enter a whole number."),
    "int_from_float": N_("Enter a whole number."),
    "float_parsing": N_("Enter a number."),
    "bool_parsing": N_("Choose yes or no."),
    "literal_error": N_("Choose one from the list."),
    "enum": N_("Choose one from the list."),
    "date_from_datetime_parsing": N_("Enter the day like 2026-11-23."),
    "date_parsing": N_("Enter the day like 2026-11-23."),
    "date_type": N_("Enter the day like 2026-11-23."),
    "date_from_datetime_inexact": N_("Enter the day like 2026-11-23."),
    "datetime_parsing": N_("Enter the date and time like 2026-11-23T12:30."),
    "datetime_from_date_parsing": N_("Enter the date and time like 2026-11-23T12:30."),
    "time_parsing": N_("Enter the time like 08:30."),
    "int_parsing_size": N_("That number is too large."),
    "string_unicode": N_("This contains characters that cannot be saved."),
}
_WITH_LIMIT = {
    "greater_than_equal": N_("At least {ge}."),
    "greater_than": N_("More than {gt}."),
    "less_than_equal": N_("At most {le}."),
    "less_than": N_("Less than {lt}."),
    "string_too_short": N_("At least {min_length} characters."),
    "string_too_long": N_("At most {max_length} characters."),
    "too_short": N_("Choose at least {min_length}."),
    "too_long": N_("At most {max_length}."),
}


_DATES = ("date_from_datetime_parsing", "date_parsing", "date_from_datetime_inexact")
_DAY = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


class Bare(str):
    """A sentence that names no field: where it stands beside none, its field is said before it."""

    __slots__ = ()
    bare = True


def _said(limit: Any) -> Any:
    return numeral(limit) if isinstance(limit, int) else limit


def _unreal(typed: object) -> Bare | None:
    """What is said of a day that is written as one should and that no calendar has."""
    found = _DAY.fullmatch(str(typed).strip())
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    return Bare(no_such_day(month, day, year if (month, day) == (2, 29) else 0))


def sentence(error: ErrorDetails) -> str:
    """One mistake in plain words; a validator's own ``ValueError`` is taken word for word."""
    kind = error["type"]
    unreal = _unreal(error["input"]) if kind in _DATES else None
    if unreal:
        return unreal
    if kind == "missing":
        return _(_PLAIN[kind])
    if kind in _PLAIN:
        return Bare(_(_PLAIN[kind]))
    if kind in _WITH_LIMIT:
        return Bare(_(_WITH_LIMIT[kind]).format(**{name: _said(one) for name, one in error["ctx"].items()}))
    return error["msg"].removeprefix("Value error, ").rstrip(".") + "."
