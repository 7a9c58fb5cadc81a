"""Two programs, or a program and somebody at a form, that change one thing at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crm.storage.tables import metadata
from tests.accounts.test_at_once import A_WHILE
from tests.builders import World
from tests.web.site import program


@pytest.mark.parametrize(
    ("kind", "theirs", "ours"),
    [
        ("organisations", {"city": "York"}, {"notes": "Ask for Ann"}),
        ("interactions", {"summary": "Lunch"}, {"note": "Ask for Ann"}),
        ("contacts", {"city": "York"}, {"notes": "Ask for Ann"}),
        ("asks", {"text": "Renew?"}, {"due": "2026-12-24"}),
    ],
)
def test_of_two_changes_at_once_neither_takes_back_what_the_other_did(
    world: World, kind: str, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    caller, marta = program(world, world.user()), world.contact()
    ask = caller.post("/api/v1/asks", json={"contact_id": marta, "text": "Renew early?"}).json()["id"]
    ids = {
        "organisations": world.organisation(),
        "interactions": world.log("lunch", 1, marta),
        "contacts": marta,
        "asks": ask,
    }
    path = f"/api/v1/{kind}/{ids[kind]}"
    table = metadata.tables[kind.removesuffix("s")]
    this = (table.c.workspace_id == world.workspace_id, table.c.id == ids[kind])
    counted = {"version": table.c.version + 1} if "version" in table.c else {}
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as connection:
            connection.execute(table.update().where(*this).values(**theirs, **counted))
            outcome = pool.submit(caller.patch, path, json=ours)
            threading.Event().wait(A_WHILE)
        status = outcome.result(20).status_code
    assert status in ((200, 409) if counted else (200,))
    expected = theirs | (ours if status == 200 else {})
    assert {name: caller.get(path).json()[name] for name in expected} == expected
