"""The description of the API for programs, OpenAPI 3.1, made of the operations themselves."""

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter

from crm import __version__
from crm.web import bearers, idempotency
from crm.web.api import ROOT, ApiRoute, Operation

Json: TypeAlias = dict[str, Any]
REF = "#/components/schemas/{model}"
ABOUT = """Everything here is one workspace's, and each token acts for one user of it. Times are RFC 3339 in UTC, days
are calendar days in the workspace's time zone. A list that goes on says `next`: send it as `cursor`. A POST with an
`Idempotency-Key` is done once. Whatever goes wrong is a problem as RFC 9457 describes it."""
PROBLEMS = {
    "400": "The body is no JSON that can be read.",
    "401": "No token that holds came with the request.",
    "403": "The token, or its user, may not do this.",
    "404": "There is nothing at this address, or it belongs to somebody else.",
    "409": "It was changed meanwhile, or is there already; or the same key is being worked on.",
    "410": "Somebody was erased since the key came, and every kept answer went with them.",
    "413": "More was sent than is taken at once.",
    "415": "The body is of a type that is not read.",
    "422": "Something that was sent does not fit; `errors` says what, by field.",
    "500": "Something broke on our side; nothing was saved.",
    "503": "The database cannot serve right now; come again after `Retry-After` seconds.",
}


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: Literal["about:blank"]
    title: str = Field(description="What the status is called.")
    status: int
    detail: str = Field(description="A sentence that says what is wrong and what to do.")
    errors: dict[str, str] = Field(default={}, description="A sentence for each field that does not fit.")


def document(routes: Iterable[ApiRoute], url: str) -> Json:
    """The whole description."""
    paths: Json = {}
    operations = [route.operation for route in routes]
    schemas = _schemas(operations)
    for one in operations:
        paths.setdefault(ROOT + one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "In Person", "version": __version__, "description": ABOUT},
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.named,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Schemas:
    """What is sent and answered, by operation, and the named schemas they refer to."""

    def __init__(self, shapes: Iterable[tuple[str, Literal["validation", "serialization"], Any]]) -> None:
        inputs = [(name, mode, TypeAdapter(shape)) for name, mode, shape in shapes]
        self.found, rest = TypeAdapter.json_schemas(inputs, ref_template=REF)
        self.named: Json = rest.get("$defs", {})


def _schemas(operations: Sequence[Operation]) -> _Schemas:
    shapes: list[tuple[str, Literal["validation", "serialization"], Any]] = [
        ("problem", "serialization", Problem)
    ]
    for one in operations:
        shapes.append((_name(one), "serialization", one.answers))
        if one.sends:
            shapes.append((_name(one), "validation", one.sends))
    schemas = _Schemas(shapes)
    for one in operations:
        if one.sends:
            _leave_out_defaults(schemas.named[one.sends.__name__], one)
    return schemas


def _leave_out_defaults(schema: Json, one: Operation) -> None:
    """What a change leaves out stays as it was, and null where nothing is sent is not always what happens: some
    programs send whatever default is declared."""
    for part in schema.get("properties", {}).values():
        if one.method == "PATCH" or part.get("default", ...) is None:
            part.pop("default", None)


def _name(one: Operation) -> str:
    return one.handler.__module__.removeprefix("crm.") + "." + one.handler.__name__


def _operation(one: Operation, schemas: _Schemas) -> Json:
    words = inspect.getdoc(one.handler) or ""
    found: Json = {
        "operationId": _name(one),
        "summary": words.partition("\n")[0].rstrip("."),
        "description": f"{words}\n\nNeeds a token with the scope `{one.scope}`.",
        "tags": [one.path.split("/")[1]],
        "parameters": [*_path_parameters(one), *_query_parameters(one), *_headers(one)],
        "responses": {str(one.status): _answer(one, schemas), **_problems(one)},
    }
    if one.sends:
        schema = schemas.found[_name(one), "validation"]
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if one.files:
        files = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
        form = {"type": "object", "properties": {"files": files}, "required": ["files"]}
        found["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return found


def _path_parameters(one: Operation) -> list[Json]:
    number = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": number if name.endswith("_id") else {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", one.path)
    ]


def _query_parameters(one: Operation) -> list[Json]:
    schema = one.asks.model_json_schema(by_alias=True)
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _present(part)}
        for name, part in schema.get("properties", {}).items()
    ]


def _present(part: Json) -> Json:
    """The schema of a parameter that is there: left out is what null means."""
    if "anyOf" not in part:
        return part
    kinds = [kind for kind in part["anyOf"] if kind.get("type") != "null"]
    kept = {name: value for name, value in part.items() if name not in ("anyOf", "default")}
    return {**kept, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}


def _headers(one: Operation) -> list[Json]:
    if one.method != "POST":
        return []
    words = "The same key with the same request is done once, and answered alike, for a day."
    schema = {"type": "string", "minLength": 1, "maxLength": idempotency.KEY_LIMIT, "pattern": "^[!-~]+$"}
    return [{"name": idempotency.HEADER, "in": "header", "description": words, "schema": schema}]


def _answer(one: Operation, schemas: _Schemas) -> Json:
    if one.status == 204:
        return {"description": "Done."}
    schema = schemas.found[_name(one), "serialization"]
    answer: Json = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    if one.status == 201:
        answer["headers"] = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
    return answer


def _problems(one: Operation) -> Json:
    content = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    fitting = {"401", "403", "404", "422", "500", "503"}
    fitting |= {"409"} if one.scope == bearers.WRITE else set()
    fitting |= {"410"} if one.method == "POST" else set()
    fitting |= {"400", "413", "415"} if one.takes_body else set()
    return {
        status: {"description": words, "content": content}
        for status, words in PROBLEMS.items()
        if status in fitting
    }
