"""What the API says of itself is what it does: requests made up from its description, answers held against it.

One of each sort for each operation here; ``./dev campaign api`` makes many.
"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import DataObject, data
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tests.builders import World
from tests.web.site import program
from tests.web.test_access import foreign_matters

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TIMES = 1


def ids_of(world: World) -> dict[str, int]:
    """One row of each kind, so that what is made up is not always about nobody."""
    contact_id = world.contact()
    return {
        **foreign_matters(world, contact_id),
        "contact_id": contact_id,
        "organisation_id": world.organisation(),
        "interaction_id": world.log("lunch", 3, contact_id),
    }


def look(caller: TestClient, schema: Any, ids: dict[str, int], times: int) -> None:
    """Ask every operation what fits its description, and what does not."""
    for found in schema.get_all_operations():
        operation = found.ok()
        known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):  # takes nothing
                ask(caller, operation, mode, known if mode is GenerationMode.POSITIVE else {}, times)


def ask(caller: TestClient, operation: Any, mode: GenerationMode, known: dict[str, int], times: int) -> None:
    checks = CHECKS + ([negative_data_rejection] if mode is GenerationMode.NEGATIVE else [])
    made_up = operation.as_strategy(generation_mode=mode, path_parameters=known or None)

    @settings(
        max_examples=times,
        derandomize=times == TIMES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data())
    def once(drawn: DataObject) -> None:
        case = drawn.draw(made_up)
        case.validate_response(send(caller, case), checks=checks)

    once()


def as_file(part: Any) -> Any:
    """What was made up in place of a file, as the letters of one."""
    if isinstance(part, tuple):
        return (part[0], as_file(part[1]), *part[2:])
    return part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")


def send(caller: TestClient, case: Any) -> Any:
    """The made-up request with our token."""
    sent = case.as_transport_kwargs(base_url="http://testserver")
    token = {"Authorization": caller.headers["Authorization"]}
    body = {"json": sent["json"]} if sent.get("json") is not None else {}
    if sent.get("files") is not None:
        parts = sent["files"].items() if isinstance(sent["files"], dict) else sent["files"]
        body["files"] = [(name, as_file(part)) for name, part in parts]
    if isinstance(sent.get("data"), bytes | str):
        body["content"] = sent["data"]
    return caller.request(
        sent["method"], sent["url"], params=sent.get("params"), headers={**sent["headers"], **token}, **body
    )


def described(caller: TestClient) -> Any:
    document = caller.get("/api/v1/openapi.json").json()
    del document["security"]  # the token is not to be made up
    return openapi.from_dict(document)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_served_is_what_is_described(world: World) -> None:
    caller = program(world, world.user())
    look(caller, described(caller), ids_of(world), TIMES)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_change_declares_what_it_leaves_out_and_nobody_is_no_owner_by_default(world: World) -> None:
    document = program(world, world.user()).get("/api/v1/openapi.json").json()

    def properties(operation: Any) -> dict[str, Any]:
        sent = operation["requestBody"]["content"]["application/json"]["schema"]
        found = document["components"]["schemas"][sent["$ref"].rpartition("/")[2]]
        return dict(found["properties"])

    changes = [properties(path["patch"]) for path in document["paths"].values() if "patch" in path]
    assert len(changes) == 7
    assert [name for one in changes for name, part in one.items() if "default" in part] == []
    new = properties(document["paths"]["/api/v1/contacts"]["post"])
    assert not any("default" in new[name] for name in ("owner_id", "organisation", "organisation_id"))
    logged = properties(document["paths"]["/api/v1/interactions"]["post"])
    assert logged["note_private"]["default"] is False
