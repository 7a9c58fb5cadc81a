"""What a program sent, held against what is declared: nothing more than that, nothing twice, each of its own type."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from crm.errors import Invalid, Refusal
from crm.web.forms import sentence


class TooStrange(Refusal):
    """A body of a type we do not read."""

    status = 415


class UnreadableBody(Refusal):
    """A body that is no JSON."""

    status = 400


def content_type(request: Request) -> str:
    """What the body is said to be, without what is said beside it."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_query(model: type[BaseModel], request: Request) -> Any:
    """What stands behind the question mark; a name that is there twice, or unknown, is refused."""
    items = request.query_params.multi_items()
    names = [name for name, _ in items]
    twice = {name: "This is there more than once." for name in names if names.count(name) > 1}
    if twice:
        raise Invalid(_together(twice), fields=twice)
    try:
        return model.model_validate_strings(dict(items))
    except ValidationError as fault:
        raise _invalid(fault) from None


def read_body(model: type[BaseModel], request: Request, raw: bytes) -> Any:
    """The body as what is declared; a field that is not, or is of another type, is refused by its name."""
    if content_type(request) != "application/json":
        raise TooStrange("Send JSON, with the header Content-Type: application/json.")
    try:
        if b"\\u0000" in raw and _holds_nul(json.loads(raw)):
            raise Invalid("Something in it holds the character NUL, which cannot be kept.")
        return model.model_validate_json(raw, strict=True)
    except (json.JSONDecodeError, RecursionError, UnicodeDecodeError):
        raise UnreadableBody("The body is no JSON that can be read.") from None
    except ValidationError as fault:
        if any(error["type"] == "json_invalid" for error in fault.errors(include_url=False)):
            raise UnreadableBody("The body is no JSON that can be read.") from None
        raise _invalid(fault) from None


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(_holds_nul(one) for one in value)


_FORBIDDEN = "There is no field of this name here."


def _invalid(fault: ValidationError) -> Invalid:
    found: dict[str, str] = {}
    for error in fault.errors(include_url=False):
        name = ".".join(str(part) for part in error["loc"]) or "body"
        unknown = error["type"] == "extra_forbidden"
        found.setdefault(name[:100], _FORBIDDEN if unknown else sentence(error))
    return Invalid(_together(found), fields=found)


def _together(fields: dict[str, str]) -> str:
    name, words = next(iter(fields.items()))
    return f"{name}: {words}"
